import pytest

from agreements.actions import load_defaults
from people.models import User


@pytest.fixture
def service_manager(db: None) -> User:
    return User.objects.create_superuser("morgan", password="a-long-password", is_staff=True)


@pytest.fixture
def defaults(db: None) -> None:
    load_defaults()
