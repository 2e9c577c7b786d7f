"""Names of nobody: drawn from syllables, with endings that no Finnish name or label has.

Every surname ends in `xela`, every given name in `zo` or `zia`, every street in `xentie`; that is
how a name of this warehouse is told from any other word.
"""

from __future__ import annotations

from itertools import product

HEADS = (
    "Vuor", "Tais", "Kalv", "Riep", "Sorv", "Hauk", "Lemp", "Jyvä", "Pohr", "Mött",
    "Nurv", "Kest", "Ruos", "Tirm", "Vält", "Sääk", "Ilop", "Ahtu", "Ovel", "Ysmä",
    "Parv", "Lohk", "Hirs", "Keur", "Muit", "Topp", "Rask", "Sulv", "Venk", "Uskol",
)  # fmt: skip
MIDDLES = (
    "tamo", "rika", "suli", "neva", "lupo", "miska", "hanu", "vero", "kolu", "pira",
    "janu", "tuve", "saro", "lemi", "oru", "nisku", "raimu", "heto", "vilu", "kamo",
    "ritu", "solme", "tanu", "pekki", "lauri", "mero", "hiska", "vonu", "karu", "elmi",
)  # fmt: skip
GIVEN_HEADS = (
    "Tal", "Ver", "Sam", "Oli", "Kar", "Jen", "Mir", "Ras", "Hel", "Pir",
    "Lum", "Nik", "Tui", "Vas", "Elm", "Ari", "Sor", "Kel", "Yrm", "Hau",
)  # fmt: skip
GIVEN_MIDDLES = ("mi", "tu", "pe", "ra", "ni", "lo", "ke", "vi", "sa", "do")

SURNAMES = tuple(head + middle + "xela" for head, middle in product(HEADS, MIDDLES))
STREETS = tuple(head + middle + "xentie" for head, middle in product(HEADS[:20], MIDDLES[:10]))
MENS_NAMES = tuple(head + middle + "zo" for head, middle in product(GIVEN_HEADS, GIVEN_MIDDLES))
WOMENS_NAMES = tuple(head + middle + "zia" for head, middle in product(GIVEN_HEADS, GIVEN_MIDDLES))
GIVEN_NAMES = MENS_NAMES + WOMENS_NAMES
