"""What became of one download, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.pull.faults import ExitCode, PullFault, Refused, TryLater
from gateway.pull.place import Notes


class Outcome(StrEnum):
    FETCHED = "fetched"
    RESUMED = "resumed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    LATER = "try-later"
    FAILED = "failed"


class Check(StrEnum):
    """How the bytes were checked. END: a stream that ended as HTTP says a whole one ends."""

    SHA256 = "sha-256"
    LENGTH = "length"
    END = "end"


@dataclass(frozen=True, slots=True)
class Result:
    """received: bytes of bodies in this run, all attempts counted. from_byte: where a resumed one began.

    was_damaged: the file in place was not what an earlier run had put there.
    """

    product: str
    area: str | None
    path: Path | None
    outcome: Outcome
    received: int = 0
    notes: Notes | None = None
    check: Check | None = None
    from_byte: int = 0
    was_damaged: bool = False
    fault: PullFault | None = None

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.DONE if self.fault is None else self.fault.exit_code


def outcome_of(fault: PullFault) -> Outcome:
    if isinstance(fault, TryLater):
        return Outcome.LATER
    return Outcome.REFUSED if isinstance(fault, Refused) else Outcome.FAILED


def exit_code_of(results: list[Result]) -> ExitCode:
    """What somebody must act on comes before what the next run may do."""
    codes = {result.exit_code for result in results}
    worst = (ExitCode.USAGE, ExitCode.FAILED, ExitCode.LATER)
    return next((code for code in worst if code in codes), ExitCode.DONE)
