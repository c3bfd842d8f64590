"""`manage.py check` reads every process and refuses one that cannot work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.db import connections
from viewflow.utils import DEFAULT

from people.roles import Role
from workflows.lifecycles import Action, Decision, Lifecycle, registered


def check_lifecycles(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [problem for lifecycle in registered() for problem in problems_of(lifecycle)]


def problems_of(lifecycle: type[Lifecycle]) -> list[CheckMessage]:
    """Return what is wrong with one declared process."""
    found = [
        *_states(lifecycle),
        *_transitions(lifecycle),
        *_work(lifecycle),
        *_clocks(lifecycle),
    ]
    return [Error(text, obj=lifecycle, id=f"workflows.{code}") for code, text in found]


def _targets(action: Action) -> list[str]:
    return action.targets or [action.transition.source]


def _states(lifecycle: type[Lifecycle]) -> Iterator[tuple[str, str]]:
    actions = lifecycle.actions()
    reached, frontier = {lifecycle.initial}, {lifecycle.initial}
    while frontier:
        frontier = {
            target
            for action in actions
            if action.transition.source in frontier
            for target in _targets(action)
        } - reached
        reached |= frontier
    for state in lifecycle.State.values:
        if state not in reached:
            yield "E001", f"state {state} cannot be reached"
        leaving = [
            action
            for action in actions
            if action.transition.source == state and set(_targets(action)) - {state}
        ]
        if state in lifecycle.closed:
            continue
        if not leaving:
            yield "E002", f"state {state} has no way out and is not among the closed ones"
        if state not in lifecycle.work and state not in lifecycle.idle:
            yield "E005", f"nobody owes work in {state}, and `idle` gives no reason"


def _transitions(lifecycle: type[Lifecycle]) -> Iterator[tuple[str, str]]:
    for action in lifecycle.actions():
        if action.transition.permission in (DEFAULT, None):
            yield "E003", f"{action.name} from {action.transition.source} names no permission"
        if not action.transition._label:
            yield "E004", f"{action.name} from {action.transition.source} has no label"


def _work(lifecycle: type[Lifecycle]) -> Iterator[tuple[str, str]]:
    for state, spec in lifecycle.work.items():
        for role in spec.roles():
            if role not in Role.values:
                yield "E006", f"work of {state} names the unknown role {role}"
        if isinstance(spec, Decision):
            for name in (spec.carried, spec.lost):
                if lifecycle.action(name, state) is None:
                    yield "E008", f"the decision {state} has no transition {name}"


def _clocks(lifecycle: type[Lifecycle]) -> Iterator[tuple[str, str]]:
    for clock in lifecycle.clocks:
        unknown = {*clock.starts, *clock.stops, *clock.pauses} - set(lifecycle.State.values)
        if unknown:
            yield "E009", f"clock {clock.metric} names unknown states {sorted(unknown)}"
        if not clock.stops:
            yield "E007", f"clock {clock.metric} can never stop"
        if clock.on_breach and not lifecycle.has_action(clock.on_breach):
            yield "E010", f"clock {clock.metric} calls the unknown action {clock.on_breach}"


def check_database(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """SQLite must queue writers: without these settings two writers at once lose one."""
    settings = connections["default"].settings_dict
    if settings["ENGINE"] != "django.db.backends.sqlite3":
        wrong = ["ATOMIC_REQUESTS must be off"] if settings["ATOMIC_REQUESTS"] else []
    else:
        options = settings["OPTIONS"]
        needed = {
            "transaction_mode IMMEDIATE": options.get("transaction_mode") == "IMMEDIATE",
            "timeout of 20 s": options.get("timeout", 0) >= 20,
            "journal_mode WAL": "journal_mode=WAL" in options.get("init_command", ""),
            "foreign_keys on": "foreign_keys=ON" in options.get("init_command", ""),
        }
        wrong = [f"SQLite needs {name}" for name, is_there in needed.items() if not is_there]
    return [Error(text, id="workflows.E020") for text in wrong]
