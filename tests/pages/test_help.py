"""Help: everybody's guide, true addresses, one page on paper."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from people.models import User
from tests.browsing import Site, visit
from workflows.guides import GUIDES, Guide


@pytest.mark.parametrize("who", ["requester", "desk", "auditor", "admin"])
def test_help_shows_ones_own_guides_first(world: dict[str, User], client: Client, who: str) -> None:
    client.force_login(world[who])
    shown = client.get("/help/").context
    assert "requester" in {guide.slug for guide in shown["own"]}
    assert {guide.slug for guide in [*shown["own"], *shown["others"]]} == {
        guide.slug for guide in GUIDES
    }


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.slug)
def test_a_guide_leads_whose_it_is_to_pages_they_may_open(
    world: dict[str, User], client: Client, guide: Guide
) -> None:
    readers = User.objects.filter(grants__role__in=guide.roles).distinct()
    for reader in readers if guide.roles else [world["requester"]]:
        client.force_login(reader)
        assert client.get(f"/help/{guide.slug}/").context["guide"] == guide
        for name, _label in guide.links:
            assert client.get(reverse(name), follow=True).status_code == 200, (
                reader.username,
                name,
            )


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
