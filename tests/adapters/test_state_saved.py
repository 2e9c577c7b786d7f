"""Saved queries in the state database: the same request once, so many of one creator, gone when removed."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_saved import StoredSavedQueries
from gateway.model.saved_query import Owner, SavedQuery

NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)
OWNER = Owner(b"\x01" * 32, b"\x02" * 32)
QUERY = SavedQuery("a" * 32, OWNER, '{"tableId":"job-seekers"}', NOW)


@pytest.fixture
def store(opened):
    return StoredSavedQueries(opened(is_flushed=True))


def numbered(number: int, owner: Owner = OWNER) -> SavedQuery:
    return replace(QUERY, id=f"{number:032x}", owner=owner, request=f'{{"tableId":"{number}"}}')


def test_what_is_saved_is_found_by_every_process(store, opened):
    assert store.save(QUERY, most=3) == QUERY.id
    assert StoredSavedQueries(opened()).find(QUERY.id) == QUERY
    assert store.find("b" * 32) is None


def test_the_same_request_of_one_owner_is_kept_once(store):
    store.save(QUERY, most=1)
    assert store.save(replace(QUERY, id="b" * 32), most=1) == QUERY.id
    assert store.find("b" * 32) is None


def test_the_same_request_of_another_is_another_query(store):
    store.save(QUERY, most=1)
    other = replace(QUERY, id="b" * 32, owner=Owner(b"\x03" * 32, OWNER.circle))
    assert store.save(other, most=1) == other.id


def test_a_creator_has_so_many_and_another_one_has_their_own(store):
    assert [store.save(numbered(n), most=2) for n in range(3)] == [
        *(f"{n:032x}" for n in (0, 1)),
        None,
    ]
    assert store.find(f"{2:032x}") is None
    assert store.save(numbered(3, Owner(b"\x03" * 32, OWNER.circle)), most=2) == f"{3:032x}"


def test_what_is_removed_makes_room_and_is_removed_once(store):
    store.save(numbered(0), most=1)
    for _ in range(2):
        store.remove(numbered(0))
    assert store.find(f"{0:032x}") is None
    assert store.save(numbered(1), most=1) == f"{1:032x}"


def test_of_many_at_once_no_more_are_kept_than_there_is_room_for(place):
    start, kept = threading.Barrier(4, timeout=30), list[str | None]()

    def save(first: int) -> None:
        state = StateDatabase(place, busy_seconds=20)
        store = StoredSavedQueries(state)
        start.wait()
        kept.extend(store.save(numbered(first + n), most=5) for n in range(4))
        state.close()

    threads = [threading.Thread(target=save, args=(first,)) for first in (0, 10, 20, 30)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert len(kept) == 16
    assert sum(each is not None for each in kept) == 5


def test_a_file_of_an_earlier_gateway_is_brought_up_to_date_when_it_is_opened(tmp_path):
    path = tmp_path / "state.sqlite"
    StateDatabase(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE saved_queries")
        connection.execute("UPDATE state_revision SET version_num = 'state_0001'")
    state = StateDatabase(path)
    assert StoredSavedQueries(state).save(QUERY, most=1) == QUERY.id
    state.close()
