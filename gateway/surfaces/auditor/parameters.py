"""The filters of an auditor, read from a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from gateway.errors import BadParameter, MissingParameter, UnknownParameter, error_codes
from gateway.journal.guard import MAX_INTEGER, has_identity_code
from gateway.model.days import HELSINKI
from gateway.model.entry import EntryKind, EntryQuery, Outcome
from gateway.model.release import ReleaseId
from gateway.model.ruling import Action

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
_THIS_CENTURY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_CASE = re.compile(r"[A-Z]{2,12}/[1-9][0-9]{0,7}/20[0-9]{2}")
_SEQ = re.compile(r"[1-9][0-9]{0,15}")

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
    action: Action | None = None
    release: str | None = None
    case_ref: str | None = None
    refusal: str | None = None

    def query(self, *, after: int = 0, limit: int = 1000) -> EntryQuery:
        """The question to a store, one page of it."""
        return EntryQuery(
            since=self.since,
            until=self.until,
            organisation=self.organisation,
            product=self.product,
            area=self.area,
            outcome=self.outcome,
            kind=self.kind,
            client_id=self.client,
            subject=self.subject,
            issuer=self.issuer,
            purpose=self.purpose_code,
            action=self.action,
            release=self.release,
            case_ref=self.case_ref,
            refusal=self.refusal,
            after_seq=after,
            limit=limit,
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """One page. end: the last entry of the first page's moment, which the following pages keep."""

    filters: Filters
    after: int
    end: int | None
    limit: int

    def query(self) -> EntryQuery:
        return self.filters.query(after=self.after, limit=self.limit)


FILTERS = tuple(field.name for field in fields(Filters))
PARAMETERS = (*FILTERS, "after", "limit")


def read_reading(parameters: Mapping[str, str]) -> Reading:
    """Raises UnknownParameter and BadParameter, with the name of the parameter."""
    check_names(parameters, PARAMETERS)
    after, end = _cursor(parameters.get("after", "0"))
    return Reading(read_filters(parameters), after, end, _limit(parameters.get("limit", "100")))


def read_after(parameters: Mapping[str, str]) -> int:
    """The seq to go on behind, 0 when nothing is given. Raises BadParameter."""
    after, end = _cursor(parameters.get("after", "0"))
    if end is not None:
        raise BadParameter("Give the seq of the last entry that you have.", parameter="after")
    return after


def check_names(parameters: Mapping[str, str], names: Sequence[str]) -> None:
    """Raises UnknownParameter."""
    for name in parameters:
        if name not in names:
            raise UnknownParameter(f"The parameters here are {', '.join(names)}.", parameter=name)


def read_seq(text: str) -> int:
    """The place of an entry. Raises BadParameter."""
    if _SEQ.fullmatch(text) is None or int(text) > MAX_INTEGER:
        raise BadParameter("Give the seq of an entry, like 109482.", parameter="seq")
    return int(text)


def read_day(given: Mapping[str, str], name: str) -> date:
    """A day that must be given. Raises MissingParameter, BadParameter."""
    remedy = "Give a day in Finland, like 2026-06-30."
    if name not in given:
        raise MissingParameter(remedy, parameter=name)
    try:
        if _THIS_CENTURY.fullmatch(given[name]):
            return date.fromisoformat(given[name])
    except ValueError:
        pass
    raise BadParameter(remedy, parameter=name)


def read_choice(given: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    """One of a closed list, the first when nothing is given. Raises BadParameter."""
    chosen = given.get(name, choices[0])
    if chosen not in choices:
        raise BadParameter(f"Choose one of {', '.join(choices)}.", parameter=name)
    return chosen


def read_filters(given: Mapping[str, str]) -> Filters:
    """Raises BadParameter."""

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
        action=_choice(given, "action", Action),
        release=_release(given),
        case_ref=text("case_ref", _CASE, "Give a case number like KEHA/123/2026."),
        refusal=_refusal(given),
    )


def _release(given: Mapping[str, str]) -> str | None:
    if "release" not in given:
        return None
    try:
        return str(ReleaseId.parse(given["release"]))
    except BadParameter:
        raise BadParameter("Give a release id like 2026-06-30.1.", parameter="release") from None


def _refusal(given: Mapping[str, str]) -> str | None:
    code = given.get("refusal")
    if code is not None and code not in error_codes():
        raise BadParameter("Give a code of a problem, like role_missing.", parameter="refusal")
    return code


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
