"""Somebody who may read the journal, and the entry that each reading leaves before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Request
from starlette.types import Scope

from gateway.delivery.services import Services
from gateway.journal.append import Journal
from gateway.journal.body import Asked, Origin, access_body, journal_read_body
from gateway.model.caller import Caller
from gateway.model.entry import Draft, EntryKind, Receipt
from gateway.model.ruling import Action, Denial, Permit, Ruling
from gateway.policy import rule
from gateway.surfaces.inbound import caller_of, inbound_of

Seq = Annotated[str, Path(description="The number of an entry, from 1.", examples=["109482"])]


@dataclass(frozen=True, slots=True)
class Auditor:
    """A caller with the permit to read the journal."""

    caller: Caller
    permit: Permit
    origin: Origin
    journal: Journal

    def announce(
        self, filters: Mapping[str, str | None], *, after: int = 0, limit: int | None = None
    ) -> Receipt:
        """The reading is durable when this returns; what came after it is no part of it.

        filters: in declared names and codes. Raises JournalUnavailable.
        """
        body = journal_read_body(
            self.caller,
            ruling=self.permit,
            origin=self.origin,
            filters=filters,
            after=after,
            limit=limit,
        )
        return self.journal.append(Draft(EntryKind.JOURNAL_READ, body))


def permitted(caller: Caller, *, journal: Journal, ruling: Ruling, origin: Origin) -> Permit:
    """The permit. A denial is journaled before it is told. Raises Forbidden, JournalUnavailable."""
    if isinstance(ruling, Denial):
        error = ruling.error()
        asked = Asked(Action.READ_JOURNAL)
        body = access_body(caller, asked, ruling=ruling, origin=origin, refusal=type(error))
        journal.append(Draft(EntryKind.DENIED, body))
        raise error
    return ruling


def auditor_of(request: Request) -> Auditor:
    """Who asks over the API. Raises Forbidden, journaled; JournalUnavailable."""
    return auditor_in(request.scope, request.app.state.services)


def auditor_in(scope: Scope, services: Services) -> Auditor:
    """Who asks, in whatever way. Raises as `auditor_of`."""
    caller, origin = caller_of(scope), inbound_of(scope).origin
    ruling = rule(caller, Action.READ_JOURNAL, None, None, services.policy, today=services.today())
    permit = permitted(caller, journal=services.journal, ruling=ruling, origin=origin)
    return Auditor(caller, permit, origin, services.journal)
