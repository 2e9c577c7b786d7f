"""Contract SQL as text: what can be said of it without a database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT_OR_TEXT = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_WITH_NAME = re.compile(
    r"\b(\w+)\s*(?:\([^()]*\)\s*)?AS\s*(?:NOT\s+)?(?:MATERIALIZED\s*)?\(", re.IGNORECASE
)
_TABLE = re.compile(
    r"(?<!DISTINCT )\b(?:FROM|JOIN)\s+(?!\()(?:LATERAL\s+)?([^\s(),;]+)", re.IGNORECASE
)
_PARAMETER = re.compile(r"\$\w*|\?|(?<!:):[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of the text and where it begins."""

    text: str
    offset: int


def without_comments(sql: str) -> str:
    """The text with its comments blanked; every character keeps its place."""
    return _COMMENT_OR_TEXT.sub(lambda m: m[0] if m[0].startswith("'") else _blank(m[0]), sql)


def without_texts(sql: str) -> str:
    """The text with comments and the inside of text literals blanked, in place."""
    return _COMMENT_OR_TEXT.sub(
        lambda m: f"'{_blank(m[0][1:-1])}'" if m[0].startswith("'") else _blank(m[0]), sql
    )


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def words(sql: str, wanted: str) -> Iterator[Found]:
    """Where a pattern occurs as whole words, outside comments and text literals."""
    for match in re.finditer(rf"\b(?:{wanted})\b", without_texts(sql), re.IGNORECASE):
        yield Found(match[0], match.start())


def marks(sql: str, wanted: str) -> Iterator[Found]:
    """Where a pattern occurs outside comments and text literals."""
    for match in re.finditer(wanted, without_texts(sql), re.IGNORECASE):
        yield Found(match[0], match.start())


def parameters(sql: str) -> Iterator[Found]:
    """Every placeholder, of whatever style."""
    for match in _PARAMETER.finditer(without_texts(sql)):
        yield Found(match[0], match.start())


def tables(sql: str) -> Iterator[Found]:
    """What stands after FROM and JOIN and is not a name that the statement gives itself."""
    text = without_texts(sql)
    own = {name.casefold() for name in _WITH_NAME.findall(text)}
    for match in _TABLE.finditer(text):
        if match[1].casefold() not in own:
            yield Found(match[1], match.start(1))
