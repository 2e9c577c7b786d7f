"""The disclosure report of a cube as tables on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Table

from gateway.publishing.cube_limits import Reading, Worst
from gateway.publishing.cube_options import Option
from gateway.publishing.cube_report import LevelRow, TableRow
from gateway.publishing.rehearsal import Rehearsal

_OPTIONS_SHOWN = 12
_NO_LIMIT = 1.0
_WIDTH = 120  # where the output is no terminal, which has one of its own


def print_rehearsal(made: Rehearsal, console: Console | None = None) -> None:
    """Levels, tables, limits, estimates, and the verdict last."""
    console = console or Console(width=None if sys.stdout.isatty() else _WIDTH)
    span = " to ".join(dict.fromkeys((made.slices[0], made.slices[-1])))
    console.print(f"\n[bold]{made.product}[/] {made.as_of}: {span}".rstrip(": "))
    for measure, levels in groupby(made.levels, key=lambda row: row.measure):
        console.print(_levels(measure, levels))
    for measure, rows in groupby(made.tables, key=lambda row: row.measure):
        console.print(_tables(measure, list(rows)))
    if made.limits:
        console.print(_limits(made.limits))
    if made.options:
        console.print(_options(made.options[:_OPTIONS_SHOWN]))
    if made.audit:
        console.print(_audit(made))
    console.print(_verdict(made), highlight=False)


def _levels(measure: str, rows: Iterable[LevelRow]) -> Table:
    table = _grid(
        f"{measure}, by level",
        "geography",
        numbers=("cells", "hidden", "%", "worst", "persons", "worst", "totals kept"),
    )
    for row in rows:
        table.add_row(
            row.geography,
            f"{row.cells:,}",
            f"{row.hidden:,}",
            _percent(row.hidden_share),
            _worst(row.worst),
            _percent(row.persons_median),
            _worst(row.persons_worst),
            f"{row.margins_kept:,} of {row.margins:,}",
        )
    table.caption = "worst: of the slices; persons: share in hidden leaves, in the median slice"
    return table


def _tables(measure: str, rows: Sequence[TableRow]) -> Table:
    several = _with_levels(rows)
    table = _grid(
        f"{measure}, by table",
        *("geography", "crossed by"),
        numbers=("cells", "hidden", "%", "worst", "persons"),
    )
    for row in rows:
        table.add_row(
            row.geography,
            " × ".join(f"{d} {level}" if d in several else d for d, level in row.crossed) or "—",
            f"{row.cells:,}",
            f"{row.hidden:,}",
            _percent(row.hidden_share),
            _worst(row.worst),
            _percent(row.persons_share),
        )
    return table


def _with_levels(rows: Iterable[TableRow]) -> set[str]:
    """The dimensions that stand at several levels, so that these are to be told."""
    used = {pair for row in rows for pair in row.crossed}
    names = [name for name, _ in used]
    return {name for name in names if names.count(name) > 1}


def _limits(readings: Iterable[Reading]) -> Table:
    table = _grid(
        "Limits of the contract",
        *("", "measure", "levels"),
        numbers=("cells", "persons, median", "persons, worst", "holds"),
    )
    for reading in readings:
        limit = reading.limit
        levels = "; ".join(", ".join(levels) for levels in limit.levels.values())
        table.add_row(
            str(reading.number),
            reading.measure,
            levels or "all",
            _within(_worst(reading.cells), limit.cells),
            _within(_percent(reading.persons_median), limit.persons_median),
            _within(_worst(reading.persons_worst), limit.persons_worst),
            "yes" if reading.holds else "[bold red]no[/]",
        )
    return table


def _options(options: Iterable[Option]) -> Table:
    table = _grid(
        "What coarser detail would win (estimates)",
        *("combination", "change"),
        numbers=("small counts gone", "hidden gone", "published lost", "% hidden then"),
    )
    for option in options:
        table.add_row(
            str(option.combination),
            option.change,
            f"{option.small:,}",
            f"{option.hidden:,}",
            f"{option.cells - option.hidden:,}",
            f"about {_percent(option.hidden_share)}",
        )
    table.caption = "cheapest first: the fewest published numbers lost for each small count gone"
    return table


def _audit(made: Rehearsal) -> str:
    audit = made.audit
    return (
        f"Attacked: {audit['targets']:,} targets by {audit['viewers']} readers, "
        f"{audit['rounds']} rounds of mending."
    )


def _verdict(made: Rehearsal) -> str:
    took = f"{made.seconds:.0f} s, nothing written"
    if made.refusal:
        return f"[bold red]Would be refused[/]: {made.refusal} ({took})"
    if not made.holds:
        return f"[bold red]Would be refused[/]: a limit is broken ({took})"
    return f"[bold green]Holds[/] ({took})"


def _grid(title: str, *texts: str, numbers: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD)
    for text in texts:
        table.add_column(text, overflow="fold")
    for number in numbers:
        table.add_column(number, justify="right")
    return table


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _worst(worst: Worst) -> str:
    return f"{_percent(worst.share)} {worst.slice if worst.share else ''}".rstrip()


def _within(text: str, limit: float) -> str:
    return text if limit == _NO_LIMIT else f"{text} of {100 * limit:g} %"
