"""Periods in the words of PX: a time scale and its list, where the codes are periods that follow each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

from gateway.surfaces.pxweb.px_text import quoted

_EPOCH = date(1970, 1, 5)  # a Monday


def _week(year: int, week: int) -> int:
    return (date.fromisocalendar(year, week, 1) - _EPOCH).days // 7


# Scale, the codes as our contracts write them, and the number of a period among all of its scale.
_SCALES: tuple[tuple[str, re.Pattern[str], Callable[[int, int], int]], ...] = (
    ("A1", re.compile(r"([0-9]{4})()"), lambda year, _: year),
    ("H1", re.compile(r"([0-9]{4})H([12])"), lambda year, half: 2 * year + half),
    ("Q1", re.compile(r"([0-9]{4})Q([1-4])"), lambda year, quarter: 4 * year + quarter),
    ("M1", re.compile(r"([0-9]{4})M(0[1-9]|1[0-2])"), lambda year, month: 12 * year + month),
    ("W1", re.compile(r"([0-9]{4})W([0-4][0-9]|5[0-3])"), _week),
)


def time_list(codes: Sequence[str]) -> tuple[str, ...]:
    """`TLIST(M1)` and the periods, as the values of TIMEVAL; nothing where the codes are no periods of one
    scale, or leave one out, or go backwards: the format has a list of consecutive periods alone.
    """
    for scale, pattern, number in _SCALES:
        found = [pattern.fullmatch(code) for code in codes]
        periods = [(each[1], each[2]) for each in found if each is not None]
        if not codes or len(periods) < len(codes):
            continue
        try:
            numbers = [number(int(year), int(part or 0)) for year, part in periods]
        except ValueError:  # a week that its year does not have
            return ()
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            return ()
        return (f"TLIST({scale})", *(quoted(year + part) for year, part in periods))
    return ()
