"""The rules of an optimization request that are more than one line: who decides, where it goes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from agreements.models import Calendar
from changes.forms import EFFORTS
from changes.models import Optimization
from changes.states import OptimizationState as S
from people.models import User
from workflows.lifecycles import Condition
from workflows.words import listing

if TYPE_CHECKING:
    from changes.flows import OptimizationLifecycle as Flow


def beneficiary(case: Optimization) -> User:
    """Return the person it is for: who answers questions, accepts and rates."""
    return case.on_behalf_of or case.requester


def system_owner(case: Optimization) -> User | None:
    """Return the business owner of the system; None, and the role's queue, if they left."""
    owner = case.service.owner if case.service else None
    return owner if owner and owner.is_active else None


def owner_decides(case: Optimization) -> bool:
    """The business owner approves, unless the owner is the one who asks."""
    owner = system_owner(case)
    return owner is None or owner.pk not in (case.requester_id, case.on_behalf_of_id)


def head_decides(case: Optimization) -> bool:
    """Above a set effort the head of operations approves too; and alone for an owner's wish."""
    return (case.effort or 0) > case.policy.head_approves_above or not owner_decides(case)


def end_of_agreed_day(case: Optimization) -> datetime | None:
    return case.due_end


def total(values: dict[str, Any]) -> Decimal:
    return sum((values[name] for name in EFFORTS), Decimal(0))


def after_proposal(flow: Flow, **values: Any) -> str:
    """Above the limit the work stops (M7), below it the business decides."""
    over = total(values) > flow.case.policy.effort_limit
    return S.OVER_LIMIT if over else S.AWAITING_APPROVAL


def after_re_estimate(flow: Flow, *, due_on: date | None, **values: Any) -> str:
    """More effort or a later date than was approved is approved again; the limit stops the work."""
    case, estimate = flow.case, total(values)
    if estimate > case.policy.effort_limit:
        return S.OVER_LIMIT
    is_later = due_on is not None and case.due_on is not None and due_on > case.due_on
    is_more = estimate > (case.approved_effort or Decimal(0))
    return S.AWAITING_APPROVAL if is_more or is_later else S.IN_DEVELOPMENT


def after_booking(flow: Flow, *, effort: Decimal, **values: Any) -> str:
    """Booked effort counts against the limit as an estimate does."""
    over = flow.case.booked_effort + effort > flow.case.policy.effort_limit
    return S.OVER_LIMIT if over else flow.case.state


def where_it_was(flow: Flow, **values: Any) -> str:
    return str(flow.case.returned_from)


def may_refuse_again(flow: Flow) -> Condition:
    limit = flow.case.policy.refusal_limit
    return Condition(
        flow.case.refusals < limit,
        unmet=_("This was sent back %(limit)s times; now the service manager decides.")
        % {"limit": limit},
    )


def refused_often_enough(flow: Flow) -> Condition:
    return Condition(
        flow.case.refusals >= flow.case.policy.refusal_limit,
        unmet=_("Send it back first; the service manager decides when that did not help."),
    )


def recently_closed(flow: Flow) -> Condition:
    """A closed request may be reopened within so many business days."""
    days = flow.case.policy.reopen_business_days
    working = Calendar.default().version_at(flow.at).working_time()
    until = working.add_days(flow.case.closed_at, days) if flow.case.closed_at else flow.at
    return Condition(
        flow.at <= until,
        unmet=_("It was closed more than %(days)s business days ago; please file a new request.")
        % {"days": days},
    )


def rest_can_fit(flow: Flow) -> Condition:
    """What is booked stays in the request; above the limit splitting cannot help any more."""
    return Condition(
        flow.case.booked_effort <= flow.case.policy.effort_limit,
        unmet=_("More than the limit is already booked; turn it into a project or reject it."),
    )


def not_yet_rated(flow: Flow) -> Condition:
    return Condition(flow.case.rating is None, unmet=_("This request has already been rated."))


def rest_of_the_request(case: Optimization, values: dict[str, Any]) -> dict[str, Any]:
    """Return the filing data of the part that is split off, for whoever asked."""
    return {
        "title": values["rest_title"],
        "wanted": values["rest_wanted"],
        "reason": values["reason"],
        "service": case.service,
        "urgency": case.urgency,
        "on_behalf_of": case.on_behalf_of,
    }


def warnings(flow: Flow) -> list[str]:
    """Return what whoever decides should know: requests that look like one, split (M7)."""
    case = flow.case
    by_whom = _splitting(case, Q(requester=case.requester_id), _("this requester"))
    of_what = _splitting(case, Q(service=case.service_id), _("this system"))
    return [sentence for sentence in (by_whom, of_what) if sentence]


def _splitting(case: Optimization, same: Q, whose: str) -> str:
    """Say so when `case` and the neighbours that are the `same` come to more than the limit."""
    others = neighbours(case).filter(same)
    beside = others.aggregate(total=Sum(effort_so_far()))["total"] or Decimal(0)
    together = beside + max(case.effort or Decimal(0), case.booked_effort)
    if not beside or together <= case.policy.effort_limit:
        return ""
    return _(
        "Possible splitting: requests of %(whose)s within %(days)s days come to %(total)s "
        "person-days together, above the limit of %(limit)s. See %(numbers)s."
    ) % {
        "whose": whose,
        "days": case.policy.split_window_days,
        "total": f"{together.normalize():f}",
        "limit": f"{case.policy.effort_limit.normalize():f}",
        "numbers": listing(others.values_list("number", flat=True)[:5]),
    }


def neighbours(case: Optimization) -> Any:
    """Return the other requests filed within the window around `case` that were not dropped."""
    window = timedelta(days=case.policy.split_window_days)
    return (
        Optimization.objects.exclude(pk=case.pk)
        .exclude(state__in=[S.REJECTED, S.WITHDRAWN, S.CONVERTED])
        .filter(opened_at__gte=case.opened_at - window, opened_at__lte=case.opened_at + window)
        .filter(Q(effort__isnull=False) | Q(booked_effort__gt=0))
    )


def effort_so_far() -> Greatest:
    """Return the larger of estimate and booked effort, as a database expression."""
    return Greatest(Coalesce(F("effort"), Decimal(0)), F("booked_effort"))
