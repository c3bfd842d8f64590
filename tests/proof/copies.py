"""Houses that begin alike, so that what happened to one can be held against the other."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from tests.proof.house import House
from tests.proof.servers import Postgres


def copy_of(original: House, server: Postgres, folder: Path, **more: str) -> House:
    """Copy the database of `original`, which nobody may be using; `more` are variables."""
    folder.mkdir(parents=True, exist_ok=True)
    template = urlsplit(original.environment["DATABASE_URL"]).path.strip("/")
    name = f"{folder.parent.name}_{folder.name}".lower().replace("-", "_")[-60:]
    house = House(folder, server.create(name, template=template), **more)
    house.tokens = original.tokens
    return house
