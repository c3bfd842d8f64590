"""Changes to systems, when they may happen, and the rules they are judged by (M7, M20)."""

from change_control.models.board import AgendaItem, Attendance, CabMeeting
from change_control.models.changes import (
    DONE_TYPES,
    EMERGENCY,
    LONGEST_WINDOW,
    Change,
    ChangeStep,
    ChangeTemplate,
    ReviewAction,
)
from change_control.models.rules import (
    ChangePolicy,
    Dependency,
    FreezePeriod,
    MaintenanceWindow,
    Risk,
    RiskTable,
    validate_table,
    validate_weekdays,
    validate_zone,
)
from workflows.systems import SystemCodes  # a migration names it here

__all__ = [
    "DONE_TYPES",
    "EMERGENCY",
    "LONGEST_WINDOW",
    "AgendaItem",
    "Attendance",
    "CabMeeting",
    "Change",
    "ChangePolicy",
    "ChangeStep",
    "ChangeTemplate",
    "Dependency",
    "FreezePeriod",
    "MaintenanceWindow",
    "ReviewAction",
    "Risk",
    "RiskTable",
    "SystemCodes",
    "validate_table",
    "validate_weekdays",
    "validate_zone",
]  # fmt: skip
