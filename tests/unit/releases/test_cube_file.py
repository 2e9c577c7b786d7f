from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ReleaseDamaged
from gateway.model.codes import Code
from gateway.model.cube import Axis, Cube, Line, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Measure, MeasureKind
from gateway.releases.cube_file import METADATA_KEY, open_cube, write_cube

LABEL = Label("määrä", "antal", "count")


class Opened:
    """A file as a store opens it; `local=False` as an object store would."""

    def __init__(self, path: Path, *, local: bool = True) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self._local = local
        self.size = os.fstat(self._descriptor).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        return os.pread(self._descriptor, length, offset)

    def fileno(self) -> int | None:
        return self._descriptor if self._local else None

    def close(self) -> None:
        os.close(self._descriptor)


def axis(name: str, size: int) -> Axis:
    codes = tuple(Code(f"{name}{i}", LABEL, "leaf" if i else "total", ()) for i in range(size))
    lines = (Line(0, tuple(range(1, size))),) if size > 1 else ()
    return Axis(name, LABEL, AxisRole.CLASS, codes, lines, 0)


def cube(*sizes: int, measures: int = 2, seed: int = 1) -> Cube:
    chance = np.random.default_rng(seed)
    shape = (measures, *sizes)
    status = chance.integers(0, 3, shape).astype(np.uint8)
    values = np.floor(chance.random(shape) * 1000)
    values[status != Status.PUBLISHED] = np.nan
    kinds = [MeasureKind.COUNT, MeasureKind.MEAN, MeasureKind.SHARE]
    return Cube(
        tuple(axis(f"d{i}", size) for i, size in enumerate(sizes)),
        tuple(
            Measure(f"m{i}", LABEL, LABEL, kinds[i % 3], i % 3, lineage=("atmt.henkilo.a",))
            for i in range(measures)
        ),
        values,
        status,
    )


def reopened(path: Path, *, local: bool = True) -> Cube:
    file = Opened(path, local=local)
    try:
        return open_cube(file)
    finally:
        file.close()


def same(one: Cube, other: Cube) -> bool:
    return (
        one.axes == other.axes
        and one.measures == other.measures
        and np.array_equal(one.values, other.values, equal_nan=True)
        and np.array_equal(one.status, other.status)
    )


@settings(deadline=None, max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=4),
    measures=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_a_cube_comes_back_as_it_was_written(tmp_path_factory, sizes, measures, seed):
    path = tmp_path_factory.mktemp("cube") / "cube.arrow"
    written = cube(*sizes, measures=measures, seed=seed)
    assert write_cube(path, written) == int(np.prod(sizes))
    assert same(reopened(path), written)
    assert same(reopened(path, local=False), written)


def test_an_opened_cube_is_the_mapped_file_itself_and_outlives_its_descriptor(tmp_path):
    written = cube(11, 5, 3)
    write_cube(tmp_path / "cube.arrow", written)
    opened = reopened(tmp_path / "cube.arrow")
    assert not opened.values.flags.writeable
    assert not opened.values.flags.owndata
    assert opened.values[0].flags.c_contiguous
    assert same(opened, written)


def test_values_lie_back_to_back_so_that_no_copy_is_needed(tmp_path):
    write_cube(tmp_path / "cube.arrow", cube(11, 5, 3, measures=3))
    opened = reopened(tmp_path / "cube.arrow")
    assert opened.values.strides == (11 * 5 * 3 * 8, 5 * 3 * 8, 3 * 8, 8)


def test_refuses_to_write_a_value_under_a_cell_that_is_not_published(tmp_path):
    leaking = cube(4, 4)
    place = tuple(np.argwhere(leaking.status != Status.PUBLISHED)[0])
    leaking.values[place] = 3.0
    with pytest.raises(ValueError, match="not published"):
        write_cube(tmp_path / "cube.arrow", leaking)
    assert not (tmp_path / "cube.arrow").exists()


def test_no_hidden_value_is_in_any_byte_of_the_file(tmp_path):
    secret = 123456789.0
    whole = cube(6, 6)
    values = np.where(whole.status == Status.PUBLISHED, whole.values, secret)
    hidden = replace(whole, values=np.where(whole.status == Status.PUBLISHED, values, np.nan))
    write_cube(tmp_path / "cube.arrow", hidden)
    assert np.float64(secret).tobytes() not in (tmp_path / "cube.arrow").read_bytes()


def test_refuses_arrays_that_do_not_fit_the_axes(tmp_path):
    whole = cube(3, 3)
    with pytest.raises(ValueError, match="shape"):
        write_cube(tmp_path / "x", replace(whole, axes=whole.axes[:1]))
    with pytest.raises(ValueError, match="float64"):
        write_cube(tmp_path / "x", replace(whole, values=whole.values.astype(np.float32)))


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"x" * 1000])
def test_refuses_a_file_that_is_no_cube(tmp_path, content):
    path = tmp_path / "cube.arrow"
    path.write_bytes(content)
    with pytest.raises(ReleaseDamaged):
        reopened(path)


def test_refuses_an_arrow_file_that_does_not_say_what_its_axes_are(tmp_path):
    path = tmp_path / "cube.arrow"
    for metadata in ({}, {METADATA_KEY: b"{}"}, {METADATA_KEY: b'{"format":2}'}):
        schema = pa.schema([pa.field("a", pa.float64())], metadata=metadata)
        with pa.ipc.new_file(str(path), schema) as writer:
            writer.write_batch(pa.record_batch([pa.array([1.0])], schema=schema))
        with pytest.raises(ReleaseDamaged):
            reopened(path)
