"""Several processes and one journal: killed at any moment, or writing at once."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.postgres_url import PostgresUrl, parse_postgres_url
from gateway.journal.append import Journal
from gateway.journal.recovery import recover
from gateway.journal.seal import new_boot
from gateway.journal.store import ClosedIntent
from gateway.journal.verify import Verification, verify_entries
from gateway.model.entry import EntryKind, EntryQuery

ROOT = Path(__file__).parents[2]
WRITER = """
import json, sys, threading
from datetime import date
from pathlib import Path
from gateway.adapters.clock import SystemClock
from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.postgres_url import parse_postgres_url
from gateway.journal.append import Journal
from gateway.journal.body import Asked, Origin, access_body
from gateway.journal.recovery import recover
from gateway.journal.seal import new_boot
from gateway.model.caller import AuthStrength, Caller
from gateway.model.entry import Completion, Draft, EntryKind, Outcome
from gateway.model.ruling import Action, Permit

text, threads, entries, does_complete = sys.argv[1], *map(int, sys.argv[2:5])
is_url = text.startswith("postgresql:")
place = parse_postgres_url(text, parameter="journal_url") if is_url else Path(text)
caller = Caller("i", "s", "c", "j", AuthStrength.BEARER, "KU837", None)
permit = Permit(("p",), "e" * 64, "statistics", "law", "s-1", frozenset({"39"}))
body = access_body(caller, Asked(Action.READ_ROWS, "p", ("39",)), ruling=permit, origin=Origin())
boot = new_boot(replica="r", build="b", config_hash="c")
journal = Journal(open_journal_store(place), clock=SystemClock(), identity=boot, timeout_seconds=20)
recover(journal)
done = Completion(Outcome.COMPLETE, 200, 1, 1, None, 1.0)
out = threading.Lock()

def say(**words):
    with out:
        print(json.dumps(words), flush=True)

def write():
    for _ in range(entries):
        receipt = journal.append(Draft(EntryKind.INTENT, body))
        say(seq=receipt.seq, event=receipt.event_id, leaf=receipt.leaf_sha256)
        if does_complete and receipt.seq % 2:
            journal.complete(receipt, done, wait=True)
            say(closed=receipt.seq)

say(boot=boot.boot_id)
workers = [threading.Thread(target=write) for _ in range(threads)]
[worker.start() for worker in workers]
[worker.join() for worker in workers]
journal.close()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a journal is that nobody has used, as a process is told of it."""
    if request.param == "sqlite":
        return str(tmp_path / "journal.sqlite")
    return request.getfixturevalue("journal_url")


def where(place: str) -> Path | PostgresUrl:
    if place.startswith("postgresql:"):
        return parse_postgres_url(place, parameter="journal_url")
    return Path(place)


def wait_until_missed(place: str) -> None:
    """A server ends the sessions of a dead process a moment after the process."""
    if not place.startswith("postgresql:"):
        return
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND usename = current_user"
    )
    deadline = time.monotonic() + 20
    with psycopg.connect(place, autocommit=True) as connection:
        while connection.execute(others).fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.01)


@contextmanager
def writing(
    place: str, *, threads: int, entries: int, does_complete: bool = False
) -> Iterator[subprocess.Popen[str]]:
    arguments = [place, str(threads), str(entries), str(int(does_complete))]
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def said(process: subprocess.Popen[str]) -> list[dict[str, str]]:
    """What was acknowledged, whole lines only: the last may have been cut by the kill."""
    assert process.stdout is not None
    lines = process.stdout.read().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("}\n")]


@contextmanager
def opened(place: str) -> Iterator[Journal]:
    boot = new_boot(replica="test", build="b", config_hash="c")
    with Journal(open_journal_store(where(place)), clock=SystemClock(), identity=boot) as journal:
        yield journal


def verified(journal: Journal) -> Verification:
    return verify_entries(journal.store.salted())


def check_acknowledged(journal: Journal, lines: list[dict[str, str]]) -> None:
    """Every receipt that anybody saw is there, at its place and with its leaf."""
    receipts = [line for line in lines if "event" in line]
    durable = journal.store.find([line["event"] for line in receipts])
    for line in receipts:
        receipt = durable[line["event"]]
        assert (receipt.seq, receipt.leaf_sha256) == (line["seq"], line["leaf"])


@pytest.mark.parametrize(
    ("place", "attempt"),
    [*(("sqlite", attempt) for attempt in range(4)), ("postgresql", 0), ("postgresql", 1)],
    indirect=["place"],
)
def test_a_killed_writer_loses_nothing_and_its_intents_are_closed_once(
    place: str, attempt: int
) -> None:
    with writing(place, threads=4, entries=100_000, does_complete=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.Random(attempt).uniform(0.05, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        lines = said(process)
    wait_until_missed(place)
    with opened(place) as journal:
        check_acknowledged(journal, lines)
        before = verified(journal)
        assert before.problems == ()
        assert recover(journal) == before.open_intents
        after = verified(journal)
        assert (after.problems, after.open_intents) == ((), 0)
        assert recover(journal) == 0
        recoveries = journal.search(EntryQuery(kind=EntryKind.RECOVERY)).entries
        assert len(recoveries) == (1 if before.open_intents else 0)
        for line in lines:
            if "closed" in line:
                entry = journal.search(
                    EntryQuery(after_seq=int(line["closed"]) - 1, limit=1)
                ).entries[0]
                assert isinstance(entry, ClosedIntent)
                assert entry.outcome == "complete"


def test_two_processes_and_this_one_make_one_order_without_gaps(place: str) -> None:
    with (
        writing(place, threads=3, entries=40) as one,
        writing(place, threads=3, entries=40, does_complete=True) as two,
        opened(place) as journal,
    ):
        recovered = [recover(journal) for _ in range(3)]  # while they live: nothing of theirs
        lines = [*said(one), *said(two)]
        assert [one.wait(60), two.wait(60)] == [0, 0]
        assert recovered == [0, 0, 0]
        receipts = [int(line["seq"]) for line in lines if "seq" in line]
        assert len(receipts) == len(set(receipts)) == 240
        found = verified(journal)
        assert found.problems == ()
        check_acknowledged(journal, lines)
        assert recover(journal) == found.open_intents  # they have ended: what they left is orphaned
        assert verified(journal).open_intents == 0


def test_processes_that_start_at_once_recover_once(place: str) -> None:
    with writing(place, threads=1, entries=5) as dead:
        assert dead.wait(60) == 0
    with (
        writing(place, threads=0, entries=0) as one,
        writing(place, threads=0, entries=0) as two,
        writing(place, threads=0, entries=0) as three,
    ):
        assert [process.wait(60) for process in (one, two, three)] == [0, 0, 0]
    with opened(place) as journal:
        found = verified(journal)
        assert (found.problems, found.open_intents, found.entries) == ((), 0, 11)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_processes_that_make_the_journal_at_once_make_one(place: str) -> None:
    with (
        writing(place, threads=1, entries=3) as one,
        writing(place, threads=1, entries=3) as two,
        writing(place, threads=1, entries=3) as three,
    ):
        assert [process.wait(60) for process in (one, two, three)] == [0, 0, 0]
    with opened(place) as journal:
        assert verified(journal).problems == ()
        intents = journal.search(EntryQuery(kind=EntryKind.INTENT)).entries
        assert len(intents) == 9
