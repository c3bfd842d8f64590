"""What the browser has to fetch before the page that is open all day can be read."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

LIMIT = 60 * 1024
LOADED = re.compile(r'<(?:link rel="stylesheet" href|script[^>]* src)="([^"?]+)')
IMPORTED = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\./[^"']+)""")


def weight(page: str) -> dict[str, int]:
    """Return the gzipped bytes of every style sheet and script, also of what a module imports."""
    found: dict[str, int] = {}
    waiting = [unquote(one).removeprefix(settings.STATIC_URL) for one in LOADED.findall(page)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = finders.find(name)
        assert path, f"{name} is loaded but is no file"
        content = Path(path).read_bytes()
        found[name] = len(gzip.compress(content))
        if name.endswith(".js"):
            folder = Path(name).parent
            waiting += [str(folder / other) for other in IMPORTED.findall(content.decode())]
    return found


@pytest.mark.parametrize("who", ["desk", "requester"])
def test_first_page_of_everybody_weighs_at_most_60_kb_of_styles_and_scripts(world, who):
    client = Client()
    client.force_login(world[who])
    page = client.get("/", follow=True).content.decode()
    files = weight(page)
    assert "opsgate/opsgate.css" in files
    assert any("htmx" in name for name in files)
    assert sum(files.values()) <= LIMIT, sorted(files.items(), key=lambda one: -one[1])
