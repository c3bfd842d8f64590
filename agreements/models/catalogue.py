"""The service catalogue (M2): product classes, their products, and the systems they serve."""

from __future__ import annotations

from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Unit, User, in_reader_language


class ServiceQuerySet(models.QuerySet["Service"]):
    def systems(self) -> Self:
        return self.filter(kind=Service.Kind.SYSTEM)

    def active(self) -> Self:
        return self.filter(is_active=True)


class Service(models.Model):
    """A product class, a service product, or a system that services are given for."""

    class Kind(models.TextChoices):
        PRODUCT_CLASS = "product_class", _("Product class")
        PRODUCT = "product", _("Service product")
        SYSTEM = "system", _("System")

    class Criticality(models.TextChoices):
        CORE = "core", _("Core business")
        NORMAL = "normal", _("Normal")

    code = models.SlugField(_("code"), max_length=60, unique=True)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("belongs to"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    name = models.CharField(_("name"), max_length=200)
    name_zh = models.CharField(_("name in Chinese"), max_length=200, blank=True)
    standard = models.TextField(_("standard of service"), blank=True)
    standard_zh = models.TextField(_("standard of service in Chinese"), blank=True)
    owner = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_services",
        verbose_name=_("business owner"),
    )
    unit = models.ForeignKey(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="services",
        verbose_name=_("unit"),
    )
    criticality = models.CharField(
        _("criticality"), max_length=10, choices=Criticality, default=Criticality.NORMAL
    )
    is_active = models.BooleanField(_("in use"), default=True)
    path = models.CharField(max_length=200, editable=False, db_index=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="product_class", parent__isnull=True)
                | models.Q(kind="product", parent__isnull=False)
                | models.Q(kind="system"),
                name="service_product_has_class",
                violation_error_message=_(
                    "A product belongs to a product class; a class stands at the top."
                ),
            ),
        ]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)

    @property
    def standard_text(self) -> str:
        """Return the standard in the reader's language."""
        return in_reader_language(self.standard, self.standard_zh)

    @property
    def lineage(self) -> list[int]:
        """Return the ids from the top down to this service."""
        return [int(part) for part in self.path.strip("/").split("/") if part]

    def clean(self) -> None:
        above = self.parent
        while above is not None:
            if above.pk == self.pk:
                raise ValidationError({"parent": _("A service cannot belong to itself.")})
            above = above.parent

    def save(self, **kwargs: Any) -> None:
        """Save, and keep `path` = padded ids from the top, `/000001/000007/`, here and below."""
        super().save(**kwargs)
        path = f"{self.parent.path if self.parent else '/'}{self.pk:06}/"
        if path != self.path:
            self.path = path
            Service.objects.filter(pk=self.pk).update(path=path)
            for child in self.children.all():
                child.save()
