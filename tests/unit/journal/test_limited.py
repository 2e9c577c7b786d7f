"""Refusals by limits are counted: a client in a loop cannot fill the journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.errors import JournalUnavailable
from gateway.journal import limited
from gateway.journal.append import Journal
from gateway.journal.limited import LimitedClients
from gateway.model.caller import AuthStrength, Caller
from gateway.model.entry import EntryKind
from gateway.ports import Clock

if TYPE_CHECKING:
    from conftest import FaultyStore

CALLER = Caller("https://i", "svc-1", "bi-1", "j", AuthStrength.BEARER, "KU837", None)


@pytest.fixture
def clients(journal: Journal, clock: Clock) -> Iterator[LimitedClients]:
    clients = LimitedClients(journal, clock=clock)
    yield clients
    clients.close()


def test_a_loop_is_one_entry(clients: LimitedClients, store: FaultyStore) -> None:
    for _ in range(10_000):
        clients.count(CALLER, "rate_limited")
    clients.count(replace(CALLER, token_id="k"), "quota_used_up")
    clients.flush()
    clients.flush()
    (body,) = store.of_kind(EntryKind.LIMITED)
    assert body["counts"] == {"rate_limited": 10_000, "quota_used_up": 1}
    assert (body["iss"], body["sub"], body["client_id"]) == ("https://i", "svc-1", "bi-1")
    assert body["organisation"] is None


def test_each_client_has_its_own(clients: LimitedClients, store: FaultyStore) -> None:
    clients.count(CALLER, "rate_limited")
    clients.count(replace(CALLER, client_id="bi-2"), "rate_limited")
    clients.flush()
    assert {body["client_id"] for body in store.of_kind(EntryKind.LIMITED)} == {"bi-1", "bi-2"}


def test_many_clients_are_counted_together(
    clients: LimitedClients, store: FaultyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited, "CLIENTS_MAX", 2)
    for number in range(10):
        clients.count(replace(CALLER, client_id=f"bi-{number}"), "rate_limited")
    clients.flush()
    counts = {b["client_id"]: b["counts"]["rate_limited"] for b in store.of_kind(EntryKind.LIMITED)}
    assert counts == {"bi-0": 1, "bi-1": 1, None: 8}


def test_a_name_that_no_entry_may_hold_costs_nobody_his_entry(
    clients: LimitedClients, store: FaultyStore
) -> None:
    clients.count(CALLER, "rate_limited")
    clients.count(replace(CALLER, subject="010190-999R"), "rate_limited")
    clients.flush()
    assert {body["sub"] for body in store.of_kind(EntryKind.LIMITED)} == {"svc-1", None}


def test_what_could_not_be_written_is_written_with_the_next(
    clients: LimitedClients, store: FaultyStore
) -> None:
    store.faults = ["before"]
    clients.count(CALLER, "rate_limited")
    with pytest.raises(JournalUnavailable):
        clients.flush()
    clients.count(CALLER, "rate_limited")
    clients.flush()
    (body,) = store.of_kind(EntryKind.LIMITED)
    assert body["counts"] == {"rate_limited": 2}


def test_the_end_writes_the_rest(clients: LimitedClients, store: FaultyStore) -> None:
    clients.start().count(CALLER, "busy")
    clients.close()
    assert store.of_kind(EntryKind.LIMITED)[0]["counts"] == {"busy": 1}
