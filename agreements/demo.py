"""The business systems of the demo world, five of them core, beside the shipped catalogue."""

from __future__ import annotations

from datetime import datetime

from agreements.actions import load_defaults
from agreements.models import Service
from people.models import User

SYSTEMS = [
    ("erp", "ERP", "企业资源计划(ERP)", "core"),
    ("production-system", "Production system", "生产系统", "core"),
    ("sales-system", "Sales system", "销售系统", "core"),
    ("supply-system", "Supply system", "供应系统", "core"),
    ("finance-system", "Finance system", "财务系统", "core"),
    ("portal", "Office portal", "办公门户", "normal"),
]


def build(at: datetime) -> None:
    """Load the shipped defaults and put the systems under application system services."""
    load_defaults()
    above = Service.objects.filter(kind=Service.Kind.PRODUCT_CLASS).order_by("pk").first()
    owner = User.objects.get(username="owner")
    for code, name, name_zh, criticality in SYSTEMS:
        values = {
            "parent": above, "kind": Service.Kind.SYSTEM, "name": name, "name_zh": name_zh,
            "owner": owner, "criticality": criticality,
        }  # fmt: skip
        Service.objects.get_or_create(code=code, defaults=values)
