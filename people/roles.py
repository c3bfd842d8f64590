"""The roles a person can hold; each is granted per organisation unit and with dates."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Everybody may file; a role is what else somebody may do (mission.md, the table of users)."""

    SERVICE_DESK = "service_desk", _("Service desk")
    ANALYST = "analyst", _("Analyst")
    DEVELOPER = "developer", _("Developer")
    TESTER = "tester", _("Tester")
    SYSTEM_OWNER = "system_owner", _("System owner")
    HEAD_OF_OPS = "head_of_ops", _("Head of operations")
    SERVICE_MANAGER = "service_manager", _("Service manager")
    CHANGE_MANAGER = "change_manager", _("Change manager")
    CAB_MEMBER = "cab_member", _("CAB member")
    PROJECT_MANAGER = "project_manager", _("Project manager")
    OPS_REVIEWER = "ops_reviewer", _("Ops reviewer")
    SUPERVISOR = "supervisor", _("Technical supervisor")
    PROCUREMENT_OVERSEER = "procurement_overseer", _("Procurement overseer")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


READ_ONLY = frozenset({Role.AUDITOR})
"""Roles that let people see, and never lets them change anything."""
