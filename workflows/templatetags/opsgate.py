"""The components every page is made of: icons, clock chips, steppers, avatars, times, widgets."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django import forms, template
from django.contrib.auth.models import AbstractBaseUser
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from people.zones import zone_label
from workflows.words import (
    ICONS,
    Reading,
    clock_vocabulary,
    clock_words,
    duration_words,
    used_percent,
)

register = template.Library()

SPRITE = "vendor/tabler-icons@3.51.0/icons.svg"
AVATAR_TINTS = 6


@register.simple_tag
def icon(name: str, extra_class: str = "") -> SafeString:
    """Draw an icon of the sprite, unseen by screen readers: the words beside it say it."""
    return _drawn(name, extra_class)


@cache
def _drawn(name: str, extra_class: str) -> SafeString:
    """A page has hundreds of icons, and looking up their address is slow."""
    return format_html(
        '<svg class="og-icon {}" aria-hidden="true" focusable="false">'
        '<use href="{}#{}"></use></svg>',
        extra_class,
        static(SPRITE),
        name,
    )


CHIP = (
    '<span class="og-clock og-clock--{level}" data-level="{level}" data-remaining="{remaining}"'
    ' data-elapsed="{elapsed}" data-budget="{budget}" data-now="{now}"{ticking} title="{title}">'
    '<span class="og-clock__face">{icon}<span class="visually-hidden">{label} </span>'
    "<span data-og-words>{words}</span></span>"
    '<svg class="og-clock__bar" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true"'
    ' focusable="false"><rect class="og-clock__track" width="100" height="3" />'
    '<rect class="og-clock__used" width="{percent}" height="3" data-og-bar /></svg></span>'
)
"""Not a template, because a list has fifty of them."""


@register.simple_tag
def clock_chip(clock: Reading, now: datetime | None = None) -> SafeString:
    """Show a clock; `clock` is read as of `now`, from which the browser goes on counting."""
    level, words = clock_words(clock)
    title = clock.label
    if clock.due_at:
        due = timezone.localtime(clock.due_at).strftime("%Y-%m-%d %H:%M")
        title = _("%(label)s: due %(due)s") % {"label": clock.label, "due": due}
    is_ticking = clock.state == "running" and clock.is_working_now
    return format_html(
        CHIP,
        label=_("%(label)s:") % {"label": clock.label},
        title=title,
        level=level,
        words=words,
        icon=_drawn(ICONS[level], ""),
        percent=used_percent(clock),
        ticking=mark_safe(" data-og-ticking") if is_ticking else "",
        remaining=int(clock.remaining.total_seconds()),
        elapsed=int(clock.elapsed.total_seconds()),
        budget=int(clock.budget.total_seconds()),
        now=timezone.localtime(now or timezone.now()).isoformat(),
    )


@register.simple_tag
def clock_words_for_ticker() -> SafeString:
    """Hand the ticker its sentences as a JSON block, which a strict policy lets pass."""
    return json_script(clock_vocabulary(), "og-clock-vocabulary")


@register.inclusion_tag("workflows/_stepper.html")
def stepper(phases: list[dict[str, Any]]) -> dict[str, Any]:
    """Show the phases of a case: each `{label, status: done | now | todo}`."""
    return {"phases": phases}


@register.inclusion_tag("workflows/_avatar.html")
def avatar(user: AbstractBaseUser | None, size: str = "") -> dict[str, Any]:
    """Show the initials of a person in a tint that stays theirs."""
    tint = sum(map(ord, str(user))) % AVATAR_TINTS if user else 0
    return {"person": user, "tint": tint, "size": size}


@register.simple_tag
def moment(at: datetime | None) -> SafeString | str:
    """Show an instant in the reader's time zone: near days by name, the year if it is another."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    return format_html(
        '<time class="og-time" datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="minutes"),
        # Translators: Django date format shown on hover.
        date_format(local, _("l, F j, Y, H:i")),
        _near(local),
    )


def _near(local: datetime) -> str:
    """Return an instant as people say it: today, tomorrow, Monday; else by its date."""
    today = timezone.localdate()
    days = (local.date() - today).days
    near = {
        -1: _("yesterday %(time)s"), 0: _("today %(time)s"), 1: _("tomorrow %(time)s"),
    }  # fmt: skip
    if days in near:
        return near[days] % {"time": date_format(local, "H:i")}
    if 1 < days < 7:
        # Translators: Django date format of a day within the next week.
        return date_format(local, _("D H:i"))
    # Translators: Django date formats, the first without the year.
    return date_format(local, _("M j, H:i") if local.year == today.year else _("M j, Y, H:i"))


@register.filter
def zone_name(zone: object) -> str:
    """Return how the reader calls a time zone."""
    return zone_label(str(zone))


@register.filter
def working_duration(length: timedelta) -> str:
    """Return a length of working time in words, a day being eight working hours."""
    return duration_words(length)


@register.filter
def clock_hours(length: timedelta) -> str:
    """Return a length in hours and minutes, as one adds them up: `7:30`, `0:00:20`."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    shown = f"{minutes // 60}:{minutes % 60:02}"
    return f"{shown}:{seconds:02}" if seconds else shown


@register.simple_tag
def field_widget(field: BoundField, extra_class: str = "") -> SafeString:
    """Draw a form field's control with its class; dates get the browser's own picker."""
    widget = field.field.widget
    _use_native_picker(widget)
    classes = [_css_class(widget), widget.attrs.get("class", ""), extra_class]
    if field.errors:
        classes.append("is-invalid")
    return field.as_widget(attrs={"class": " ".join(filter(None, classes))})


@register.filter
def control(field: BoundField) -> str:
    """Return how the field is laid out: `radio`, `checks`, `check`, `file` or `plain`."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "checks"
    if isinstance(widget, forms.RadioSelect):
        return "radio"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    return "file" if isinstance(widget, forms.FileInput) else "plain"


@register.filter
def heading(field: BoundField) -> Any:
    """Return what the part of the form is called that begins with a field, or nothing."""
    return getattr(field.form, "headings", {}).get(field.name, "")


@register.filter
def only_with(field: BoundField) -> str:
    """Return beside what a field means something: a name and its values, or nothing."""
    other, values = getattr(field.form, "only_with", {}).get(field.name, ("", ()))
    return " ".join((other, *values)) if other in field.form.fields else ""


def _css_class(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"


def _use_native_picker(widget: forms.Widget) -> None:
    """Turn a date widget into the native one; Django copies widgets per form: this stays local."""
    for kind, input_type, pattern in (
        (forms.DateTimeInput, "datetime-local", "%Y-%m-%dT%H:%M"),
        (forms.DateInput, "date", "%Y-%m-%d"),
        (forms.TimeInput, "time", "%H:%M"),
    ):
        if isinstance(widget, kind):
            widget.input_type, widget.format = input_type, pattern
