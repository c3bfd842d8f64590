#!/usr/bin/env python
"""Bring the face's third-party files into static/vendor, or check that they are what was brought.

    scripts/vendor.py            install from the lock (needs npm), copy, purge, write hashes
    scripts/vendor.py --check    compare static/vendor with its SHA256SUMS (needs nothing)

Run it again after a template starts to use another Tabler class or icon; ICONS names every icon.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
SUMS = VENDOR / "SHA256SUMS"
TABLER = "tabler-core@1.6.1"
TABLER_ICONS = "tabler-icons@3.51.0"

ICONS = """
adjustments adjustments-horizontal alert-circle alert-triangle arrow-back-up arrow-left
arrow-right ban bell
bolt books bug bulb calendar-event calendar-time chart-bar check checks chevron-down
chevron-left chevron-right circle-check circle-dashed circle-x clipboard-check clock columns-3
copy database device-desktop dots download external-link eye eye-off file-check file-plus
file-text filter-off
flag gavel git-branch git-pull-request hand-stop headset help-circle history hourglass inbox
info-circle key layout-list link lock login logout mail map-off message mood-smile moon
paperclip pencil player-pause player-play plug-connected-x plus printer report-analytics rocket
route search send server settings shield-check shield-lock shopping-cart sitemap snowflake star
sun tool upload user user-check user-share user-up users world x
""".split()  # noqa: SIM905 - a hundred quoted names would hide the words

# Classes that scripts, widgets or Django write; the pages themselves are read for theirs.
SAFELIST = [
    r"^btn(-primary|-icon)?$", r"^form-(control|select|label|hint|check(-input|-label)?)$",
    r"^is-(in)?valid$", r"^invalid-feedback$", r"^visually-hidden(-focusable)?$",
]  # fmt: skip
# What a pattern above lets in though no page wants it.
BLOCKLIST = [
    r"-(blue|azure|indigo|purple|pink|red|orange|yellow|lime|green|teal|cyan|gray-\d+)\b",
    r"^(form-(floating|range|color|switch|imagecheck|selectgroup)|btn-(?!primary|icon))",
    r"^was-validated$",
]


def main() -> int:
    options = argparse.ArgumentParser(description="Bring or check static/vendor.")
    options.add_argument("--check", action="store_true", help="compare with SHA256SUMS and stop")
    if options.parse_args().check:
        return report(differences())
    with tempfile.TemporaryDirectory() as folder:
        modules = install(Path(folder))
        shutil.rmtree(VENDOR, ignore_errors=True)
        copy_tabler(modules)
        copy_icons(modules)
    SUMS.write_text("".join(f"{digest}  {name}\n" for name, digest in hashes().items()))
    return report([])


def install(folder: Path) -> Path:
    """Install exactly what the lock file says, outside the tree, running no package's scripts."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, folder)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit"], cwd=folder, check=True)
    return folder / "node_modules"


def copy_tabler(modules: Path) -> None:
    target = VENDOR / TABLER
    target.mkdir(parents=True)
    # The package ships no licence file of its own; its package.json says MIT, the text is Tabler's.
    shutil.copy(modules / "@tabler/icons/LICENSE", target / "LICENSE")
    css = target / "tabler.min.css"
    config = target / "purgecss.config.cjs"
    config.write_text(purge_config(modules / "@tabler/core/dist/css/tabler.min.css"))
    purge = [str(modules / ".bin/purgecss"), "--config", str(config), "--output", str(css)]
    subprocess.run(purge, check=True)
    config.unlink()
    text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css.read_text())
    css.write_text(text.strip() + "\n")


def purge_config(css: Path) -> str:
    content = [f"{ROOT}/templates/**/*.html", f"{ROOT}/*/templates/**/*.html"]
    content += [f"{ROOT}/static/opsgate/*.js", f"{ROOT}/*/templatetags/*.py"]
    patterns = ", ".join(f"/{pattern}/" for pattern in SAFELIST)
    blocked = ", ".join(f"/{pattern}/" for pattern in BLOCKLIST)
    return (
        f"module.exports = {{content: {content!r}, css: [{str(css)!r}], variables: true,"
        f" keyframes: true, fontFace: true, blocklist: [{blocked}],"
        f" safelist: {{standard: [{patterns}, 'data-bs-theme', 'dark', 'light'],"
        f" variables: [/^--tblr-(primary|body|border|bg-surface|secondary|link|font)/]}}}}\n"
    )


def copy_icons(modules: Path) -> None:
    target = VENDOR / TABLER_ICONS
    target.mkdir(parents=True)
    shutil.copy(modules / "@tabler/icons/LICENSE", target / "LICENSE")
    symbols = "\n".join(symbol(modules, name) for name in sorted(ICONS))
    sprite = f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'
    (target / "icons.svg").write_text(sprite)


def symbol(modules: Path, name: str) -> str:
    svg = (modules / f"@tabler/icons/icons/outline/{name}.svg").read_text()
    shapes = re.findall(r"<(?:path|circle|rect|line|polyline|ellipse)\b[^>]*/>", svg)
    drawn = "".join(shape for shape in shapes if 'd="M0 0h24v24H0z"' not in shape)
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        f' stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{drawn}</symbol>'
    )


def hashes() -> dict[str, str]:
    files = (path for path in sorted(VENDOR.rglob("*")) if path.is_file() and path != SUMS)
    return {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def differences() -> list[str]:
    """Return the names whose content is missing, new or other than SHA256SUMS says."""
    lines = SUMS.read_text().splitlines() if SUMS.exists() else []
    expected = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = hashes()
    return sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )


def report(changed: list[str]) -> int:
    for name in changed:
        print(f"differs: {name}", file=sys.stderr)
    print("static/vendor " + ("differs from" if changed else "matches") + " SHA256SUMS")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
