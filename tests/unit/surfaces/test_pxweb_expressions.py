"""Which codes a selection expression of PxWebApi 2 means."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadParameter, UnknownValue
from gateway.surfaces.pxweb.expressions import Codes, split_expressions

AREAS = Codes(("SSS", "MK01", "MK06", "KU049", "KU091", "KU837"), "geography")
MONTHS = Codes(("2026M01", "2026M02", "2026M03", "2026M04"), "month", is_time=True)
MIXED = Codes(("a", "A", "top(1)", "*x"), "odd")


def chosen(variable: Codes, *expressions: str) -> list[str]:
    return [variable.codes[i] for i in variable.select(expressions)]


@pytest.mark.parametrize(
    ("expression", "codes"),
    [
        ("mk06", ["MK06"]),
        ("*", list(AREAS.codes)),
        ("ku*", ["KU049", "KU091", "KU837"]),
        ("*1", ["MK01", "KU091"]),
        ("*8*", ["KU837"]),
        ("mk0?", ["MK01", "MK06"]),
        ("??S", ["SSS"]),
        ("TOP(2)", ["SSS", "MK01"]),
        ("top(2,1)", ["MK01", "MK06"]),
        ("bottom(1)", ["KU837"]),
        ("Bottom( 2 , 1 )", ["KU049", "KU091"]),
        ("range(MK06,KU091)", ["MK06", "KU049", "KU091"]),
        ("range(KU091,mk06)", ["MK06", "KU049", "KU091"]),
        ("from(KU091)", ["KU091", "KU837"]),
        ("to(MK01)", ["SSS", "MK01"]),
        ("top(99)", list(AREAS.codes)),
    ],
)
def test_an_expression_means_these_codes(expression, codes):
    assert chosen(AREAS, expression) == codes


def test_the_top_of_time_is_the_newest():
    assert chosen(MONTHS, "top(1)") == ["2026M04"]
    assert chosen(MONTHS, "top(2,1)") == ["2026M02", "2026M03"]
    assert chosen(MONTHS, "bottom(1)") == ["2026M01"]


def test_the_top_of_time_is_the_newest_in_a_list_that_begins_with_it():
    turned = Codes(MONTHS.codes[::-1], "month", is_time=True)
    assert chosen(turned, "top(1)") == ["2026M04"]


def test_an_exact_code_wins_before_any_expression():
    assert chosen(MIXED, "A") == ["A"]
    assert chosen(MIXED, "top(1)") == ["top(1)"]
    assert chosen(MIXED, "*x") == ["*x"]


def test_several_expressions_are_a_union_in_the_order_of_the_request():
    assert chosen(AREAS, "KU837", "mk*", "MK06", "SSS") == ["KU837", "MK01", "MK06", "SSS"]


@pytest.mark.parametrize(
    "expression",
    ["top(0)", "top(x)", "top(1,2,3)", "top()", "range(SSS)", "from(SSS,MK01)", "K*7", "**", "?*", "",
     "sum(SSS)", "range(SSS", "top(9999999999)", "top(-1)"],
)  # fmt: skip
def test_refuses_what_is_no_expression(expression):
    with pytest.raises(BadParameter) as refused:
        AREAS.select([expression])
    assert refused.value.parameter == "geography"
    assert refused.value.spoken.title == "Illegal selection expression"


@pytest.mark.parametrize(
    "expression", ["KU", "range(SSS,KU)", "from(x)", "to(x)", "zz*", "top(1,50)"]
)
def test_refuses_a_value_that_is_not_there(expression):
    with pytest.raises(UnknownValue) as refused:
        AREAS.select([expression])
    assert refused.value.parameter == "geography"


def test_refuses_no_expression_at_all():
    with pytest.raises(UnknownValue):
        AREAS.select([])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b", ("a", "b")),
        ("[range(a,b)],c", ("range(a,b)", "c")),
        ("c, [top(1,2)]", ("c", "top(1,2)")),
        ("top(1)", ("top(1)",)),
        ("", ("",)),
    ],
)
def test_a_parameter_is_split_outside_its_brackets(text, parts):
    assert split_expressions(text, parameter="x") == parts


@pytest.mark.parametrize("text", ["[a", "a]", "[[a]]", "]a["])
def test_refuses_brackets_that_do_not_match(text):
    with pytest.raises(BadParameter):
        split_expressions(text, parameter="x")


CODE = st.text("abAB01", min_size=1, max_size=4)
LISTS = st.lists(CODE, min_size=1, max_size=12, unique=True).map(tuple)


@given(LISTS, st.data())
@settings.get_profile("many")
def test_every_list_of_codes_selects_itself_in_its_order(codes, data):
    wanted = data.draw(st.lists(st.sampled_from(codes), min_size=1, unique=True))
    assert chosen(Codes(codes, "v"), *wanted) == wanted


@given(LISTS, st.data())
@settings.get_profile("many")
def test_from_and_to_overlap_in_one_code_and_cover_all(codes, data):
    variable, code = Codes(codes, "v"), data.draw(st.sampled_from(codes))
    after, before = chosen(variable, f"from({code})"), chosen(variable, f"to({code})")
    assert before + after[1:] == list(codes)
    assert before[-1] == after[0] == code


@given(LISTS, st.integers(1, 15), st.integers(0, 15), st.booleans())
@settings.get_profile("many")
def test_top_and_bottom_are_mirrors(codes, count, offset, is_time):
    variable = Codes(codes, "v", is_time=is_time)
    mirror = Codes(codes if is_time else codes[::-1], "v")
    order = sorted(codes, reverse=True) if is_time else list(mirror.codes)[::-1]
    wanted = order[offset : offset + count]
    if wanted:
        assert set(chosen(variable, f"top({count},{offset})")) == set(wanted)
    else:
        with pytest.raises(UnknownValue):
            variable.select([f"top({count},{offset})"])


@given(LISTS, st.text("abAB01", min_size=1, max_size=2))
@settings.get_profile("many")
def test_wildcards_mean_what_a_plain_search_finds(codes, core):
    folded = core.casefold()
    for expression, is_meant in (
        (f"{core}*", lambda code: code.startswith(folded)),
        (f"*{core}", lambda code: code.endswith(folded)),
        (f"*{core}*", lambda code: folded in code),
    ):
        wanted = [code for code in codes if is_meant(code.casefold())]
        if wanted:
            assert chosen(Codes(codes, "v"), expression) == wanted


@given(st.text("[](),*?abtoprangefm0123", max_size=30))
@settings.get_profile("many")
def test_any_text_is_read_or_refused(text):
    try:
        parts = split_expressions(text, parameter="v")
        found = AREAS.select(parts)
    except (BadParameter, UnknownValue):
        return
    assert found
    assert len(set(found)) == len(found)
    assert re.search(r"[*?(a-z0-9]", text)
