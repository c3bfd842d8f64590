"""Check that every sentence a person sees has its Chinese: none missing, empty, fuzzy or unused,
and none punctuated as in English.

Runs makemessages (which needs gettext) in a copy of the sources and compares what it finds with
the catalogue in locale/.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = Path("locale/zh_Hans/LC_MESSAGES/django.po")
Key = tuple[str, str]
HALF_WIDTH = re.compile("[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]")
"""Beside a Chinese character stands Chinese punctuation."""


def main() -> int:
    if shutil.which("xgettext") is None:
        print("The translations cannot be checked: install gettext.", file=sys.stderr)
        return 1
    kept = messages_of(ROOT / CATALOGUE)
    used = messages_in_use()
    complaints = [f"missing: {text(used[key])}" for key in used.keys() - kept.keys()]
    complaints += [f"used nowhere: {text(kept[key])}" for key in kept.keys() - used.keys()]
    for message in kept.values():
        complaints += [f"{reason}: {text(message)}" for reason in faults(message)]
    print("\n".join(sorted(complaints)) or f"{len(kept)} sentences, each with its Chinese.")
    return 1 if complaints else 0


def messages_in_use() -> dict[Key, Message]:
    """Extract the sentences of the working copy, tracked or new, without touching it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in listed_files():
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, copy / name)
        (copy / "locale").mkdir(exist_ok=True)
        command = [sys.executable, "-m", "django", "makemessages", "--locale=en"]
        command += ["--ignore=tests", "--ignore=scripts"]
        subprocess.run(command, cwd=copy, check=True, stdout=subprocess.DEVNULL)
        return messages_of(copy / "locale/en/LC_MESSAGES/django.po", "en")


def listed_files() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name]


def messages_of(path: Path, locale: str = "zh_Hans") -> dict[Key, Message]:
    """Return the messages of a catalogue by context and text, without obsolete ones."""
    catalogue = Catalog()
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=locale)
    return {(m.context or "", text(m)): m for m in catalogue if m.id}


def faults(message: Message) -> list[str]:
    said = message.string if isinstance(message.string, tuple | list) else (message.string,)
    found = []
    if not all(said):
        found.append("no Chinese")
    elif message.fuzzy:
        found.append("fuzzy")
    elif message.python_format and any(message.check()):
        found.append("placeholders differ")
    if any(HALF_WIDTH.search(one or "") for one in said):
        found.append("punctuation of half width")
    return found


def text(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


if __name__ == "__main__":
    sys.exit(main())
