"""Audit what is pinned: known vulnerabilities, hashes, what is installed, licences.

Asks pip-audit for advisories. Where its service cannot be reached, or does not know what is pinned,
that is said in a line of its own and everything else is checked all the same.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
RUNTIME, DEVELOPMENT = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
EXCEPTIONS = ROOT / "scripts/audit_exceptions.toml"
PATIENCE = 300  # seconds for the advisories
COMPATIBLE = {
    # What a work under AGPL-3.0-or-later may import and be delivered with.
    "0BSD", "AGPL-3.0-or-later", "AGPL-3.0-only", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause",
    "CC-BY-4.0", "CC0-1.0", "GPL-3.0-or-later", "GPL-3.0-only", "GPL-2.0-or-later", "HPND", "ISC",
    "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0",
    "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
}  # fmt: skip
ALSO_CALLED = {
    # How packages without an SPDX expression name the same licences.
    "BSD": "BSD-3-Clause", "BSD 3-Clause": "BSD-3-Clause", "New BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause", "MIT License": "MIT", "Apache": "Apache-2.0",
    "Apache Software License": "Apache-2.0", "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
}  # fmt: skip
CHOSEN = {"pyphen": "LGPL-2.1-or-later"}
"""Of packages that offer several licences without saying so in SPDX, the one we take."""


@dataclass(frozen=True)
class Pin:
    name: str
    version: str
    hashes: tuple[str, ...]
    applies: bool


def main() -> int:
    complaints, remarks = [], []
    runtime, development = pins(RUNTIME), pins(DEVELOPMENT)
    for file, pinned in ((RUNTIME, runtime), (DEVELOPMENT, development)):
        complaints += [f"{file.name}: {one}" for one in unpinned(pinned)]
    complaints += not_as_pinned([*runtime, *development])
    complaints += bad_licences(runtime)
    found, said = vulnerabilities()
    excepted, expired = exceptions(date.today())
    complaints += [*expired, *(text for advisory, text in found if advisory not in excepted)]
    remarks += said
    remarks += [f"Lived with: {text}" for advisory, text in found if advisory in excepted]
    print("\n".join([*remarks, *complaints]))
    if not complaints:
        print(
            f"{len(runtime)} dependencies and {len(development) - len(runtime)} more for "
            "development: each with hashes, as installed, and under a compatible licence."
        )
    return 1 if complaints else 0


def pins(file: Path) -> list[Pin]:
    """Read a file of pinned requirements; what is no exact pin has no version."""
    lines = file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [_pin(line) for line in lines if line.strip() and not line.startswith("#")]


def _pin(line: str) -> Pin:
    text, *hashes = line.split(" --hash=")
    try:
        required = Requirement(text.strip())
    except InvalidRequirement:
        return Pin(text.strip(), "", (), applies=False)
    exact = re.fullmatch(r"==([^*]+)", str(required.specifier))
    return Pin(
        canonicalize_name(required.name), exact[1] if exact and not required.url else "",
        tuple(one.strip() for one in hashes),
        applies=required.marker is None or required.marker.evaluate(),
    )  # fmt: skip


def unpinned(pinned: Iterable[Pin]) -> Iterator[str]:
    for pin in pinned:
        if not pin.version:
            yield f"{pin.name} is not pinned to one version"
        elif not pin.hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in pin.hashes):
            yield f"{pin.name} has no SHA-256"


def not_as_pinned(pinned: Iterable[Pin]) -> Iterator[str]:
    """Yield what is installed in another version than pinned, in either file, or not at all."""
    for name, versions in _by_name(pinned).items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield f"{name} is pinned and not installed"
            continue
        if versions != {installed}:
            yield f"{name} {installed} is installed, and {' and '.join(sorted(versions))} pinned"


def _by_name(pinned: Iterable[Pin]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pin in pinned:
        if pin.applies and pin.version:
            found.setdefault(pin.name, set()).add(pin.version)
    return found


def bad_licences(pinned: Iterable[Pin]) -> Iterator[str]:
    """Yield every installed dependency whose licence is not in the list of compatible ones."""
    for pin in pinned:
        if not pin.applies:
            continue
        try:
            licence = CHOSEN.get(pin.name) or declared(metadata.metadata(pin.name))
        except metadata.PackageNotFoundError:
            continue  # already complained of
        if not is_compatible(licence):
            yield (
                f"{pin.name}: its licence, {licence or 'which it does not name'}, is not in the "
                "list of those compatible with AGPL-3.0-or-later"
            )


def declared(about: metadata.PackageMetadata) -> str:
    """Return what a package says of its licence as an SPDX expression, as well as it can be told.

    The expression, else the classifiers, of which all must be met, else the short name.
    """
    values = about.get_all("License-Expression") or []
    if values:
        return str(values[0])
    names = [
        one.rsplit("::", 1)[1].strip()
        for one in about.get_all("Classifier") or []
        if one.startswith("License :: OSI Approved ::")
    ]
    short = [one for one in about.get_all("License") or [] if len(one) < 60]
    return " AND ".join(ALSO_CALLED.get(one, one) for one in names or short)


def is_compatible(expression: str) -> bool:
    """Tell whether one side of each OR, and both of each AND, is a compatible licence.

    With parentheses all that is named must be: stricter than the expression, and simpler.
    """
    if "(" in expression:
        expression = re.sub(r"[()]", "", expression).replace(" OR ", " AND ")
    return bool(expression) and any(
        all(_is_listed(part) for part in side.split(" AND ")) for side in expression.split(" OR ")
    )


def _is_listed(part: str) -> bool:
    name = part.partition(" WITH ")[0].strip()
    return ALSO_CALLED.get(name, name) in COMPATIBLE


def vulnerabilities() -> tuple[list[tuple[str, str]], list[str]]:
    """Return the known advisories (id, sentence), and what could not be looked up, in words."""
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", str(RUNTIME), "--require-hashes",
        "--disable-pip", "--format", "json", "--progress-spinner", "off",
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return [], [NOT_ASKED.format(why=f"no answer within {PATIENCE} s")]
    return judged(done.stdout, done.stderr)


NOT_ASKED = "NOT LOOKED UP: known vulnerabilities, as the advisory service was not reached ({why})."


def judged(output: str, errors: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Read what pip-audit printed; anything but its report and a lost connection is an error."""
    if not output.strip():
        last = (errors.strip().splitlines() or ["it said nothing"])[-1]
        if re.search(r"connect|timed? ?out|resolve|unreachable", errors, re.IGNORECASE):
            return [], [NOT_ASKED.format(why=last)]
        return [("pip-audit", f"pip-audit failed: {last}")], []
    packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    found = [
        (one["id"], f"{package['name']} {package['version']}: {one['id']}, {mended(one)}")
        for package in packages
        for one in package.get("vulns", [])
    ]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    said = [
        f"NOT LOOKED UP: known vulnerabilities of {len(unknown)} of {len(packages)} dependencies, "
        f"which the advisory service does not know ({', '.join(unknown[:3])}, …)."
    ]
    return found, said if unknown else []


def mended(advisory: dict[str, Any]) -> str:
    versions = advisory.get("fix_versions") or []
    return f"mended in {', '.join(versions)}" if versions else "not mended yet"


def exceptions(today: date, file: Path = EXCEPTIONS) -> tuple[set[str], list[str]]:
    """Return the advisories we live with until their day, and a complaint for each that is over."""
    listed = tomllib.loads(file.read_text(encoding="utf-8")).get("exception", [])
    good = [one for one in listed if one.get("reason") and one["until"] >= today]
    over = [
        f"{file.name}: {one['id']} is over or has no reason" for one in listed if one not in good
    ]
    return {one["id"] for one in good}, over


if __name__ == "__main__":
    sys.exit(main())
