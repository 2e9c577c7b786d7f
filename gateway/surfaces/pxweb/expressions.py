"""Selection expressions of PxWebApi 2: pure, over the codes of one variable.

An exact code wins before anything is read as an expression. Names of functions and codes are compared
without their case. Several expressions are a union in the order of the request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.errors import BadParameter, UnknownValue
from gateway.surfaces.pxweb.words import ILLEGAL_EXPRESSION, said

_CALL = re.compile(r"(top|bottom|range|from|to)\(([^()]*)\)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of one variable in order. parameter: its name in a problem; is_time: then `top` is the
    newest, whatever the order.
    """

    codes: tuple[str, ...]
    parameter: str
    is_time: bool = False
    _exact: dict[str, int] = field(init=False, repr=False, compare=False)
    _folded: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        exact = {code: i for i, code in enumerate(self.codes)}
        folded: dict[str, int] = {}
        for i, code in enumerate(self.codes):
            folded.setdefault(code.casefold(), i)
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "_folded", folded)

    def select(self, expressions: Sequence[str]) -> tuple[int, ...]:
        """The indices that are meant, each once.

        Raises UnknownValue (a code that is not there, or nothing is left) and BadParameter (no expression).
        """
        chosen: dict[int, None] = {}
        for expression in expressions:
            chosen |= dict.fromkeys(self._matches(expression.strip()))
        if not chosen:
            raise self._unknown()
        return tuple(chosen)

    def _matches(self, text: str) -> Sequence[int]:
        place = self._find(text)
        if place is not None:
            return (place,)
        if found := _CALL.fullmatch(text):
            arguments = [each.strip() for each in found[2].split(",")]
            return self._called(found[1].lower(), arguments)
        if "(" in text or ")" in text or not text:
            raise self._illegal()
        if "*" in text or "?" in text:
            return self._like(text.casefold())
        raise self._unknown()

    def _find(self, code: str) -> int | None:
        place = self._exact.get(code)
        return self._folded.get(code.casefold()) if place is None else place

    def _called(self, name: str, arguments: Sequence[str]) -> Sequence[int]:
        match name, arguments:
            case (("top" | "bottom"), [_] | [_, _]):
                return self._counted(name, [self._number(each) for each in arguments])
            case "range", [first, last]:
                start, end = sorted((self._place(first), self._place(last)))
                return range(start, end + 1)
            case "from", [first]:
                return range(self._place(first), len(self.codes))
            case "to", [last]:
                return range(self._place(last) + 1)
            case _:
                raise self._illegal()

    def _counted(self, name: str, numbers: Sequence[int]) -> Sequence[int]:
        count, offset = numbers[0], numbers[1] if len(numbers) > 1 else 0
        if count == 0:
            raise self._illegal()
        order = list(range(len(self.codes)))
        if self.is_time:
            order.sort(key=lambda i: self.codes[i], reverse=True)
        if name == "bottom":
            order.reverse()
        return sorted(order[offset : offset + count])

    def _like(self, text: str) -> Sequence[int]:
        core = text.strip("*")
        starts, ends = text.startswith("*"), text.endswith("*")
        if "*" in core or "**" in text or ("?" in core and (starts or ends)):
            raise self._illegal()
        if text != "*" and not core:
            raise self._illegal()
        pattern = re.escape(core).replace(r"\?", ".")
        wanted = re.compile(f"{'.*' if starts else ''}{pattern}{'.*' if ends else ''}", re.DOTALL)
        return [i for i, code in enumerate(self.codes) if wanted.fullmatch(code.casefold())]

    def _place(self, code: str) -> int:
        place = self._find(code)
        if place is None:
            raise self._unknown()
        return place

    def _number(self, text: str) -> int:
        if not _NUMBER.fullmatch(text):
            raise self._illegal()
        return int(text)

    def _unknown(self) -> UnknownValue:
        return UnknownValue(
            "No value of the variable is meant; see the metadata of the table for its codes.",
            parameter=self.parameter,
        )

    def _illegal(self) -> BadParameter:
        return illegal_expression(self.parameter)


def split_expressions(text: str, *, parameter: str) -> tuple[str, ...]:
    """The expressions of a query parameter: between commas, and in brackets where they hold commas.

    Raises BadParameter for brackets that do not match.
    """
    parts, start, depth = list[str](), 0, 0
    for i, sign in enumerate(text):
        depth += (sign == "[") - (sign == "]")
        if depth not in {0, 1}:
            raise illegal_expression(parameter)
        if sign == "," and not depth:
            parts.append(text[start:i])
            start = i + 1
    if depth:
        raise illegal_expression(parameter)
    return tuple(_bare(each.strip()) for each in (*parts, text[start:]))


def illegal_expression(parameter: str) -> BadParameter:
    return said(
        ILLEGAL_EXPRESSION,
        BadParameter(
            "Give codes or *, x*, *x, *x*, ?, top(n), top(n,offset), bottom(n), bottom(n,offset), "
            "range(a,b), from(a), to(a). In an address, one that holds a comma stands in brackets.",
            parameter=parameter,
        ),
    )


def _bare(text: str) -> str:
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text
