"""Help: everybody's guide, true addresses, one page on paper."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Browser

from people.models import User
from tests.browsing import Site, visit
from workflows.guides import GUIDES


@pytest.mark.parametrize("who", ["requester", "desk", "auditor", "admin"])
def test_help_shows_ones_own_guides_first(world: dict[str, User], client: Client, who: str) -> None:
    client.force_login(world[who])
    shown = client.get("/help/").context
    assert "requester" in {guide.slug for guide in shown["own"]}
    assert {guide.slug for guide in [*shown["own"], *shown["others"]]} == {
        guide.slug for guide in GUIDES
    }


@pytest.mark.parametrize("slug", [guide.slug for guide in GUIDES])
def test_every_guide_leads_to_pages_that_are_there(
    world: dict[str, User], client: Client, slug: str
) -> None:
    client.force_login(world["requester"])
    page = client.get(f"/help/{slug}/")
    assert page.status_code == 200
    assert page.context["guide"].steps


def test_a_guide_nobody_wrote_is_not_found(world: dict[str, User], client: Client) -> None:
    client.force_login(world["requester"])
    assert client.get("/help/nobody/").status_code == 404


def test_help_is_for_people_who_are_logged_in(client: Client) -> None:
    assert client.get("/help/").url.startswith("/login/")


@pytest.mark.browser
@pytest.mark.pdf
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_guide_prints_on_one_page(
    chromium: Browser, site: Site, tmp_path: Path, language: str
) -> None:
    site.speak("desk", language)
    with visit(chromium, site, "desk") as page:
        for guide in GUIDES:
            page.goto(f"/help/{guide.slug}/")
            paper = tmp_path / f"{guide.slug}.pdf"
            page.pdf(path=paper, format="A4")
            told = subprocess.run(["pdfinfo", paper], check=True, capture_output=True, text=True)
            assert "Pages:           1\n" in told.stdout, guide.slug
