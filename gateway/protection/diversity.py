"""What a combination tells of everybody in it: l-diversity, counted by persons.

A person may have several rows, and several values with them. What is learnt of everybody in a
combination is a set of values of which each person has one. A combination is *uniform* when fewer
than l values make such a set: with l = 2, when one value is had by all of them. For persons of one
row each, this is the count of distinct values. A missing value is nothing that could be learnt: who
has no other has none of the values. Source: Machanavajjhala et al., l-Diversity (2007).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gateway.protection.persons import distinct_persons, each_once

LARGEST_COVER = 4
HIDDEN, MISSING = -1, 0


def uniform_groups(
    groups_of_rows: NDArray[np.int64],
    persons: NDArray[np.int64],
    values: NDArray[np.int64],
    *,
    least: int,
    absent: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_]:
    """(groups) True where fewer than `least` values cover everybody; a group of nobody is not.

    groups_of_rows: (rows) 0..; persons: (rows) as `numbered` gives them; values: (rows) codes from
    1, MISSING or HIDDEN. Who has hidden values only is left out: what stands there may be the very
    value of the others. absent: (groups) persons of the group who have no row here at all, and so
    have none of the values.
    """
    groups = int(groups_of_rows.max(initial=-1)) + 1 if absent is None else len(absent)
    of, who, had = _triples(groups_of_rows, persons, values)
    codes = int(had.max(initial=-1)) + 1
    present = distinct_persons(of, who, groups=groups)
    everybody = present if absent is None else present + absent
    of, who, had = of[had > MISSING], who[had > MISSING], had[had > MISSING]
    having = np.bincount(of * codes + had, minlength=groups * codes).reshape(groups, codes)
    # Fewer persons than everybody have these values even if nobody has two of them.
    most = np.sort(having, axis=1)[:, max(codes - least + 1, 0) :].sum(axis=1)
    uniform = (most >= everybody) & (most > 0)
    if least == 2 or not uniform.any():
        return uniform
    inside = uniform[of]
    return uniform & _covered(of[inside], who[inside], had[inside], everybody, least=least)


def _covered(
    of: NDArray[np.int64],
    who: NDArray[np.int64],
    had: NDArray[np.int64],
    everybody: NDArray[np.int64],
    *,
    least: int,
) -> NDArray[np.bool_]:
    """(groups) True where some `least` - 1 values cover everybody: each choice of them is tried."""
    covered = np.zeros(len(everybody), dtype=np.bool_)
    distinct = np.unique(had).tolist()
    for cover in combinations(distinct, min(least - 1, len(distinct))):
        one = np.isin(had, cover)
        covered |= distinct_persons(of[one], who[one], groups=len(everybody)) == everybody
    return covered


def _triples(
    groups_of_rows: NDArray[np.int64], persons: NDArray[np.int64], values: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Who in which group has which value, each once; without hidden values."""
    seen = values > HIDDEN
    codes = int(values.max(initial=0)) + 1
    width = int(persons.max(initial=0)) + 1
    found = each_once((groups_of_rows[seen] * width + persons[seen]) * codes + values[seen])
    return found // codes // width, found // codes % width, found % codes


def least_cover(
    groups_of_rows: NDArray[np.int64], persons: NDArray[np.int64], values: NDArray[np.int64]
) -> int | None:
    """The fewest values that cover everybody in some group, at most LARGEST_COVER; None of nobody."""
    if not (values > HIDDEN).any():
        return None
    for least in range(2, LARGEST_COVER + 1):
        if uniform_groups(groups_of_rows, persons, values, least=least).any():
            return least - 1
    return LARGEST_COVER
