"""What was used once is used for every process, until it would be refused for its age anyway."""

from __future__ import annotations

import multiprocessing
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest

from gateway.adapters import state_sql
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_once import StoredOnce
from gateway.errors import StateUnavailable

NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)
SOON = NOW + timedelta(seconds=60)
DIGEST = b"\x01" * 32


class FixedClock:
    def __init__(self, moment=NOW):
        self.moment = moment

    def now(self):
        return self.moment


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.sqlite"


@pytest.fixture
def state(opened):
    return opened()


def test_something_is_used_once(state):
    once = StoredOnce(state, clock=FixedClock())
    assert once.use("proof", DIGEST, until=SOON)
    assert not once.use("proof", DIGEST, until=SOON)


def test_two_kinds_never_meet(state):
    once = StoredOnce(state, clock=FixedClock())
    assert once.use("proof", DIGEST, until=SOON)
    assert once.use("assertion", DIGEST, until=SOON)


def test_it_is_forgotten_only_after_its_time(state):
    clock = FixedClock()
    once = StoredOnce(state, clock=clock)
    once.use("proof", DIGEST, until=SOON)
    clock.moment = SOON
    assert not once.use("proof", DIGEST, until=SOON)
    clock.moment = SOON + timedelta(seconds=60)  # for another machine's clock it may be earlier
    assert not once.use("proof", DIGEST, until=SOON)
    clock.moment = SOON + timedelta(seconds=61)
    assert once.use("proof", DIGEST, until=clock.moment + timedelta(seconds=60))


def test_it_outlives_the_process(state, opened):
    StoredOnce(state, clock=FixedClock()).use("proof", DIGEST, until=SOON)
    assert not StoredOnce(opened(), clock=FixedClock()).use("proof", DIGEST, until=SOON)


def test_much_that_has_ended_is_forgotten_bit_by_bit(state, monkeypatch):
    monkeypatch.setattr(state_sql, "FORGOTTEN_AT_ONCE", 3)
    clock = FixedClock()
    once = StoredOnce(state, clock=clock)
    for number in range(5):
        once.use("proof", number.to_bytes(32), until=SOON)
    clock.moment = SOON + timedelta(hours=1)
    left = []
    for number in range(2):
        once.use("late", number.to_bytes(32), until=clock.moment)
        with state.reading() as connection:
            counted = "SELECT count(*) FROM used_once WHERE kind = 'proof'"
            left.append(connection.exec_driver_sql(counted).scalar())
    assert left == [2, 0]


def _race(place, start, won):
    state = StateDatabase(place, busy_seconds=30)
    once = StoredOnce(state, clock=FixedClock())
    start.wait()
    for number in range(50):
        if once.use("proof", number.to_bytes(32), until=SOON):
            won.put(number)
    state.close()


def test_of_several_processes_and_threads_one_is_first(place):
    context = multiprocessing.get_context("spawn")
    start, won = context.Barrier(4, timeout=60), context.Queue()
    processes = [context.Process(target=_race, args=(place, start, won)) for _ in range(2)]
    threads = [threading.Thread(target=_race, args=(place, start, won)) for _ in range(2)]
    for one in (*processes, *threads):
        one.start()
    numbers = [won.get(timeout=30) for _ in range(50)]
    for one in (*processes, *threads):
        one.join(30)
    assert sorted(numbers) == list(range(50))
    assert won.empty()


def test_only_the_owner_may_read_the_file(path):
    StateDatabase(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_open_to_others_is_narrowed(path):
    path.touch()
    path.chmod(0o644)
    StateDatabase(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_mistyped_folder_is_named(tmp_path):
    with pytest.raises(StateUnavailable, match="folder of state_path does not exist"):
        StateDatabase(tmp_path / "nowhere" / "state.sqlite")


def test_what_is_no_database_is_a_fault(path):
    path.write_bytes(b"this is no database, and long enough to be sure of that" * 100)
    with pytest.raises(StateUnavailable):
        StoredOnce(StateDatabase(path), clock=FixedClock())


def test_a_nearly_full_disk_is_seen_before_it_is_full(path, monkeypatch):
    state = StateDatabase(path)
    state.check()
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 4096})())
    with pytest.raises(StateUnavailable, match="full"):
        state.check()


def test_a_writer_that_never_ends_is_not_waited_for_forever(state, opened):
    once = StoredOnce(opened(busy_seconds=0.1), clock=FixedClock())
    with state.transaction(), pytest.raises(StateUnavailable):
        once.use("proof", DIGEST, until=SOON)
