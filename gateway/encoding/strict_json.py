"""JSON read without the leniencies that let two readers see two documents (RFC 8725 section 2.4)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

_WHITESPACE = re.compile(r"[ \t\n\r]*").match


class StrictDecoder(json.JSONDecoder):
    """A decoder that refuses repeated keys, NaN, infinities and lone surrogates with ValueError."""

    def __init__(self) -> None:
        super().__init__(
            object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant
        )

    def decode(self, s: str, _w: Callable[..., Any] = _WHITESPACE) -> object:
        """Raises ValueError; a document nested deeper than the stack is one, too."""
        try:
            value = super().decode(s, _w)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        # A lone surrogate cannot be written as UTF-8, so it would fail later, in the journal.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value


def read_object(text: bytes) -> dict[str, Any]:
    """The JSON object in UTF-8 bytes. Raises ValueError when it is anything else."""
    match json.loads(text.decode("utf-8"), cls=StrictDecoder):
        case dict() as value:
            return value
        case _:
            raise ValueError("not an object")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("repeated key")
    return read


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _no_constant(_: str) -> float:
    raise ValueError("not a number of JSON")
