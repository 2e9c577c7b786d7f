"""What it costs to protect the cubes and to attack them, and what is hidden of them: Markdown tables.

Every cube goes the whole publish road up to where a release would be written (`jakelu publish
--dry-run`): no key is used, no journal, nothing is published. All of them go in one process, linked
cubes one after another, as in one `jakelu publish`: what they share is made once and counted once.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway.batch.demo import prepare_demo
from gateway.batch.demo_layout import DemoLayout
from gateway.batch.rehearse import reading_services
from gateway.errors import GatewayError
from gateway.publishing.cube_limits import Worst
from gateway.publishing.cube_links import leaders_first
from gateway.publishing.rehearsal import Rehearsal, rehearse
from gateway.publishing.services import PublishServices
from gateway.settings import SETTINGS_FILE, BatchSettings, load_batch_settings

EPILOG = """\
examples:
  the figures of docs/measurements.md: every cube, all its months, all of Finland
    .venv/bin/python benchmarks/protection.py
  a minute's look while a contract or the protector changes
    .venv/bin/python benchmarks/protection.py --scale 0.02 --months 2 --products job-seekers
  again and again on one warehouse, which the first run makes
    .venv/bin/python benchmarks/protection.py --dir country --months 3
  an own warehouse
    .venv/bin/python benchmarks/protection.py --settings publish.toml

columns of the first table:
  extract, protect,  wall seconds: to read and add up; to choose what is hidden; to attack it, with every
  attack, means, all round of mending and attacking again; to hide means and shares, and to attack those;
                     from the first query to the verdict, the report included
  peak MB            the largest sum of the resident memory of this process and its children
  exact, narrow      small counts that the attack pins to one number, or to fewer than the width of the
                     contract; a dash where the contract states no widths, and nothing was attacked
  verdict            holds, or what the auditor, the gate or a limit of the contract says
columns of the second one: the share of the cells that is hidden, and of the persons in hidden leaves,
in the median month and in the worst one. A cube without months has one slice.

The exit code is 1 when a cube could not be published as it is.
"""
# What `rehearse` calls its steps, and the column that their time belongs to.
STEPS = {
    "extract": "extract",
    "add up": "extract",
    "protect": "protect",
    "attack": "attack",
    "means and shares": "means",
}
COLUMNS = ("extract", "protect", "attack", "means")
SAMPLED_SECONDS = 0.1


def main() -> int:
    chosen = arguments().parse_args()
    with settings_of(chosen) as settings:
        measured = print_costs(measure_all(settings, chosen.products, months=chosen.months))
    print_hidden(measured)
    return 0 if all(one.holds for one in measured) else 1


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="size of the synthetic country, 1.0 for all of Finland (default)",
    )
    parser.add_argument(
        "--months",
        type=int,
        default=0,
        help="so many of the newest months, 0 for all that a contract says (default)",
    )
    parser.add_argument(
        "--products", nargs="+", default=[], metavar="ID", help="cubes to measure (default: all)"
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=0,
        help="slices protected and attacked at once, 0 for one per core (default)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--dir",
        type=Path,
        help="keep the warehouse here, and use the one that is here already where its scale is the "
        "same (default: a temporary folder)",
    )
    where.add_argument(
        "--settings",
        type=Path,
        help="the publish road's settings file, whose warehouse is read; --scale says nothing then",
    )
    return parser


@contextmanager
def settings_of(chosen: argparse.Namespace) -> Iterator[BatchSettings]:
    """The settings given, or those of a country that is made for the run."""
    changed = {"processes": chosen.processes}
    if chosen.settings is not None:
        yield loaded(chosen.settings).model_copy(update=changed)
        return
    with tempfile.TemporaryDirectory() as temporary:
        root = chosen.dir or Path(temporary)
        prepare_demo(root, scale=chosen.scale)
        yield loaded(DemoLayout(root).publish_settings).model_copy(update=changed)


def loaded(file: Path) -> BatchSettings:
    return load_batch_settings({SETTINGS_FILE: str(file)})


@dataclass(slots=True)
class Measured:
    """seconds: by column of the first table. made: None where there is no mask, and `refusal` why."""

    product: str
    slices: str = "–"
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    whole_seconds: float = 0.0
    peak_megabytes: float = 0.0
    made: Rehearsal | None = None
    refusal: str = ""

    @property
    def holds(self) -> bool:
        return self.made is not None and self.made.holds

    @property
    def verdict(self) -> str:
        if self.made is None:
            return self.refusal
        broken = (text for reading in self.made.limits for text in reading.broken())
        return "; ".join([*filter(None, [self.made.refusal]), *broken]) or "holds"


def measure_all(settings: BatchSettings, ids: Sequence[str], *, months: int) -> Iterator[Measured]:
    with reading_services(settings) as services:
        chosen = [services.catalog.find(one) for one in ids]
        chosen = chosen or [one for one in services.catalog.products if one.cube is not None]
        for product in leaders_first(chosen):
            measured = Measured(product.id)
            with peak_of(measured):
                measure(measured, services, months=months)
            yield measured


def measure(measured: Measured, services: PublishServices, *, months: int) -> None:
    """Rehearse one cube. A refusal is a result too."""
    clock = StepClock(measured.product)
    product = services.catalog.find(measured.product)
    day = services.warehouse.latest_snapshot()
    try:
        made = rehearse(product, as_of=day, services=services, newest=months, progress=clock)
        measured.made, measured.slices = made, str(len(made.slices))
    except GatewayError as fault:
        measured.refusal = f"{fault.title}. {fault.detail}".strip()
    clock("", 1.0)
    measured.seconds, measured.whole_seconds = clock.seconds, clock.whole


class StepClock:
    """Called at every step of a rehearsal: sums up the wall time of each, and tells stderr."""

    def __init__(self, product: str) -> None:
        self.seconds = dict.fromkeys(COLUMNS, 0.0)
        self._product, self._step, self._tenth = product, "", -1
        self._began = self._at = time.monotonic()

    def __call__(self, step: str, share: float) -> None:
        now = time.monotonic()
        column = column_of(self._step)
        if column:
            self.seconds[column] += now - self._at
        if step and (step, int(10 * share)) != (self._step, self._tenth):
            text = f"{now - self._began:8.1f} s  {self._product}: {step}, {share:.0%}"
            print(text, file=sys.stderr, flush=True)
        self._step, self._tenth, self._at = step, int(10 * share), now

    @property
    def whole(self) -> float:
        return self._at - self._began


def column_of(step: str) -> str | None:
    return "attack" if step.startswith("mend") else STEPS.get(step)


@contextmanager
def peak_of(measured: Measured) -> Iterator[None]:
    """Sample the memory while a cube is measured: what a child has gone with is still counted."""
    stop = threading.Event()

    def sample() -> None:
        while True:
            measured.peak_megabytes = max(measured.peak_megabytes, resident_megabytes())
            if stop.wait(SAMPLED_SECONDS):
                return

    watcher = threading.Thread(target=sample, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def resident_megabytes() -> float:
    """Of this process and all that it began, with the pages that several of them share counted in each."""
    total, queue = 0, ["self"]
    while queue:
        process = Path("/proc") / queue.pop()
        with suppress(OSError):  # it may end between two looks
            status = (process / "status").read_text(encoding="ascii", errors="replace")
            total += sum(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)
            for task in (process / "task").iterdir():
                queue += (task / "children").read_text(encoding="ascii").split()
    return total / 1024


# --- tables -----------------------------------------------------------------------------------


def print_costs(measured: Iterable[Measured]) -> list[Measured]:
    """One row as soon as its cube is measured. Returns what was measured."""
    printed: list[Measured] = []
    words = ("cube", "slices", *(f"{name} s" for name in COLUMNS), "all s", "peak MB")
    print_row(*words, "exact", "narrow", "verdict")
    print("|---|" + "--:|" * (len(words) + 1) + "---|")
    for one in measured:
        audit = one.made.audit if one.made is not None else {}
        print_row(
            one.product,
            one.slices,
            *(f"{one.seconds[name]:.1f}" for name in COLUMNS),
            f"{one.whole_seconds:.1f}",
            f"{one.peak_megabytes:.0f}",
            audit.get("exact", "–"),
            audit.get("narrow", "–"),
            one.verdict,
        )
        printed.append(one)
    return printed


def print_hidden(measured: Iterable[Measured]) -> None:
    print()
    print_row("cube", "measure", "level", "cells", *("median", "worst"), *("persons", "worst"))
    print("|---|---|---|" + "--:|" * 5)
    for one in measured:
        for row in one.made.levels if one.made is not None else ():
            print_row(
                one.product,
                row.measure,
                row.geography,
                row.cells,
                percent(row.median),
                worst(row.worst),
                percent(row.persons_median),
                worst(row.persons_worst),
            )


def print_row(*cells: object) -> None:
    print("| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |", flush=True)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def worst(found: Worst) -> str:
    return f"{percent(found.share)} {f'({found.slice})' if found.slice else ''}".rstrip()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GatewayError as fault:
        sys.exit(f"protection.py: {fault.title}. {fault.detail}")
