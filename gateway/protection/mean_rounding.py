"""How finely a mean is told: of few persons more coarsely, so that two releases do not tell of one.

A mean times its count is a sum. Where one person has come or left between two releases, the difference
of the two sums is that person's contribution, to within what both are rounded by.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.model.product import Measure
from gateway.protection.contributions import HUNDREDTHS, Contributions

_LADDER = np.outer(10.0 ** np.arange(7), [1, 2, 5]).reshape(-1)


def steps(persons: NDArray[np.int64], measure: Measure) -> NDArray[np.float64]:
    """What means of so many persons are rounded to, in the mean's unit: 1, 2, 5, 10, … of `round_to`.

    The first one that tells the sum no finer than in steps of `sum_step`.
    """
    missing = measure.sum_step / (measure.round_to * np.maximum(persons, 1))
    return (
        measure.round_to * _LADDER[np.minimum(np.searchsorted(_LADDER, missing), len(_LADDER) - 1)]
    )


def tells_of_one(
    persons: NDArray[np.int64], parts: Contributions, measure: Measure
) -> NDArray[np.bool_]:
    """True where the sum is told more finely than p % of its largest contribution.

    Of a measure that states no `sum_step`, nowhere.
    """
    if not measure.sum_step or measure.dominance is None:
        return np.zeros(persons.shape, dtype=np.bool_)
    told = steps(persons, measure) * persons * HUNDREDTHS
    return told < parts.within(measure.dominance)


def rounded(
    values: NDArray[np.float64], persons: NDArray[np.int64], measure: Measure
) -> NDArray[np.float64]:
    """Means or shares of so many persons, to their steps first (euros, days), then to their decimals."""
    if measure.round_to > 0:
        step = steps(persons, measure)
        values = np.round(values / step) * step
    return np.round(values, measure.decimals)
