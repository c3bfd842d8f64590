"""A process as viewflow's Flow, generated from its transitions, and as a BPMN 2.0 file.

The Flow is only drawn: it has no addresses, no admin and no tables, and no case ever runs in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

from django.apps.registry import Apps
from django.db.models.options import Options
from django.utils.translation import gettext_lazy as _
from viewflow import this

from workflows.lifecycles import Lifecycle


@contextmanager
def tables_apart() -> Iterator[None]:
    """Let the models defined meanwhile go into a register of their own.

    viewflow's Flow imports its Process and Task. In Django's register they would be models
    without tables, and the foreign key from Task to User would break every deletion of a user.
    """
    kept = Options.default_apps
    Options.default_apps = Apps(())
    try:
        yield
    finally:
        Options.default_apps = kept


with tables_apart():
    from viewflow.workflow import chart, flow

NAMESPACES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
}
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


_flows: dict[type[Lifecycle], Any] = {}


def flow_of(lifecycle: type[Lifecycle]) -> Any:
    """Return the Flow that draws `lifecycle`, a subclass of `viewflow.workflow.flow.Flow`."""
    if lifecycle not in _flows:
        own = {"process_title": lifecycle.label, "flow_label": lifecycle.kind}
        content = {**nodes_of(lifecycle), **own, "__module__": __name__}
        _flows[lifecycle] = type(f"{lifecycle.__name__}Flow", (flow.Flow,), content)
    return _flows[lifecycle]


def nodes_of(lifecycle: type[Lifecycle]) -> dict[str, Any]:
    """Return a Start, and the nodes of every state.

    A View per working state, an End per closed one, a Switch where there are several ways on.
    A closed state that can be left again is a View before its End: nothing leaves an End.
    """
    start = flow.Start(None).Annotation(title=_("Start"))
    nodes = {"start": start.Next(getattr(this, f"state_{lifecycle.initial}"))}
    for state, targets in ways(lifecycle).items():
        label, following = lifecycle.State(state).label, [f"state_{one}" for one in targets]
        if state in lifecycle.closed:
            name = f"end_{state}" if following else f"state_{state}"
            nodes[name] = of_state(flow.End(), state).Annotation(title=label)
            if not following:
                continue
            following.append(name)
        view = nodes[f"state_{state}"] = of_state(flow.View(None), state).Annotation(title=label)
        if len(following) > 1:
            switch = nodes[f"after_{state}"] = of_state(flow.Switch(), state)
            for name in following:
                switch.Case(getattr(this, name), bool)  # a condition, else it counts as default
            following = [f"after_{state}"]
        for name in following:
            view.Next(getattr(this, name))
    return nodes


def of_state(node: Any, state: str) -> Any:
    node.of_state = state
    return node


def ways(lifecycle: type[Lifecycle]) -> dict[str, list[str]]:
    """Return every state with those it leads to, in the order declared, itself left out."""
    found: dict[str, dict[str, None]] = {state: {} for state in lifecycle.State.values}
    for action in lifecycle.actions():
        source = str(action.transition.source)
        found[source] |= {str(target): None for target in action.targets if target != source}
    return {state: list(targets) for state, targets in found.items()}


def labels(lifecycle: type[Lifecycle], source: str, target: str) -> list[str]:
    """Return what can be done to get from `source` to `target`, in the reader's language."""
    leading = [action for action in lifecycle.actions(source) if target in action.targets]
    return [str(action.label) for action in leading]


def edges(flow_class: Any) -> set[tuple[str, str]]:
    """Return the pairs of states the Flow connects, seen through its switches."""
    steps = [edge for node in flow_class.instance.nodes() for edge in node._outgoing()]
    pairs = {(edge.src.of_state, edge.dst.of_state) for edge in steps if edge.src.name != "start"}
    return {(source, target) for source, target in pairs if source != target}


def bpmn_xml(lifecycle: type[Lifecycle]) -> str:
    """Return the process as BPMN 2.0 with a diagram, named in the reader's language.

    viewflow writes it. Ours: the names of the flows, the kind as id of the process, and that
    it describes and does not run.
    """
    grid = chart.calc_layout_data(flow_of(lifecycle))
    for edge in grid.edges:
        if edge.src.name != "start" and edge.src.of_state != edge.dst.of_state:
            edge.label = " / ".join(labels(lifecycle, edge.src.of_state, edge.dst.of_state))
    root = ElementTree.fromstring(chart.grid_to_bpmn(grid))
    process = root.find("bpmn:process", NAMESPACES)
    plane = root.find("bpmndi:BPMNDiagram/bpmndi:BPMNPlane", NAMESPACES)
    assert process is not None  # viewflow's template has both
    assert plane is not None
    process.set("id", lifecycle.kind)
    process.set("isExecutable", "false")
    plane.set("bpmnElement", lifecycle.kind)
    for point in root.iterfind(".//di:waypoint", NAMESPACES):
        del point.attrib[XSI_TYPE]  # says what the schema says; its prefix is lost in rewriting
    for prefix, address in NAMESPACES.items():
        ElementTree.register_namespace(prefix, address)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
