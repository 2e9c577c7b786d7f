"""What a run tells while it goes on: bars on a terminal, lines in a pipe, JSON, or failures alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars

from gateway.pull.faults import PullFault, TryLater
from gateway.pull.results import Outcome, Result


class Progress(Protocol):
    """Hears of one file's bytes. size: None for a stream, whose end is not known."""

    def began(self, have: int, size: int | None) -> None: ...

    def advanced(self, count: int) -> None: ...


class NoProgress:
    def began(self, have: int, size: int | None) -> None: ...

    def advanced(self, count: int) -> None: ...


class BarProgress:
    """One bar, which begins where the file was interrupted."""

    def __init__(self, bars: Bars, title: str) -> None:
        self._bars = bars
        self._task: TaskID = bars.add_task(title, total=None)

    def began(self, have: int, size: int | None) -> None:
        self._bars.reset(self._task, total=size, completed=have)

    def advanced(self, count: int) -> None:
        self._bars.advance(self._task, count)

    def ended(self) -> None:
        self._bars.remove_task(self._task)
        self._bars.refresh()  # else the line that follows is printed above the bar that has gone


class Report:
    """form: `lines`, `json` or `quiet`. Failures go to stderr, except in JSON, where all is one stream."""

    def __init__(self, form: str, *, bars: Bars | None = None) -> None:
        self._form = form
        self._bars = bars

    @contextmanager
    def progress(self, title: str) -> Generator[Progress]:
        if self._bars is None:
            yield NoProgress()
            return
        bar = BarProgress(self._bars, title)
        try:
            yield bar
        finally:
            bar.ended()

    def waits(self, title: str, seconds: float, fault: TryLater) -> None:
        if self._form == "lines":
            self._say(f"{title}: {fault.detail} Trying again in {seconds:.0f} s.", to_stderr=True)

    def ended(self, result: Result) -> None:
        if self._form == "json":
            self._say(json.dumps(as_json(result), ensure_ascii=False))
        elif result.fault is not None:
            self._say(line_of(result), to_stderr=True)
        elif self._form == "lines":
            self._say(line_of(result))

    def summed_up(self, results: list[Result]) -> None:
        if self._form == "lines":
            self._say(sum_of(results))

    def _say(self, line: str, *, to_stderr: bool = False) -> None:
        if self._bars is not None:
            self._bars.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            stream = sys.stderr if to_stderr else sys.stdout
            stream.write(f"{line}\n")
            stream.flush()


@contextmanager
def reporting(form: str) -> Generator[Report]:
    """Bars only where somebody looks: on a terminal, and when lines are wanted."""
    if form != "lines" or not (sys.stderr.isatty() and sys.stdout.isatty()):
        yield Report(form)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        yield Report(form, bars=bars)


def title_of(product: str, area: str | None) -> str:
    return product if area is None else f"{product} {area}"


def line_of(result: Result) -> str:
    """`job-seeker-spells 39: unchanged (304), nothing transferred`"""
    title = title_of(result.product, result.area)
    notes = result.notes
    match result:
        case Result(fault=PullFault() as fault):
            said = f"{title}: {result.outcome}: {fault}"
        case Result(outcome=Outcome.UNCHANGED):
            said = f"{title}: unchanged (304), nothing transferred"
        case Result(outcome=Outcome.RESUMED):
            said = (
                f"{title}: resumed at byte {result.from_byte:,}, {result.received:,} bytes "
                f"transferred of {notes.size if notes else 0:,}"
            )
        case _:
            said = f"{title}: fetched, {result.received:,} bytes transferred"
    if notes is not None and result.fault is None:
        said += f"; release {notes.release}"
    if result.check is not None:
        said += f", checked by {_CHECKS[result.check]}"
    if result.was_damaged:
        said += "; the local file had been changed or damaged"
    return said


def sum_of(results: list[Result]) -> str:
    counts = [
        f"{sum(result.outcome is outcome for result in results)} {outcome}"
        for outcome in Outcome
        if any(result.outcome is outcome for result in results)
    ]
    received = sum(result.received for result in results)
    files = "1 download" if len(results) == 1 else f"{len(results)} downloads"
    return f"{files}: {', '.join(counts)}; {received:,} bytes transferred"


def as_json(result: Result) -> dict[str, Any]:
    """One line for a machine; a member is null where there is nothing to tell."""
    notes, fault = result.notes, result.fault
    return {
        "product": result.product,
        "area": result.area,
        "file": None if result.path is None else str(result.path),
        "outcome": result.outcome.value,
        "received_bytes": result.received,
        "from_byte": result.from_byte,
        "bytes": notes and notes.size,
        "sha256": notes and notes.sha256,
        "checked": result.check and result.check.value,
        "was_damaged": result.was_damaged,
        "release": notes and notes.release,
        "as_of": notes and notes.as_of,
        "receipt": notes and notes.receipt,
        "http_status": fault and fault.http_status,
        "code": fault and fault.code,
        "detail": fault and fault.detail,
        "request": fault.request if fault else notes and notes.request,
        "exit_code": int(result.exit_code),
    }


_CHECKS = {"sha-256": "SHA-256", "length": "its length", "end": "the end of the stream"}
