"""What a caller asks for, read and checked as far as that is possible without the product.

Nothing here depends on the product, so the same mistake gets the same answer for a product that
exists, one that is not listed to the caller, and one that does not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from gateway.delivery.conditions import Conditions
from gateway.delivery.negotiation import choose_format
from gateway.encoding.formats import CUBE_FORMATS, ROW_FORMATS, Format
from gateway.encoding.heading import LANGUAGES
from gateway.errors import BadParameter, MissingParameter, UnknownArea, UnknownParameter
from gateway.journal.body import Origin
from gateway.model.caller import Caller
from gateway.model.release import ReleaseId

ROWS_PARAMETERS = ("area", "release", "as_of", "format", "municipality", "columns", "purpose")
CHANGES_PARAMETERS = ("area", "from", "to", "format", "purpose")
CUBE_PARAMETERS = ("release", "as_of", "format", "lang", "purpose")  # and the cube's own
LATEST = "latest"
NO_AREA = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A request before it is read. parameters: query values, each name once, percent-decoded."""

    product: str
    parameters: Mapping[str, str]
    accept: str | None = None
    conditions: Conditions = field(default_factory=Conditions)
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class Edition:
    """Which release: one by its id, or the newest, or the newest with as-of date <= as_of."""

    release: ReleaseId | None
    as_of: date | None


@dataclass(frozen=True, slots=True)
class RowsRequest:
    """area: NO_AREA when none is said and none follows; it is never permitted.
    municipalities, columns: None when the request does not narrow by them.
    purpose: as stated; None lets the caller's only subscription decide. since: the older release when
    changes are asked for. is_file: the answer has a length and ranges, also where it is not a stored file.
    """

    product: str
    area: str
    edition: Edition
    format: Format
    municipalities: tuple[str, ...] | None
    columns: tuple[str, ...] | None
    purpose: str | None
    conditions: Conditions
    origin: Origin
    since: ReleaseId | None = None
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class CubeRequest:
    """selection: codes by dimension, and measures under `measure`, as asked."""

    product: str
    edition: Edition
    format: Format
    language: str
    selection: Mapping[str, tuple[str, ...]]
    purpose: str | None
    conditions: Conditions
    origin: Origin


def read_rows_request(wish: Wish, caller: Caller, *, areas: Collection[str]) -> RowsRequest:
    """A wish for rows. areas: every area code there is.

    Raises UnknownParameter, BadParameter, UnknownArea, NotAcceptable.
    """
    given = wish.parameters
    _check_known(given, ROWS_PARAMETERS)
    return RowsRequest(
        product=wish.product,
        area=_area(given.get("area"), caller, areas=areas),
        edition=read_edition(given.get("release"), given.get("as_of")),
        format=choose_format(ROW_FORMATS, given.get("format"), accept=wish.accept),
        municipalities=_list(given, "municipality"),
        columns=_list(given, "columns"),
        purpose=given.get("purpose"),
        conditions=wish.conditions,
        origin=wish.origin,
    )


def read_changes_request(wish: Wish, caller: Caller, *, areas: Collection[str]) -> RowsRequest:
    """A wish for what changed between two releases of one area's rows.

    Raises UnknownParameter, MissingParameter, BadParameter, UnknownArea, NotAcceptable.
    """
    given = wish.parameters
    _check_known(given, CHANGES_PARAMETERS)
    since = _release(given.get("from"), name="from")
    if since is None:
        raise MissingParameter("Give the id of the release that you have.", parameter="from")
    until = None if given.get("to") == LATEST else _release(given.get("to"), name="to")
    if until is not None and until <= since:
        raise BadParameter("The release in `to` is to be newer than that.", parameter="from")
    return RowsRequest(
        product=wish.product,
        area=_area(given.get("area"), caller, areas=areas),
        edition=Edition(until, None),
        format=choose_format(ROW_FORMATS, given.get("format"), accept=wish.accept),
        municipalities=None,
        columns=None,
        purpose=given.get("purpose"),
        conditions=wish.conditions,
        origin=wish.origin,
        since=since,
    )


def _check_known(given: Mapping[str, str], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            offered = ", ".join(known)
            raise UnknownParameter(f"The parameters here are {offered}.", parameter=name)


def _release(text: str | None, *, name: str) -> ReleaseId | None:
    try:
        return None if text is None else ReleaseId.parse(text)
    except BadParameter:
        raise BadParameter("Give a release id like 2026-06-30.1.", parameter=name) from None


def read_cube_request(wish: Wish) -> CubeRequest:
    """A wish for a cube; whether its dimensions and codes exist is seen when it is planned.

    Raises BadParameter, NotAcceptable.
    """
    given = wish.parameters
    language = given.get("lang", LANGUAGES[0])
    if language not in LANGUAGES:
        raise BadParameter("Choose fi, sv or en.", parameter="lang")
    return CubeRequest(
        product=wish.product,
        edition=read_edition(given.get("release"), given.get("as_of")),
        format=choose_format(CUBE_FORMATS, given.get("format"), accept=wish.accept),
        language=language,
        selection={
            name: tuple(text.split(","))
            for name, text in given.items()
            if name not in CUBE_PARAMETERS
        },
        purpose=given.get("purpose"),
        conditions=wish.conditions,
        origin=wish.origin,
    )


def _area(asked: str | None, caller: Caller, *, areas: Collection[str]) -> str:
    """The asked area, or the only one of the caller. Whether it is the caller's is the policy's.

    Who has no single area hears from the policy why rows are not for it.
    """
    if asked is None:
        return next(iter(caller.scope.areas)) if len(caller.scope.areas) == 1 else NO_AREA
    if "," in asked:
        raise BadParameter("Rows are delivered for one area at a time.", parameter="area")
    if asked not in areas:  # an empty text too
        raise UnknownArea(
            "There is no area with this code. An area is two digits, like 39; /v1/me lists yours.",
            parameter="area",
        )
    return asked


def read_edition(release: str | None, as_of: str | None) -> Edition:
    """Both texts as sent; None when they are not given. Raises BadParameter."""
    asked = None if release in {None, LATEST} else ReleaseId.parse(str(release))
    day = None if as_of is None else _day(as_of)
    if asked is not None and day is not None:
        raise BadParameter(
            "A release id already says the day: give one of them.", parameter="as_of"
        )
    return Edition(asked, day)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise BadParameter("Give a day like 2026-06-30.", parameter="as_of")
    return day


def _list(given: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    """Values between commas, each once and none empty."""
    if name not in given:
        return None
    values = tuple(given[name].split(","))
    if "" in values:
        raise BadParameter("Give one or more values separated by commas.", parameter=name)
    if len(set(values)) != len(values):
        raise BadParameter("A value stands in the list twice.", parameter=name)
    return values
