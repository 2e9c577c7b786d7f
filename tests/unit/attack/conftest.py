"""Hand-made cubes: what each code holds is told, totals are added up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.model.codes import Code
from gateway.model.cube import Axis, Lattice, Line
from gateway.model.label import Label
from gateway.model.product import AxisRole

TEXT = Label("", "", "")


@dataclass(frozen=True)
class Cube:
    """A lattice whose cells are named: (measure, geography, class code, ...), totals where left out."""

    lattice: Lattice

    def cell(self, *codes: str) -> tuple[int, ...]:
        found = (
            [self.lattice.measure_names.index(codes[0])]
            if codes[0] in self.lattice.measure_names
            else [0]
        )
        named = codes[1:] if codes[0] in self.lattice.measure_names else codes
        for axis in self.lattice.axes:
            place = [axis.position()[code] for code in named if code in axis.position()]
            found.append(place[0] if place else 0)
        return tuple(found)

    def hiding(self, *cells: str | tuple[str, ...]) -> NDArray[np.bool_]:
        """What is known when all that is designed is published, but for these."""
        known = self.lattice.designed.copy()
        known[list(self.lattice.latent)] = False
        for cell in cells:
            known[self.cell(*([cell] if isinstance(cell, str) else cell))] = False
        return known


Sums = Mapping[str, Sequence[str] | Sequence[Sequence[str]]]


def _axis(name: str, role: AxisRole, sums: Sums, levels: Mapping[str, str]) -> Axis:
    """sums: parent → children, or several divisions of it; the first parent is the total."""
    lines = [
        (parent, line)
        for parent, children in sums.items()
        for line in ([children] if isinstance(children[0], str) else children)
    ]
    names = list(dict.fromkeys([*sums, *(child for _, line in lines for child in line)]))
    codes = tuple(Code(code, TEXT, levels.get(code, "leaf")) for code in names)
    drawn = tuple(Line(names.index(p), tuple(names.index(c) for c in line)) for p, line in lines)
    return Axis(name, TEXT, role, codes, drawn, 0)


def _leaves(axis: Axis) -> list[list[int]]:
    below = {line.parent: line.children for line in axis.lines}

    def leaves(code: int) -> list[int]:
        return (
            [leaf for child in below[code] for leaf in leaves(child)] if code in below else [code]
        )

    return [leaves(code) for code in range(len(axis.codes))]


@pytest.fixture
def cube() -> Callable[..., Cube]:
    """build(geography sums, leaf counts, levels=, classes=, measures=, nestings=, designed=)."""

    def build(
        geography: Sums,
        counts: Mapping[tuple[str, ...], int],
        *,
        levels: Mapping[str, str] | None = None,
        classes: Sequence[tuple[str, Sums]] = (),
        nestings: Sequence[tuple[str, str]] = (),
        designed: Callable[[tuple[str, ...]], bool] = lambda _: True,
        months: int = 0,
    ) -> Cube:
        axes = [_axis("geography", AxisRole.GEO, geography, levels or {})]
        axes += [_axis(name, AxisRole.CLASS, sums, {}) for name, sums in classes]
        if months:
            codes = tuple(Code(f"M{n}", TEXT, "month") for n in range(months))
            axes.append(Axis("month", TEXT, AxisRole.TIME, codes, (), None))
        measures = list(
            dict.fromkeys(["persons"] if not nestings else [n for pair in nestings for n in pair])
        )
        names = (*measures, *(f"{whole}-{part}" for whole, part in nestings))
        table = np.zeros((len(names), *(len(axis.codes) for axis in axes)), dtype=np.int64)
        for key, value in counts.items():
            measure = names.index(key[0]) if key[0] in names else 0
            named = key[1:] if key[0] in names else key
            place = [axis.position()[code] for axis, code in zip(axes, named, strict=False)]
            for month in range(months or 1):
                table[(measure, *place, *([month] if months else []))] = value
        lines = [
            Line(names.index(whole), (names.index(part), names.index(f"{whole}-{part}")))
            for whole, part in nestings
        ]
        leaves = [_leaves(axis) for axis in axes]
        bottom = table.copy()
        for cell in np.ndindex(*table.shape):
            below = product(*(own[code] for own, code in zip(leaves, cell[1:], strict=True)))
            table[cell] = sum(bottom[(cell[0], *leaf)] for leaf in below)
        for line in lines:
            table[line.children[1]] = table[line.parent] - table[line.children[0]]
        shown = np.zeros(table.shape, dtype=np.bool_)
        for cell in np.ndindex(*table.shape):
            codes = tuple(axis.codes[code].code for axis, code in zip(axes, cell[1:], strict=True))
            shown[cell] = designed((names[cell[0]], *codes))
        latent = frozenset(line.children[1] for line in lines)
        for line in lines:
            shown[line.children[1]] = shown[line.parent] & shown[line.children[0]]
        return Cube(Lattice(tuple(axes), names, table, tuple(lines), latent, shown))

    return build
