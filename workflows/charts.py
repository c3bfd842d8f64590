"""The picture of a process that people see, and the same in sentences."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from workflows.bpmn import edges, flow_of
from workflows.chart_layout import Picture, sentences
from workflows.lifecycles import Lifecycle


def chart_svg(
    lifecycle: type[Lifecycle], *, done: Collection[str] = (), now: str | None = None
) -> SafeString:
    """Draw a process in the reader's language; `done` and `now` are states of one case.

    Stands in an element of class `og-chart`, which scrolls; looks come from `chart.css`. Drawn once
    for all cases that came the same way.
    """
    return _drawn(lifecycle, frozenset(done), now, get_language())  # type: ignore[arg-type]  # a class is hashable


@lru_cache(maxsize=128)  # some 20 kB each
def _drawn(
    lifecycle: type[Lifecycle], done: frozenset[str], now: str | None, language: str
) -> SafeString:
    return render_to_string(
        "workflows/chart.svg",
        {
            "picture": Picture(lifecycle, done, now),
            "kind": lifecycle.kind,
            "title": _("Diagram of the process: %(label)s") % {"label": lifecycle.label},
            "sentences": chart_text(lifecycle, done, now),
        },
    )


def chart_text(
    lifecycle: type[Lifecycle], done: Collection[str] = (), now: str | None = None
) -> list[str]:
    """Say in sentences what the picture shows, for whoever does not see it."""
    said = []
    if now:
        said.append(_("Now: %(state)s") % {"state": lifecycle.State(now).label})
    for state in lifecycle.State.values:
        if state in done and state != now:
            said.append(_("Done: %(state)s") % {"state": lifecycle.State(state).label})
    pairs = edges(flow_of(lifecycle))
    order = lifecycle.State.values
    for source, target in sorted(pairs, key=lambda pair: [order.index(state) for state in pair]):
        said += sentences(lifecycle, source, target)
    return said
