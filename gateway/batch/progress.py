"""Progress bars on stderr, so that output can be piped."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Report = Callable[[str, float], None]


@contextmanager
def progress_bars() -> Generator[Callable[[str], Report]]:
    """A maker of bars: `bar(title)` gives the callback that a long step calls with (what, share 0..1)."""
    columns = (
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[step]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def bar(title: str) -> Report:
            task = progress.add_task(title, total=1.0, step="")

            def report(step: str, share: float) -> None:
                progress.update(task, completed=share, step=step)

            return report

        yield bar
