"""/audit/entries/{seq}: one entry, how it ended, and why it was decided so."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from gateway.model.ruling import Action
from gateway.policy.vocabulary import DEFAULT_DENY
from gateway.surfaces.auditor.auditor import auditor_in
from gateway.surfaces.auditor.one_entry import one_entry
from gateway.surfaces.auditor.pages.lines import line_of
from gateway.surfaces.auditor.pages.look import audit_page
from gateway.surfaces.auditor.pages.view import View, plain
from gateway.surfaces.auditor.pages.words import ACTIONS
from gateway.surfaces.auditor.parameters import check_names, read_seq


def one_page(view: View) -> Response:
    """Journaled before it is read. Raises Forbidden, EntryNotFound, BadParameter, JournalUnavailable."""
    auditor = auditor_in(view.scope, view.services)
    check_names(view.asked, ())
    seq = read_seq(str(view.scope["path_params"]["seq"]))
    receipt = auditor.announce({"view": "entry", "seq": str(seq)}, after=seq - 1, limit=1)
    found = one_entry(seq, receipt.seq - 1, journal=auditor.journal, policy=view.services.policy)
    body, end = found["entry"]["body"] or {}, found["completion"]
    ended = end["body"] if end else body if body.get("outcome") else None
    shown = {
        "line": line_of(found["entry"], view),
        "facts": _facts(body, view),
        "ended": None if ended is None else _ended(ended, view),
        "is_open": found["entry"]["kind"] == "access.intent" and end is None,
        "ruling": _ruling(found["ruling"], view),
        "completion_seq": end["seq"] if end else None,
        "fields": view.values(body),
        "leaf": found["entry"]["leaf_sha256"],
        "is_last": seq >= receipt.seq - 1,
    }
    return audit_page("entry.html", view, shown)


def _facts(body: dict[str, Any], view: View) -> list[tuple[str, str]]:
    """Names of texts with values in words; only what the entry says."""
    policy, language = view.services.policy, view.language
    purpose = policy.purposes.get(body.get("purpose") or "")
    action = body.get("action")
    told = {
        "organisation": view.organisation(body.get("organisation")),
        "client": body.get("client_id"),
        "subject": body.get("sub"),
        "issuer": body.get("iss"),
        "roles": _roles(body.get("roles") or [], view),
        "action": view.known(ACTIONS, Action(action)) if action in set(Action) else action,
        "product": view.product(body.get("product")),
        "release": body.get("release"),
        "areas_requested": view.areas(body.get("areas_requested") or []),
        "areas_granted": view.areas(body.get("areas_granted") or []),
        "format": body.get("format"),
        "purpose": purpose.label.in_language(language) if purpose else body.get("purpose"),
        "legal_basis": view.known(policy.legal_bases, body.get("legal_basis")),
        "case_ref": body.get("case_ref"),
    }
    return [(name, str(value)) for name, value in told.items() if value]


def _roles(roles: list[str], view: View) -> str:
    labels = view.services.policy.roles.labels
    return ", ".join(f"{view.known(labels, each)} ({each})" for each in roles)


def _ended(body: dict[str, Any], view: View) -> list[tuple[str, str]]:
    told = [("outcome", view.outcome(body["outcome"]))]
    names = ("http_status", "rows", "bytes")
    return told + [(name, plain(body[name])) for name in names if body[name] is not None]


def _ruling(ruling: dict[str, Any] | None, view: View) -> dict[str, Any] | None:
    """Each policy's title in the language; policies have Finnish and Swedish ones, so English has both."""
    if ruling is None:
        return None
    return {
        "ruling": ruling["ruling"],
        "refusal": view.refusal(ruling["refusal"]),
        "is_in_force": ruling["is_in_force"],
        "policies": [
            {**each, "is_default": each["id"] == DEFAULT_DENY} for each in ruling["policies"]
        ],
    }
