"""Who may import whom, and who may write what: read off the source, so that it stays true."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOMAINS = ["services", "changes", "change_control", "projects", "procurement"]
LAYERS = [["rows"], ["people"], ["agreements"], ["workflows"], DOMAINS, ["reports"], ["config"]]
"""From the ground up; each may import what lies below it, and of its own layer only itself."""

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
KEPT = {"Case", "Task", "Clock", "ClockSegment", "Custody", "Event", "Outbox"}
WRITERS = {"create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "update"}
BUILT_ONCE = {"rows.insert", "rows.update", "rows.update_many", "rows.Change"}
BY_THE_ENGINE = {
    "workflows/door.py", "workflows/work.py", "workflows/clocks.py", "workflows/custody.py",
    "workflows/events.py", "workflows/sweep.py", "workflows/notices.py", "workflows/relay.py",
    "workflows/actions.py", "workflows/absences.py", "workflows/lifecycles.py",
    "workflows/retiming.py", "workflows/admin.py", "workflows/passages.py",
    "workflows/idempotency.py", "workflows/webhooks.py", "workflows/news/routing.py",
    "workflows/news/actions.py",
}  # fmt: skip


def sources():
    return [
        path
        for name in LEVEL
        for path in sorted((ROOT / name).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def imports(tree):
    """Yield the modules imported when the module itself is imported, and later."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def is_allowed(importer, imported):
    if imported == importer or imported not in LEVEL:
        return True
    return LEVEL[imported] < LEVEL[importer]


def wrong_imports(path, source):
    importer = path.relative_to(ROOT).parts[0]
    tops = {module.partition(".")[0] for module in imports(ast.parse(source))}
    return sorted(top for top in tops if not is_allowed(importer, top))


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_packages_import_only_what_lies_below(path):
    assert wrong_imports(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("people/x.py", "from workflows.door import perform"),
        ("agreements/x.py", "import workflows"),
        ("workflows/x.py", "def f():\n    from changes.models import Optimization"),
        ("changes/x.py", "from projects.models import Project"),
        ("workflows/x.py", "from config import settings"),
    ],
)
def test_an_import_upwards_or_sideways_is_found(path, source):
    assert wrong_imports(ROOT / path, source)


def writes(tree):
    """Yield a line for each write of what only the engine writes."""
    rows = rows_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == "state":
                    yield f"{node.lineno}: {ast.unparse(target)} is assigned"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            parts = called.split(".")
            is_manager = "objects" in parts and parts[0] in rows and parts[-1] in WRITERS
            is_related = parts[-2:-1] and parts[-2] in RELATED and parts[-1] in WRITERS
            is_setter = called == "setattr" and any(
                isinstance(one, ast.Constant) and one.value == "state" for one in node.args
            )
            if called in rows | BUILT_ONCE or is_manager or is_related or is_setter:
                yield f"{node.lineno}: {called}(…)"


RELATED = {"tasks", "clocks", "segments", "custody", "events"}


def rows_of(tree):
    """Return the names that stand for rows; `Clock` of `lifecycles` is a declaration."""
    return KEPT & {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("workflows.models")
        for alias in node.names
    }


@pytest.mark.parametrize(
    "path",
    [path for path in sources() if str(path.relative_to(ROOT)) not in BY_THE_ENGINE],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_only_the_engine_writes_states_tasks_clocks_events_and_messages(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(writes(tree)) == []


@pytest.mark.parametrize(
    "source",
    [
        "case.state = 'closed'",
        "setattr(case, 'state', 'closed')",
        "Task.objects.create(case=case)",
        "Task(case=case).save()",
        "Outbox.objects.filter(pk=1).update(sent_at=now)",
        "case.events.create(seq=1)",
        "Event.objects.bulk_create([])",
        "rows.update(case, ['title'])",
    ],
)
def test_a_write_around_the_door_is_found(source):
    imported = f"from workflows.models import {', '.join(sorted(KEPT))}\n"
    assert list(writes(ast.parse(imported + source)))
