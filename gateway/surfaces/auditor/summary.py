"""GET /v1/journal/summary: who pulled what by organisation, product and month, as JSON or CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import orjson
import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.delivery.file_sizes import file_sizes
from gateway.delivery.services import Services
from gateway.encoding.csv_text import csv_bytes
from gateway.errors import BadParameter
from gateway.journal.summary import MOST_DAYS, Period, Summary, summarise
from gateway.surfaces.auditor.auditor import Auditor, auditor_of
from gateway.surfaces.auditor.entries import declared
from gateway.surfaces.auditor.long_readings import LongReadings
from gateway.surfaces.auditor.parameters import (
    Filters,
    check_names,
    read_choice,
    read_day,
    read_filters,
)

router = APIRouter(tags=["journal"])

PARAMETERS = ("since", "until", "organisation", "product", "format")
FORMATS = ("json", "csv")

_TEXTS = ("section", "organisation", "product", "month", "day", "issuer", "client", "code")
_NUMBERS = ("count", "whole", "unknown", "parts", "bytes", "most_count", "most_bytes")
_COLUMNS = pa.schema(
    [*((name, pa.string()) for name in _TEXTS), *((name, pa.int64()) for name in _NUMBERS)]
)


class SummaryParameters(BaseModel):
    """For the OpenAPI document and unknown names; `read_asked` reads the values."""

    model_config = ConfigDict(extra="forbid")

    since: str = Field(examples=["2026-01-01"], description="From this day (Finland).")
    until: str = Field(
        examples=["2026-06-30"],
        description=f"To the end of this day; {MOST_DAYS} days at most.",
    )
    organisation: str | None = Field(None, examples=["KU837"], description="Registry code.")
    product: str | None = Field(None, examples=["job-seekers"], description="Product id.")
    format: str = Field(
        "json",
        examples=["csv"],
        description="json, or csv as one table.",
        json_schema_extra={"enum": ["json", "csv"]},
    )


class DeliveriesDocument(BaseModel):
    """whole: of a whole file, or treated so; unknown: with an end that nobody saw; parts: requests."""

    organisation: str | None
    product: str | None
    month: str
    deliveries: int
    whole: int
    unknown: int
    parts: int
    bytes: int


class RefusalsDocument(BaseModel):
    """product: null where limits refused, which count by client alone."""

    organisation: str | None
    product: str | None
    month: str
    code: str
    count: int


class UnusualDocument(BaseModel):
    """most_*: what the day could have been by the client's own 28 days before it."""

    organisation: str | None
    issuer: str
    client: str
    day: date
    deliveries: int
    bytes: int
    most_deliveries: int
    most_bytes: int


class SummaryDocument(BaseModel):
    since: date
    until: date
    deliveries: list[DeliveriesDocument]
    refusals: list[RefusalsDocument]
    unusual: list[UnusualDocument]


@dataclass(frozen=True, slots=True)
class Asked:
    period: Period
    filters: Filters
    format: str


@router.get(
    "/v1/journal/summary",
    response_model=SummaryDocument,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def journal_summary(
    request: Request,
    auditor: Annotated[Auditor, Depends(auditor_of)],
    asked_for: Annotated[SummaryParameters, Query()],
) -> Response:
    """Deliveries by organisation, product and month, refusals by code, and clients' unusual days.

    Ranged and repeated fetches are one delivery; persons are never counted. The reading is itself an
    entry, written first.
    """
    services: Services = request.app.state.services
    readings: LongReadings = request.app.state.readings
    asked = read_asked(asked_for.model_dump(exclude_unset=True))
    with readings.summary(auditor.caller):
        receipt = auditor.announce(_declared(asked, auditor))
        found = summarise(
            auditor.journal.store,
            asked.period,
            organisation=asked.filters.organisation,
            product=asked.filters.product,
            end=receipt.seq - 1,
            size_of=file_sizes(services.releases),
        )
    if asked.format == "csv":
        return _answer(_csv(found), "text/csv; charset=utf-8")
    return _answer(orjson.dumps(document(found)), "application/json")


def read_asked(parameters: Mapping[str, str]) -> Asked:
    """Raises UnknownParameter, MissingParameter, BadParameter."""
    check_names(parameters, PARAMETERS)
    period = Period(read_day(parameters, "since"), read_day(parameters, "until"))
    if period.last < period.first:
        raise BadParameter("Give a day that is not before `since`.", parameter="until")
    if (period.last - period.first).days >= MOST_DAYS:
        raise BadParameter(f"Give at most {MOST_DAYS} days.", parameter="until")
    named = {name: parameters[name] for name in ("organisation", "product") if name in parameters}
    return Asked(period, read_filters(named), read_choice(parameters, "format", FORMATS))


def document(found: Summary) -> dict[str, Any]:
    """The JSON values of SummaryDocument, each list in order."""
    places = sorted(found.deliveries, key=lambda place: place.order)
    refused = sorted(found.refusals, key=lambda each: (each[0].order, each[1]))
    return {
        "since": found.period.first.isoformat(),
        "until": found.period.last.isoformat(),
        "deliveries": [
            {
                "organisation": place.organisation,
                "product": place.product,
                "month": place.month,
                "deliveries": found.deliveries[place].deliveries,
                "whole": found.deliveries[place].whole,
                "unknown": found.deliveries[place].unknown,
                "parts": found.deliveries[place].parts,
                "bytes": found.deliveries[place].bytes,
            }
            for place in places
        ],
        "refusals": [
            {
                "organisation": place.organisation,
                "product": place.product,
                "month": place.month,
                "code": code,
                "count": found.refusals[place, code],
            }
            for place, code in refused
        ],
        "unusual": [
            {
                "organisation": client.organisation,
                "issuer": client.issuer,
                "client": client.client,
                "day": each.day.isoformat(),
                "deliveries": each.volume.deliveries,
                "bytes": each.volume.bytes,
                "most_deliveries": each.most.deliveries,
                "most_bytes": each.most.bytes,
            }
            for client, each in found.unusual()
        ],
    }


def _csv(found: Summary) -> bytes:
    """One table: `section` says of what a row is, and what does not belong to it is empty."""
    told = document(found)
    rows = [
        {"section": section, **{_column(name): value for name, value in each.items()}}
        for section in ("deliveries", "refusals", "unusual")
        for each in told[section]
    ]
    return csv_bytes(pa.Table.from_pylist(rows, schema=_COLUMNS), include_header=True)


def _column(name: str) -> str:
    return {"deliveries": "count", "most_deliveries": "most_count"}.get(name, name)


def _declared(asked: Asked, auditor: Auditor) -> dict[str, str | None]:
    known = declared(asked.filters, auditor.journal)
    return {
        "view": "summary",
        "since": asked.period.first.isoformat(),
        "until": asked.period.last.isoformat(),
        "organisation": known["organisation"],
        "product": known["product"],
        "format": asked.format,
    }


def _answer(content: bytes, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers={"cache-control": "no-store"})
