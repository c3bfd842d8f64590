"""Forms of actions and of filing: the one place where what was sent becomes values."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from people.actors import Actor
from people.models import User
from workflows.models import CaseLink
from workflows.refusals import BadData

if TYPE_CHECKING:
    from workflows.lifecycles import Lifecycle, Text


def long_text(label: Any, *, rows: int = 4, **kwargs: Any) -> forms.CharField:
    """Return a field for several lines, of which no answer is too long to keep."""
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=20_000, widget=widget, **kwargs)


class ActionForm(forms.Form):
    """A form that knows who fills it and, for an action, the case (`self.flow.case`).

    With a `preview_template` the page first shows what the action would do, to be confirmed.
    `folds=False`: its optional fields are what it is about, and are never put under “More”.
    `from_address`: the fields a link to the page may fill in.
    `only_with`: the fields that mean something only beside some values of another one.
    `headings`: what the parts of a long form are called, each by its first field.
    `send`: the words of its button, where those of the action do not say what it does.
    """

    preview_template = ""
    folds = True
    from_address: tuple[str, ...] = ()
    only_with: ClassVar[Mapping[str, tuple[str, Collection[str]]]] = {}
    headings: ClassVar[Mapping[str, Text]] = {}
    send: ClassVar[Text] = ""

    def __init__(
        self, *args: Any, who: Actor, flow: Lifecycle | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.who = who
        self.flow = flow
        self.prepare()

    def prepare(self) -> None:
        """Narrow choices to what `self.who` may pick; for subclasses."""

    def fill_in(self, said: Mapping[str, str]) -> None:
        """Put what the address of the page says into the unsent form."""
        named = {name: said[name][:200] for name in self.from_address if said.get(name)}
        self.initial = {**self.initial, **named}

    def preview(self) -> dict[str, Any]:
        """Return what `preview_template` shows of a valid form, as `preview`."""
        return {}


class ReasonForm(ActionForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


class NoteForm(ActionForm):
    note = forms.CharField(
        label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class LongSelect(forms.Select):
    """A choice among hundreds, drawn at once: Django fills a template for each of them."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = set(self.format_value(value))
        options = format_html_join(
            "", '<option value="{}"{}>{}</option>',
            (
                (one, mark_safe(" selected") if str(one) in chosen else "", label)
                for one, label in self.choices
            ),
        )  # fmt: skip
        own = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return format_html("<select{}>{}</select>", own, options)


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once; cleans to a list, each checked by what it really is."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        from workflows.attachments import check

        given = data if isinstance(data, (list, tuple)) else [data] if data else []
        files = [super(FilesField, self).clean(one, initial) for one in given]
        if self.required and not files:
            super().clean(None, initial)
        for file in files:
            check(file)
        return files


class OpeningForm(ActionForm):
    """What every case has at filing; kinds add their own fields.

    `filed`: what is said of the `number` it got.
    """

    send = _("Send the request")
    filed: ClassVar[Text] = _("%(number)s is on its way.")
    from_address = ("title",)

    title = forms.CharField(
        label=_("Title"), max_length=200, help_text=_("One sentence: what should be better?")
    )
    on_behalf_of = forms.ModelChoiceField(
        label=_("On behalf of"),
        queryset=User.objects.none(),
        required=False,
        to_field_name="username",
        empty_label=_("Myself"),
    )
    attachments = FilesField(label=_("Attachments"), required=False)

    def clean_title(self) -> str:
        """Drop what cannot be seen or turns the reading direction; something must remain."""
        title = "".join(c for c in self.cleaned_data["title"] if unicodedata.category(c) != "Cf")
        if not title.strip():
            raise forms.ValidationError(self.fields["title"].error_messages["required"])
        return title.strip()

    def prepare(self) -> None:
        people = User.objects.filter(is_active=True, unit__isnull=False)
        field = self.fields["on_behalf_of"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people.exclude(pk=self.who.user.pk).order_by("display_name", "username")


class CommentForm(forms.Form):
    body = forms.CharField(
        label=_("Comment"), max_length=20_000,
        widget=forms.Textarea(
            attrs={"rows": 2, "placeholder": _("Write a comment, @name calls somebody")}
        ),
    )  # fmt: skip
    is_internal = forms.BooleanField(
        label=_("Internal: the requester does not see it"), required=False
    )

    def __init__(self, *args: Any, may_be_internal: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_be_internal:
            del self.fields["is_internal"]


class AttachForm(forms.Form):
    attachments = FilesField(label=_("Files"))


class WatcherForm(forms.Form):
    """Whom to ask to follow a case."""

    watcher = forms.CharField(
        label=_("Who else should follow this case?"), max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": _("User name")}),
    )  # fmt: skip


class LinkForm(forms.Form):
    """How this case belongs to another; `is_from_other`: it is said of the other one."""

    relation = forms.ChoiceField(label=_("This case"))
    target = forms.CharField(
        label=_("Number of the other case"), max_length=24,
        widget=forms.TextInput(attrs={"placeholder": "CHG-2026-00001", "autocomplete": "off"}),
    )  # fmt: skip
    AGAINST = "from_"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relations = CaseLink.Relation
        relation = self.fields["relation"]
        assert isinstance(relation, forms.ChoiceField)
        relation.choices = [
            *relations.choices,
            *((self.AGAINST + one, one.backwards) for one in relations if one != relations.RELATES),
        ]

    @property
    def is_from_other(self) -> bool:
        return str(self.cleaned_data["relation"]).startswith(self.AGAINST)

    @property
    def said(self) -> str:
        """Return the relation, from whichever side it was chosen."""
        return str(self.cleaned_data["relation"]).removeprefix(self.AGAINST)


SHOWN = 7
"""Fields a form shows at once; the optional ones beyond them wait under “More”."""


class Parted(NamedTuple):
    """The fields of a form as its page shows them."""

    main: list[forms.BoundField]
    more: list[forms.BoundField]
    is_open: bool


def parted(form: forms.BaseForm, most: int = SHOWN, keep: Collection[str] = ()) -> Parted:
    """Part the fields of `form`: what must be filled, and what may be when there are many.

    Up to `most` fields stay together; of more, the required ones and those of `keep` do. What
    was typed or refused is never hidden.
    """
    fields = list(form.visible_fields())
    if len(fields) <= most or not getattr(form, "folds", True):
        return Parted(fields, [], is_open=False)
    main = [one for one in fields if one.field.required or one.name in keep]
    more = [one for one in fields if one not in main]
    if len(more) == 1 or not main:
        return Parted(fields, [], is_open=False)
    return Parted(main, more, is_open=any(one.errors or one.value() for one in more))


Fit = Callable[[Mapping[str, forms.Field], Mapping[str, Any]], dict[str, Any]]
"""Brings raw data into the shape that the fields of a form expect, or raises `BadData`."""


def cleaned(
    form_class: type[forms.BaseForm] | None,
    data: dict[str, Any],
    *,
    who: Actor,
    flow: Lifecycle | None = None,
    fit: Fit | None = None,
) -> dict[str, Any]:
    """Return the cleaned values of `data`, or raise `BadData` with the sentences by field.

    Fields the form does not have are ignored. Without a form nothing is taken.
    """
    if form_class is None:
        return {}
    build: Any = form_class  # an ActionForm: it also takes who and flow
    form = build(data={}, files={}, who=who, flow=flow)
    given = fit(form.fields, data) if fit else data
    form.files = {name: value for name, value in given.items() if _is_file(value)}
    form.data = {name: value for name, value in given.items() if name not in form.files}
    if not form.is_valid():
        raise BadData({field: [str(e) for e in errors] for field, errors in form.errors.items()})
    values: dict[str, Any] = form.cleaned_data
    return values


def _is_file(value: Any) -> bool:
    one = value[0] if isinstance(value, (list, tuple)) and value else value
    return isinstance(one, UploadedFile)
