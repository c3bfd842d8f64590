"""Meetings of the change advisory board as the procedure has them in words (M7).

The change manager calls the board together and leads it: a meeting is opened within an hour of its
time, over what awaits the board at that moment; its minutes are closed by the same hour of the
next business day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from people.models import User
from tests.change_control.walking import HIGH
from tests.change_control.walking import Walk as ChangeWalk
from tests.walks.change import CHANGE, MANAGER, REASON, WORKER, is_text
from tests.walks.hours import DAY, days_later
from tests.walks.reference import Filing, Move, Owes, Process, Reference, Sheet, Timer

HOUR = timedelta(hours=1)
SEATS = ("change_manager", "head_of_ops", "cab_member")


def members(case: Reference) -> list[str]:
    return sorted({one for role in SEATS for one in case.holders(role)})


def minutes_by(case: Reference) -> datetime | None:
    began = case.facts.began_at
    return days_later(began, 1) if began else None


# -- what people write ----------------------------------------------------------------------------
def is_meeting(case: Reference, who: str, values: Mapping[str, Any]) -> bool:
    """It lies ahead, at a place of 200 characters at most."""
    at, place = values.get("meets_at"), str(values.get("place") or "").strip()
    return isinstance(at, datetime) and at > case.at and len(place) <= 200


def move(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.meets_at = values["meets_at"]
    case.facts.place = str(values.get("place") or "").strip()


def open_session(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    """What awaits the board now is on the agenda, numbered from one."""
    case.facts.began_at = case.at
    case.facts.items = set(range(1, case.facts.waiting + 1))


ANOTHER_TIME = Sheet(
    filled=lambda case: {"meets_at": case.facts.meets_at, "place": case.facts.place},
    pens=lambda case: [
        {"meets_at": lambda case: case.at + 2 * HOUR}, {"place": " Room 5 "}, {"place": ""},
        {"meets_at": lambda case: case.at + 5 * DAY, "place": "https://meet.example/cab"},
    ],
    odd={"meets_at": ["", "soon", lambda case: case.at, lambda case: case.at - DAY],
         "place": ["x" * 201]},
    fits=is_meeting,
)  # fmt: skip
ATTENDANCE = Sheet(
    usual={"present": [members, lambda case: members(case)[:1], lambda case: members(case)[-2:]]},
    odd={"present": [[], ["requester"], ["nobody", "head"]]},
    fits=lambda case, who, values: (
        bool(values.get("present")) and set(values["present"]) <= set(members(case))
    ),
)
DISCUSSION = Sheet(
    usual={"item": [1, 2], "said": ["In favour, at night.", "Ask the owner first."]},
    odd={"item": [0, 3, "", "first"], "said": ["", "   "]},
    fits=lambda case, who, values: (
        values.get("item") in case.facts.items and is_text(values.get("said"))
    ),
)


# -- where a meeting begins -----------------------------------------------------------------------
IN_TWO_DAYS = {"title": "Weekly", "meets_at": lambda case: case.at + 2 * DAY}
FILINGS = [
    Filing("change_manager", None, {**IN_TWO_DAYS, "place": "Room 3"}, {"waiting": 2}),
    Filing("change_manager", None, {"title": "Now", "meets_at": lambda case: case.at + HOUR},
           {"waiting": 1}, {"pm": "change_manager", "owner": "cab_member"}),
    Filing("change_manager", None, IN_TWO_DAYS, {}, away={"change_manager": "pm", "head": "owner"}),
]  # fmt: skip


def let_changes_wait(figures: Mapping[str, Any], at: datetime) -> None:
    """Plan so many changes of a high risk that the board is asked about."""
    world = {user.username: user for user in User.objects.select_related("unit")}
    for number in range(figures.get("waiting", 0)):
        start = at + (30 + number) * DAY
        walk = ChangeWalk(
            world, at=at - DAY, title=f"Change {number}", starts_at=start.isoformat(),
            ends_at=(start + 4 * HOUR).isoformat(), return_until=(start + 2 * HOUR).isoformat(),
        )  # fmt: skip
        walk.act("analyst", "submit").act("change_manager", "assess", **HIGH)
        assert walk.case.state == "awaiting_approval"


def facts(case: Reference, filing: Filing) -> dict[str, Any]:
    return {
        "meets_at": filing.data["meets_at"], "place": filing.data.get("place", ""),
        "began_at": None, "waiting": filing.figures.get("waiting", 0), "items": set(),
    }  # fmt: skip


# -- the procedure --------------------------------------------------------------------------------
MEETING = Process(
    kind="cab",
    filings=FILINGS,
    first="called",
    final=("held", "cancelled"),
    readers=CHANGE.readers,
    staff=CHANGE.staff,
    answerers=CHANGE.answerers,
    work={
        "called": Owes("change_manager"),
        "in_session": Owes("change_manager", also="called"),
    },
    timers=(
        Timer("meeting", starts=["called"], stops=["in_session"],
              until=lambda case: case.facts.meets_at + HOUR),
        Timer("minutes", starts=["in_session"], stops=["held"], until=minutes_by),
    ),
    moves={
        "move": Move(["called"], None, MANAGER, ANOTHER_TIME, does=move),
        "begin": Move(["called"], "in_session", WORKER, ATTENDANCE, does=open_session),
        "note": Move(["in_session"], None, WORKER, DISCUSSION),
        "close": Move(["in_session"], "held", WORKER),
        "cancel": Move(["called"], "cancelled", MANAGER, REASON),
    },
    facts=facts,
    stage=let_changes_wait,
    raised=lambda case: case.facts.waiting,
    kept=("meets_at", "place", "began_at"),
)  # fmt: skip
"""The procedure; each line is one sentence of it."""
