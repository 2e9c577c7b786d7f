"""Arrow columns from number arrays, without a Python object per value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gateway.synthetic.calendar import ONGOING
from gateway.synthetic.draws import Flags, Ints


def dates(days: Ints) -> pa.Array:
    """Days since 1970-01-01 as dates; ONGOING becomes null."""
    ongoing = days == ONGOING
    return pa.array(
        days.astype(np.int32), mask=ongoing if ongoing.any() else None, type=pa.int32()
    ).view(pa.date32())


def picked(values: Sequence[str | None] | pa.Array, index: Ints) -> pa.Array:
    """`values[index]`; a negative index is null."""
    column = pa.array(values, type=pa.string())
    return column.take(pa.array(index, mask=index < 0))


def fixed_width(characters: NDArray[np.uint8]) -> pa.Array:
    """Rows of ASCII codes, (n x width), as n strings."""
    count, width = characters.shape
    offsets = np.arange(count + 1, dtype=np.int32) * width
    content = np.ascontiguousarray(characters)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(content))


def digits(numbers: Ints, width: int) -> NDArray[np.uint8]:
    """Decimal digits with leading zeros as ASCII codes, (n x width)."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def where(condition: Flags, column: pa.Array) -> pa.Array:
    """`column` where the condition holds, null elsewhere."""
    nothing = pa.scalar(None, type=column.type)
    return pc.call_function("if_else", [pa.array(condition), column, nothing])


def joined(*parts: pa.Array | str) -> pa.Array:
    """Columns and texts one after another; null when any part is null."""
    columns = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    options = pc.JoinOptions(null_handling="emit_null")
    return pc.call_function("binary_join_element_wise", [*columns, pa.scalar("")], options)


def lowered(column: pa.Array) -> pa.Array:
    return pc.call_function("utf8_lower", [column])


def euros(cents: Ints, precision: int) -> pa.Array:
    """Whole cents >= 0 as decimals with two places."""
    words = np.zeros((len(cents), 2), dtype=np.int64)  # low and high half of a 128-bit number
    words[:, 0] = cents
    kind = pa.decimal128(precision, 2)
    return pa.Array.from_buffers(kind, len(cents), [None, pa.py_buffer(words)])
