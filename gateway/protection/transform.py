"""What happens to a delivered column that nobody knows a person by: dates, codes, sums, durations.

A missing value stays missing in all of them, except in a band, where it is the code `X`.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gateway.errors import ContractFault
from gateway.model.product import Rounding
from gateway.protection.generalise import band

Values: TypeAlias = "pa.Array | pa.ChunkedArray"


def month_start(values: Values) -> Values:
    """Dates as the first day of their month, date32."""
    return _floored(values, "month")


def year_start(values: Values) -> Values:
    """Dates as the first day of their year, date32."""
    return _floored(values, "year")


def truncated(values: Values, length: int) -> Values:
    """The first `length` signs of each code. Raises ContractFault for a length of nothing."""
    if length < 1:
        raise ContractFault("A code keeps at least one sign.")
    texts = values.cast(pa.string())
    return pc.call_function("utf8_slice_codeunits", [texts], pc.SliceOptions(0, length))


def banded(values: Values, bounds: tuple[int, ...]) -> pa.Array:
    """Whole numbers as bands. Raises ContractFault."""
    return pa.array([band(value, bounds) for value in values.to_pylist()], type=pa.string())


def rounded(values: Values, rounding: Rounding | None) -> pa.Array:
    """Numbers at the nearest multiple of the step, float64; outliers at the bottom or the top.

    Halves go to the even multiple. Not a number is missing. Raises ContractFault.
    """
    if rounding is None or rounding.step <= 0 or rounding.bottom >= rounding.top:
        raise ContractFault("Rounding needs a step, and a top above the bottom.")
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    numbers = whole.cast(pa.float64()).to_numpy(zero_copy_only=False)
    stepped = np.clip(
        np.round(numbers / rounding.step) * rounding.step, rounding.bottom, rounding.top
    )
    return pa.array(stepped, type=pa.float64(), from_pandas=True)


def _floored(values: Values, unit: str) -> Values:
    floored = pc.call_function("floor_temporal", [values], pc.RoundTemporalOptions(unit=unit))
    return floored.cast(pa.date32())
