"""The syntax of a PX file where texts, codes and periods are awkward."""

from __future__ import annotations

import pytest

from gateway.surfaces.pxweb.px_text import entry, long_text, plain, quoted, told_apart
from gateway.surfaces.pxweb.px_time import time_list


def test_a_text_has_no_quotation_mark_and_no_line_of_its_own():
    assert plain('  the "best"\nof\x00 all\t') == "the 'best' of all"


def test_a_text_that_is_too_long_is_cut_and_shows_it():
    assert plain("a" * 256) == "a" * 256
    assert plain("a" * 257) == "a" * 255 + "…"


def test_texts_that_collide_get_their_codes_and_the_others_stay():
    assert told_apart(["Men", "Same", "Same"], ["1", "2", "3"]) == ("Men", "Same (2)", "Same (3)")
    assert told_apart(['a"', "a'"], ["1", "2"]) == ("a' (1)", "a' (2)")
    assert told_apart(["", "b"], ["1", "2"]) == ("1", "b")


def test_long_texts_that_collide_differ_within_what_may_be_written():
    first, second = told_apart(["a" * 300, "a" * 300], ["KU837", "KU536"])
    assert (first[-8:], second[-8:]) == ("… (KU837)"[-8:], "… (KU536)"[-8:])
    assert max(len(first), len(second)) <= 256


def test_texts_that_collide_with_a_text_and_its_code_give_way_to_the_codes():
    assert told_apart(["a", "a", "a (1)"], ["1", "2", "3"]) == ("1", "2", "3")


def test_a_list_is_broken_behind_a_comma_alone():
    values = [quoted("v" * 60 + str(i)) for i in range(12)]
    written = entry("VALUES", *values, language="sv", of=("Kön",))
    assert written.startswith('VALUES[sv]("Kön")="vvv')
    lines = written.splitlines()
    assert all(len(line) <= 256 for line in lines)
    assert all(line.endswith(",") for line in lines[:-1])
    assert "".join(lines) == f'VALUES[sv]("Kön")={",".join(values)};'


def test_a_long_text_goes_on_in_pieces_that_make_it_again():
    text = " ".join(["word"] * 200)
    first, *pieces = long_text("NOTE", text).rstrip(";\n").splitlines()
    assert first == "NOTE="
    assert all(len(piece) <= 256 and piece[0] == piece[-1] == '"' for piece in pieces)
    assert "".join(piece[1:-1] for piece in pieces) == text
    unbroken = long_text("NOTE", "w" * 600).splitlines()
    assert max(map(len, unbroken)) <= 257  # the last has the semicolon


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (["2025M12", "2026M01"], ("TLIST(M1)", '"202512"', '"202601"')),
        (["2025Q4", "2026Q1"], ("TLIST(Q1)", '"20254"', '"20261"')),
        (["2025H2", "2026H1"], ("TLIST(H1)", '"20252"', '"20261"')),
        (["2025", "2026"], ("TLIST(A1)", '"2025"', '"2026"')),
        (["2026W53", "2027W01"], ("TLIST(W1)", '"202653"', '"202701"')),
    ],
)
def test_periods_that_follow_each_other_are_a_list_of_their_scale(codes, told):
    assert time_list(codes) == told


@pytest.mark.parametrize(
    "codes",
    [["2025M11", "2026M01"], ["2026M01", "2025M12"], ["2026M01", "2026"], ["2026M13"], ["2025W53"],
     ["2026-06"], []],
)  # fmt: skip
def test_periods_that_do_not_are_none(codes):
    assert time_list(codes) == ()
