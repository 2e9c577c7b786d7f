"""/audit: entries, by filters."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from gateway.errors import BadParameter, UnknownParameter
from gateway.model.caller import Caller
from gateway.model.ruling import Action, Ruling
from gateway.policy import rule
from gateway.surfaces.auditor.entries import entries
from gateway.surfaces.auditor.export import FORMATS
from gateway.surfaces.auditor.pages.fields import FIRST, fault_of, fields_of, further_filters
from gateway.surfaces.auditor.pages.lines import line_of
from gateway.surfaces.auditor.pages.look import AUDIT_PATH, audit_page
from gateway.surfaces.auditor.pages.view import View
from gateway.surfaces.auditor.parameters import PARAMETERS
from gateway.surfaces.inbound import caller_of, inbound_of

_LIMIT = "50"


def entry_list(view: View) -> Response:
    """Without any filter, the entries of today. Raises Forbidden (journaled), JournalUnavailable."""
    asked = dict(view.asked) or {"since": view.services.today().isoformat()}
    try:
        found = read_entries(view, {"limit": _LIMIT, **asked})
    except (BadParameter, UnknownParameter) as error:
        return _page(view, None, error)
    return _page(view, found, None, given=asked)


def read_entries(view: View, parameters: dict[str, str]) -> dict[str, Any]:
    """As over the API, the journal's entry first. Raises as `entries`."""
    services = view.services

    def rule_journal(caller: Caller) -> Ruling:
        return rule(
            caller, Action.READ_JOURNAL, None, None, services.policy, today=services.today()
        )

    return entries(
        caller_of(view.scope),
        parameters,
        journal=services.journal,
        rule_journal=rule_journal,
        origin=inbound_of(view.scope).origin,
    )


def _page(
    view: View,
    found: dict[str, Any] | None,
    error: BadParameter | UnknownParameter | None,
    *,
    given: dict[str, str] | None = None,
) -> Response:
    fault = None if error is None else fault_of(error, view, PARAMETERS)
    given = given or view.kept(but=None if fault is None else fault.parameter)
    further = further_filters()
    filters = {name: value for name, value in given.items() if name != "after"}
    following = found["next"] if found else None
    shown = {
        "fields": fields_of(FIRST, view, fault=fault, given=given),
        "further": fields_of(further, view, fault=fault, given=given),
        "is_further": any(name in given for name in further)
        or (fault is not None and fault.parameter in further),
        "lines": None if found is None else [line_of(each, view) for each in found["entries"]],
        "next": view.address(AUDIT_PATH, **filters, after=following) if following else None,
        "first": view.address(AUDIT_PATH, **filters) if "after" in given else None,
        "exports": [
            (each.upper(), view.address(f"{AUDIT_PATH}/export", **filters, format=each))
            for each in FORMATS
        ],
        "fault": fault,
    }
    return audit_page("entries.html", view, shown, error=error)
