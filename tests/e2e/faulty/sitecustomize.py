"""A fault in a gateway's process, at one step of the journal's way: Python runs this file before anything else.

JAKELU_FAULT=kill:inserted:20 meets every 20th commit that announces something. The steps:

    before      nothing of the commit was begun                        ┐ not persisted
    inserted    the rows were sent, COMMIT was not                     ┘
    committed   COMMIT has returned, and nobody has been told          ┐ persisted
    answered    the response has been allowed, and not begun           ┘
    closing     the response has ended, and its completion is not there yet

The deeds: `kill` (SIGKILL of the whole gateway), `fail` (the store says that it is down), `slow` (three seconds
pass; the caller waits for two), `clock` (the clock goes back by 20 seconds, for good).
What was met is written to JAKELU_FAULT_LOG and flushed before the deed is done.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

_ANNOUNCING = ("access.intent", "access.denied")


class _Fault:
    def __init__(self, said: str, log: str) -> None:
        self._deed, self._step, every = said.split(":")
        self._every, self._log = int(every), Path(log)
        self._met, self._lock = 0, threading.Lock()
        self._back = timedelta()

    def at(self, step: str, drafts: Sequence[Any]) -> None:
        closing = all(draft.kind.value == "access.completion" for draft in drafts)
        if step != self._step or closing != (step == "closing"):
            return
        if not closing and not any(draft.kind.value in _ANNOUNCING for draft in drafts):
            return
        with self._lock:
            self._met += 1
            if self._met % self._every:
                return
        self._tell([draft.event_id for draft in drafts])
        self._do()

    def now(self, told: datetime) -> datetime:
        return told - self._back

    def _tell(self, events: list[str]) -> None:
        line = json.dumps({"deed": self._deed, "step": self._step, "events": events})
        with self._log.open("a", encoding="utf-8") as log:
            log.write(line + "\n")
            log.flush()
            os.fsync(log.fileno())

    def _do(self) -> None:
        from gateway.errors import JournalUnavailable

        if self._deed == "kill":
            os.killpg(os.getpgrp(), signal.SIGKILL)
            time.sleep(60)  # until it arrives
        elif self._deed == "fail":
            raise JournalUnavailable("A fault that was asked for.")
        elif self._deed == "slow":
            time.sleep(3)
        elif self._deed == "clock":
            self._back = timedelta(seconds=20)


def _meet(fault: _Fault) -> None:
    import gateway.adapters.journal_postgres as postgres
    import gateway.adapters.journal_sqlite as sqlite
    from gateway.adapters import journal_postgres_rows as rows
    from gateway.adapters.clock import SystemClock
    from gateway.journal.append import Journal

    for store in (sqlite.SqliteJournal, postgres.PostgresJournal):
        store.append = _append(fault, store.append)
    sqlite.insert = _insert(fault, sqlite.insert)
    rows.add = _insert(fault, rows.add)
    together = Journal.append_together

    def append_together(self: Any, drafts: Any) -> Any:
        receipts = together(self, drafts)
        pairs = zip(drafts, receipts, strict=True)
        fault.at("answered", [_Told(draft.kind, receipt.event_id) for draft, receipt in pairs])
        return receipts

    Journal.append_together = append_together
    now = SystemClock.now
    SystemClock.now = lambda self: fault.now(now(self))


class _Told:
    def __init__(self, kind: Any, event_id: str) -> None:
        self.kind, self.event_id = kind, event_id


def _append(fault: _Fault, append: Callable[..., Any]) -> Callable[..., Any]:
    def faulty(self: Any, drafts: Sequence[Any]) -> Any:
        fault.at("before", drafts)
        fault.at("closing", drafts)
        receipts = append(self, drafts)
        fault.at("committed", drafts)
        return receipts

    return faulty


def _insert(fault: _Fault, insert: Callable[..., Any]) -> Callable[..., Any]:
    def faulty(*arguments: Any) -> Any:
        receipts = insert(*arguments)
        fault.at("inserted", arguments[-1])
        return receipts

    return faulty


if said := os.environ.get("JAKELU_FAULT"):
    _meet(_Fault(said, os.environ["JAKELU_FAULT_LOG"]))
