"""Documents as PDF, set by WeasyPrint where the machine has Pango and a Chinese font."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template.loader import render_to_string


@cache
def has_pdf() -> bool:
    """Tell whether this machine can set type, Chinese too; asked once per process (1 s).

    Asked in a process of its own: Pango ends the one it is in where there is no font at all.
    """
    asked = [sys.executable, "-m", "weasyprint", "-", "-"]
    run = subprocess.run(asked, input=b"&#x4e2d;", capture_output=True, check=False)
    return run.returncode == 0 and b".notdef" not in run.stderr


def as_pdf(template: str, shown: dict[str, Any]) -> bytes:
    """Return the page of `template` as PDF; no address is fetched for it."""
    import weasyprint

    html = render_to_string(template, shown)
    paper = weasyprint.CSS(filename=finders.find("opsgate/paper.css"))
    document = weasyprint.HTML(string=html, url_fetcher=_fetch_nothing)
    written: bytes = document.write_pdf(stylesheets=[paper])
    return written


def pdf_answer(template: str, shown: dict[str, Any], name: str) -> HttpResponse:
    """Answer with the PDF, shown in the browser and saved as `name`."""
    answer = HttpResponse(as_pdf(template, shown), "application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return answer


def _fetch_nothing(url: str, *args: Any, **kwargs: Any) -> Any:
    raise ValueError(url)
