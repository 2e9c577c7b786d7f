"""A procedure as the journal tells it: the request, its approvals, its answer.

The journal is the only memory. Its entries are believed where the signatures in them hold, so that
whoever can write the journal's file still cannot approve.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.errors import NotFound, UpkeepRefused
from gateway.journal.append import Journal
from gateway.model.entry import Entry, EntryKind, EntryQuery
from gateway.upkeep.procedure import Procedure
from gateway.upkeep.signatories import Duty, Signatories
from gateway.upkeep.statements import approval_statement, is_signed_by, request_statement, sha256

APPROVALS_NEEDED = 2
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Dossier:
    """request: the body of its entry; approvals: those of its approvals, in order."""

    procedure: Procedure
    request: dict[str, Any]
    approvals: tuple[Mapping[str, Any], ...]
    is_answered: bool

    @property
    def id(self) -> str:
        return str(self.request[self.procedure.name])

    @property
    def requester(self) -> str:
        return str(self.request["sub"])

    @property
    def epoch(self) -> str:
        return str(self.request["epoch"])

    @property
    def request_sha256(self) -> str:
        return sha256(request_statement(self.request, self.procedure))

    def check_open(self, signatories: Signatories, *, now: datetime, today: date) -> None:
        """Raises UpkeepRefused unless it was really requested, has not run out and is not answered."""
        requester = signatories.valid(self.requester, Duty.REQUEST, today)
        statement = request_statement(self.request, self.procedure)
        signature = bytes.fromhex(self.request["signature"])
        if requester is None or not is_signed_by(requester.public_key, statement, signature):
            raise UpkeepRefused("not_requested", "The request is not signed by who may request.")
        if now >= datetime.fromisoformat(self.request["valid_until_utc"]):
            raise UpkeepRefused("run_out", "The request has run out; make a new one.")
        if self.is_answered:
            raise UpkeepRefused("answered", "The request has been answered; make a new one.")

    def approvers(self, signatories: Signatories, today: date) -> tuple[str, ...]:
        """Who has approved this very request: distinct, entitled today, and not the requester."""
        found = (self._approver(each, signatories, today) for each in self.approvals)
        return tuple(dict.fromkeys(person for person in found if person is not None))

    def _approver(
        self, approval: Mapping[str, Any], signatories: Signatories, today: date
    ) -> str | None:
        person = str(approval["sub"])
        signatory = signatories.valid(person, Duty.APPROVE, today)
        if signatory is None or person == self.requester:
            return None
        statement = approval_statement(self.request_sha256, person, self.procedure)
        signature = bytes.fromhex(approval["signature"])
        return person if is_signed_by(signatory.public_key, statement, signature) else None


def load_dossier(reference: str, journal: Journal, procedure: Procedure) -> Dossier:
    """Raises NotFound when there is no such request, JournalUnavailable."""

    def bodies(kind: EntryKind) -> Iterator[Mapping[str, Any]]:
        found = (entry.body for entry in _of_kind(kind, journal))
        return (
            body
            for body in found  # an expired one can't be of a request that has not run out
            if body is not None and body.get(procedure.name) == reference
        )

    request = next(bodies(procedure.requested), None)
    if request is None:
        raise NotFound("There is no such request; give what `request` printed.", parameter="id")
    return Dossier(
        procedure,
        dict(request),
        tuple(bodies(procedure.approved)),
        any(True for _ in bodies(procedure.answered)),
    )


def _of_kind(kind: EntryKind, journal: Journal) -> Iterator[Entry]:
    after: int | None = 0
    while after is not None:
        page = journal.search(EntryQuery(kind=kind, after_seq=after, limit=_PAGE))
        yield from page.entries
        after = page.next_after_seq
