"""The frame of an auditor's page: where the journal stands, and the ways to the other pages."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from gateway.errors import GatewayError
from gateway.surfaces.auditor.pages.standing import standing_of
from gateway.surfaces.auditor.pages.texts import TEXTS
from gateway.surfaces.auditor.pages.view import View
from gateway.surfaces.html.rendering import Pages

AUDIT_PATH = "/audit"
PAGES = Pages("gateway.surfaces.auditor.pages", TEXTS)


def audit_page(
    template: str,
    view: View,
    shown: Mapping[str, object],
    *,
    status: int = 200,
    error: GatewayError | None = None,
) -> Response:
    """For somebody who was permitted. error: what was wrong with the filters; its parameter is not
    repeated in links.
    """
    services = view.services
    refused = None if error is None else error.parameter
    kept = view.kept(but=refused)
    frame = {
        "view": view,
        "audit": AUDIT_PATH,
        "standing": standing_of(services.journal, services.witnessed, services.clock),
        "kept": urlencode(kept) + "&" if kept else "",
        "fault": None,
    }
    status = status if error is None else error.status
    return PAGES.render(template, view.scope, {**frame, **shown}, status=status)
