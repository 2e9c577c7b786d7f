"""Limits hold for all processes together, and what a killed one held comes free."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.state_allowances import StoredBuckets, StoredBytes, StoredPlaces
from gateway.adapters.state_database import StateDatabase
from gateway.errors import Busy, StateUnavailable, TooManyExtracts
from gateway.limits.allowance import Allowance, Client, ClientClass
from gateway.limits.pace import LEASE, Pace
from gateway.limits.places import Places
from gateway.model.bucket import Rate
from gateway.ports import TakenPlace

NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)
ONE, OTHER = b"1" * 32, b"2" * 32
NOTHING = frozenset()
SPAWN = multiprocessing.get_context("spawn")


class MovingClock:
    moment = NOW

    def now(self):
        return self.moment


def asking(key: bytes = ONE, **changes: int) -> Client:
    return Client(key, ClientClass.SERVICE, Allowance(**changes))


@pytest.fixture
def state(opened):
    return opened(busy_seconds=0.2)


@pytest.fixture
def clock():
    return MovingClock()


# --- requests --------------------------------------------------------------------------------


def test_a_client_in_a_loop_costs_one_write_for_a_lease(state, clock):
    drawn = []

    class Counted(StoredBuckets):
        def draw(self, client, rate, *, most):
            drawn.append(most)
            return super().draw(client, rate, most=most)

    pace = Pace(Counted(state, clock=clock), clock=clock)
    client = asking(requests_per_minute=600, burst=400)
    passed = sum(
        (pace.at_hand(client) or pace.draw(client)).wait_seconds == 0 for _ in range(10_000)
    )
    assert passed == 400
    assert len(drawn) < 80  # 9,600 refusals among them asked the store once


def test_what_is_left_and_the_wait_are_told(state, clock):
    pace = Pace(StoredBuckets(state, clock=clock), clock=clock)
    client = asking(requests_per_minute=6, burst=2)
    assert [pace.draw(client).left, pace.draw(client).left] == [1, 0]
    assert pace.draw(client).wait_seconds == 10
    clock.moment += timedelta(seconds=4)
    assert pace.at_hand(client).wait_seconds == 6


def test_what_comes_in_during_a_pause_is_told(state, clock):
    pace = Pace(StoredBuckets(state, clock=clock), clock=clock)
    client = asking(requests_per_minute=120, burst=30)
    for _ in range(30):
        assert not (pace.at_hand(client) or pace.draw(client)).wait_seconds
    clock.moment += timedelta(seconds=5)
    assert pace.draw(client).left == 9
    clock.moment += timedelta(seconds=5)
    assert pace.at_hand(client).left == 18
    clock.moment += timedelta(hours=1)
    assert (pace.at_hand(client) or pace.draw(client)).left == 29


def test_another_client_is_not_concerned(state, clock):
    pace = Pace(StoredBuckets(state, clock=clock), clock=clock)
    one, other = asking(burst=1), asking(OTHER, burst=1)
    pace.draw(one)
    assert pace.draw(one).wait_seconds == 1
    assert pace.draw(other).wait_seconds == 0


def test_many_at_once_draw_once(state, clock):
    pace = Pace(StoredBuckets(state, clock=clock), clock=clock)
    client = asking(requests_per_minute=600, burst=600)
    threads = [threading.Thread(target=pace.draw, args=(client,)) for _ in range(LEASE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert StoredBuckets(state, clock=clock).draw(ONE, Rate(600, 600), most=1).left == 589


def test_a_clock_set_back_neither_fills_nor_shuts(state, clock):
    pace = Pace(StoredBuckets(state, clock=clock), clock=clock)
    client = asking(requests_per_minute=60, burst=5)
    while not (pace.at_hand(client) or pace.draw(client)).wait_seconds:
        pass
    clock.moment -= timedelta(hours=5)
    assert (pace.at_hand(client) or pace.draw(client)).wait_seconds == 1
    clock.moment += timedelta(seconds=1)
    assert (pace.at_hand(client) or pace.draw(client)).wait_seconds == 0


def test_full_buckets_are_forgotten(state, clock):
    buckets = StoredBuckets(state, clock=clock)
    for number in range(20):
        buckets.draw(number.to_bytes(32), Rate(60, 60), most=1)
    clock.moment += timedelta(minutes=2)
    buckets.draw(ONE, Rate(60, 60), most=1)
    with state.transaction() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM request_buckets").scalar() == 1


def test_without_the_state_nobody_is_let_in(state, opened, clock):
    pace = Pace(StoredBuckets(opened(busy_seconds=0.1), clock=clock), clock=clock)
    with state.transaction(), pytest.raises(StateUnavailable):
        pace.draw(asking())


def _loop(place, start, passed, seconds):
    clock = SystemClock()
    state = StateDatabase(place)
    pace = Pace(StoredBuckets(state, clock=clock), clock=clock)
    client = asking(requests_per_minute=600, burst=50)
    start.wait()
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        count += (pace.at_hand(client) or pace.draw(client)).wait_seconds == 0
    passed.put(count)
    state.close()


def test_the_limit_holds_for_several_processes_together(place):
    start, passed = SPAWN.Barrier(4, timeout=60), SPAWN.Queue()
    processes = [SPAWN.Process(target=_loop, args=(place, start, passed, 2.0)) for _ in range(3)]
    for process in processes:
        process.start()
    start.wait()
    begun = time.monotonic()
    counts = [passed.get(timeout=60) for _ in processes]
    seconds = time.monotonic() - begun
    for process in processes:
        process.join(30)
    assert 50 <= sum(counts) <= 50 + 10 * seconds + 1


# --- places ----------------------------------------------------------------------------------


def places(state, clock, *, pool=10, seconds=10) -> Places:
    return Places(StoredPlaces(state, clock=clock, seconds=seconds), pool=pool)


def test_a_client_has_so_many_places_over_all_processes(state, clock):
    here, there = places(state, clock), places(state, clock)
    first = here.take(asking())
    there.take(asking())
    for process in (here, there):
        with pytest.raises(TooManyExtracts):
            process.take(asking())
    here.take(asking(OTHER))
    here.leave(first)
    here.take(asking())  # told the store of the one that was left


def test_all_clients_have_so_many_together(state, clock):
    here, there = places(state, clock, pool=2), places(state, clock, pool=2)
    first = here.take(asking())
    there.take(asking(OTHER))
    with pytest.raises(Busy):
        there.take(asking(b"3" * 32))
    here.leave(first)
    here.settle()
    there.take(asking(b"3" * 32))


def test_a_place_that_is_used_is_kept_and_one_that_nobody_renews_is_not(state, clock):
    here, there = places(state, clock), places(state, clock)
    client = asking(concurrent_extracts=1)
    here.take(client)
    for _ in range(5):
        clock.moment += timedelta(seconds=9)
        here.settle()
        with pytest.raises(TooManyExtracts):
            there.take(client)
    clock.moment += timedelta(seconds=10)
    there.take(client)


def test_a_place_left_twice_is_one(state, clock):
    here = places(state, clock)
    place = here.take(asking())
    here.leave(place)
    here.leave(place)
    here.settle()
    here.settle()
    assert not here._held
    assert not here._left


def test_parts_of_one_file_have_one_place_over_all_processes(state, clock):
    here, there = places(state, clock, pool=2), places(state, clock, pool=2)
    client = asking(concurrent_extracts=1)
    held = [here.take(client, part_of="a") for _ in range(5)]
    elsewhere = [there.take(client, part_of="a") for _ in range(5)]
    for process in (here, there):
        for part_of in (None, "b"):
            with pytest.raises(TooManyExtracts):
                process.take(client, part_of=part_of)
    there.take(asking(OTHER), part_of="a")
    with pytest.raises(Busy):  # of the pool both clients have one
        here.take(asking(b"3" * 32))
    for place in [*held, *elsewhere[:-1]]:
        here.leave(place)
        there.leave(place)
    here.settle()
    there.settle()
    with pytest.raises(TooManyExtracts):
        here.take(client)  # the last part runs elsewhere
    there.leave(elsewhere[-1])
    there.settle()
    here.take(client)


def test_a_file_whose_parts_have_ended_takes_its_place_anew(state, clock):
    here = places(state, clock)
    client = asking(concurrent_extracts=1)
    for _ in range(3):
        here.leave(here.take(client, part_of="a"))
    here.leave(here.take(client, part_of="b"))
    here.settle()
    assert not here._sharing
    assert not here._held


def test_parts_that_begin_together_in_threads_count_as_one(state, clock):
    here = places(state, clock)
    client = asking(concurrent_extracts=1)
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: here.take(client, part_of="a"), range(40)))
    for place in taken:
        with pytest.raises(TooManyExtracts):
            here.take(client)
        here.leave(place)
    here.take(client)


def test_a_clock_set_back_does_not_hold_a_dead_processs_place(state, clock):
    dead, here = places(state, clock), places(state, clock)
    client = asking(concurrent_extracts=1)
    dead.take(client)
    clock.moment -= timedelta(hours=5)
    here.take(client)


def test_whoever_waits_for_the_pool_counts(state, clock):
    here = places(state, clock)
    client = asking(concurrent_extracts=1)
    with here.waiting(client):
        with pytest.raises(TooManyExtracts), here.waiting(client):
            pass
        with here.waiting(asking(OTHER)):
            pass
    with here.waiting(client):
        pass


def test_a_place_is_not_given_without_the_state(state, opened, clock):
    here = places(opened(busy_seconds=0.1), clock)
    with state.transaction(), pytest.raises(StateUnavailable):
        here.take(asking())


def test_a_renewal_that_fails_is_tried_again(state, opened, clock):
    here = places(opened(busy_seconds=0.1), clock)
    place = here.take(asking(concurrent_extracts=1))
    here.leave(place)
    with state.transaction(), pytest.raises(StateUnavailable):
        here.settle()
    here.settle()
    places(state, clock).take(asking(concurrent_extracts=1))


def _hold(place, held):
    here = places(StateDatabase(place), SystemClock(), seconds=1)
    here.take(asking(concurrent_extracts=1))
    held.set()
    while True:
        time.sleep(0.2)
        here.settle()


def test_the_place_of_a_killed_process_comes_free(place, opened):
    held = SPAWN.Event()
    process = SPAWN.Process(target=_hold, args=(place, held))
    process.start()
    assert held.wait(60)
    here = places(opened(), SystemClock(), seconds=1)
    client = asking(concurrent_extracts=1)
    for _ in range(4):  # longer than a place lasts, for it is renewed
        time.sleep(0.5)
        with pytest.raises(TooManyExtracts):
            here.take(client)
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    time.sleep(1.1)
    here.take(client)


def _grab(place, start, got):
    state = StateDatabase(place)
    store = StoredPlaces(state, clock=SystemClock(), seconds=60)
    start.wait()
    taken = [store.take(os.urandom(16), ONE, most=7, pool=100, left=NOTHING) for _ in range(20)]
    got.put(taken.count(TakenPlace.TAKEN))
    state.close()


def test_of_many_who_grab_at_once_no_more_get_a_place(place):
    start, got = SPAWN.Barrier(3, timeout=60), SPAWN.Queue()
    processes = [SPAWN.Process(target=_grab, args=(place, start, got)) for _ in range(3)]
    for process in processes:
        process.start()
    counts = [got.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(30)
    assert sum(counts) == 7


# --- bytes -----------------------------------------------------------------------------------


def test_bytes_of_processes_and_days_add_up(state, clock):
    here, there = (StoredBytes(state, clock=clock) for _ in range(2))
    day, next_day = date(2026, 6, 30), date(2026, 7, 1)
    assert here.add({(day, ONE): 5, (next_day, ONE): 1}) == {(day, ONE): 5, (next_day, ONE): 1}
    assert there.add({(day, ONE): 2**40}) == {(day, ONE): 2**40 + 5}
    assert (here.spent(day, ONE), here.spent(day, OTHER)) == (2**40 + 5, 0)


def test_bytes_of_last_week_are_forgotten(state, clock):
    stored = StoredBytes(state, clock=clock)
    stored.add({(date(2026, 6, 30), ONE): 5})
    clock.moment += timedelta(days=4)
    stored.add({(date(2026, 7, 4), ONE): 5})
    assert stored.spent(date(2026, 6, 30), ONE) == 0


def test_nobodys_name_is_in_the_state(state, clock):
    StoredBuckets(state, clock=clock).draw(ONE, Rate(60, 60), most=1)
    with state.transaction() as connection:
        (client,) = connection.exec_driver_sql("SELECT client FROM request_buckets").one()
    assert bytes(client) == ONE
