"""GET /v1/journal/entries."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.delivery.services import Services
from gateway.model.caller import Caller
from gateway.model.ruling import Action, Ruling
from gateway.policy import rule
from gateway.surfaces.auditor.entries import entries
from gateway.surfaces.inbound import caller_of, inbound_of

router = APIRouter()


class FilterParameters(BaseModel):
    """For the OpenAPI document and unknown names; `parameters` reads the values."""

    model_config = ConfigDict(extra="forbid")

    since: str | None = Field(
        None, examples=["2026-06-01"], description="From this day (Finland) or time (RFC 3339)."
    )
    until: str | None = Field(
        None, examples=["2026-06-30"], description="To the end of this day, or before this time."
    )
    organisation: str | None = Field(None, examples=["KU837"], description="Registry code.")
    product: str | None = Field(None, examples=["job-seekers"], description="Product id.")
    area: str | None = Field(
        None, examples=["39"], description="An area that was asked for or granted."
    )
    outcome: str | None = Field(
        None, examples=["complete"], description="Completions with it, and their intents."
    )
    kind: str | None = Field(None, examples=["access.denied"], description="Kind of entry.")
    client: str | None = Field(None, examples=["tampere-bi"], description="Client id.")
    subject: str | None = Field(
        None,
        examples=["bi-reports"],
        description="The token's subject; of an access key its service account.",
    )
    issuer: str | None = Field(
        None,
        examples=["jakelu"],
        description="Who vouched for `subject`, `client` or `organisation`, one of which stands beside it; "
        "`jakelu` for access keys.",
    )
    purpose_code: str | None = Field(
        None, examples=["service-planning"], description="Purpose of the delivery."
    )
    action: str | None = Field(
        None, examples=["read_rows"], description="What was asked to be done."
    )
    release: str | None = Field(
        None, examples=["2026-06-30.1"], description="Release id, whatever the product."
    )
    case_ref: str | None = Field(
        None, examples=["KEHA/123/2026"], description="Case number of an upkeep of pseudonyms."
    )
    refusal: str | None = Field(
        None, examples=["role_missing"], description="The code that a refused caller was given."
    )


class EntriesParameters(FilterParameters):
    after: str = Field("0", examples=["109482"], description="The `next` of the page before.")
    limit: str = Field("100", examples=["100"], description="Entries of a page, 1 to 1000.")


class EntryDocument(BaseModel):
    """outcome and completion_seq: of the completion that closed an intent. body: null once it has expired."""

    seq: int
    event_id: str
    kind: str
    ts_utc: str
    leaf_sha256: str
    outcome: str | None
    completion_seq: int | None
    body: dict[str, Any] | None


class EntriesDocument(BaseModel):
    """next: null on the last page."""

    entries: list[EntryDocument]
    next: str | None


@router.get("/v1/journal/entries", tags=["journal"], response_model=EntriesDocument)
def journal_entries(request: Request, _: Annotated[EntriesParameters, Query()]) -> Response:
    """Entries in their order, for auditors. The reading is itself an entry, written first."""
    services: Services = request.app.state.services

    def rule_journal(caller: Caller) -> Ruling:
        return rule(
            caller, Action.READ_JOURNAL, None, None, services.policy, today=services.today()
        )

    page = entries(
        caller_of(request.scope),
        inbound_of(request.scope).parameters,
        journal=services.journal,
        rule_journal=rule_journal,
        origin=inbound_of(request.scope).origin,
    )
    return Response(
        orjson.dumps(page), media_type="application/json", headers={"cache-control": "no-store"}
    )
