"""A caller, its drafts, and a store in memory that fails on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.errors import JournalUnavailable
from gateway.journal.append import Journal
from gateway.journal.body import Asked, Origin, access_body
from gateway.journal.leaf import leaf_sha256, new_salt
from gateway.journal.seal import BootIdentity
from gateway.journal.store import RuleBroken, SaltedEntry, StampedDraft
from gateway.model.caller import AuthStrength, Caller, HeldRole, RoleSource
from gateway.model.entry import Draft, Entry, EntryKind, EntryPage, EntryQuery, Receipt
from gateway.model.label import Label
from gateway.model.organisation import Organisation, OrganisationKind, Scope
from gateway.model.ruling import Action, Permit

TAMPERE = Organisation(
    "KU837",
    OrganisationKind.MUNICIPALITY,
    Label("Tampere", "Tammerfors", "Tampere"),
    date(2020, 1, 1),
    None,
)
CALLER = Caller(
    issuer="https://issuer.example",
    subject="svc-tampere-bi",
    client_id="tampere-bi",
    token_id="jti-1",
    strength=AuthStrength.BEARER,
    organisation_claim="KU837",
    organisation=TAMPERE,
    scope=Scope(frozenset({"39"}), frozenset({"980", "837"})),
    roles=(
        HeldRole(RoleSource.HETI, "raportit"),
        HeldRole(RoleSource.ATMT, "asiantuntija"),
    ),
)
PERMIT = Permit(
    policies=("rows-own-area",),
    policy_set_sha256="e" * 64,
    purpose="knowledge-management",
    legal_basis="380-2023",
    subscription="tampere-rows",
    areas=frozenset({"39"}),
)
ORIGIN = Origin(request_id="c" * 32, client_address="192.0.2.7")
BOOT = BootIdentity(replica="test", boot_id="boot-1", build="0.1.0", config_hash="a" * 64)


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 6, 30, 5, 0, tzinfo=UTC)


def intent(caller: Caller = CALLER, **asked: Any) -> Draft:
    request = replace(Asked(Action.READ_ROWS, "job-seeker-spells", ("39",)), **asked)
    body = access_body(caller, request, ruling=PERMIT, origin=ORIGIN)
    return Draft(EntryKind.INTENT, body)


class FaultyStore:
    """Keeps entries in memory. `faults` are used up one per append, `find_faults` one per find.

    "before": raises and keeps nothing; "after": keeps and raises; a callable is called first and
    may raise; `gate` holds every append until it is set.
    """

    def __init__(self) -> None:
        self.entries: list[StampedDraft] = []
        self.salted_entries: list[SaltedEntry] = []
        self.commits: list[int] = []
        self.faults: list[str | Callable[[], None]] = []
        self.find_faults: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.is_closed = False
        self.living: frozenset[str] = frozenset()

    def append(self, drafts: Sequence[Draft]) -> Sequence[Receipt]:
        stamped = [draft for draft in drafts if isinstance(draft, StampedDraft)]
        assert len(stamped) == len(drafts)
        self.entered.set()
        assert self.gate.wait(10)
        fault = self.faults.pop(0) if self.faults else ""
        if callable(fault):
            fault()
        if fault == "before":
            raise JournalUnavailable
        closed = {entry.intent_seq for entry in self.entries if entry.intent_seq}
        if any(draft.intent_seq in closed for draft in stamped):
            raise RuleBroken
        receipts = [self._keep(draft) for draft in stamped]
        self.commits.append(len(stamped))
        if fault == "after":
            raise JournalUnavailable
        return receipts

    def _keep(self, draft: StampedDraft) -> Receipt:
        self.entries.append(draft)
        seq, salt = len(self.entries), new_salt()
        body = {**draft.body, "seq": seq}
        leaf = leaf_sha256(body, salt)
        entry = Entry(seq, draft.event_id, draft.kind, draft.ts_utc, leaf, body)
        self.salted_entries.append(SaltedEntry(entry, salt))
        return Receipt(seq, draft.event_id, leaf)

    def find(self, event_ids: Sequence[str]) -> Mapping[str, Receipt]:
        if self.find_faults:
            self.find_faults.pop(0)
            raise JournalUnavailable
        found = [salted.entry for salted in self.salted_entries]
        return {
            entry.event_id: Receipt(entry.seq, entry.event_id, entry.leaf_sha256)
            for entry in found
            if entry.event_id in event_ids
        }

    def search(self, query: EntryQuery) -> EntryPage:
        entries = [salted.entry for salted in self.salted_entries]
        page = [entry for entry in entries if entry.seq > query.after_seq][: query.limit]
        return EntryPage(tuple(page), None)

    def orphans(self, living_boots: frozenset[str]) -> Iterator[int]:
        closed = {draft.intent_seq for draft in self.entries}
        for seq, draft in enumerate(self.entries, 1):
            is_open = draft.kind is EntryKind.INTENT and seq not in closed
            if is_open and draft.boot_id not in living_boots:
                yield seq

    def check(self) -> None:
        if self.faults:
            raise JournalUnavailable

    def close(self) -> None:
        self.is_closed = True

    def secret(self) -> bytes:
        return b"s" * 32

    def enter(self, boot_id: str) -> None:
        self.living |= {boot_id}

    @contextmanager
    def recovering(self) -> Generator[frozenset[str]]:
        yield self.living

    def salted(self) -> Iterator[SaltedEntry]:
        return iter(self.salted_entries)

    def of_kind(self, kind: EntryKind) -> list[Mapping[str, Any]]:
        return [draft.body for draft in self.entries if draft.kind is kind]


@pytest.fixture
def store() -> Iterator[FaultyStore]:
    store = FaultyStore()
    yield store
    store.gate.set()


@pytest.fixture
def journal(store: FaultyStore) -> Iterator[Journal]:
    journal = Journal(
        store, clock=FixedClock(), identity=BOOT, timeout_seconds=0.4, retry_seconds=0.02
    )
    yield journal
    store.gate.set()
    journal.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def caller() -> Caller:
    return CALLER


@pytest.fixture
def permit() -> Permit:
    return PERMIT


@pytest.fixture
def origin() -> Origin:
    return ORIGIN


@pytest.fixture
def boot() -> BootIdentity:
    return BOOT


@pytest.fixture
def draft() -> Callable[..., Draft]:
    """`intent(caller, **asked)`."""
    return intent


@pytest.fixture
def disk_journal(tmp_path: Path) -> Iterator[Journal]:
    store = SqliteJournal(tmp_path / "journal.sqlite")
    with Journal(store, clock=FixedClock(), identity=BOOT) as journal:
        yield journal
