"""The last look at a written cube: read back, and held against the counts it was made from.

It shares no code with the protector. What it knows of disclosure is little but sure: a small count
is not shown, nor is anything that a published line gives back by plain subtraction. Any doubt
refuses the release.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gateway.encoding.cube_tables import cube_table
from gateway.errors import ReleaseRefused
from gateway.model.cube import Cube, Lattice, Line, Status
from gateway.model.product import CubeSpec, MeasureKind, Product
from gateway.releases.cube_file import load_cube

Mask = NDArray[np.bool_]


def check_cube_files(
    arrow: Path,
    parquet: Path,
    lattice: Lattice,
    spec: CubeSpec,
    *,
    product: Product,
    joint: NDArray[np.uint8] | None = None,
) -> None:
    """Read both files of a cube back and check what they show. joint: as in `check_cube_cells`.

    Raises ReleaseRefused.
    """
    cube = load_cube(arrow)
    check_cube_cells(cube, lattice, spec, product=product, joint=joint)
    with pq.ParquetFile(parquet) as file:
        if not file.read().equals(cube_table(cube)):
            raise ReleaseRefused(f"{product.id}: the long table is not the cube.")


def check_cube_cells(
    cube: Cube,
    lattice: Lattice,
    spec: CubeSpec,
    *,
    product: Product,
    joint: NDArray[np.uint8] | None = None,
) -> None:
    """Raises ReleaseRefused when a cell of the cube, or one that follows from it, must not be seen.

    joint: (measure, *axes) of the lattice, the statuses that all linked cubes tell together; None
    where there is no other cube.
    """
    if cube.axes != lattice.axes or cube.measures != spec.measures:
        raise ReleaseRefused(f"{product.id}: the written cube has other axes or measures.")
    suppressed = _counts_with(cube, lattice, Status.SUPPRESSED)
    known = _counts_with(cube, lattice, Status.PUBLISHED)
    _check_values(cube, lattice, known, product)
    if joint is not None:
        if (known & (joint != Status.PUBLISHED) | suppressed & (joint != Status.SUPPRESSED)).any():
            raise ReleaseRefused(f"{product.id}: a linked cube tells a cell otherwise.")
        for index in set(range(len(joint))) - lattice.latent:
            known[index] |= joint[index] == Status.PUBLISHED
            suppressed[index] |= joint[index] == Status.SUPPRESSED
    _check_derived(cube, lattice, known, product)
    small = (lattice.counts > 0) & (lattice.counts < spec.disclosure.threshold)
    if (known & small).any():
        raise ReleaseRefused(f"{product.id}: a count under the threshold would be published.")
    for number, line in _lines(lattice):
        along = _Along(
            np.moveaxis(lattice.counts, number, 0),
            np.moveaxis(known, number, 0),
            np.moveaxis(suppressed, number, 0),
        )
        if _gives_back(line, along, threshold=spec.disclosure.threshold):
            raise ReleaseRefused(f"{product.id}: subtraction along a published line would tell.")


def _counts_with(cube: Cube, lattice: Lattice, status: Status) -> Mask:
    """(measure, *axes) of the lattice: which cells the reader sees so; a latent measure never."""
    place = {measure.name: i for i, measure in enumerate(cube.measures)}
    mask = np.zeros(lattice.counts.shape, dtype=np.bool_)
    for index, name in enumerate(lattice.measure_names):
        if index not in lattice.latent and name in place:
            mask[index] = cube.status[place[name]] == status
    return mask


def _check_values(cube: Cube, lattice: Lattice, known: Mask, product: Product) -> None:
    """Published counts are the true ones, and nothing is shown that the contract does not publish."""
    counted = {m.name: i for i, m in enumerate(cube.measures) if m.kind is MeasureKind.COUNT}
    for name, i in counted.items():
        index = lattice.measure_names.index(name)
        if (cube.status[i][~lattice.designed[index]] != Status.NOT_PUBLISHED).any():
            raise ReleaseRefused(f"{product.id}: a combination is shown that is not published.")
        shown = cube.values[i][known[index]]
        if not np.array_equal(shown, lattice.counts[index][known[index]].astype(np.float64)):
            raise ReleaseRefused(f"{product.id}: {name} is not what was counted.")


def _check_derived(cube: Cube, lattice: Lattice, known: Mask, product: Product) -> None:
    """A mean or a share is shown only of published counts, and of enough of them."""
    for i, measure in enumerate(cube.measures):
        if measure.kind is MeasureKind.COUNT:
            continue
        parts = [*measure.of, *([measure.numerator] if measure.numerator else [])]
        places = [lattice.measure_names.index(name) for name in parts]
        beneath = [lattice.measure_names.index(name) for name in measure.of]
        enough = lattice.counts[beneath].sum(axis=0) >= max(1, measure.minimum_n)
        allowed = known[places].all(axis=0) & enough
        if (~np.isnan(cube.values[i]) & ~allowed).any():
            raise ReleaseRefused(f"{product.id}: {measure.name} is shown of too few, or of hidden.")


@dataclass(frozen=True, slots=True)
class _Along:
    """The lattice turned so that a line's axis comes first."""

    counts: NDArray[np.int64]
    known: Mask
    suppressed: Mask


def _lines(lattice: Lattice) -> Iterator[tuple[int, Line]]:
    """Every sum relation with the array axis that it runs along; 0 is the measures' own."""
    for line in lattice.measure_lines:
        yield 0, line
    for number, axis in enumerate(lattice.axes, start=1):
        for line in axis.lines:
            yield number, line


def _gives_back(line: Line, along: _Along, *, threshold: int) -> bool:
    """Whether one subtraction along the line gives a suppressed cell, or a sum under the threshold."""
    counts, known, suppressed = along.counts, along.known, along.suppressed
    children = list(line.children)
    known_children = known[children]
    unknown = (~known_children).sum(axis=0)
    rest = counts[line.parent] - np.where(known_children, counts[children], 0).sum(axis=0)
    parent = known[line.parent]
    small = (counts[line.parent] > 0) & (counts[line.parent] < threshold)
    by_addition = ~parent & (unknown == 0) & (suppressed[line.parent] | small)
    only_one = parent & (unknown == 1) & suppressed[children].any(axis=0)
    small_rest = parent & (unknown > 0) & (rest > 0) & (rest < threshold)
    return bool((by_addition | only_one | small_rest).any())
