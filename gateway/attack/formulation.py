"""A programme in the solver's terms."""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray

from gateway.attack.incidence import Indices
from gateway.attack.model import Model
from gateway.attack.rows import Rows

Values = NDArray[np.float64]


def formulated(
    model: Model, columns: Indices, targets: Indices, *, price: float
) -> highspy.HighsLp:
    """Changes of some columns of a model, and targets that can be asked to move.

    Unknowns, all >= 0: the rise of each column, the fall of each, and for each target how far it
    falls short of a rise and of a fall, at `price` a person; the last two at most 0 until asked.
    Rows: what is known; then per target its change with what it falls short, free until asked.
    """
    row, column, sign, kept = known_rows(model.rows, columns)
    owner, part = _parts(model, columns, targets)
    count, asked, known = len(columns), len(targets), len(kept)
    each, ones = np.arange(asked), np.ones(asked)
    rows = [row, row, owner + known, owner + known, each + known, each + known]
    unknowns = [column, column + count, part, part + count]
    unknowns += [2 * count + each, 2 * count + asked + each]
    signs = [sign, -sign, np.ones(len(part)), -np.ones(len(part)), ones, -ones]
    cost = np.random.default_rng(0).uniform(1, 2, size=2 * count)
    problem = highspy.HighsLp()
    problem.num_col_, problem.num_row_ = 2 * (count + asked), known + asked
    problem.col_cost_ = np.concatenate([cost, np.full(2 * asked, price)])
    problem.col_lower_ = np.zeros(2 * (count + asked))
    problem.col_upper_ = np.concatenate(
        [model.upper[columns], -model.lower[columns], np.zeros(2 * asked)]
    )
    problem.row_lower_ = np.concatenate([model.rows.lower[kept], np.full(asked, -np.inf)])
    problem.row_upper_ = np.concatenate([model.rows.upper[kept], np.full(asked, np.inf)])
    fill(problem.a_matrix_, np.concatenate(rows), np.concatenate(unknowns), np.concatenate(signs))
    return problem


def _parts(model: Model, columns: Indices, targets: Indices) -> tuple[Indices, Indices]:
    """(own target, own column) of every entry of a target."""
    entry = np.isin(model.targets.owner, targets) & np.isin(model.targets.column, columns)
    return (
        np.searchsorted(targets, model.targets.owner[entry]),
        np.searchsorted(columns, model.targets.column[entry]),
    )


def known_rows(rows: Rows, columns: Indices) -> tuple[Indices, Indices, Values, Indices]:
    """(row, own column, sign), and the rows kept: the needed ones, each different one once.

    Rows are told apart by sums of random numbers. One taken for another would be missed, and then
    the witnesses that break it fail their check.
    """
    free = np.zeros(
        int(max(columns.max(initial=0), rows.column.max(initial=0))) + 1, dtype=np.bool_
    )
    free[columns] = True
    used = free[rows.column] & rows.needed[rows.row]
    row, sign = rows.row[used], rows.sign[used]
    column = np.searchsorted(columns, rows.column[used])
    drawn = np.random.default_rng(1).integers(0, 2**63, size=len(columns), dtype=np.uint64)
    signature = np.zeros(len(rows), dtype=np.uint64)
    np.add.at(signature, row, drawn[column] * sign.astype(np.int64).astype(np.uint64))
    present = np.unique(row)
    bounds = (rows.lower[present].view(np.uint64), rows.upper[present].view(np.uint64))
    _, first = np.unique(np.stack([signature[present], *bounds]), axis=1, return_index=True)
    kept = np.sort(present[first])
    number = np.full(len(rows), -1, dtype=np.intp)
    number[kept] = np.arange(len(kept))
    chosen = number[row] >= 0
    return number[row[chosen]], column[chosen], sign[chosen], kept


def fill(matrix: highspy.HighsSparseMatrix, row: Indices, unknown: Indices, sign: Values) -> None:
    order = np.argsort(row, kind="stable")
    rows = int(row.max(initial=-1)) + 1
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.start_ = np.searchsorted(row[order], np.arange(rows + 1)).astype(np.int32)
    matrix.index_ = unknown[order].astype(np.int32)
    matrix.value_ = sign[order]
