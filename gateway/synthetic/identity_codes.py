"""Artificial personal identity codes (hetu), valid in form, never given to anybody.

`ddmmyy` + separator + `nnn` + check character. Individual numbers 900 to 999 are reserved for
artificial use (Digital and Population Data Services Agency); nothing else is ever drawn.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gateway.synthetic.calendar import first_day_of, month_of
from gateway.synthetic.columns import digits, fixed_width, where
from gateway.synthetic.draws import Ints, rank_within
from gateway.synthetic.people import WOMAN

CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
SEPARATORS_1900 = "-YXWVU"
SEPARATORS_2000 = "ABCDEF"
FIRST_ARTIFICIAL = 900
NUMBERS_PER_SEX = 50
MILLENNIUM = 2000


def identity_codes(birth: Ints, sex: Ints, generator: np.random.Generator) -> pa.Array:
    """One code per person, all different: odd numbers for men, even for women.

    A day has 50 numbers per sex and separator, six separators: 300. Whoever would be the 301st
    born on a day has no code (null), which no scale up to 1.0 reaches.
    """
    female = (sex == WOMAN).astype(np.int64)
    rank = rank_within((birth - birth.min()) * 2 + female, generator.random(len(birth)))
    use, place = np.divmod(rank, NUMBERS_PER_SEX)
    # Each day starts elsewhere, and 7 is prime to 50, so that all numbers come into use.
    scattered = (place * 7 + birth * 13) % NUMBERS_PER_SEX
    number = FIRST_ARTIFICIAL + 2 * scattered + (1 - female)
    months = month_of(birth)
    year, month, day = 1970 + months // 12, months % 12 + 1, birth - first_day_of(months) + 1
    date_digits = day * 10_000 + month * 100 + year % 100
    check = _ascii(CHECK_CHARACTERS)[(date_digits * 1000 + number) % 31]
    old, new = _ascii(SEPARATORS_1900), _ascii(SEPARATORS_2000)
    step = np.minimum(use, len(SEPARATORS_2000) - 1)
    separator = np.where(year >= MILLENNIUM, new[step], old[step])
    text = np.hstack(
        [digits(date_digits, 6), separator[:, None], digits(number, 3), check[:, None]]
    )
    return where(use < len(SEPARATORS_2000), fixed_width(text.astype(np.uint8)))


def _ascii(text: str) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(text.encode(), dtype=np.uint8)
