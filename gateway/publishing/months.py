"""Months as codes of a dimension: `2026M06`, oldest first."""

from __future__ import annotations

from datetime import date, timedelta

from gateway.errors import ContractFault
from gateway.model.codes import Code
from gateway.model.label import Label

_NAMES = (
    ("tammikuu", "januari", "January"),
    ("helmikuu", "februari", "February"),
    ("maaliskuu", "mars", "March"),
    ("huhtikuu", "april", "April"),
    ("toukokuu", "maj", "May"),
    ("kesäkuu", "juni", "June"),
    ("heinäkuu", "juli", "July"),
    ("elokuu", "augusti", "August"),
    ("syyskuu", "september", "September"),
    ("lokakuu", "oktober", "October"),
    ("marraskuu", "november", "November"),
    ("joulukuu", "december", "December"),
)


def month_codes(as_of: date, count: int, *, level: str) -> tuple[Code, ...]:
    """The last `count` months that end on or before `as_of`. Raises ContractFault below one."""
    if count < 1:
        raise ContractFault("A dimension of months has at least one.")
    # A month that has not ended is not whole: the day after as_of says which one is running.
    running = as_of + timedelta(days=1)
    last = running.year * 12 + running.month - 2  # months since year 0, the last whole one
    return tuple(_code(last - back, level) for back in range(count - 1, -1, -1))


def _code(months: int, level: str) -> Code:
    year, month = divmod(months, 12)
    fi, sv, en = (f"{name} {year}" for name in _NAMES[month])
    return Code(f"{year}M{month + 1:02}", Label(fi, sv, en), level)
