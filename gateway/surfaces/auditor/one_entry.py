"""GET /v1/journal/entries/{seq}: one entry with its end, and the ruling in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from gateway.delivery.services import Services
from gateway.errors import EntryNotFound
from gateway.journal.append import Journal
from gateway.journal.store import ClosedIntent
from gateway.model.entry import Entry, EntryKind, EntryQuery
from gateway.policy import Policy
from gateway.surfaces.auditor.auditor import Auditor, Seq, auditor_of
from gateway.surfaces.auditor.entries import entry_document
from gateway.surfaces.auditor.parameters import read_seq
from gateway.surfaces.auditor.routes import EntryDocument

router = APIRouter(tags=["journal"])

_ENTRIES = "/v1/journal/entries"


class NoParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PolicyDocument(BaseModel):
    """A policy that decided. Nulls where its words are not known: another policy set, or `default-deny`."""

    id: str
    effect: str | None
    title_fi: str | None
    title_sv: str | None
    ground: str | None


class RulingDocument(BaseModel):
    """is_in_force: the policies of now are those that decided then, so their words are told."""

    ruling: str
    refusal: str | None
    policy_set_hash: str | None
    is_in_force: bool
    policies: list[PolicyDocument]


class LinksDocument(BaseModel):
    """releases: where the release that was served stands, for whom its product is listed to."""

    intent: str | None
    completion: str | None
    proof: str
    releases: str | None


class OneEntryDocument(BaseModel):
    """completion: how a delivery ended, null while it has not. ruling: null where nothing was decided."""

    entry: EntryDocument
    completion: EntryDocument | None
    ruling: RulingDocument | None
    links: LinksDocument


@router.get(f"{_ENTRIES}/{{seq}}", response_model=OneEntryDocument)
def journal_entry(
    seq: Seq,
    request: Request,
    response: Response,
    auditor: Annotated[Auditor, Depends(auditor_of)],
    _: Annotated[NoParameters, Query()],
) -> dict[str, Any]:
    """One entry with its completion, the policies that decided it in words, and where its release stands.

    The reading is itself an entry, written first.
    """
    services: Services = request.app.state.services
    place = read_seq(seq)
    receipt = auditor.announce({"view": "entry", "seq": str(place)}, after=place - 1, limit=1)
    response.headers["cache-control"] = "no-store"
    return one_entry(place, receipt.seq - 1, journal=auditor.journal, policy=services.policy)


def one_entry(seq: int, end: int, *, journal: Journal, policy: Policy) -> dict[str, Any]:
    """end: the last entry of the moment that is shown. Raises EntryNotFound, JournalUnavailable."""
    entry = _entry(seq, end, journal)
    if entry is None:
        raise EntryNotFound(f"It has the entries 1 to {end}.", parameter="seq")
    completion = None
    if isinstance(entry, ClosedIntent):
        completion = _entry(entry.completion_seq, end, journal)
    return {
        "entry": entry_document(entry),
        "completion": None if completion is None else entry_document(completion),
        "ruling": _ruling(entry.body, policy),
        "links": _links(entry, completion),
    }


def _entry(seq: int, end: int, journal: Journal) -> Entry | None:
    if seq > end:
        return None
    page = journal.search(EntryQuery(after_seq=seq - 1, limit=1))
    return next((entry for entry in page.entries if entry.seq == seq), None)


def _ruling(body: Mapping[str, Any] | None, policy: Policy) -> dict[str, Any] | None:
    if body is None or "ruling" not in body:
        return None
    is_in_force = body["policy_set_hash"] == policy.sha256
    return {
        "ruling": body["ruling"],
        "refusal": body["refusal"],
        "policy_set_hash": body["policy_set_hash"],
        "is_in_force": is_in_force,
        "policies": [_policy(name, policy if is_in_force else None) for name in body["policies"]],
    }


def _policy(name: str, policy: Policy | None) -> dict[str, Any]:
    text = None if policy is None else policy.engine.texts.get(name)
    if text is None:
        return {"id": name, **dict.fromkeys(("effect", "title_fi", "title_sv", "ground"))}
    return {
        "id": name,
        "effect": "forbid" if text.is_forbid else "permit",
        "title_fi": text.title_fi,
        "title_sv": text.title_sv,
        "ground": text.ground,
    }


def _links(entry: Entry, completion: Entry | None) -> dict[str, Any]:
    body = entry.body or {}
    has_release = entry.kind is EntryKind.INTENT and body.get("release") is not None
    intent = body.get("intent_seq")
    return {
        "intent": None if intent is None else f"{_ENTRIES}/{intent}",
        "completion": None if completion is None else f"{_ENTRIES}/{completion.seq}",
        "proof": f"{_ENTRIES}/{entry.seq}/proof",
        "releases": f"/v1/products/{body['product']}/releases" if has_release else None,
    }
