import pytest
from django.core.exceptions import ValidationError

from agreements.models import Agreement, AgreementVersion
from tests.agreements.instants import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement() -> Agreement:
    return Agreement.objects.create(number="SLA-1", name="Services", provider="IT operations")


@pytest.fixture
def signed(agreement: Agreement) -> AgreementVersion:
    return AgreementVersion.objects.create(
        agreement=agreement,
        number=1,
        scope="Everything",
        effective_from=at("2026-01-01"),
        signed_at=at("2025-12-01"),
    )


def test_version_is_in_force_from_its_start_until_before_its_end(signed: AgreementVersion) -> None:
    signed.effective_to = at("2027-01-01")
    signed.save()
    in_force = AgreementVersion.objects.in_force
    assert not in_force(at("2025-12-31 23:59:59")).exists()
    assert in_force(at("2026-01-01")).get() == signed
    assert not in_force(at("2027-01-01")).exists()


def test_signed_text_does_not_change(signed: AgreementVersion) -> None:
    signed.scope = "Less"
    with pytest.raises(ValidationError, match="Make a new one"):
        signed.save()
    with pytest.raises(ValidationError, match="Make a new one"):
        signed.full_clean()


def test_signed_version_cannot_be_deleted(signed: AgreementVersion) -> None:
    with pytest.raises(ValidationError, match="cannot be deleted"):
        signed.delete()


def test_unsigned_text_can_change(agreement: Agreement) -> None:
    draft = AgreementVersion(agreement=agreement, number=1, effective_from=at("2026-01-01"))
    draft.save()
    draft.scope = "More"
    draft.save()
    draft.delete()


def test_signed_versions_do_not_overlap(signed: AgreementVersion) -> None:
    signed.effective_to = at("2027-01-01")
    signed.save()
    following = AgreementVersion(
        agreement=signed.agreement,
        number=2,
        effective_from=at("2026-12-31"),
        signed_at=at("2026-12-01"),
    )
    with pytest.raises(ValidationError, match="in force during that time"):
        following.full_clean()
    following.effective_from = at("2027-01-01")
    following.full_clean()


def test_version_ends_after_its_start(signed: AgreementVersion) -> None:
    signed.effective_to = signed.effective_from
    with pytest.raises(ValidationError, match="must come after the start"):
        signed.full_clean()
