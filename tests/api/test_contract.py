"""The written contract: complete, valid, and readable in a browser under the strict policy."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema


@pytest.fixture
def contract():
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_contract_is_valid_and_written_without_a_warning(contract):
    GENERATOR_STATS.reset()
    validate_schema(SchemaGenerator().get_schema(request=None, public=True))
    assert not GENERATOR_STATS
    assert contract["info"]["title"] == "Opsgate"


def test_every_operation_has_a_name_of_its_own_and_its_refusals(contract):
    operations = [operation for path in contract["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) == 23
    for operation in operations:
        assert {"401", "403", "404", "429"} <= set(operation["responses"])


def answered(contract, path, method, status):
    return contract["paths"][f"/api/v1/cases/{{number}}/{path}"][method]["responses"][status]


def test_what_is_answered_is_what_is_written(contract):
    links = answered(contract, "links/", "post", "201")["content"]["application/json"]["schema"]
    assert links["type"] == "array"  # all of them at once, not a page
    file = answered(contract, "attachments/{id}/", "get", "200")["content"]
    assert list(file) == ["*/*"]


def test_the_contract_is_served(db):
    answer = Client().get("/api/v1/schema/", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert "/api/v1/cases/{number}/actions/{action}/" in answer.json()["paths"]


def test_the_pages_of_the_contract_need_no_other_server_and_no_script_in_the_page(db):
    page = Client().get("/api/v1/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|style=|\son\w+=|https?://", text)
    for address in re.findall(r'(?:src|href)="/static/([^"]+)"', text):
        assert finders.find(address), address
    script = Client().get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema/" in script.content.decode()
