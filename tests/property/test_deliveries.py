"""Requests rolled up into deliveries: compared with sets of bytes, in any order, however cut and repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.journal.body import completion_body, unknown_completion_body
from gateway.journal.deliveries import Delivery, RollUp
from gateway.model.entry import Completion, Entry, EntryKind, Outcome

QUICK = settings(deadline=None, max_examples=200)
CUT_OFF = (Outcome.CLIENT_ABORT, Outcome.TIMEOUT, Outcome.SERVER_ERROR)


def intent(seq: int = 1, *, ts_utc: str = "2026-06-30T05:00:00.000Z", **changes: Any) -> Entry:
    body = {
        "iss": "https://issuer.example",
        "client_id": "tampere-bi",
        "sub": "svc-1",
        "organisation": "KU837",
        "purpose": "service-planning",
        "product": "job-seeker-spells",
        "release": "2026-06-30.1",
        "areas_requested": ["39"],
        "areas_granted": ["39"],
        "selection": {},
        "columns": None,
        "format": "parquet",
    }
    return Entry(seq, f"event-{seq}", EntryKind.INTENT, ts_utc, "0" * 64, body | changes)


@dataclass(frozen=True)
class Fetched:
    """What a request got, as a set of bytes beside the completion that says so."""

    completion: dict[str, Any] | None
    got: frozenset[int]
    is_unknown: bool = False


@st.composite
def several(draw: st.DrawFn, size: int) -> tuple[tuple[int, int], ...]:
    """Ranges of a file that do not meet, in any order."""
    ends = sorted(draw(st.sets(st.integers(0, size), max_size=8)))
    ranges = [(first, end - 1) for first, end in zip(ends[::2], ends[1::2], strict=False)]
    return tuple(draw(st.permutations(ranges)))


@st.composite
def fetches(draw: st.DrawFn, size: int) -> Fetched:
    kinds = ["range", "several", "whole", "cut", "nothing", "unknown", "open"]
    kind = draw(st.sampled_from(kinds))
    if kind == "open":
        return Fetched(None, frozenset(range(size)), is_unknown=True)
    if kind == "unknown":
        return Fetched(unknown_completion_body(1), frozenset(range(size)), is_unknown=True)
    if kind == "nothing":
        outcome = draw(st.sampled_from([Outcome.NOT_MODIFIED, Outcome.COMPLETE, *CUT_OFF]))
        ended = Completion(outcome, 200, None, 0, None, 1.0)
        return Fetched(completion_body(1, ended), frozenset())
    if kind == "whole":
        ended = Completion(Outcome.COMPLETE, 200, 5, size, "f" * 64, 1.0)
        return Fetched(completion_body(1, ended), frozenset(range(size)))
    if kind == "several":
        ranges = draw(several(size))
        at = [place for first, last in ranges for place in range(first, last + 1)]
        sent = draw(st.integers(0, len(at)))
        outcome = Outcome.COMPLETE if sent == len(at) else draw(st.sampled_from(CUT_OFF))
        ended = Completion(outcome, 206, None, sent, None, 1.0, ranges)
        return Fetched(completion_body(1, ended), frozenset(at[:sent]))
    first = draw(st.integers(0, size - 1))
    last = draw(st.integers(first, size - 1))
    sent = last - first + 1
    if kind == "cut":
        sent = draw(st.integers(0, sent))
    outcome = draw(st.sampled_from(CUT_OFF)) if kind == "cut" else Outcome.COMPLETE
    ended = Completion(outcome, 206, None, sent, None, 1.0, ((first, last),))
    return Fetched(completion_body(1, ended), frozenset(range(first, first + sent)))


def rolled(found: list[Fetched], size: int | None) -> Delivery | None:
    roll_up = RollUp(lambda _: size)
    for seq, each in enumerate(found, 1):
        roll_up.add(intent(seq), each.completion)
    deliveries = roll_up.take()
    assert len(deliveries) <= 1
    return deliveries[0] if deliveries else None


@st.composite
def downloads(draw: st.DrawFn) -> tuple[int, list[Fetched]]:
    size = draw(st.integers(1, 40))
    return size, draw(st.lists(fetches(size), max_size=12))


@QUICK
@given(downloads(), st.randoms(use_true_random=False))
def test_a_delivery_is_whole_when_its_parts_together_are_in_any_order(drawn, chance):
    size, found = drawn
    carried = [each for each in found if each.got]
    delivery = rolled(found, size)
    if not carried:
        assert delivery is None
        return
    told = frozenset().union(*(each.got for each in carried))
    assert delivery is not None
    assert delivery.parts == len(carried)
    assert delivery.unknown == sum(each.is_unknown for each in carried)
    assert delivery.bytes == sum(len(each.got) for each in carried if not each.is_unknown)
    if delivery.size is not None or delivery.unknown:
        assert delivery.is_whole is (told == frozenset(range(size)))
    chance.shuffle(found)
    again = rolled(found, size)
    assert again is not None
    assert (again.parts, again.bytes, again.unknown) == (
        delivery.parts,
        delivery.bytes,
        delivery.unknown,
    )
    assert again.is_whole is delivery.is_whole
    assert again.coverage == delivery.coverage


@QUICK
@given(st.data(), st.integers(4, 40), st.integers(0, 30))
def test_what_stands_between_several_ranges_never_hides_what_left(data, size, between):
    ranges = data.draw(several(size).filter(lambda found: len(found) > 1))
    content = []  # what was sent, byte by byte: a place of the file, or None for what is none of it
    for first, last in ranges:
        content += [None] * between + [*range(first, last + 1)]
    sent = data.draw(st.integers(1, len(content)))
    ended = Completion(Outcome.CLIENT_ABORT, 206, None, sent, None, 1.0, ranges)
    delivery = rolled([Fetched(completion_body(1, ended), frozenset())], size)
    assert delivery is not None
    told = zip(delivery.coverage.starts, delivery.coverage.ends, strict=True)
    held = {at for start, end in told for at in range(start, end)}
    assert {at for at in content[:sent] if at is not None} <= held
    assert held <= {at for first, last in ranges for at in range(first, last + 1)}
    if delivery.is_whole:
        assert held == set(range(size))


@QUICK
@given(downloads())
def test_fetching_the_same_again_tells_nothing_more(drawn):
    size, found = drawn
    once, twice = rolled(found, size), rolled(found + found, size)
    if once is None or twice is None:
        assert once is twice
        return
    assert (once.coverage, once.is_whole) == (twice.coverage, twice.is_whole)
    assert (twice.parts, twice.bytes) == (2 * once.parts, 2 * once.bytes)


@QUICK
@given(downloads())
def test_a_file_that_is_not_known_is_never_said_to_be_in_part(drawn):
    _, found = drawn
    delivery = rolled(found, None)
    knows = any(each.is_unknown or (each.completion or {}).get("content_sha256") for each in found)
    if delivery is not None:
        assert delivery.is_whole in ({True} if knows else {None})


@QUICK
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=15))
def test_spans_neither_meet_nor_overlap_and_hold_what_was_added(spans):
    roll_up = RollUp()
    for start, length in spans:
        ended = Completion(
            Outcome.COMPLETE, 206, None, length, None, 1.0, ((start, start + length - 1),)
        )
        roll_up.add(intent(), completion_body(1, ended))
    for delivery in roll_up.take():
        starts, ends = delivery.coverage.starts, delivery.coverage.ends
        assert all(end < start for end, start in zip(ends, starts[1:], strict=False))
        held = {at for one, end in zip(starts, ends, strict=True) for at in range(one, end)}
        assert held == {at for start, length in spans for at in range(start, start + length)}


DONE = completion_body(1, Completion(Outcome.COMPLETE, 200, 5, 100, "f" * 64, 1.0))
OTHERS = st.sampled_from(
    [
        {"iss": "https://other.example"},
        {"client_id": "other"},
        {"sub": "svc-2"},
        {"organisation": "KU211"},
        {"purpose": "statistics"},
        {"product": "service-periods"},
        {"release": "2026-06-30.2"},
        {"areas_requested": ["40"]},
        {"selection": {"municipality": ["837"]}},
        {"columns": ["sex"]},
        {"format": "csv"},
        {"ts_utc": "2026-06-30T21:00:00.000Z"},  # midnight in Finland
    ]
)


@QUICK
@given(OTHERS)
def test_what_differs_in_anything_is_another_delivery(change):
    roll_up = RollUp()
    roll_up.add(intent(1), DONE)
    roll_up.add(intent(2), DONE)
    roll_up.add(intent(3, **change), DONE)
    assert sorted(each.parts for each in roll_up.take()) == [1, 2]
    assert roll_up.take() == []


def test_earlier_days_are_taken_and_later_ones_stay():
    roll_up = RollUp()
    for day in ("2026-06-28", "2026-06-29", "2026-06-30"):
        roll_up.add(intent(ts_utc=f"{day}T05:00:00.000Z"), DONE)
    days = [each.key.day for each in roll_up.take()]
    assert [day.isoformat() for day in days] == ["2026-06-28", "2026-06-29", "2026-06-30"]
    roll_up.add(intent(ts_utc="2026-06-29T05:00:00.000Z"), DONE)
    roll_up.add(intent(), DONE)
    assert [each.key.day for each in roll_up.take(before=days[2])] == [days[1]]
    assert [each.key.day for each in roll_up.take()] == [days[2]]
