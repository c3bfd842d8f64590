"""The written contract holds: whoever calls, and whatever is sent, right or wrong.

schemathesis reads the contract, writes requests that it allows and requests that it forbids, and
holds every answer against it: no answer of 5xx, nothing accepted that is forbidden, no status and
no shape that is not written down. It runs in process, in the town of `tests.proof.strangers`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import sampled_from
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode, Response
from schemathesis.checks import CheckContext
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from people.models import User
from people.tokens import issue_token
from tests.api.conftest import FILING
from tests.proof.scale import SEED, rounds
from tests.proof.strangers.town import Thing, Town, upload
from workflows.invariants import violations

EXAMPLES = rounds(full=100, short=1)
"""Random requests per operation, caller, and kind of request: allowed and forbidden."""
STRIDE = rounds(full=1, short=6)
"""In the short round each caller sends one in so many of the requests at the borders."""
THINGS = rounds(full=6, short=3)
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
CALLERS = {
    "requester": "requester", "requester of another unit": "requester2", "service desk": "desk",
    "analyst": "analyst", "developer": "assignee", "tester": "tester", "approver": "owner",
    "head of operations": "head", "deputy": "deputy", "auditor": "finance_auditor",
    "service manager": "service_manager", "administrator": "administrator", "superuser": "root",
    "ops reviewer": "ops_reviewer", "somebody who left": "disabled", "anonymous": "",
}  # fmt: skip
"""Who calls, and the user name in the town."""
ELSEWHERE = [
    positive_data_acceptance,  # what a kind of case asks for stands in `kinds/`, not here
    ignored_auth,  # who may ask what is in strangers/matrix.csv
]
Caller = Callable[[str], dict[str, str]]


@pytest.fixture(scope="module")
def contract() -> BaseSchema:
    written = SchemaGenerator().get_schema(request=None, public=True)
    found = schemathesis.openapi.from_dict(written)
    found.app = WSGIHandler()
    return found


@pytest.fixture
def caller(town: Town) -> Caller:
    """Return a function that gives the headers with which somebody calls."""

    def headers(name: str) -> dict[str, str]:
        if not CALLERS[name]:
            return {}
        secret = issue_token(user=User.objects.get(username=CALLERS[name]), name="proof")
        return {"Authorization": f"Bearer {secret}"}

    return headers


def operations(contract: BaseSchema) -> Iterator[APIOperation]:
    for found in contract.get_all_operations():
        yield found.ok()


# -- what is asked ---------------------------------------------------------------------------------
def place(operation: APIOperation, thing: Thing) -> dict[str, Any]:
    """Return what the address of an operation names, of a thing that is there."""
    kind = operation.path.split("/")[3]
    values = {
        "number": {"changes": thing.change, "gates": thing.gate}.get(kind, thing.number),
        "code": "G1-01",
        "action": thing.action, "metric": "response",
        "id": thing.task if "/tasks/" in operation.path else thing.attachment,
    }  # fmt: skip
    return {one.name: values[one.name] for one in operation.path_parameters}


BODIES: dict[str, Callable[[Thing], dict[str, Any]]] = {
    "file_case": lambda thing: FILING,
    "act_on_case": lambda thing: thing.values,
    "add_comment": lambda thing: {"body": "Any news?"},
    "attach_file": lambda thing: {"file": upload()},
    "link_cases": lambda thing: {"target": thing.target, "relation": "relates"},
    "assign_task": lambda thing: {"to": thing.to},
    "show_evidence": lambda thing: {"evidence": "See the folder."},
    "judge_evidence": lambda thing: {"result": "pass"},
}


def honest(operation: APIOperation, thing: Thing) -> Case:
    """Return a request as a good program sends it."""
    more: dict[str, Any] = {"path_parameters": place(operation, thing)}
    if body := BODIES.get(operation.definition.raw["operationId"]):
        more |= {"body": body(thing), "media_type": "application/json"}
    if "file" in more.get("body", {}):
        more |= {
            "body": encode_multipart(BOUNDARY, more["body"]),
            "media_type": "multipart/form-data",
            "headers": {"Content-Type": MULTIPART_CONTENT},
        }
    return operation.Case(**more)


@pytest.fixture(scope="module")
def at_the_borders(contract: BaseSchema) -> list[Case]:
    """A request for each side of every border of every parameter and field."""
    return [
        case
        for operation in operations(contract)
        for case in contract.iter_coverage_cases(
            operation, generation_modes=MODES,
            generation_config=contract.config.generation_for(operation=operation),
        )
    ]  # fmt: skip


# -- what is answered ------------------------------------------------------------------------------
def is_a_clear_refusal(context: CheckContext, answer: Response, case: Case) -> None:
    """A refusal says why in a sentence, in the one shape all refusals have."""
    if answer.status_code < 400:
        return
    said = answer.json()
    assert list(said) == ["message", "errors"]
    assert said["message"].strip()
    assert all(one.strip() for sentences in said["errors"].values() for one in sentences)


def answered(case: Case, headers: dict[str, str]) -> int:
    """Send it, hold the answer against the contract, and return its status."""
    answer = case.call(headers=headers)
    case.validate_response(
        answer, headers=headers, excluded_checks=ELSEWHERE, additional_checks=[is_a_clear_refusal]
    )
    return answer.status_code


def test_good_requests_are_answered_as_written(
    contract: BaseSchema, town: Town, caller: Caller
) -> None:
    """Whatever can succeed succeeds for somebody, and is refused to somebody else."""
    seen: Counter[tuple[str, int]] = Counter()
    for name in CALLERS:
        headers = caller(name)
        things = list(town.things.values())[:THINGS]
        for operation, thing in itertools.product(operations(contract), things):
            with transaction.atomic():
                seen[operation.label, answered(honest(operation, thing), headers) // 100] += 1
                transaction.set_rollback(True)
        cache.clear()  # everybody may ask so often in a minute
    for operation in operations(contract):
        assert seen[operation.label, 2] > 0, operation.label
        assert seen[operation.label, 4] > 0, operation.label


@pytest.mark.parametrize("name", CALLERS)
def test_strange_requests_are_answered_as_written(
    contract: BaseSchema, at_the_borders: list[Case], town: Town, caller: Caller, name: str
) -> None:
    headers = caller(name)
    things = list(town.things.values())
    seen: Counter[int] = Counter()
    mine = at_the_borders[list(CALLERS).index(name) % STRIDE :: STRIDE]
    for case, thing in zip(mine, itertools.cycle(things), strict=False):
        seen[answered(aimed(case, thing), headers) // 100] += 1
    for operation in operations(contract):
        cache.clear()  # everybody may ask so often in a minute
        for mode in MODES:
            assert_random_requests_are_answered(operation, mode, things, headers)
    assert seen[4] > len(mine) / 3
    assert list(violations(timezone.now())) == []


def aimed(case: Case, thing: Thing) -> Case:
    """Let the address name a thing that is there, unless it is the address that is strange."""
    if case.path_parameters and not case.meta.is_negative_at(ParameterLocation.PATH):
        case.path_parameters = place(case.operation, thing)
    return case


def assert_random_requests_are_answered(
    operation: APIOperation, mode: GenerationMode, things: list[Thing], headers: dict[str, str]
) -> None:
    @seed(SEED)
    @settings(
        max_examples=EXAMPLES, database=None, deadline=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode), sampled_from(things))
    def is_answered(case: Case, thing: Thing) -> None:
        answered(aimed(case, thing), headers)

    is_answered()
