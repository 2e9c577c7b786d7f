"""The answer to "who was given my data?": deliveries that had the person's row, and what cannot be answered.

A "no" is said of a delivery only where the kept slice shows it. What cannot be shown either way is told, with
its dates: as possible where the row may have been in what left, as unanswered where nothing can be looked into.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.journal.subject_body import Counts
from gateway.journal.summary import Period
from gateway.model.label import Label
from gateway.upkeep.subject_deliveries import Ending, Found, Served, SliceName
from gateway.upkeep.subject_slices import Looked, PersonRows, Unknown


class Disclosure(StrEnum):
    DISCLOSED = "disclosed"
    POSSIBLE = "possible"  # a part left, or a selection that cannot be recomputed


class Gap(StrEnum):
    """Why days cannot be answered whatever was delivered on them."""

    ENTRIES_EXPIRED = "entries_expired"
    BEFORE_JOURNAL = "before_journal"


@dataclass(frozen=True, slots=True, order=True)
class Dated:
    """The surer of two of one day is the lesser."""

    day: date
    disclosure: Disclosure
    ending: Ending


@dataclass(frozen=True, slots=True)
class Disclosed:
    """To whom, of what and why, on the dates. title: of the product, as the release tells it."""

    product: str
    title: Label
    contract_version: str | None
    release: str | None
    as_of: date
    area: str
    organisation: str | None
    purpose: str | None
    legal_bases: tuple[str, ...]
    dates: tuple[Dated, ...]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Days in order; of BEFORE_JOURNAL the first and the last one, with all between.

    product, release and area: None where the reason is not of one slice.
    """

    reason: Unknown | Gap
    days: tuple[date, ...]
    product: str | None = None
    release: str | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """is_known: the register has a person of this id on the day of one of the releases; None: not looked into."""

    period: Period
    disclosed: tuple[Disclosed, ...]
    unanswered: tuple[Unanswered, ...]
    is_known: bool | None

    @property
    def counts(self) -> Counts:
        dates = [each for one in self.disclosed for each in one.dates]
        possible = sum(each.disclosure is Disclosure.POSSIBLE for each in dates)
        return Counts(len(dates), possible, len(self.unanswered))


def wanted(found: Found) -> Mapping[SliceName, frozenset[str]]:
    """The slices to look into, each with the columns that deliveries of it were selected by."""
    columns: dict[SliceName, frozenset[str]] = {}
    for each in found.served:
        columns[each.slice] = columns.get(each.slice, frozenset()) | each.selection.keys()
    return columns


def answered(period: Period, found: Found, looked: Looked) -> Answer:
    """looked: into every slice of `wanted(found)`."""
    dates: dict[_Line, dict[date, Dated]] = {}
    unknown: dict[tuple[Unknown, SliceName], set[date]] = {}
    for served in found.served:
        match looked.slices[served.slice]:
            case Unknown() as reason:
                unknown.setdefault((reason, served.slice), set()).add(served.day)
            case rows:
                disclosure = _disclosure(served, rows)
                if disclosure is not None:
                    days = dates.setdefault(_Line.of(served, rows), {})
                    dated = Dated(served.day, disclosure, served.ending)
                    days[served.day] = min(dated, days.get(served.day, dated))
    slices = (
        Unanswered(reason, tuple(sorted(days)), name.product, name.release, name.area)
        for (reason, name), days in unknown.items()
    )
    return Answer(
        period,
        tuple(line.disclosed(days.values()) for line, days in dates.items()),
        (*_gaps(period, found), *slices),
        looked.is_known,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """What deliveries have in common that are told together."""

    slice: SliceName
    title: Label
    as_of: date
    contract_version: str | None
    organisation: str | None
    purpose: str | None
    legal_bases: tuple[str, ...]

    @staticmethod
    def of(served: Served, rows: PersonRows) -> _Line:
        return _Line(
            served.slice,
            rows.title,
            rows.as_of,
            served.contract_version,
            served.organisation,
            served.purpose,
            served.legal_bases,
        )

    def disclosed(self, dates: Iterable[Dated]) -> Disclosed:
        return Disclosed(
            product=self.slice.product,
            title=self.title,
            contract_version=self.contract_version,
            release=self.slice.release,
            as_of=self.as_of,
            area=self.slice.area,
            organisation=self.organisation,
            purpose=self.purpose,
            legal_bases=self.legal_bases,
            dates=tuple(sorted(dates)),
        )


def _disclosure(served: Served, rows: PersonRows) -> Disclosure | None:
    """None: the slice shows that nothing of the person was in it."""
    is_in = rows.are_in(served.selection)
    if is_in is False:
        return None
    is_sure = is_in is True and served.ending is not Ending.PARTIAL
    return Disclosure.DISCLOSED if is_sure else Disclosure.POSSIBLE


def _gaps(period: Period, found: Found) -> tuple[Unanswered, ...]:
    gaps: list[Unanswered] = []
    if found.begins is None or period.first < found.begins:
        last = period.last if found.begins is None else found.begins - timedelta(days=1)
        days = (period.first, min(last, period.last))
        gaps.append(Unanswered(Gap.BEFORE_JOURNAL, tuple(sorted(set(days)))))
    if found.expired:
        gaps.append(Unanswered(Gap.ENTRIES_EXPIRED, found.expired))
    return tuple(gaps)
