"""The drawings of processes: viewflow's Flow, the picture people see, the BPMN 2.0 file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from io import StringIO
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import translation
from django.utils.functional import lazy
from lxml import etree  # type: ignore[import-untyped] # carries no types
from viewflow.fsm import State as Fsm

from people.models import User
from workflows.bpmn import bpmn_xml, edges, flow_of
from workflows.chart_layout import Picture, wrapped
from workflows.charts import chart_svg, chart_text
from workflows.lifecycles import Lifecycle, case_state, lifecycle_of, registered

SVG = {"svg": "http://www.w3.org/2000/svg"}
SCHEMA = Path(__file__).parent / "bpmn_schema" / "BPMN20.xsd"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"

CHINESE = {
    "Drafted": "起草",
    "On hold": "暂时搁置等待处理的事项",
    "Shelved": "已搁置",
    "Ship": "发货",
}


def spoken(text: str) -> str:
    return CHINESE.get(text, text) if translation.get_language() == "zh-hans" else text


said = lazy(spoken, str)


class ToyState(models.TextChoices):
    DRAFTED = "drafted", said("Drafted")
    ON_HOLD = "on_hold", said("On hold")
    CHECKED = "checked", said("Checked")
    PARKED = "parked", said("Parked")
    SHIPPED = "shipped", said("Shipped")
    SHELVED = "shelved", said("Shelved")


class ToyLifecycle(Lifecycle):
    """Every shape there is: detours that meet across the main path, a closed state left again."""

    label = said("A <toy> & more")
    State, initial = ToyState, ToyState.DRAFTED
    state = case_state(ToyState)
    closed: ClassVar = (ToyState.SHIPPED, ToyState.SHELVED)

    @state.transition("drafted", Fsm.GET_STATE(str, ["drafted", "checked", "on_hold"]), "Check")
    def check(self) -> None: ...

    @state.transition("on_hold", Fsm.GET_STATE(str, ["drafted", "checked"]), "Resume")
    def resume(self) -> None: ...

    @state.transition(["drafted", "checked"], "parked", "Park")
    def park(self) -> None: ...

    @state.transition("parked", "on_hold", "Hold")
    def hold(self) -> None: ...

    @state.transition("checked", "shipped", said("Ship"))
    def ship(self) -> None: ...

    @state.transition("checked", "shipped", "Ship <at once>")
    def ship_at_once(self) -> None: ...

    @state.transition(["drafted", "on_hold"], "shelved", "Shelve")
    def shelve(self) -> None: ...

    @state.transition("shipped", "checked", "Return")
    def return_goods(self) -> None: ...

    @state.transition("shipped", label="Rate")
    def rate(self) -> None: ...


class ToyWithPath(ToyLifecycle):
    path: ClassVar = ("drafted", "checked", "shipped")


# Named afterwards: a class with a kind would join the register, which is the product's.
ToyLifecycle.kind, ToyWithPath.kind = "toy", "toy-with-path"

ALL = pytest.mark.parametrize(
    "lifecycle", [*registered(), ToyLifecycle, ToyWithPath], ids=lambda one: one.kind
)


def transitions(lifecycle: type[Lifecycle]) -> set[tuple[str, str]]:
    """Return every pair of states the door can lead between."""
    return {
        (str(action.transition.source), str(target))
        for action in lifecycle.actions()
        for target in action.targets
        if target != action.transition.source
    }


def svg_of(lifecycle: type[Lifecycle], **case: Any) -> ElementTree.Element:
    return ElementTree.fromstring(chart_svg(lifecycle, **case))


def classes(svg: ElementTree.Element) -> dict[str, str]:
    nodes = svg.iterfind(".//svg:g[@data-state]", SVG)
    return {node.attrib["data-state"]: node.attrib["class"] for node in nodes}


# -- viewflow's Flow -----------------------------------------------------------------------------
@ALL
def test_flow_has_the_edges_of_the_transitions(lifecycle: type[Lifecycle]) -> None:
    assert edges(flow_of(lifecycle)) == transitions(lifecycle)


def test_toy_flow_has_the_edges_written_down_here() -> None:
    assert edges(flow_of(ToyLifecycle)) == {
        ("drafted", "checked"), ("drafted", "on_hold"), ("drafted", "parked"),
        ("drafted", "shelved"), ("on_hold", "drafted"), ("on_hold", "checked"),
        ("on_hold", "shelved"), ("checked", "parked"), ("checked", "shipped"),
        ("parked", "on_hold"), ("shipped", "checked"),
    }  # fmt: skip


def test_flow_is_made_of_views_switches_and_ends() -> None:
    made = flow_of(ToyLifecycle)
    assert made.__base__.__module__ == "viewflow.workflow.base"
    assert flow_of(ToyLifecycle) is made
    kinds = {node.name: type(node).__name__ for node in made.instance.nodes()}
    assert kinds["start"] == "Start"
    assert kinds["state_parked"] == "View"
    assert "after_parked" not in kinds  # there is one way on
    assert kinds["after_drafted"] == "Switch"
    assert kinds["state_shelved"] == "End"
    assert kinds["state_shipped"] == "View"  # can be left again
    assert kinds["end_shipped"] == "End"


def test_drawing_brings_no_models_of_viewflow() -> None:
    """Its Task would refer to User: deleting a user would ask a table that does not exist.

    It fails too if anything but workflows/bpmn.py imports viewflow.workflow first.
    """
    everything = apps.get_models(include_auto_created=True)
    assert not [model for model in everything if model.__module__.startswith("viewflow")]
    relations = [relation.related_model for relation in User._meta.related_objects]
    assert not [model for model in relations if str(model.__module__).startswith("viewflow")]


@ALL
def test_diagram_is_the_reviewed_one(
    lifecycle: type[Lifecycle], golden: Callable[[str, str], None]
) -> None:
    if lifecycle not in registered():
        lines = sorted(f"{source} --> {target}" for source, target in edges(flow_of(lifecycle)))
        assert lines  # toys are written down above
        return
    lines = sorted(
        f"{action.transition.source} --{action.name}--> {target}"
        for action in lifecycle.actions()
        for target in action.targets or [action.transition.source]
    )
    golden(f"{lifecycle.kind}.diagram.txt", "\n".join(lines) + "\n")


# -- the picture ---------------------------------------------------------------------------------
def test_picture_marks_what_is_done_and_where_the_case_is() -> None:
    marked = classes(svg_of(ToyLifecycle, done=["drafted", "checked"], now="checked"))
    assert marked == {
        "drafted": "node done", "checked": "node now", "on_hold": "node todo",
        "parked": "node todo", "shipped": "node todo", "shelved": "node todo",
    }  # fmt: skip


@ALL
def test_picture_has_every_state_and_every_way(lifecycle: type[Lifecycle]) -> None:
    svg = svg_of(lifecycle)
    used = {state for pair in transitions(lifecycle) for state in pair}
    assert set(classes(svg)) >= used
    titles = [title.text for title in svg.iterfind(".//svg:g[@class='way']/svg:title", SVG)]
    picture = Picture(lifecycle)
    given_up = [pair for pair in transitions(lifecycle) if picture.is_exit(pair[1])]
    assert len(titles) == len(transitions(lifecycle)) - len(given_up)
    exits = sum(
        (text.text or "").startswith("✕ ")
        for text in svg.iterfind(".//svg:text[@class='exit']", SVG)
    )
    assert exits == len(given_up)


@ALL
def test_boxes_do_not_overlap_and_lie_inside(lifecycle: type[Lifecycle]) -> None:
    picture = Picture(lifecycle)
    boxes = list(picture.stops.values())
    for one, other in combinations(boxes, 2):
        apart = one.bottom < other.top or other.bottom < one.top
        assert apart or abs(one.x - other.x) >= (one.width + other.width) / 2
    assert all(box.left >= 0 and box.top >= 0 for box in boxes)
    assert all(box.left + box.width <= picture.width for box in boxes)
    assert all(box.bottom <= picture.height for box in boxes)


def runs(picture: Picture) -> Iterator[tuple[Any, tuple[int, int], tuple[int, int]]]:
    """Yield the straight pieces of every line, with the bus they belong to."""
    for bus in picture.buses.values():
        for source in bus.sources:
            for start, end in pairwise(picture.route(source, bus)):
                yield bus, start, end


@ALL
def test_lines_of_different_ways_never_lie_on_each_other(lifecycle: type[Lifecycle]) -> None:
    for (bus, *one), (other_bus, *other) in combinations(runs(Picture(lifecycle)), 2):
        if bus is other_bus:
            continue
        for across, along in ((0, 1), (1, 0)):
            if {point[across] for point in one} == {point[across] for point in other} and len(
                {point[across] for point in one}
            ) == 1:
                (low, high), (from_, to) = (sorted(p[along] for p in run) for run in (one, other))
                assert min(high, to) - max(low, from_) <= 0, (one, other)


@ALL
def test_lines_do_not_run_through_boxes(lifecycle: type[Lifecycle]) -> None:
    picture = Picture(lifecycle)
    for _bus, (ax, ay), (bx, by) in runs(picture):
        for box in picture.stops.values():
            inside = min(ax, bx) < box.left + box.width and max(ax, bx) > box.left
            assert not (inside and min(ay, by) < box.bottom - 1 and max(ay, by) > box.top + 1)


def test_picture_has_no_inline_style_and_ids_of_its_own() -> None:
    """The content security policy forbids style attributes; a page may show two processes."""
    text = chart_svg(ToyLifecycle, done=["drafted"], now="checked")
    assert "style" not in text
    found = Counter(re.findall(r' id="([^"]+)"', text))
    assert found
    assert all(times == 1 and "-toy-" in name for name, times in found.items())


def test_picture_escapes_what_people_wrote() -> None:
    text = chart_svg(ToyLifecycle)
    assert "A &lt;toy&gt; &amp; more" in text
    assert "Ship &lt;at once&gt;" in text


def test_picture_speaks_the_language_of_the_reader() -> None:
    with translation.override("zh-hans"):
        text = chart_svg(ToyLifecycle)
        svg = ElementTree.fromstring(text)
    names = [one.text for one in svg.iterfind(".//svg:text[@class='name']", SVG)]
    assert "起草" in names
    assert "Drafted" not in names
    assert "发货" in text
    assert "✕ 已搁置" in text
    assert 'width="1,' not in text
    with translation.override("en"):
        assert "Drafted" in chart_svg(ToyLifecycle)


def test_picture_keeps_its_size_so_that_its_container_scrolls() -> None:
    svg = svg_of(lifecycle_of("optimization"))
    assert svg.attrib["viewBox"] == f"0 0 {svg.attrib['width']} {svg.attrib['height']}"
    assert svg.attrib["role"] == "img"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("Waiting for acceptance", 100, ["Waiting for", "acceptance"]),  # 11 letters of 7.15 px
        ("Closed", 100, ["Closed"]),
        ("Unbreakable", 20, ["Unbreakable"]),  # a word is never broken
        ("暂时搁置等待处理", 60, ["暂时搁置", "等待处理"]),  # 4 of 13 px
        ("等待 SLA 复核", 60, ["等待 SLA", "复核"]),  # 26 + 4 × 7.15 px
    ],
)
def test_labels_are_broken_to_fit_their_box(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width, 13) == lines


def test_text_says_what_the_picture_shows() -> None:
    with translation.override("en"):
        said = chart_text(ToyLifecycle, ["drafted", "checked"], "checked")
        svg = svg_of(ToyLifecycle, done=["drafted", "checked"], now="checked")
    assert said[:2] == ["Now: Checked", "Done: Drafted"]
    assert "Checked → Shipped: Ship" in said
    assert "Checked → Shipped: Ship <at once>" in said
    assert "Drafted → Shelved: Shelve" in said
    assert not [sentence for sentence in said if "Rate" in sentence]
    description = svg.findtext("svg:desc", namespaces=SVG)
    assert description is not None
    assert all(f"{sentence};" in description for sentence in said)


# -- BPMN ----------------------------------------------------------------------------------------
@ALL
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_bpmn_is_valid_against_the_schema_of_omg(lifecycle: type[Lifecycle], language: str) -> None:
    with translation.override(language):
        document = etree.fromstring(bpmn_xml(lifecycle).encode())
    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(document)


@ALL
def test_bpmn_has_a_shape_for_every_node_and_a_line_for_every_flow(
    lifecycle: type[Lifecycle],
) -> None:
    root = ElementTree.fromstring(bpmn_xml(lifecycle))
    process = root.find(f"{BPMN}process")
    assert process is not None
    assert process.attrib["id"] == lifecycle.kind
    drawn = {one.attrib["bpmnElement"] for one in root.iter() if "bpmnElement" in one.attrib}
    assert drawn == {lifecycle.kind, *(one.attrib["id"] for one in process)}


def test_bpmn_names_states_and_actions_in_the_language_of_the_reader() -> None:
    with translation.override("zh-hans"):
        root = ElementTree.fromstring(bpmn_xml(ToyLifecycle))
    names = {one.attrib.get("name") for one in root.iter()}
    assert {"起草", "已搁置", "发货 / Ship <at once>"} <= names


def test_command_writes_the_file(tmp_path: Path) -> None:
    file = tmp_path / "optimization.bpmn"
    call_command("bpmn", "optimization", "--lang", "zh-hans", "--output", str(file))
    with translation.override("zh-hans"):
        assert file.read_text(encoding="utf-8") == bpmn_xml(lifecycle_of("optimization"))


def test_command_prints_without_a_file() -> None:
    screen = StringIO()
    call_command("bpmn", "optimization", "--lang", "en", stdout=screen)
    assert 'name="Being assessed"' in screen.getvalue()


def test_command_names_the_processes_there_are() -> None:
    with pytest.raises(CommandError, match="optimization"):
        call_command("bpmn", "nothing")
