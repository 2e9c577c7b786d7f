"""Entries as lines of a table: when, what happened, who, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.entry import EntryKind
from gateway.model.ruling import Action
from gateway.surfaces.auditor.pages.times import Moment
from gateway.surfaces.auditor.pages.view import View
from gateway.surfaces.auditor.pages.words import ACTIONS

Document = Mapping[str, Any]

_REFUSED = frozenset({EntryKind.DENIED.value, EntryKind.PSEUDONYM_REFUSED.value})


@dataclass(frozen=True, slots=True)
class Line:
    """result: in words; mark: yes, no or nothing, for the look. intent_seq: what a completion closes."""

    seq: int
    at: Moment
    kind: str
    organisation: str
    client: str
    subject: str
    what: str
    release: str
    areas: str
    result: str
    mark: str
    rows: int | None = None
    bytes: int | None = None
    intent_seq: int | None = None


def line_of(document: Document, view: View, *, end: Document | None = None) -> Line:
    """end: the body of an intent's completion, where it is known."""
    body = document["body"] or {}  # nothing once it has expired
    ended = end or (body if document["kind"] == EntryKind.COMPLETION.value else {})
    result, mark = _result(document, view)
    return Line(
        seq=document["seq"],
        at=Moment.of(document["ts_utc"]),
        kind=view.kind(document["kind"]),
        organisation=view.organisation(body.get("organisation")),
        client=body.get("client_id") or "",
        subject=body.get("sub") or body.get("operator") or "",
        what=_what(body, view),
        release=body.get("release") or "",
        areas=", ".join(body.get("areas_requested") or body.get("areas_granted") or ()),
        result=result,
        mark=mark,
        rows=ended.get("rows"),
        bytes=ended.get("bytes"),
        intent_seq=body.get("intent_seq"),
    )


def day_lines(documents: Sequence[Document], view: View) -> list[Line]:
    """The lines of a page, a completion within the line of its intent where both are on it."""
    seqs = {each["seq"] for each in documents}
    ends = {
        each["body"]["intent_seq"]: each["body"]
        for each in documents
        if each["kind"] == EntryKind.COMPLETION.value and each["body"] is not None
    }
    return [
        line_of(each, view, end=ends.get(each["seq"]))
        for each in documents
        if (each["body"] or {}).get("intent_seq") not in seqs
    ]


def _what(body: Mapping[str, Any], view: View) -> str:
    if body.get("product") is not None:
        return view.product(body["product"])
    action = body.get("action")
    if action in set(Action):
        return view.known(ACTIONS, Action(action))
    return action or ""


def _result(document: Document, view: View) -> tuple[str, str]:
    body = document["body"] or {}  # nothing once it has expired
    if document["outcome"] is not None:
        is_well = document["outcome"] in {"complete", "not_modified"}
        return view.outcome(document["outcome"]), "yes" if is_well else "no"
    if document["kind"] in _REFUSED:
        return view.refusal(body.get("refusal")), "no"
    if body.get("counts"):
        counts = (f"{code}: {count}" for code, count in sorted(body["counts"].items()))
        return ", ".join(counts), ""
    return "", "open" if document["kind"] == EntryKind.INTENT.value else ""
