"""The drill: what was lost comes back, what moves arrives, and nothing is left half-way."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

import psycopg
import pytest

from tests.proof import servers
from tests.proof.house import ROOT, House, end, until
from tests.proof.scale import IS_FULL, SEED, rounds

ENGINES = ["sqlite", "postgresql"]
MORE = ENGINES if IS_FULL else ["sqlite"]


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house on SQLite with cases in every state, talk and files."""
    house = House(tmp_path_factory.mktemp("lived_in"))
    house.tokens = json.loads(house.python("-m", "tests.proof.living", "move_in").splitlines()[-1])
    return house


@pytest.fixture(scope="module")
def moved(lived_in: House, postgres_server: servers.Postgres) -> House:
    """The same house after its move to PostgreSQL; its database is called `moved`."""
    url = postgres_server.create("moved")
    lived_in.manage("move_data", "--to", url)
    house = House(lived_in.folder, url)
    house.tokens = lived_in.tokens
    return house


@pytest.fixture
def copies(
    lived_in: House, moved: House, postgres_server: servers.Postgres, tmp_path: Path
) -> Callable[[str], House]:
    """Return a function that makes a house of one's own like `lived_in`, on either database."""

    def copy(engine: str) -> House:
        shutil.copytree(lived_in.folder, tmp_path / "house")
        url = postgres_server.create(f"copy_{SEED}", "moved") if engine == "postgresql" else ""
        house = House(tmp_path / "house", url)
        house.tokens = lived_in.tokens
        return house

    return copy


def look(house: House, *arguments: str) -> tuple[str, list[str]]:
    """Return the state hash and what is wrong."""
    found = json.loads(house.python("-m", "tests.proof.soundness", *arguments).splitlines()[-1])
    return found["hash"], found["violations"]


def state_of(house: House) -> str:
    return house.manage("audit", "hash").strip()


def refused(house: House, *commands: tuple[str, ...]) -> list[str]:
    """Run commands that must be refused; return the sentence of each."""
    said = house.python("-m", "tests.proof.refusals", json.dumps(commands))
    sentences = json.loads(said.splitlines()[-1])
    assert None not in sentences, f"nobody refused {commands[sentences.index(None)]}"
    return sentences


def destroy(house: House, server: servers.Postgres) -> None:
    """Lose the database and every file, as a broken disk would."""
    shutil.rmtree(house.folder / "attachments")
    for file in house.folder.glob("opsgate.sqlite3*"):
        file.unlink()
    url = house.environment["DATABASE_URL"]
    if url.startswith("postgres"):
        server.create(urlsplit(url).path[1:])


def assert_is_whole(house: House, state: str) -> None:
    """The state is the one given, nothing is wrong with it, and the product runs on it."""
    assert look(house, "struck") == (state, [])
    with house.web(workers=1, DEBUG="true"):  # needs no collected static files
        assert_can_sign_in(house)
        assert_goes_on(house)
    assert look(house)[1] == []


def assert_can_sign_in(house: House) -> None:
    cookies = CookieJar()
    browser = build_opener(HTTPCookieProcessor(cookies))
    page = f"{house.address}/login/"
    browser.open(page).read()
    token = next(one.value for one in cookies if one.name == "csrftoken")
    form = {"username": "desk", "password": "demo", "csrfmiddlewaretoken": token}
    with browser.open(page, urlencode(form).encode()) as answer:
        assert answer.status == 200
        assert "/login/" not in answer.url


def assert_goes_on(house: House) -> None:
    """Act on an old case, file a new one, and read a file back."""
    waiting = call(house, "desk", "cases/?state=submitted")["results"]
    number = waiting[0]["number"]
    assert call(house, "desk", f"cases/{number}/actions/start_triage/", {})["state"] == "triage"
    filing = {"kind": "optimization", "title": "After", "service": "erp", "wanted": "More",
              "urgency": "normal"}  # fmt: skip
    assert call(house, "requester", "cases/", filing)["number"] > number
    with_files = (
        (one["number"], call(house, "service_manager", f"cases/{one['number']}/attachments/"))
        for one in call(house, "service_manager", "cases/?limit=200")["results"]
    )
    number, files = next((number, files) for number, files in with_files if files["count"])
    place = f"cases/{number}/attachments/{files['results'][0]['id']}/"
    assert len(open_at(house, "service_manager", place).read()) == files["results"][0]["size"] > 0


def open_at(house: House, who: str, path: str, body: dict[str, object] | None = None):
    headers = {
        "Authorization": f"Bearer {house.tokens[who]}", "Content-Type": "application/json"
    }  # fmt: skip
    data = None if body is None else json.dumps(body).encode()
    return urlopen(Request(f"{house.address}/api/v1/{path}", data, headers))


def call(house: House, who: str, path: str, body: dict[str, object] | None = None):
    return json.load(open_at(house, who, path, body))


def backed_up(house: House, name: str = "kept.zip") -> Path:
    file = house.folder.parent / name
    house.manage("backup", str(file))
    return file


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_backed_up_comes_back(engine, copies, postgres_server):
    house = copies(engine)
    before = state_of(house)
    files = {path.name for path in (house.folder / "attachments").rglob("*.txt")}
    archive = backed_up(house)
    assert archive.stat().st_mode & 0o77 == 0  # it holds what only the operator may read
    destroy(house, postgres_server)

    assert before in house.manage("restore", str(archive))
    assert {path.name for path in (house.folder / "attachments").rglob("*.txt")} == files
    assert_is_whole(house, before)
    second = backed_up(house, "second.zip")  # a restored house is like any other
    assert "every chain holds" in house.manage("restore", "--replace", str(second))


def test_the_documented_dump_comes_back(copies, postgres_server, tmp_path):
    house = copies("postgresql")
    before, url = state_of(house), house.environment["DATABASE_URL"]
    page = (ROOT / "docs/keeping-data.md").read_text(encoding="utf-8")
    dump, restore = (
        next(line for line in page.splitlines() if line.startswith(program))
        for program in ("pg_dump ", "pg_restore ")
    )
    run = {"shell": True, "cwd": tmp_path, "check": True, "env": {**house.environment, "URL": url}}
    subprocess.run(dump.replace("DATABASE_URL", "URL"), **run)
    destroy(house, postgres_server)
    subprocess.run(restore.replace("DATABASE_URL", "URL"), **run)
    assert look(house, "struck") == (before, [])
    assert "every chain holds" in house.manage("audit", "verify")


def test_what_moves_to_postgresql_arrives(lived_in, moved, copies):
    before = state_of(lived_in)
    assert look(copies("postgresql"), "struck") == (before, [])
    assert state_of(moved) == before
    nobody = f"postgres://postgres@127.0.0.1:{servers.free_port()}/x"
    places = moved.environment["DATABASE_URL"], "sqlite:///other", "nonsense", nobody
    taken, kind, scheme, down = refused(lived_in, *(("move_data", f"--to={one}") for one in places))
    assert "holds data" in taken
    assert "postgres://" in kind
    assert "no address" in scheme
    assert "Nothing was moved" in down


def test_a_move_that_fails_moves_nothing_and_may_be_tried_again(copies, postgres_server):
    house, url = copies("sqlite"), postgres_server.create(f"second_{SEED}")
    with closing(sqlite3.connect(house.folder / "opsgate.sqlite3")) as connection:
        pk, title = connection.execute("SELECT id, title FROM workflows_case").fetchone()
        rename = "UPDATE workflows_case SET title = ? WHERE id = ?"
        connection.execute(rename, ["x" * 500, pk])  # SQLite takes any length
        connection.commit()
        assert "too long" in refused(house, ("move_data", f"--to={url}"))[0]
        with psycopg.connect(url) as target:
            for table in ("people_user", "workflows_event", "django_content_type"):
                held = target.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                assert bool(held) is (table == "django_content_type")
        connection.execute(rename, [title, pk])
        connection.commit()
    assert state_of(house) in house.manage("move_data", "--to", url)


@pytest.mark.parametrize("engine", MORE)
def test_a_backup_while_people_work_is_of_one_instant(engine, copies):
    house = copies(engine)
    worker = house.start(sys.executable, "-m", "tests.proof.living", "go_on", log="worker.log")
    archives = []
    try:
        go_on(house, worker)
        for number in range(rounds(full=10, short=1)):
            with restless(house):
                archives.append(backed_up(house, f"live{number}.zip"))
            go_on(house, worker)
    finally:
        end(worker)
    for archive in archives:
        house.manage("restore", "--replace", str(archive))  # verifies state and chains
        assert look(house, "struck")[1] == []
    assert house.log("worker.log") == ""


@contextmanager
def restless(house: House) -> Iterator[None]:
    """Change a row hundreds of times a second: two instants never look the same."""
    over = threading.Event()
    update = "UPDATE people_user SET display_name = {} WHERE username = 'desk'"

    def write() -> None:
        with connected(house) as connection:
            number = 0
            while not over.wait(0.002):
                number += 1
                connection.execute(update.format(f"'name {number}'"))
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def connected(house: House) -> Any:
    url = house.environment["DATABASE_URL"]
    if url.startswith("postgres"):
        return psycopg.connect(url)
    return closing(sqlite3.connect(house.folder / "opsgate.sqlite3", timeout=60))


def go_on(house: House, worker: subprocess.Popen[bytes]) -> None:
    """Wait until somebody did something more."""
    before = events_of(house)
    until(lambda: events_of(house) > before, seconds=120)
    assert worker.poll() is None


def events_of(house: House) -> int:
    with connected(house) as connection:
        return connection.execute("SELECT count(*) FROM workflows_event").fetchone()[0]


@pytest.mark.parametrize("engine", MORE)
def test_a_killed_restore_leaves_the_old_state_or_the_new_one(engine, copies):
    house = copies(engine)
    old = state_of(house)
    archive = backed_up(house, "old.zip")
    house.manage("sweep")
    new = state_of(house)
    assert new != old
    newer, dice = backed_up(house, "new.zip"), random.Random(SEED)
    seconds = timed(lambda: house.manage("restore", "--replace", str(archive)))
    seen, present, target = set(), old, newer
    for _kill in range(rounds(full=40, short=2)):
        process = house.start(sys.executable, "manage.py", "restore", "--replace", str(target))
        time.sleep(dice.uniform(0.3, 1.05) * seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_for_programs(house)
        found = state_of(house)
        assert found in {old, new}
        seen.add(found != present)
        present, target = found, archive if found == new else newer
    if IS_FULL:
        assert seen == {True, False}  # some kills came too late, and some in time
    house.manage("restore", "--replace", str(target))  # verifies state and chains


def timed(act: Callable[[], object]) -> float:
    start = time.monotonic()
    act()
    return time.monotonic() - start


def wait_for_programs(house: House) -> None:
    """Wait for what a killed command started: psql goes on to its own end."""
    url = house.environment["DATABASE_URL"]
    if url.startswith("postgres"):
        with psycopg.connect(url, autocommit=True) as connection:
            others = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            until(lambda: connection.execute(others).fetchone()[0] == 0)


def test_restore_refuses_what_it_cannot_trust(copies):
    house = copies("sqlite")
    archive, before = backed_up(house), state_of(house)
    half = archive.with_name("half.zip")
    half.write_bytes(archive.read_bytes()[:-2000])
    with zipfile.ZipFile(archive) as packed:
        database = bytearray(packed.read("database.sqlite3"))
        manifest = json.loads(packed.read("manifest.json"))
        file = next(name for name in packed.namelist() if name.startswith("attachments/"))
    database[len(database) // 2] ^= 1
    migrations = [*manifest["migrations"], "loans.0001_initial"]
    bad: list[tuple[Path, str]] = [
        (half, "cannot be read"),
        (repacked(archive, {"database.sqlite3": bytes(database)}), "was changed"),
        (repacked(archive, {file: b"else"}), "was changed"),
        (repacked(archive, {file: None}), "do not agree"),
        (repacked(archive, {"manifest.json": b"{}"}), "cannot be read"),
        *(
            (repacked(archive, {"manifest.json": json.dumps(manifest | change).encode()}), sentence)
            for change, sentence in (
                ({"state_hash": "0" * 64}, "not the one that was backed up"),
                ({"database": "postgresql"}, "move_data"),
                ({"format": 99}, "newer version"),
                ({"migrations": migrations}, "loans.0001_initial"),
            )
        ),
    ]
    said = refused(
        house, ("backup", str(archive)), ("restore", str(archive)),
        *(("restore", "--replace", str(path)) for path, _sentence in bad),
    )  # fmt: skip
    wanted = ["never replaces", "say --replace", *(sentence for _path, sentence in bad)]
    for sentence, part in zip(said, wanted, strict=True):
        assert part in sentence
    assert state_of(house) == before


def repacked(archive: Path, changed: dict[str, bytes | None]) -> Path:
    """Write the archive anew with other members: bytes instead, or none."""
    copy = archive.with_name(f"repacked{len(list(archive.parent.glob('repacked*')))}.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = changed.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return copy


def test_a_chain_that_does_not_hold_is_neither_restored_nor_moved(copies, postgres_server):
    house, url = copies("sqlite"), postgres_server.create(f"third_{SEED}")
    with closing(sqlite3.connect(house.folder / "opsgate.sqlite3")) as connection:
        connection.execute("DROP TRIGGER workflows_event_no_update")
        connection.execute("UPDATE workflows_event SET note = 'never said' WHERE id = 9")
        connection.commit()
    archive = backed_up(house)
    for said in refused(
        house, ("restore", "--replace", str(archive)), ("move_data", f"--to={url}")
    ):
        assert "was changed" in said


def test_a_backup_of_an_older_version_is_brought_up_to_date(copies):
    house = copies("sqlite")
    archive, before = backed_up(house), state_of(house)
    newer = {"EXTRA_APPS": "rest_framework.authtoken"}  # an installation that has more tables
    house.manage("restore", "--replace", str(archive), **newer)
    house.manage("migrate", "--check", **newer)
    assert state_of(house) == before
    later = house.folder.parent / "later.zip"
    house.manage("backup", str(later), **newer)
    assert "EXTRA_APPS" in refused(house, ("restore", "--replace", str(later)))[0]


def test_a_backup_says_which_attachments_are_gone(copies):
    house = copies("sqlite")
    lost = next((house.folder / "attachments").rglob("*.txt"))
    lost.unlink()
    file = house.folder.parent / "less.zip"
    assert lost.name in refused(house, ("backup", str(file)))[0]
    assert state_of(house) in house.manage("restore", "--replace", str(file))


def test_without_the_programs_of_postgresql_it_says_what_to_do(lived_in):
    script = (
        "from workflows.keeping import engines\n"
        "try: engines.program('pg_dump_of_another_machine')\n"
        "except engines.NotKept as reason: print(reason)"
    )
    said = lived_in.manage("shell", "-c", script)
    assert "docs/keeping-data.md" in said
    assert "By PostgreSQL’s" in said or "By PostgreSQL's own programs" in said
