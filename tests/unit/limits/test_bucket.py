"""The bucket in whole numbers: what comes in is what the rate says, to the microsecond."""

from __future__ import annotations

from gateway.model.bucket import (
    DROPS,
    STEP_BACK_US,
    Bucket,
    Rate,
    full_bucket,
    lease,
    refilled,
    without,
)

RATE = Rate(per_minute=7, burst=3)
START = 1_800_000_000_000_000
MINUTE = 60_000_000


def test_a_new_bucket_is_full_and_never_fuller():
    bucket = refilled(full_bucket(RATE, START), RATE, START + 100 * MINUTE)
    assert bucket == Bucket(3 * DROPS, START + 100 * MINUTE)


def test_a_minute_brings_exactly_the_rate_however_often_it_is_asked():
    rate = Rate(per_minute=7, burst=100)
    bucket = Bucket(0, START)
    for step in range(1, 59_999):  # 1.000 ms and something, a number that divides nothing
        bucket = refilled(bucket, rate, START + step * 1_000)
    assert refilled(bucket, rate, START + MINUTE - 1).tokens == 6
    assert refilled(bucket, rate, START + MINUTE).level == 7 * DROPS


def test_the_wait_is_neither_too_short_nor_too_long():
    empty = Bucket(0, START)
    wait = empty.wait_us(RATE)
    assert refilled(empty, RATE, START + wait).tokens == 1
    assert refilled(empty, RATE, START + wait - 1).tokens == 0
    assert full_bucket(RATE, START).wait_us(RATE) == 0


def test_a_bucket_is_as_good_as_new_when_it_says_so():
    bucket = without(full_bucket(RATE, START), 2)
    assert refilled(bucket, RATE, bucket.full_us(RATE)).level == 3 * DROPS
    assert refilled(bucket, RATE, bucket.full_us(RATE) - 1).level < 3 * DROPS


def test_a_small_step_of_the_clock_back_fills_nothing_twice():
    bucket = refilled(Bucket(0, START), RATE, START - 5_000_000)
    assert bucket == Bucket(0, START)


def test_a_clock_set_back_keeps_nobody_waiting_for_the_old_time():
    bucket = refilled(Bucket(0, START), RATE, START - STEP_BACK_US - 1)
    assert bucket == Bucket(0, START - STEP_BACK_US - 1)
    assert refilled(bucket, RATE, bucket.at_us + MINUTE).tokens == 3


def test_a_smaller_limit_holds_for_a_fuller_bucket():
    assert refilled(Bucket(100 * DROPS, START), RATE, START).tokens == 3


def test_a_process_takes_fewer_when_few_are_left():
    rate = Rate(per_minute=600, burst=600)
    assert lease(full_bucket(rate, START), 10) == 10
    assert lease(Bucket(20 * DROPS, START), 10) == 5
    assert lease(Bucket(1 * DROPS, START), 10) == 1
    assert lease(Bucket(DROPS - 1, START), 10) == 0


def test_the_time_to_fill_is_rounded_up():
    assert [Rate(600, 600).fill_seconds, RATE.fill_seconds, Rate(6000, 1).fill_seconds] == [
        60,
        26,
        1,
    ]
