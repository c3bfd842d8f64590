"""The third-party files are those that were brought; every icon a template names is there."""

import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from workflows.templatetags.opsgate import SPRITE
from workflows.words import ICONS

ROOT = Path(settings.BASE_DIR)
SPRITE_FILE = ROOT / "static" / SPRITE


def check() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "vendor.py"), "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_vendor_files_match_their_hashes():
    result = check()
    assert result.returncode == 0, result.stderr


def test_vendor_check_sees_a_stray_file():
    stray = ROOT / "static" / "vendor" / "stray.txt"
    stray.write_text("not brought by scripts/vendor.py")
    try:
        result = check()
    finally:
        stray.unlink()
    assert result.returncode == 1
    assert "differs: stray.txt" in result.stderr


def test_lock_names_no_registry():
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_every_named_icon_is_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([^"]+)"', SPRITE_FILE.read_text()))
    pattern = re.compile(r'(?:{% icon |icon_name=)"([^"]+)"')
    pages = (ROOT / "templates").rglob("*.html")
    named = {name for page in pages for name in pattern.findall(page.read_text())}
    assert named | set(ICONS.values()) <= sprite
