"""The window of time that the warehouse shows. Days are whole numbers since 1970-01-01."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from gateway.synthetic.draws import Ints

HISTORY_MONTHS = 24
# Stands for "goes on" in end columns; no real day comes near it.
ONGOING = 10**6


@dataclass(frozen=True, slots=True)
class Window:
    """first: first day of the first of 24 months; as_of: the last whole day; both inclusive."""

    first: int
    as_of: int

    @property
    def first_month(self) -> int:
        return int(month_of(np.asarray([self.first]))[0])

    @property
    def last_month(self) -> int:
        return int(month_of(np.asarray([self.as_of]))[0])

    def month_ends(self) -> Ints:
        """The 24 month-ends, the last of which is the as-of day itself."""
        ends = first_day_of(np.arange(self.first_month + 1, self.last_month + 2)) - 1
        ends[-1] = self.as_of
        return ends


def window_to(as_of: date) -> Window:
    """The 24 months that end with the month of `as_of`."""
    day = day_number(as_of)
    month = int(month_of(np.asarray([day]))[0])
    first = int(first_day_of(np.asarray([month - HISTORY_MONTHS + 1]))[0])
    return Window(first=first, as_of=day)


def day_number(day: date) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))


def month_of(days: Ints) -> Ints:
    """Months since 1970-01 of days."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def first_day_of(months: Ints) -> Ints:
    """The first day of months since 1970-01."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def years_before(days: Ints, years: int) -> Ints:
    """The same day of the calendar, years earlier; 29 February becomes 1 March."""
    months = month_of(days)
    return first_day_of(months - 12 * years) + (days - first_day_of(months))
