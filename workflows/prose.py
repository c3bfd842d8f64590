"""What people write is Markdown; what is shown is clean HTML."""

from __future__ import annotations

import re

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {
    "p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr",
    "h3", "h4", "img", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
SHIFTED = {"h1": "h3", "h2": "h4"}
"""A comment's own headings stay below the page's."""

IMAGE = re.compile(r'<img src="(?P<source>[^"]*)" alt="(?P<words>[^"]*)"[^>]*>')
"""A picture as Markdown writes it; quotes inside are escaped there."""
OWN_IMAGE = re.compile(r"/cases/[A-Z]+-[0-9]+-[0-9]+/files/[0-9]+/image/")
"""The one kind of picture a text may show: a file of a case, asked for with the reader's rights."""

_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(
    ["table", "strikethrough"]
)


def render(text: str) -> SafeString:
    """Render `text` to HTML that cannot do anything: no scripts, styles or raw HTML.

    Pictures are only those attached to a case; any other leaves its words.
    """
    html = _markdown.render(text)
    for tag, lower in SHIFTED.items():
        html = html.replace(f"<{tag}>", f"<{lower}>").replace(f"</{tag}>", f"</{lower}>")
    html = IMAGE.sub(_own_or_words, html)
    attributes = {"a": {"href"}, "ol": {"start"}, "img": {"src", "alt", "loading"}}
    cleaned = nh3.clean(
        html, tags=TAGS, attributes=attributes, url_schemes={"http", "https", "mailto"}
    )
    return mark_safe(cleaned)  # nh3 cleaned it on the line above


def _own_or_words(found: re.Match[str]) -> str:
    """Return a picture of ours with a link to its full size; of any other its words."""
    source, words = found["source"], found["words"]
    if not OWN_IMAGE.fullmatch(source):
        return words
    return f'<a href="{source}"><img src="{source}" alt="{words}" loading="lazy"></a>'
