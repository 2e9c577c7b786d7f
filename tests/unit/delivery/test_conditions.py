from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.delivery.conditions import Conditions, Span, find_span, is_unchanged
from gateway.errors import RangeNotSatisfiable

ETAG = '"abc"'


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
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        (f"bytes={'9' * 30}-", None),
        (None, None),
    ],
)
def test_one_range_is_found_and_everything_else_is_the_whole_file(asked, span):
    assert find_span(Conditions(range=asked), ETAG, size=100) == span


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(asked):
    with pytest.raises(RangeNotSatisfiable) as refused:
        find_span(Conditions(range=asked), ETAG, size=100)
    assert refused.value.size == 100


@pytest.mark.parametrize(
    ("if_range", "is_part"),
    [(None, True), (ETAG, True), (f"W/{ETAG}", False), ("Tue, 30 Jun 2026 00:00:00 GMT", False)],
)
def test_a_range_is_bound_to_its_version(if_range, is_part):
    conditions = Conditions(range="bytes=0-1", if_range=if_range)
    assert (find_span(conditions, ETAG, size=100) is not None) is is_part


def test_head_has_no_range():
    assert find_span(Conditions(range="bytes=0-1", wants_body=False), ETAG, size=100) is None


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="bytes=-,0123456789 ", max_size=24), st.integers(1, 10**6))
def test_a_span_always_lies_in_the_file(asked, size):
    try:
        span = find_span(Conditions(range=asked), ETAG, size=size)
    except RangeNotSatisfiable:
        return
    assert span is None or 0 <= span.first <= span.last < size
