"""Identity codes are valid in form, artificial, and different for every person."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.synthetic.calendar import day_number
from gateway.synthetic.identity_codes import CHECK_CHARACTERS, identity_codes
from gateway.synthetic.people import MAN, WOMAN

FORM = re.compile(r"(\d{2})(\d{2})(\d{2})([-YXWVUABCDEF])(9\d{2})([0-9A-Y])")


def check_code(code: str) -> tuple[date, bool]:
    """(birth, is a woman's); an independent reading of the rule in the domain's description."""
    match = FORM.fullmatch(code)
    assert match, code
    day, month, year, separator, number, check = match.groups()
    century = 2000 if separator in "ABCDEF" else 1900
    assert CHECK_CHARACTERS[int(day + month + year + number) % 31] == check
    return date(century + int(year), int(month), int(day)), int(number) % 2 == 0


def test_every_code_of_the_warehouse_is_valid_artificial_and_its_own(ask):
    rows = ask(
        "SELECT list([henkilotunnus, syntymaaika::VARCHAR, sukupuoli]) FROM memory.main.person"
    )
    assert len({code for code, _, _ in rows}) == len(rows)
    for code, birth, sex in rows:
        born, woman = check_code(code)
        assert born.isoformat() == birth
        if sex is not None:
            assert woman == (sex == "2")


def test_the_check_character_is_that_of_a_sum_done_by_hand():
    # 010190902 = 31 * 328738 + 24, and the character in place 24 of the list is S.
    assert check_code("010190-902S") == (date(1990, 1, 1), True)


@settings(deadline=None, max_examples=25)
@given(
    born=st.dates(min_value=date(1950, 1, 1), max_value=date(2012, 12, 31)),
    men=st.integers(0, 350),
    women=st.integers(0, 350),
    seed=st.integers(0, 1000),
)
def test_a_crowded_day_uses_other_separators_and_then_no_code(born, men, women, seed):
    birth = np.full(men + women, day_number(born))
    sex = np.repeat([MAN, WOMAN], [men, women])
    if len(birth) == 0:
        return
    codes = identity_codes(birth, sex, np.random.default_rng(seed)).to_pylist()
    given_codes = [code for code in codes if code is not None]
    assert len(set(given_codes)) == len(given_codes) == min(men, 300) + min(women, 300)
    assert all(check_code(code)[0] == born for code in given_codes)
