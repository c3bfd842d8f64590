"""Search words that work for Chinese on every database: ASCII words and two-character pieces."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Lookup, Q, TextField

CHINESE = r"\u3400-\u9fff\uf900-\ufaff"
PIECE = re.compile(rf"[{CHINESE}]+|[^\W_{CHINESE}]+")
LONGEST_WORD = 60
"""Characters of a word that count; longer ones are noise, and no index takes them."""
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
            found.append(piece[:LONGEST_WORD])
    return found


def token_text(text: str) -> str:
    """Return the column that is searched: each token once, between spaces."""
    return " " + " ".join(dict.fromkeys(tokens(text))) + " "


def condition(words: str) -> Q:
    """Return the condition that a case has every token of `words`; word beginnings count."""
    wanted = dict.fromkeys(tokens(words[:200]))
    single = [one for one in wanted if len(one) == 1 and STARTS_CHINESE.match(one)]
    indexed = [one for one in wanted if one not in single]
    rule = Q(search_tokens__tokens=" ".join(indexed)) if indexed else Q()
    for character in single:
        rule &= Q(title__contains=character)
    return rule


LEXEMES = "array_to_tsvector(string_to_array(btrim({column}), ' '))"
"""PostgreSQL's index is over this very expression: the tokens as they are, no parser between."""


@TextField.register_lookup
class Tokens(Lookup[str]):
    """`search_tokens__tokens="变更 vpn"`: every one of these begins a token of the row.

    By the indexes of migration 0004: GIN on PostgreSQL, FTS5 on SQLite.
    """

    lookup_name = "tokens"

    def get_prep_lookup(self) -> str:
        return str(self.rhs)

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, values = compiler.compile(self.lhs)
        query = " & ".join(f"'{token}':*" for token in self.rhs.split())
        return f"{LEXEMES.format(column=column)} @@ %s::tsquery", [*values, query]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        table = connection.ops.quote_name(self.lhs.alias)
        query = " ".join(f'"{token}"*' for token in self.rhs.split())
        found = "SELECT rowid FROM workflows_case_search WHERE workflows_case_search MATCH %s"
        return f"{table}.id IN ({found})", [query]
