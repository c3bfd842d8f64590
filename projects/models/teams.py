"""Who is of a project beside its manager, and as what."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.models import User
from projects.models.projects import Project


class MemberQuerySet(models.QuerySet["ProjectMember"]):
    def present(self) -> Self:
        return self.filter(left_at__isnull=True)


class ProjectMember(models.Model):
    """A person of the team in one part, or somebody outside the house, by name and telephone.

    Who leaves was still of the project: they do not review afterwards what they have built.
    """

    class Part(models.TextChoices):
        BUSINESS_OWNER = "business_owner", _("Business owner")
        DESIGNER = "designer", _("Designer")
        DEVELOPER = "developer", _("Developer")
        TESTER = "tester", _("Tester")
        VENDOR = "vendor", _("Vendor")
        OTHER = "other", _("Otherwise involved")

    project = models.ForeignKey(Project, models.CASCADE, related_name="members")
    part = models.CharField(_("part"), max_length=20, choices=Part)
    user = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("person")
    )
    contact = models.CharField(_("contact outside the house"), max_length=200, blank=True)
    joined_at = models.DateTimeField(_("joined"))
    left_at = models.DateTimeField(_("left"), null=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of the team")
        verbose_name_plural = _("members of the team")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user", "part"], condition=Q(left_at__isnull=True),
                name="member_once",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False, contact="")
                | (Q(user__isnull=True) & ~Q(contact="")),
                name="member_is_a_person_or_a_contact",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.user or self.contact)
