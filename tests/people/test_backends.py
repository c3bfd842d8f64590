"""The back office opens to roles: no superuser is needed to run the house."""

import pytest


@pytest.mark.parametrize(
    ("who", "permission", "allowed"),
    [
        ("service_manager", "agreements.change_standard", True),
        ("service_manager", "changes.change_optimizationpolicy", True),
        ("service_manager", "people.change_grant", False),
        ("service_manager", "workflows.change_case", False),
        ("requester", "agreements.view_standard", False),
    ],
)
def test_a_role_opens_its_part_of_the_back_office(world, who, permission, allowed):
    assert world[who].has_perm(permission) is allowed


def test_the_service_manager_finds_the_standards(world, client):
    client.force_login(world["service_manager"])
    assert client.get("/admin/agreements/standard/").status_code == 200
    assert client.get("/admin/people/grant/add/").status_code == 403
