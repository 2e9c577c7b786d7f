"""The facets by which entries are found, the same in every store of the journal.

An entry about a caller has its organisation, product, release, areas, client, person, purpose, case,
action and refusal as facets. A completion gets those of its intent, and its outcome becomes a facet of
both: whatever a search asks, it finds the beginning and the end of a delivery together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from gateway.journal.store import StampedDraft
from gateway.model.entry import EntryKind, EntryQuery, Outcome

_FIELDS = {
    "subject": "sub",
    "client": "client_id",
    "organisation": "organisation",
    "product": "product",
    "purpose": "purpose",
    "action": "action",
    "release": "release",
    "case_ref": "case_ref",
    "refusal": "refusal",
}
# Half of the journal each: a walk in order finds a page of them at once, so they are no facets.
COMMON_KINDS = frozenset({EntryKind.INTENT, EntryKind.COMPLETION})
_COMMON_OUTCOMES = frozenset({Outcome.COMPLETE, Outcome.NOT_MODIFIED})


def facet_rows(
    placed: Sequence[tuple[int, StampedDraft]], intents: Mapping[int, Mapping[str, Any]]
) -> Iterator[tuple[str, str, int]]:
    """The facets of drafts at their places. intents: bodies of those that the drafts close."""
    for seq, draft in placed:
        body: Mapping[str, Any] = draft.body
        if draft.kind not in COMMON_KINDS:
            yield "kind", draft.kind.value, seq
        if draft.intent_seq is not None:
            yield "outcome", body["outcome"], seq
            yield "outcome", body["outcome"], draft.intent_seq
            body = intents.get(draft.intent_seq, {})
        for facet, value in facets_of(body):
            yield facet, value, seq


def wanted_facets(query: EntryQuery) -> list[tuple[str, str]]:
    """The filters of a search as facets, usually rarest first."""
    filters = {
        "case_ref": query.case_ref,
        "refusal": query.refusal,
        "outcome": query.outcome,
        "subject": query.subject,
        "client": query.client_id,
        "organisation": query.organisation,
        "release": query.release,
        "product": query.product,
        "area": query.area,
        "purpose": query.purpose,
        "action": query.action,
    }
    wanted = [(facet, str(value)) for facet, value in filters.items() if value is not None]
    if query.outcome in _COMMON_OUTCOMES:
        wanted.sort(key=lambda each: each[0] == "outcome")
    if query.kind is not None and query.kind not in COMMON_KINDS:
        wanted.insert(0, ("kind", query.kind.value))
    return wanted


def facets_of_halves(
    rows: Iterable[tuple[int, str, str | None, str | None]],
) -> Iterator[tuple[str, str, int]]:
    """The facets of stored entries, of a delivery whichever half. rows: seq, body, intent's, completion's body."""
    for seq, body, intent, completion in rows:
        for facet, value in facets_of(orjson.loads(intent or body)):
            yield facet, value, seq
        if intent or completion:
            yield "outcome", orjson.loads(completion or body)["outcome"], seq


def facets_of(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The facets that a body itself gives. Areas: granted and requested alike."""
    for facet, field in _FIELDS.items():
        if (value := body.get(field)) is not None:
            yield facet, value
    areas = {*body.get("areas_granted", ()), *body.get("areas_requested", ())}
    yield from (("area", area) for area in sorted(areas))
