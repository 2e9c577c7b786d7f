"""The auditor of cubes at the size of the country: seconds and memory per slice, as a Markdown table.

Usage: .venv/bin/python benchmarks/attack.py [--months 2] [--processes 2] [--coalition 1] [--mask small]

The cube has the shape of job-seekers: job seekers and unemployed in the real geography, by sex, six
ages and three citizenships, published as linked two-way tables at area level and above and by sex and
by three ages in municipalities; the persons are drawn. The mask is the protector's, or hides small
counts and nothing else, which an attacker undoes: then the table shows what refuting costs.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway.attack import Attacked, attacked
from gateway.model.codes import Code
from gateway.model.cube import Axis, Lattice, Line, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Dimension, DisclosureRules
from gateway.organisations import load_registry
from gateway.protection.axes import axis_from_codes
from gateway.protection.suppression import protect

TEXT = Label("", "", "")
GEOGRAPHY = ("country", "region", "evk", "area", "municipality")
CLASSES = {
    "sex": [("SSS", "total", ""), ("1", "sex", "SSS"), ("2", "sex", "SSS")],
    "age": [
        ("SSS", "total", ""),
        *((code, "broad", "SSS") for code in ("-24", "25-49", "50-")),
        *(
            (code, "fine", parent)
            for code, parent in (
                ("-19", "-24"),
                ("20-24", "-24"),
                ("25-34", "25-49"),
                ("35-49", "25-49"),
                ("50-59", "50-"),
                ("60-", "50-"),
            )
        ),
    ],
    "citizenship": [("SSS", "total", ""), *((c, "group", "SSS") for c in ("FI", "EU", "MUU"))],
}
SHARES = [(0.54, 0.46), (0.03, 0.1, 0.25, 0.28, 0.2, 0.14), (0.86, 0.04, 0.1)]
SEEKERS, UNEMPLOYED, OTHERS = range(3)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--months", type=int, default=1)
    arguments.add_argument("--processes", type=int, default=1)
    arguments.add_argument("--coalition", type=int, default=1)
    arguments.add_argument("--mask", choices=("protector", "small"), default="protector")
    chosen = arguments.parse_args()
    rules = DisclosureRules(5, "", outsider_width=4, insider_width=4, coalition=chosen.coalition)
    lattice = drawn_lattice(chosen.months)
    known = lattice.designed & ~((lattice.counts > 0) & (lattice.counts < rules.threshold))
    if chosen.mask == "protector":
        known = protect(lattice, rules, processes=chosen.processes).status == Status.PUBLISHED
    known[OTHERS] = False
    started = time.monotonic()
    result = attacked(lattice, known, rules, processes=chosen.processes)
    print_row(result, time.monotonic() - started, chosen)


def print_row(result: Attacked, seconds: float, chosen: argparse.Namespace) -> None:
    """Processor seconds and memory are of this process and its children; memory is the largest one's."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    report = result.report
    values = {
        "slices": report["slices"],
        "processes": chosen.processes,
        "viewers": result.viewers,
        "targets": result.targets,
        "unknowns": report["unknowns"],
        "programmes": report["programmes"],
        "exact": result.exact,
        "narrow": result.narrow,
        "seconds per slice": f"{seconds / report['slices']:.1f}",
        "peak MB": f"{max(own.ru_maxrss for own in usage) / 1024:.0f}",
    }
    print("| " + " | ".join(values) + " |")
    print("|" + "--:|" * len(values))
    print("| " + " | ".join(str(value) for value in values.values()) + " |")


def drawn_lattice(months: int) -> Lattice:
    """Persons drawn for every month alike: municipalities of very different sizes."""
    axes = drawn_axes(months)
    random = np.random.default_rng(0)
    places = [leaf_codes(axis) for axis in axes]
    sizes = random.lognormal(mean=0, sigma=1.4, size=len(places[0]))
    leaves = sizes / sizes.sum() * 540_000
    for number, shares in enumerate(SHARES):
        tilt = random.dirichlet(np.array(shares) * 200, size=len(sizes))
        leaves = leaves[..., None] * tilt.reshape(len(sizes), *[1] * number, len(shares))
    counts = np.zeros((3, *(len(axis.codes) for axis in axes)), dtype=np.int64)
    for month in range(months):
        at = np.ix_(*places[:1], [month], *places[2:])
        seekers = random.poisson(leaves)
        counts[SEEKERS][at] = seekers[:, None]
        counts[UNEMPLOYED][at] = random.binomial(seekers, 0.65)[:, None]
    counts[OTHERS] = counts[SEEKERS] - counts[UNEMPLOYED]
    for number, axis in enumerate(axes, start=1):
        along = np.moveaxis(counts, number, 0)
        for line in upwards(axis.lines):
            along[line.parent] = along[list(line.children)].sum(axis=0)
    names = ("job_seekers", "unemployed", "job_seekers-unemployed")
    lines = (Line(SEEKERS, (UNEMPLOYED, OTHERS)),)
    return Lattice(axes, names, counts, lines, frozenset({OTHERS}), designed(axes, len(names)))


def drawn_axes(months: int) -> tuple[Axis, ...]:
    codes = load_registry().geography().codes
    dimension = Dimension("geography", TEXT, AxisRole.GEO, "", GEOGRAPHY)
    time_codes = tuple(Code(f"M{month}", TEXT, "month") for month in range(months))
    classes = [
        axis_from_codes(
            Dimension(name, TEXT, AxisRole.CLASS, "", tuple(dict.fromkeys(c[1] for c in listed))),
            [
                Code(code, TEXT, level, (parent,) if parent else ())
                for code, level, parent in listed
            ],
        )
        for name, listed in CLASSES.items()
    ]
    month = Axis("month", TEXT, AxisRole.TIME, time_codes, (), None)
    return axis_from_codes(dimension, codes), month, *classes


def designed(axes: Sequence[Axis], measures: int) -> NDArray[np.bool_]:
    """Two-way tables above municipalities, one-way tables in them, of every measure."""
    shape = [len(axis.codes) for axis in axes]
    where = np.indices(shape, sparse=True)
    municipal = np.array([code.level == "municipality" for code in axes[0].codes])[where[0]]
    split = [place > 0 for place in where[2:]]
    ways = sum(one.astype(np.int64) for one in split)
    fine = np.array([code.level == "fine" for code in axes[3].codes])[where[3]]
    low = municipal & (ways <= 1) & ~split[2] & ~fine
    return np.broadcast_to(low | (~municipal & (ways <= 2)), (measures, *shape)).copy()


def leaf_codes(axis: Axis) -> list[int]:
    parents = {line.parent for line in axis.lines}
    return [place for place in range(len(axis.codes)) if place not in parents]


def upwards(lines: Sequence[Line]) -> list[Line]:
    """One line per parent, children before parents."""
    first: dict[int, Line] = {}
    for line in lines:
        first.setdefault(line.parent, line)

    def height(code: int) -> int:
        return 1 + max(map(height, first[code].children)) if code in first else 0

    return sorted(first.values(), key=lambda line: height(line.parent))


if __name__ == "__main__":
    main()
