"""The demo world has projects in different phases, whenever it is loaded."""

from __future__ import annotations

from collections import Counter

import pytest

import agreements.demo
import people.demo
import projects.demo
from projects.models import Finding, Gate, Project, Proposal
from tests.changes.test_demo import AFTERNOON, HOLIDAY, NEW_YEAR, NIGHT
from workflows.events import broken_chains
from workflows.invariants import violations


@pytest.mark.parametrize("at", [AFTERNOON, NIGHT, NEW_YEAR, HOLIDAY])
def test_the_demo_world_has_six_projects_at_any_time(db, at):
    for part in (people.demo, agreements.demo, projects.demo):
        part.build(at)
    assert Project.objects.count() == 6
    states = Counter(Gate.objects.values_list("state", flat=True))
    assert states["conditions"] == 1
    assert states["in_review"] == 1
    assert states["awaiting_verdict"] == 1
    trial = Gate.objects.get(parent__title__startswith="生产排程", state="open")
    assert trial.gate_kind.code == "G7"
    late = Gate.objects.filter(state="open", clocks__breached_at__isnull=False)
    assert [gate.parent.title for gate in late] == ["数据仓库升级 Data warehouse"]
    overdue = Finding.objects.filter(state="raised", clocks__breached_at__isnull=False)
    assert [one.parent.title for one in overdue] == ["供应商协同 Supplier portal"]
    assert set(Finding.objects.values_list("severity", flat=True)) == set(Finding.Severity.values)
    assert set(Finding.objects.values_list("state", flat=True)) == {
        "raised", "accepted", "reported", "insisted", "deferred", "closed", "overruled",
    }  # fmt: skip
    assert set(Proposal.objects.values_list("ground", flat=True)) == {"clause", "pattern"}
    assert list(broken_chains()) == []
    assert list(violations(at)) == []
