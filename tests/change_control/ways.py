"""The same walk of a change by three ways: through the door, on the pages, by the API."""

from __future__ import annotations

import json
from typing import Any

import time_machine
from django.test import Client

from change_control.models import Change
from people.tokens import issue_token
from tests.change_control.walking import Walk


class OnPages(Walk):
    """Opens the form of each action and sends it with what the page itself carries."""

    def browser(self, who: str) -> Client:
        client = Client()
        client.force_login(self.world[who])
        return client

    def file(self, who: str, data: dict[str, Any]) -> Change:
        with time_machine.travel(self.at, tick=False):
            answer = self.browser(who).post("/new/change/", data)
            assert answer.status_code == 302, answer.content.decode()
        return Change.objects.get(number=answer.url.strip("/").split("/")[-1])

    def do(self, who: str, action: str, values: dict[str, Any]) -> Change:
        with time_machine.travel(self.at, tick=False):
            browser, url = self.browser(who), f"/cases/{self.case.number}/do/{action}/"
            page = browser.get(url)
            assert page.status_code == 200, f"{who} is not offered {action}"
            hidden = {"expected_version": self.case.version, "once": page.context["once"]}
            answer = browser.post(url, {**hidden, **values})
            assert answer.status_code == 302, answer.content.decode()
        return Change.objects.get(pk=self.case.pk)


class ByApi(Walk):
    """Sends JSON with a token of each person."""

    def post(self, who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        secret = issue_token(user=self.world[who], name="story")
        with time_machine.travel(self.at, tick=False):
            answer = Client().post(
                f"/api/v1/cases/{path}", json.dumps(body), "application/json",
                headers={"Authorization": f"Bearer {secret}", "Accept-Language": "en"},
            )  # fmt: skip
        assert answer.status_code in (200, 201), answer.content.decode()
        return dict(answer.json())

    def file(self, who: str, data: dict[str, Any]) -> Change:
        filed = self.post(who, "", {"kind": "change", **data})
        return Change.objects.get(number=filed["number"])

    def do(self, who: str, action: str, values: dict[str, Any]) -> Change:
        self.post(who, f"{self.case.number}/actions/{action}/", values)
        return Change.objects.get(pk=self.case.pk)


WAYS: dict[str, type[Walk]] = {"door": Walk, "pages": OnPages, "api": ByApi}
