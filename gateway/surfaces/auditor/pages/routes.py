"""/audit: the journal for an auditor in a browser. Everything is GET, and every reading is journaled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.delivery.services import Services
from gateway.errors import (
    Forbidden,
    GatewayError,
    JournalUnwitnessed,
    TooManyRequests,
)
from gateway.model.ruling import Action
from gateway.surfaces.auditor.auditor import auditor_in
from gateway.surfaces.auditor.export import exported, read_asked
from gateway.surfaces.auditor.long_readings import LongReadings
from gateway.surfaces.auditor.pages.client_day import client_day
from gateway.surfaces.auditor.pages.deliveries import deliveries, deliveries_csv
from gateway.surfaces.auditor.pages.entry_list import entry_list
from gateway.surfaces.auditor.pages.look import AUDIT_PATH, PAGES, audit_page
from gateway.surfaces.auditor.pages.one import one_page
from gateway.surfaces.auditor.pages.texts import TEXTS
from gateway.surfaces.auditor.pages.view import View
from gateway.surfaces.auditor.tree import NoParameters, Reading, checkpoint, proof
from gateway.surfaces.beside import Beside, Entrance
from gateway.surfaces.html.threads import BoundedThreads
from gateway.surfaces.inbound import inbound_of
from gateway.surfaces.problems import log_unserved

BESIDE = Beside(
    pages=frozenset({AUDIT_PATH, f"{AUDIT_PATH}/clients", f"{AUDIT_PATH}/deliveries"}),
    folders=frozenset({f"{AUDIT_PATH}/"}),
    entrances=(Entrance(AUDIT_PATH, TEXTS["audit"], Action.READ_JOURNAL),),
)

Answering = Callable[[View], Response]


@dataclass(frozen=True, slots=True)
class AuditPages:
    """threads: of their own, so that a long reading holds up nobody's login."""

    services: Services
    threads: BoundedThreads
    readings: LongReadings

    def routes(self) -> Sequence[BaseRoute]:
        return (
            Route(AUDIT_PATH, self._answering(entry_list)),
            Route(f"{AUDIT_PATH}/entries/{{seq}}", self._answering(one_page)),
            Route(f"{AUDIT_PATH}/entries/{{seq}}/proof", self._answering(_proof)),
            Route(f"{AUDIT_PATH}/clients", self._answering(client_day)),
            Route(f"{AUDIT_PATH}/deliveries", self._answering(deliveries)),
            Route(f"{AUDIT_PATH}/deliveries.csv", self._answering(deliveries_csv)),
            Route(f"{AUDIT_PATH}/export", self._answering(_export)),
            Route(f"{AUDIT_PATH}/checkpoint", self._answering(_checkpoint)),
        )

    def _answering(self, page: Answering) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            view = View.of(request, self.services, self.readings)
            try:
                return await self.threads.run(self._answer, page, view)
            except GatewayError as error:  # no thread is free, or not even the state can be read
                log_unserved(error, inbound_of(view.scope).origin.request_id)
                return _waiting(_notice(view, error), error)

        return answer

    def _answer(self, page: Answering, view: View) -> Response:
        """With errors as a page: a browser shows no problem document."""
        try:
            return page(view)
        except JournalUnwitnessed as error:  # no reading can be written, but why not is told
            log_unserved(error, inbound_of(view.scope).origin.request_id)
            return _waiting(audit_page("standing.html", view, {}, status=error.status), error)
        except GatewayError as error:
            log_unserved(error, inbound_of(view.scope).origin.request_id)
            return _waiting(_notice(view, error), error)


def _checkpoint(view: View) -> Response:
    """The newest checkpoint, to be kept. Not journaled, as over the API. Raises NotSignedYet."""
    answer = checkpoint(_reading(view), NoParameters())
    return _download(answer, "jakelu-checkpoint.txt")


def _proof(view: View) -> Response:
    """That the entry is in the checkpoint's tree. Raises BadParameter, NotSignedYet."""
    seq = str(view.scope["path_params"]["seq"])
    return _download(proof(seq, _reading(view), NoParameters()), f"jakelu-{seq}.tlog-proof")


def _export(view: View) -> Response:
    """What a search finds, each entry with its proof. Raises BadParameter, NotSignedYet."""
    auditor = auditor_in(view.scope, view.services)
    return exported(
        auditor,
        read_asked(view.asked),
        view.readings,
        wants_body=inbound_of(view.scope).wants_body,
    )


def _reading(view: View) -> Reading:
    return Reading(auditor_in(view.scope, view.services).journal.store)


def _download(answer: Response, name: str) -> Response:
    answer.headers["content-disposition"] = f'attachment; filename="{name}"'
    return answer


def _notice(view: View, error: GatewayError) -> Response:
    if error.status >= 500 or isinstance(error, TooManyRequests):
        name = "unavailable"
    elif isinstance(error, Forbidden):
        name = "forbidden"
    else:
        name = "missing" if error.status == 404 else "misunderstood"
    link = ("/me", "own") if name == "forbidden" else (AUDIT_PATH, "to_audit")
    shown = {
        "name": name,
        "link": link,
        "request_id": inbound_of(view.scope).origin.request_id,
    }
    return PAGES.render("notice.html", view.scope, shown, status=error.status)


def _waiting(answer: Response, error: GatewayError) -> Response:
    if error.retry_after_seconds is not None:
        answer.headers["retry-after"] = str(error.retry_after_seconds)
    return answer
