"""The signed document between customer units and the provider (M1)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agreements.models.versions import Effective, EffectiveQuerySet, Kept
from people.models import Unit, in_reader_language


class Agreement(models.Model):
    """A service level agreement: who promises, and to whom; what is promised is in its versions."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    name_zh = models.CharField(_("name in Chinese"), max_length=200, blank=True)
    customers = models.ManyToManyField(
        Unit, related_name="agreements", verbose_name=_("customer units")
    )
    provider = models.CharField(_("provider"), max_length=200)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {in_reader_language(self.name, self.name_zh)}"


class AgreementVersion(Kept, Effective):
    """The text of an agreement in force during a period; once signed only its end may change."""

    CHANGEABLE = frozenset({"effective_to"})

    agreement = models.ForeignKey(
        Agreement, models.PROTECT, related_name="versions", verbose_name=_("agreement")
    )
    number = models.PositiveIntegerField(_("version"))
    scope = models.TextField(_("scope of service"), blank=True)
    assessment = models.TextField(_("how the service is assessed"), blank=True)
    liability = models.TextField(_("liability"), blank=True)
    penalties = models.TextField(_("penalties for default"), blank=True)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)

    objects = EffectiveQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement version")
        verbose_name_plural = _("agreement versions")
        ordering = ["agreement", "-number"]
        constraints = [
            *Effective.Meta.constraints,
            models.UniqueConstraint(
                fields=["agreement", "number"],
                name="agreement_version_number",
                violation_error_message=_("This version number is taken."),
            ),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(effective_to__isnull=True, signed_at__isnull=False),
                name="agreement_one_open_version",
                violation_error_message=_("End the version in force first."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement.number} v{self.number}"

    @property
    def is_kept(self) -> bool:
        return self.signed_at is not None

    def clean(self) -> None:
        super().clean()
        if self.signed_at and self.effective_from:
            signed = AgreementVersion.objects.filter(signed_at__isnull=False)
            self.refuse_overlap(signed.filter(agreement=self.agreement_id))
