"""`cube.arrow`: a protected cube as one Arrow IPC record batch that opens as a memory map.

One row per lattice cell, row-major in the order of the axes. First the value columns, `<measure>`
float64 with NaN where nothing is shown, then the status columns, `<measure>__status` uint8; all
uncompressed. Value columns lie back to back in the file (8 bytes a cell, no padding between), and
status columns at equal distances, so that a reader sees each group as one array without copying.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gateway.errors import ReleaseDamaged
from gateway.model.cube import Cube, Status
from gateway.ports import OpenFile
from gateway.releases.cube_json import dump_structure, load_structure

METADATA_KEY = b"jakelu.cube"
STATUS_SUFFIX = "__status"


def write_cube(path: Path, cube: Cube) -> int:
    """Write `cube.arrow`; returns the number of cells (rows).

    Raises ValueError when the arrays do not fit the axes, or a hidden cell still has a value: the
    last look before a number leaves the publish road.
    """
    check_cube(cube)
    names = [measure.name for measure in cube.measures]
    values = [pa.array(cube.values[i].reshape(-1)) for i in range(len(names))]
    status = [pa.array(cube.status[i].reshape(-1)) for i in range(len(names))]
    schema = pa.schema(
        [pa.field(name, pa.float64(), nullable=False) for name in names]
        + [pa.field(name + STATUS_SUFFIX, pa.uint8(), nullable=False) for name in names],
        metadata={METADATA_KEY: dump_structure(cube.axes, cube.measures)},
    )
    batch = pa.RecordBatch.from_arrays(values + status, schema=schema)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(batch)
    return batch.num_rows


def check_cube(cube: Cube) -> None:
    """Raises ValueError unless the shapes agree and no cell that is not published has a value."""
    shape = (len(cube.measures), *(len(axis.codes) for axis in cube.axes))
    if cube.values.shape != shape or cube.status.shape != shape:
        raise ValueError("The arrays of the cube do not have the shape of its axes.")
    if cube.values.dtype != np.float64 or cube.status.dtype != np.uint8:
        raise ValueError("The arrays of the cube are not float64 and uint8.")
    if not np.isnan(cube.values[cube.status != Status.PUBLISHED]).all():
        raise ValueError("A cell of the cube that is not published has a value.")


def open_cube(file: OpenFile) -> Cube:
    """A cube over the file's own bytes (memory-mapped when it is on a local disk), read-only arrays.

    The map outlives `file`, which the caller closes. Raises ReleaseDamaged.
    """
    return _cube(_content(file))


def load_cube(path: Path) -> Cube:
    """A cube file by its path, for the publish road and for tools. Raises ReleaseDamaged."""
    with path.open("rb") as file:
        return _cube(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))


def _cube(content: mmap.mmap | bytes) -> Cube:
    try:
        with pa.ipc.open_file(pa.py_buffer(content)) as reader:
            if reader.num_record_batches != 1:
                raise ReleaseDamaged("The cube file does not have one record batch.")
            batch = reader.get_batch(0)
    except pa.ArrowInvalid as error:
        raise ReleaseDamaged("The cube file is not an Arrow file.") from error
    axes, measures = load_structure((batch.schema.metadata or {}).get(METADATA_KEY, b""))
    names = [measure.name for measure in measures]
    wanted = [*names, *(name + STATUS_SUFFIX for name in names)]
    shape = tuple(len(axis.codes) for axis in axes)
    if batch.schema.names != wanted or batch.num_rows != prod(shape):
        raise ReleaseDamaged("The cube file does not have the columns that it announces.")
    count = len(names)
    values = _stacked([batch.column(i) for i in range(count)], np.dtype(np.float64))
    status = _stacked([batch.column(count + i) for i in range(count)], np.dtype(np.uint8))
    return Cube(axes, measures, values.reshape(count, *shape), status.reshape(count, *shape))


def _content(file: OpenFile) -> mmap.mmap | bytes:
    descriptor = file.fileno()
    if descriptor is None or file.size == 0:  # nothing can be mapped of an empty file
        return file.read_at(0, file.size)
    return mmap.mmap(descriptor, file.size, prot=mmap.PROT_READ)


def _stacked(columns: Sequence[pa.Array], dtype: np.dtype[Any]) -> NDArray[Any]:
    """(column, row) over the columns' own memory when they lie evenly spaced in it, else a copy."""
    arrays = [_flat(column, dtype) for column in columns]
    starts = [array.__array_interface__["data"][0] for array in arrays]
    steps = {later - earlier for earlier, later in pairwise(starts)}
    if len(arrays) > 1 and (len(steps) != 1 or min(steps) < arrays[0].nbytes):
        return np.stack(arrays)
    step = steps.pop() if steps else arrays[0].nbytes
    return np.lib.stride_tricks.as_strided(
        arrays[0], (len(arrays), arrays[0].size), (step, dtype.itemsize), writeable=False
    )


def _flat(column: pa.Array, dtype: np.dtype[Any]) -> NDArray[Any]:
    if column.null_count or column.type != pa.from_numpy_dtype(dtype):
        raise ReleaseDamaged("A column of the cube file has another type or nulls.")
    return column.to_numpy(zero_copy_only=True)
