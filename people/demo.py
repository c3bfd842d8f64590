"""The people and the organisation of the demo world: user names are roles, names are persons."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet

from people.models import CustomerClass, Grant, Unit, User
from people.roles import Role

PASSWORD = "demo"
DOMAIN = "@demo.invalid"

UNITS = [
    ("group", "", Unit.Kind.HEAD_OFFICE, "Hengyuan Group", "恒远集团"),
    ("presidents-office", "group", Unit.Kind.DEPARTMENT, "President's Office", "总裁室"),
    ("it", "group", Unit.Kind.DEPARTMENT, "Informatization Department", "信息化推进部"),
    ("finance", "group", Unit.Kind.DEPARTMENT, "Finance", "财务部"),
    ("sales", "group", Unit.Kind.DEPARTMENT, "Sales Centre", "营销中心"),
    ("supply", "group", Unit.Kind.DEPARTMENT, "Supply Chain", "供应链管理部"),
    ("plant", "group", Unit.Kind.BRANCH, "Shenyang Plant", "沈阳工厂"),
    ("east", "group", Unit.Kind.REGION, "East China Region", "华东大区"),
    ("shanghai", "east", Unit.Kind.OFFICE, "Shanghai Office", "上海办事处"),
    ("suzhou", "east", Unit.Kind.STATION, "Suzhou Station", "苏州中心站"),
    ("south", "group", Unit.Kind.REGION, "South China Region", "华南大区"),
    ("guangzhou", "south", Unit.Kind.OFFICE, "Guangzhou Office", "广州办事处"),
    ("mobile", "group", Unit.Kind.SUBSIDIARY, "Mobile Company", "移动公司"),
]

PEOPLE: list[tuple[str, str, str, str, tuple[Role, ...]]] = [
    ("requester", "李娜 Li Na", "finance", "zh-hans", ()),
    ("requester2", "Tom Weber", "sales", "en", ()),
    ("desk", "陈梅 Chen Mei", "it", "zh-hans", (Role.SERVICE_DESK,)),
    ("analyst", "王磊 Wang Lei", "it", "zh-hans", (Role.ANALYST,)),
    ("developer", "张强 Zhang Qiang", "it", "zh-hans", (Role.DEVELOPER,)),
    ("tester", "Anna Novak", "it", "en", (Role.TESTER,)),
    ("owner", "赵敏 Zhao Min", "finance", "zh-hans", (Role.SYSTEM_OWNER,)),
    ("head", "刘洋 Liu Yang", "it", "zh-hans", (Role.HEAD_OF_OPS,)),
    ("service_manager", "Sarah Lin", "it", "en", (Role.SERVICE_MANAGER,)),
    ("change_manager", "周涛 Zhou Tao", "it", "zh-hans", (Role.CHANGE_MANAGER, Role.CAB_MEMBER)),
    ("pm", "孙悦 Sun Yue", "sales", "zh-hans", (Role.PROJECT_MANAGER,)),
    ("ops_reviewer", "吴刚 Wu Gang", "it", "zh-hans", (Role.OPS_REVIEWER, Role.CAB_MEMBER)),
    ("supervisor", "郑凯 Zheng Kai", "it", "zh-hans", (Role.SUPERVISOR, Role.CAB_MEMBER)),
    ("buyer", "冯丽 Feng Li", "supply", "zh-hans", (Role.PROCUREMENT_OVERSEER,)),
    ("auditor", "何静 He Jing", "group", "zh-hans", (Role.AUDITOR,)),
    ("admin", "Admin", "it", "en", (Role.ADMINISTRATOR,)),
]


def build(at: datetime) -> None:
    """Create units, people and roles, a year old at `at`; running it again changes nothing."""
    since = at - timedelta(days=365)
    units: dict[str, Unit] = {}
    for code, above, kind, name, name_zh in UNITS:
        values = {"kind": kind, "name": name, "name_zh": name_zh, "parent": units.get(above)}
        units[code] = Unit.objects.get_or_create(code=code, defaults=values)[0]
    password = make_password(PASSWORD)
    for username, display_name, unit, language, roles in PEOPLE:
        user, is_new = User.objects.get_or_create(
            username=username,
            defaults={
                "display_name": display_name, "unit": units[unit], "language": language,
                "email": f"{username}{DOMAIN}", "password": password,
                "is_staff": username in ("admin", "auditor", "change_manager", "service_manager"),
                "is_superuser": username == "admin",
            },
        )  # fmt: skip
        if is_new:
            for role in roles:
                Grant.objects.create(user=user, role=role, unit=units["group"], from_at=since)
    CustomerClass.objects.get_or_create(
        unit=units["presidents-office"], grade=CustomerClass.Grade.A, defaults={"from_at": since}
    )


def demo_people() -> QuerySet[User]:
    """Return the people of the demo world, in no other world anybody: no mail goes to `.invalid`."""
    names = [username for username, *_rest in PEOPLE]
    return User.objects.filter(username__in=names, email__endswith=DOMAIN, is_active=True)


def is_demo_person(user: User) -> bool:
    return user.email == f"{user.username}{DOMAIN}" and user.username in {one[0] for one in PEOPLE}
