"""Search words that work for Chinese on every database: ASCII words and two-character pieces."""

from __future__ import annotations

import re

from django.db.models import Q

CHINESE = r"\u3400-\u9fff\uf900-\ufaff"
PIECE = re.compile(rf"[{CHINESE}]+|[^\W_{CHINESE}]+")
STARTS_CHINESE = re.compile(rf"[{CHINESE}]")


def tokens(text: str) -> list[str]:
    """Return the words of `text`: lower-case words, and every pair of Chinese characters.

    `数据库 VPN` → `数据`, `据库`, `vpn`. A single Chinese character stands for itself.
    """
    found: list[str] = []
    for piece in PIECE.findall(text.lower()):
        if len(piece) > 1 and STARTS_CHINESE.match(piece):
            found += [piece[i : i + 2] for i in range(len(piece) - 1)]
        else:
            found.append(piece)
    return found


def token_text(text: str) -> str:
    """Return the column that is searched: each token once, between spaces."""
    return " " + " ".join(dict.fromkeys(tokens(text))) + " "


def condition(words: str) -> Q:
    """Return the condition that a case has every token of `words`; word beginnings count."""
    rule = Q()
    for token in dict.fromkeys(tokens(words[:200])):
        if len(token) == 1 and STARTS_CHINESE.match(token):
            rule &= Q(title__contains=token)
        else:
            rule &= Q(search_tokens__contains=f" {token}")
    return rule
