from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.delivery.conditions import (
    RANGES_MAX,
    Conditions,
    Span,
    find_spans,
    is_unchanged,
    read_ranges,
)
from gateway.errors import RangeNotSatisfiable

ETAG = '"abc"'


def found(*, size: int = 100, **sent: object) -> tuple[Span, ...] | None:
    """What is sent of a file for a request; None: all of it."""
    ranges = read_ranges(Conditions(**sent), ETAG)
    return None if ranges is None else find_spans(ranges, size=size)


@pytest.mark.parametrize(
    ("sent", "unchanged"),
    [
        (None, False),
        (ETAG, True),
        (f"W/{ETAG}", True),
        (f'"other", {ETAG}', True),
        ("*", True),
        ('"other"', False),
        ("abc", False),
    ],
)
def test_the_client_has_what_it_names(sent, unchanged):
    assert is_unchanged(Conditions(if_none_match=sent), ETAG) is unchanged


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ("bytes=0-0", Span(0, 0)),
        ("bytes=5-9", Span(5, 9)),
        ("bytes=5-", Span(5, 99)),
        ("bytes=90-1000", Span(90, 99)),
        ("bytes=-10", Span(90, 99)),
        ("bytes=-1000", Span(0, 99)),
        ("bytes= 5 - 9", Span(5, 9)),
        ("bytes=-", None),
        ("bytes=9-5", None),
        ("BYTES=0-0", Span(0, 0)),
        ("bytes=0-1,nothing", None),
        ("bytes=0-1,9-5", None),
        ("bytes=0-1;5-6", None),
        ("bytes=--5", None),
        ("bytes=+1-5", None),
        ("bytes=", None),
        ("bytes=,,", None),
        ("bytes", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        (f"bytes={'9' * 30}-", None),
        (None, None),
    ],
)
def test_one_range_is_found_and_everything_else_is_the_whole_file(asked, span):
    assert found(range=asked) == (None if span is None else (span,))


@pytest.mark.parametrize(
    ("asked", "spans"),
    [
        ("bytes=0-1,5-6", (Span(0, 1), Span(5, 6))),
        ("bytes= 0-1 ,\t5-6 , , -1", (Span(0, 1), Span(5, 6), Span(99, 99))),
        ("bytes=5-6,0-1", (Span(5, 6), Span(0, 1))),
        ("bytes=0-9,5-20", (Span(0, 20),)),
        ("bytes=0-9,10-20", (Span(0, 20),)),
        ("bytes=50-59,0-9,55-70,8-20", (Span(50, 70), Span(0, 20))),
        ("bytes=90-95,0-0,-20", (Span(80, 99), Span(0, 0))),
        ("bytes=0-1,100-200", (Span(0, 1),)),
        ("bytes=200-,-0,7-7", (Span(7, 7),)),
        ("bytes=" + ",".join(["0-"] * RANGES_MAX), (Span(0, 99),)),
        ("bytes=" + ",".join(["0-0"] * (RANGES_MAX + 1)), None),
    ],
)
def test_several_ranges_are_sent_as_asked_and_no_byte_twice(asked, spans):
    assert found(range=asked) == spans


@pytest.mark.parametrize(
    "asked", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=100-,-0,200-300"]
)
def test_a_range_behind_the_end_is_refused(asked):
    with pytest.raises(RangeNotSatisfiable) as refused:
        found(range=asked)
    assert refused.value.size == 100


@pytest.mark.parametrize(
    ("if_range", "is_part"),
    [(None, True), (ETAG, True), (f"W/{ETAG}", False), ("Tue, 30 Jun 2026 00:00:00 GMT", False)],
)
def test_a_range_is_bound_to_its_version(if_range, is_part):
    assert (found(range="bytes=0-1,5-6", if_range=if_range) is not None) is is_part


def test_head_has_no_range():
    assert found(range="bytes=0-1", wants_body=False) is None


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="bytes=-,0123456789 ", max_size=24), st.integers(1, 10**6))
def test_a_span_always_lies_in_the_file(asked, size):
    try:
        spans = found(range=asked, size=size)
    except RangeNotSatisfiable:
        return
    assert all(0 <= span.first <= span.last < size for span in spans or ())


asked_ranges = st.one_of(
    st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda r: (r[0], r[0] + r[1])),
    st.tuples(st.integers(0, 60), st.none()),
    st.tuples(st.none(), st.integers(0, 60)),
)


def said(first: int | None, last: int | None) -> str:
    return f"{'' if first is None else first}-{'' if last is None else last}"


@settings(deadline=None, max_examples=200)
@given(st.lists(asked_ranges, min_size=1, max_size=RANGES_MAX), st.integers(0, 50))
def test_whatever_is_asked_exactly_those_bytes_are_found_and_each_once(asked, size):
    wanted: set[int] = set()
    for first, last in asked:
        places = range(size)
        if first is None:
            wanted |= set(places[max(size - last, 0) :])
        else:
            wanted |= set(places[first:] if last is None else places[first : last + 1])
    try:
        spans = found(range="bytes=" + ",".join(said(*each) for each in asked), size=size)
    except RangeNotSatisfiable:
        assert not wanted
        return
    sent = [at for span in spans for at in range(span.first, span.last + 1)]
    assert (set(sent), len(sent)) == (wanted, len(wanted))
