import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from agreements.models import Service

pytestmark = pytest.mark.django_db

Kind = Service.Kind


def make(code: str, kind: str, parent: Service | None = None, **fields: object) -> Service:
    return Service.objects.create(code=code, kind=kind, name=code, parent=parent, **fields)


def test_service_speaks_the_reader_s_language() -> None:
    service = Service(name="ERP", name_zh="企业资源", standard="Text", standard_zh="标准")
    assert (str(service), service.standard_text) == ("ERP", "Text")
    with translation.override("zh-hans"):
        assert (str(service), service.standard_text) == ("企业资源", "标准")


def test_chinese_reader_sees_english_where_there_is_no_chinese() -> None:
    with translation.override("zh-hans"):
        assert str(Service(name="ERP")) == "ERP"


def test_moving_a_service_moves_everything_below_it() -> None:
    first, second = make("first", Kind.PRODUCT_CLASS), make("second", Kind.PRODUCT_CLASS)
    product = make("product", Kind.PRODUCT, first)
    system = make("system", Kind.SYSTEM, product)
    assert system.lineage == [first.pk, product.pk, system.pk]
    product.parent = second
    product.save()
    system.refresh_from_db()
    assert system.lineage == [second.pk, product.pk, system.pk]


def test_systems_and_active_services_can_be_listed() -> None:
    group = make("group", Kind.PRODUCT_CLASS)
    erp = make("erp", Kind.SYSTEM, group)
    make("retired", Kind.SYSTEM, group, is_active=False)
    assert list(Service.objects.systems().active()) == [erp]


def test_service_cannot_belong_to_itself() -> None:
    above = make("above", Kind.SYSTEM)
    below = make("below", Kind.SYSTEM, above)
    above.parent = below
    with pytest.raises(ValidationError, match="cannot belong to itself"):
        above.full_clean()


@pytest.mark.parametrize(
    ("kind", "has_parent"), [(Kind.PRODUCT, False), (Kind.PRODUCT_CLASS, True)]
)
def test_only_products_stand_below_a_class(kind: str, has_parent: bool) -> None:
    parent = make("parent", Kind.PRODUCT_CLASS) if has_parent else None
    with pytest.raises(ValidationError, match="a class stands at the top"):
        Service(code="x", kind=kind, name="x", parent=parent).full_clean()
