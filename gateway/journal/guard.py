"""What no entry may hold: identity codes, long or unprintable text, anything but plain JSON values.

The guard is the last of several: tokens, parameters and codes are checked where they come in. It is
here because what has once been written into this journal cannot be taken out again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Never, TypeAlias, cast

import orjson

from gateway.errors import EntryRefused

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"

MAX_TEXT = 512
MAX_ITEMS = 2048
MAX_DEPTH = 3
MAX_INTEGER = 2**53 - 1  # RFC 8785 numbers are IEEE 754 doubles

# ddmmyy, century sign, three digits, check character; any case, since people type both.
_IDENTITY_CODE = re.compile(
    r"(?<![0-9A-Za-z])(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2}"
    r"[-+A-FU-Ya-fu-y][0-9]{3}[0-9A-FHJ-NPR-Ya-fhj-npr-y](?![0-9A-Za-z])"
)
# Matches wherever the one above does, and begins with what is quick to look for: one look at a body.
_PERHAPS_IDENTITY_CODE = re.compile(
    rb"[0-3][0-9](?<![0-9A-Za-z]..)[01][0-9]{3}"
    rb"[-+A-FU-Ya-fu-y][0-9]{3}[0-9A-Ya-y](?![0-9A-Za-z])"
)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,63}")


def has_identity_code(text: str) -> bool:
    """Whether a text has the pattern of a Finnish personal identity code in it."""
    return _IDENTITY_CODE.search(text) is not None


def guarded(fields: Mapping[str, Any]) -> dict[str, JsonValue]:
    """A copy of fields of plain JSON values: str, int, three-decimal numbers, bool, None, list, dict.

    The names of the fields are the shape's business. Raises EntryRefused, naming the field but
    never its value.
    """
    copy = dict[str, JsonValue]()
    for name, value in fields.items():  # the two commonest first: this runs for every request
        if value is None or (type(value) is str and len(value) <= MAX_TEXT and value.isprintable()):
            copy[name] = value
        else:
            copy[name] = _value(value, name, 0)
    if _PERHAPS_IDENTITY_CODE.search(orjson.dumps(copy)):
        for name, value in copy.items():
            if has_identity_code(orjson.dumps(value).decode()):
                _refuse(name, "looks like a personal identity code")
    return copy


def _value(value: object, field: str, depth: int) -> JsonValue:
    # By exact type: a str or int of another kind (an enum) may be written as something else.
    if value is None or type(value) is bool:
        return value
    if type(value) is str:
        return _text(value, field)
    if type(value) is int:
        return _integer(value, field)
    if type(value) is float:
        return _decimal(value, field)
    if depth == MAX_DEPTH or not isinstance(value, list | tuple | Mapping):
        _refuse(field, "is not a plain JSON value")
    return _items(cast("list[object] | Mapping[object, object]", value), field, depth + 1)


def _items(
    items: list[object] | Mapping[object, object], field: str, depth: int
) -> list[JsonValue] | dict[str, JsonValue]:
    if len(items) > MAX_ITEMS:
        _refuse(field, "has too many items")
    if isinstance(items, Mapping):
        return {_key(key, field): _value(item, field, depth) for key, item in items.items()}
    return [_value(item, field, depth) for item in items]


def _key(key: object, field: str) -> str:
    if type(key) is not str or _KEY.fullmatch(key) is None:
        _refuse(field, "has an unusable key")
    return key


def _text(text: str, field: str) -> str:
    if len(text) > MAX_TEXT:
        _refuse(field, "is too long")
    if not text.isprintable():
        _refuse(field, "has control characters")
    return text


def _integer(number: int, field: str) -> int:
    if abs(number) > MAX_INTEGER:
        _refuse(field, "is too large a number")
    return number


def _decimal(number: float, field: str) -> float | int:
    if not abs(number) <= MAX_INTEGER or round(number, 3) != number:
        _refuse(field, "is not a number of at most three decimals")
    return int(number) if number.is_integer() else number


def _refuse(field: str, reason: str) -> Never:
    raise EntryRefused(f"The field {field} {reason}.")
