"""Contract SQL as text: what can be said of its tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Names in double quotes are tokens too: a comment or a text does not begin inside one.
_TOKEN = re.compile(r"--[^\n\r]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"", re.DOTALL)
_ODD = re.compile(r"/\*.*/\*.*|(?!\"\w+\")\".*", re.DOTALL)
_PARAMETER = re.compile(r"\$\w*|\?|(?<!:):[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of the text and where it begins."""

    text: str
    offset: int


def without_texts(sql: str) -> str:
    """The text with comments and the inside of text literals blanked, in place."""

    def shown(match: re.Match[str]) -> str:
        token = match[0]
        if token.startswith('"'):
            return token
        return f"'{_blank(token[1:-1])}'" if token.startswith("'") else _blank(token)

    return _TOKEN.sub(shown, sql)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def odd_tokens(sql: str) -> Iterator[Found]:
    """Tokens that an engine may end elsewhere than this module and the parser do.

    A comment within a comment; a name in quotes that is more than letters, digits and underscores;
    a text with a prefix (`E'…'`), in which a backslash may escape the quote; a quote without an end.
    """
    text = without_texts(sql)
    for match in _TOKEN.finditer(sql):
        before = sql[match.start() - 1 : match.start()]
        is_prefixed = match[0].startswith("'") and (before.isalnum() or before in {"_", "&"})
        if is_prefixed or _ODD.fullmatch(match[0]):
            yield Found(match[0], match.start())
    for match in re.finditer(r"['\"]", _TOKEN.sub(lambda m: _blank(m[0]), text)):
        yield Found(match[0], match.start())


def semicolons(sql: str) -> Iterator[Found]:
    for match in re.finditer(";", without_texts(sql)):
        yield Found(match[0], match.start())


def parameters(sql: str) -> Iterator[Found]:
    """Every placeholder, of whatever style."""
    for match in _PARAMETER.finditer(without_texts(sql)):
        yield Found(match[0], match.start())
