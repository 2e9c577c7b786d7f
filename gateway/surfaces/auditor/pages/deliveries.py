"""/audit/deliveries: how much was delivered to whom on each day, as bars, as a table and as CSV."""

from __future__ import annotations

from starlette.responses import Response

from gateway.delivery.file_sizes import file_sizes
from gateway.errors import BadParameter, UnknownParameter
from gateway.journal.summary import summarise
from gateway.surfaces.auditor.auditor import Auditor, auditor_in
from gateway.surfaces.auditor.entries import declared
from gateway.surfaces.auditor.pages.daily import (
    BAR,
    HEIGHT,
    PARAMETERS,
    Asked,
    Chart,
    chart_of,
    csv_of,
    read_asked,
)
from gateway.surfaces.auditor.pages.fields import fault_of, fields_of
from gateway.surfaces.auditor.pages.look import AUDIT_PATH, audit_page
from gateway.surfaces.auditor.pages.view import View

_PATH = f"{AUDIT_PATH}/deliveries"


def deliveries(view: View) -> Response:
    """Raises Forbidden (journaled), JournalUnavailable."""
    auditor = auditor_in(view.scope, view.services)
    try:
        asked = read_asked(view.asked, today=view.services.today())
    except (BadParameter, UnknownParameter) as error:
        fault = fault_of(error, view, PARAMETERS)
        given = view.kept(but=fault.parameter)
        shown = {
            "fields": fields_of(PARAMETERS, view, fault=fault, given=given),
            "chart": None,
            "fault": fault,
        }
        return audit_page("deliveries.html", view, shown, error=error)
    given = {**view.asked, **_days(asked)}
    shown = {
        "fields": fields_of(PARAMETERS, view, fault=None, given=given),
        "chart": _chart(view, auditor, asked),
        "bar_width": BAR,
        "full_height": HEIGHT,
        "csv": view.address(f"{_PATH}.csv", **given),
    }
    return audit_page("deliveries.html", view, shown)


def deliveries_csv(view: View) -> Response:
    """The table alone. Raises Forbidden (journaled), BadParameter, UnknownParameter."""
    auditor = auditor_in(view.scope, view.services)
    asked = read_asked(view.asked, today=view.services.today())
    days = f"{asked.period.first}-{asked.period.last}"
    return Response(
        csv_of(_chart(view, auditor, asked).cells),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="deliveries-{days}.csv"'},
    )


def _chart(view: View, auditor: Auditor, asked: Asked) -> Chart:
    """The reading is durable in the journal before anything is read."""
    known = declared(asked.filters, auditor.journal)
    named = {name: known[name] for name in ("organisation", "product")}
    with view.readings.summary(auditor.caller):
        receipt = auditor.announce({"view": "deliveries", **_days(asked), **named})
        found = summarise(
            auditor.journal.store,
            asked.period,
            organisation=asked.filters.organisation,
            product=asked.filters.product,
            end=receipt.seq - 1,
            size_of=file_sizes(view.services.releases),
        )
    return chart_of(found)


def _days(asked: Asked) -> dict[str, str]:
    return {"since": asked.period.first.isoformat(), "until": asked.period.last.isoformat()}
