"""/audit/clients: what one client did on one day, in order."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from gateway.errors import BadParameter, MissingParameter, UnknownParameter
from gateway.surfaces.auditor.auditor import auditor_in
from gateway.surfaces.auditor.pages.entry_list import read_entries
from gateway.surfaces.auditor.pages.fields import Fault, fault_of, fields_of
from gateway.surfaces.auditor.pages.lines import day_lines
from gateway.surfaces.auditor.pages.look import AUDIT_PATH, audit_page
from gateway.surfaces.auditor.pages.view import View
from gateway.surfaces.auditor.parameters import check_names, read_day

FIELDS = ("client", "day")
_LIMIT = "200"
_PATH = f"{AUDIT_PATH}/clients"
Error = BadParameter | MissingParameter | UnknownParameter


def client_day(view: View) -> Response:
    """Without a client, the form alone. Raises Forbidden (journaled), JournalUnavailable."""
    auditor_in(view.scope, view.services)
    if not view.asked:
        return _page(view, None, None)
    try:
        day, found = _read(view)
    except (BadParameter, MissingParameter, UnknownParameter) as error:
        return _page(view, None, error)
    return _page(view, found, None, day=day)


def _read(view: View) -> tuple[date, dict[str, Any]]:
    """Raises UnknownParameter, MissingParameter, BadParameter, and what reading raises."""
    check_names(view.asked, (*FIELDS, "after"))
    day = read_day(view.asked, "day")
    if "client" not in view.asked:
        raise MissingParameter("Give a client id.", parameter="client")
    asked = {name: view.asked[name] for name in ("client", "after") if name in view.asked}
    text = day.isoformat()
    return day, read_entries(view, {**asked, "since": text, "until": text, "limit": _LIMIT})


def _page(
    view: View, found: dict[str, Any] | None, error: Error | None, *, day: date | None = None
) -> Response:
    fault = None if error is None else fault_of(error, view, (*FIELDS, "after"))
    given = {"day": view.services.today().isoformat(), **view.kept(but=_wrong(fault))}
    shown: dict[str, object] = {
        "fields": fields_of(FIELDS, view, fault=fault, given=given),
        "lines": None if found is None else day_lines(found["entries"], view),
        "fault": fault,
        "client": None,
        "next": None,
        "first": None,
    }
    if found is not None and day is not None:
        client = view.asked["client"]
        following = found["next"]

        def on(when: date, after: str | None = None) -> str:
            return view.address(_PATH, client=client, day=when.isoformat(), after=after)

        shown |= {
            "client": client,
            "day": day.isoformat(),
            "before": on(day - timedelta(days=1)),
            "behind": on(day + timedelta(days=1)),
            "next": on(day, following) if following else None,
            "first": on(day) if "after" in view.asked else None,
        }
    return audit_page("client_day.html", view, shown, error=error)


def _wrong(fault: Fault | None) -> str | None:
    return None if fault is None else fault.parameter
