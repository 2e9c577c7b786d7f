"""What never gets into an entry."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gateway.errors import EntryRefused
from gateway.journal.guard import MAX_DEPTH, guarded, has_identity_code
from gateway.model.entry import EntryKind


@pytest.mark.parametrize(
    "text",
    [
        "010190-999R",
        "urn:fi:hetu:010190-999R",
        "010190A999R",
        "010190a999r",
        "311299+900X",
        "x 010190-999R y",
        "_010190-999R_",
    ],
)
def test_refuses_text_with_an_identity_code(text: str) -> None:
    with pytest.raises(EntryRefused) as refusal:
        guarded({"sub": text})
    assert "sub" in refusal.value.detail
    assert "999" not in str(refusal.value)


@pytest.mark.parametrize("value", [["010190-999R"], {"note": "010190-999R"}, [["010190-999R"]]])
def test_refuses_an_identity_code_inside_lists_and_objects(value: Any) -> None:
    with pytest.raises(EntryRefused, match="selection"):
        guarded({"selection": value})


def test_refuses_an_identity_code_after_characters_that_json_escapes() -> None:
    for text in ('"010190-999R"', "\\010190-999R", "ä010190-999R"):
        with pytest.raises(EntryRefused):
            guarded({"sub": text})


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-30T05:00:00.000Z",
        "0190a5b2-7c3d-7e4f-8a1b-2c3d4e5f6071",
        "01234567-8901-7e4f-8a1b-2c3d4e5f6071",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "3101900a999b" * 5,
        "1572860-0",
    ],
)
def test_lets_ids_times_hashes_and_business_ids_pass(text: str) -> None:
    assert guarded({"field": text}) == {"field": text}
    assert not has_identity_code(text)


@pytest.mark.parametrize(
    "text", ["x" * 513, "line\nfeed", "tab\t", "nul\x00", "\x7f", "\u202e", "\ud800"]
)
def test_refuses_long_and_unprintable_text(text: str) -> None:
    with pytest.raises(EntryRefused):
        guarded({"field": text})


@pytest.mark.parametrize(
    "value",
    [
        b"bytes",
        date(2026, 6, 30),
        {1, 2},
        object(),
        EntryKind.INTENT,
        float("nan"),
        float("inf"),
        0.1234,
        1e20,
        2**53,
        -(2**53),
        {1: "number as a key"},
        {"free text as a key": 1},
        list(range(3000)),
    ],
)
def test_refuses_what_is_no_plain_json_value(value: Any) -> None:
    with pytest.raises(EntryRefused):
        guarded({"field": value})


def test_refuses_deep_nesting() -> None:
    value: Any = "x"
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(EntryRefused):
        guarded({"field": value})


def test_the_copy_does_not_change_with_the_original() -> None:
    codes = ["b", "a"]
    copy = guarded({"codes": codes, "pair": (1, 2.0)})
    codes.append("c")
    assert copy == {"codes": ["b", "a"], "pair": [1, 2]}
    assert type(copy["pair"][1]) is int  # type: ignore[index]
