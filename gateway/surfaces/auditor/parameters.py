"""The filters of an auditor, read from a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from gateway.errors import BadParameter, UnknownParameter
from gateway.journal.guard import MAX_INTEGER, has_identity_code
from gateway.model.days import HELSINKI
from gateway.model.entry import EntryKind, EntryQuery, Outcome

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_CURSOR = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([1-9][0-9]{0,15}))?")
_LIMIT = re.compile(r"[1-9][0-9]{0,3}")
_ORGANISATION = re.compile(r"[A-Z]{2,8}[0-9]{0,3}")
_PRODUCT = re.compile(r"[a-z][a-z0-9-]{0,63}")
_AREA = re.compile(r"[0-9]{2}")
_PURPOSE = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_NAME = re.compile(r"[!-~]{1,255}")
_NARROWED = frozenset({"subject", "client", "organisation"})

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters as they are asked; None where there is none. The field names are the parameters'."""

    since: datetime | None = None
    until: datetime | None = None
    organisation: str | None = None
    product: str | None = None
    area: str | None = None
    outcome: Outcome | None = None
    kind: EntryKind | None = None
    client: str | None = None
    subject: str | None = None
    issuer: str | None = None
    purpose_code: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One page. end: the last entry of the first page's moment, which the following pages keep."""

    filters: Filters
    after: int
    end: int | None
    limit: int

    def query(self) -> EntryQuery:
        asked = self.filters
        return EntryQuery(
            since=asked.since,
            until=asked.until,
            organisation=asked.organisation,
            product=asked.product,
            area=asked.area,
            outcome=asked.outcome,
            kind=asked.kind,
            client_id=asked.client,
            subject=asked.subject,
            issuer=asked.issuer,
            purpose=asked.purpose_code,
            after_seq=self.after,
            limit=self.limit,
        )


PARAMETERS = (*(field.name for field in fields(Filters)), "after", "limit")


def read_reading(parameters: Mapping[str, str]) -> Reading:
    """Raises UnknownParameter and BadParameter, with the name of the parameter."""
    for name in parameters:
        if name not in PARAMETERS:
            raise UnknownParameter(
                f"The parameters here are {', '.join(PARAMETERS)}.", parameter=name
            )
    after, end = _cursor(parameters.get("after", "0"))
    return Reading(_filters(parameters), after, end, _limit(parameters.get("limit", "100")))


def _filters(given: Mapping[str, str]) -> Filters:
    def text(name: str, pattern: re.Pattern[str], remedy: str) -> str | None:
        value = given.get(name)
        if value is not None and (pattern.fullmatch(value) is None or has_identity_code(value)):
            raise BadParameter(remedy, parameter=name)
        return value

    since = _moment(given, "since", _first_of)
    until = _moment(given, "until", _end_of)
    if since is not None and until is not None and since >= until:
        raise BadParameter("Give a time after `since`.", parameter="until")
    if "issuer" in given and not _NARROWED & given.keys():
        raise BadParameter(
            "Give it beside `subject`, `client` or `organisation`, which it narrows.",
            parameter="issuer",
        )
    return Filters(
        since=since,
        until=until,
        organisation=text("organisation", _ORGANISATION, "Give a registry code like KU837."),
        product=text("product", _PRODUCT, "Give a product id like job-seekers."),
        area=text("area", _AREA, "Give the two digits of an area, like 39."),
        outcome=_choice(given, "outcome", Outcome),
        kind=_choice(given, "kind", EntryKind),
        client=text("client", _NAME, "Give a client id; never a personal identity code."),
        subject=text("subject", _NAME, "Give a token's subject; never a personal identity code."),
        issuer=text("issuer", _NAME, "Give the `iss` of an entry; of access keys it is `jakelu`."),
        purpose_code=text("purpose_code", _PURPOSE, "Give a code of the purposes."),
    )


def _choice(given: Mapping[str, str], name: str, choices: type[E]) -> E | None:
    if name not in given:
        return None
    try:
        return choices(given[name])
    except ValueError:
        raise BadParameter(
            f"Choose one of {', '.join(choice.value for choice in choices)}.", parameter=name
        ) from None


def _moment(
    given: Mapping[str, str], name: str, of_day: Callable[[date], datetime]
) -> datetime | None:
    """A day in Finland, or a moment with its offset."""
    value = given.get(name)
    if value is None:
        return None
    try:
        if _DAY.fullmatch(value):
            return of_day(date.fromisoformat(value)).astimezone(UTC)
        if _MOMENT.fullmatch(value):
            return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadParameter(
        "Give a day like 2026-06-30, or a time like 2026-06-30T05:00:00Z (a + is %2B).",
        parameter=name,
    )


def _first_of(day: date) -> datetime:
    return datetime.combine(day, time(), HELSINKI)


def _end_of(day: date) -> datetime:
    return _first_of(day + timedelta(days=1))


def _cursor(text: str) -> tuple[int, int | None]:
    found = _CURSOR.fullmatch(text)
    if found is None or int(found[1]) > MAX_INTEGER:
        raise BadParameter("Give the `next` of the page before, or a seq.", parameter="after")
    return int(found[1]), None if found[2] is None else int(found[2])


def _limit(text: str) -> int:
    if _LIMIT.fullmatch(text) is None or int(text) > 1000:
        raise BadParameter("Give a number from 1 to 1000.", parameter="limit")
    return int(text)
