"""What people write is Markdown; what is shown is clean HTML."""

from __future__ import annotations

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {
    "p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr",
    "h3", "h4", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
SHIFTED = {"h1": "h3", "h2": "h4"}
"""A comment's own headings stay below the page's."""

_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(
    ["table", "strikethrough"]
)


def render(text: str) -> SafeString:
    """Render `text` to HTML that cannot do anything: no scripts, styles, images or raw HTML."""
    html = _markdown.render(text)
    for tag, lower in SHIFTED.items():
        html = html.replace(f"<{tag}>", f"<{lower}>").replace(f"</{tag}>", f"</{lower}>")
    attributes = {"a": {"href"}, "ol": {"start"}}
    cleaned = nh3.clean(
        html, tags=TAGS, attributes=attributes, url_schemes={"http", "https", "mailto"}
    )
    return mark_safe(cleaned)  # nh3 cleaned it on the line above
