"""Two processes that write to a PostgreSQL whose server is killed, restarted, or replaced by its standby.

Whatever happens: no acknowledged entry is lost or moved, no place is empty, nothing is there twice, and the
tree is the one over the entries.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.journal_migration import migrate_journal
from gateway.adapters.journal_postgres import PostgresJournal
from gateway.adapters.postgres_url import parse_postgres_url
from gateway.errors import JournalUnavailable
from gateway.journal.append import Journal
from gateway.journal.recovery import recover
from gateway.journal.seal import new_boot
from gateway.journal.verify import verify_entries
from gateway.journal.verify_tree import verify_tree

ROOT = Path(__file__).parents[2]
THREADS = 3
WRITER = """
import json, sys, threading, time
from gateway.adapters.clock import SystemClock
from gateway.adapters.journal_postgres import PostgresJournal
from gateway.adapters.postgres_url import parse_postgres_url
from gateway.errors import JournalUnavailable
from gateway.journal.append import Journal
from gateway.journal.body import Asked, Origin, access_body
from gateway.journal.seal import new_boot
from gateway.model.caller import AuthStrength, Caller
from gateway.model.entry import Completion, Draft, EntryKind, Outcome
from gateway.model.ruling import Action, Permit

caller = Caller("i", "s", "c", "j", AuthStrength.BEARER, "KU837", None)
permit = Permit(("p",), "e" * 64, "statistics", "law", "s-1", frozenset({"39"}))
body = access_body(caller, Asked(Action.READ_ROWS, "p", ("39",)), ruling=permit, origin=Origin())
store = PostgresJournal(parse_postgres_url(sys.argv[1], parameter="journal_url"))
boot = new_boot(replica="r", build="b", config_hash="c")
journal = Journal(store, clock=SystemClock(), identity=boot)
done = Completion(Outcome.COMPLETE, 200, 1, 1, None, 1.0)
out, stop = threading.Lock(), threading.Event()

def say(**words):
    with out:
        print(json.dumps(words), flush=True)

def write():
    while not stop.is_set():
        try:
            receipt = journal.append(Draft(EntryKind.INTENT, body))
        except JournalUnavailable:
            say(refused=1)
            time.sleep(0.05)
            continue
        say(seq=receipt.seq, event=receipt.event_id, leaf=receipt.leaf_sha256)
        if receipt.seq % 2:
            journal.complete(receipt, done)

workers = [threading.Thread(target=write) for _ in range(int(sys.argv[2]))]
[worker.start() for worker in workers]
sys.stdin.read()
stop.set()
[worker.join() for worker in workers]
journal.close(within_seconds=10)
"""


@dataclass
class Writer:
    """A process that writes until it is told to end, and what it was told."""

    process: subprocess.Popen[str]
    said: list[dict[str, Any]] = field(default_factory=list)

    def listen(self) -> None:
        for line in self.process.stdout:
            if line.endswith("}\n"):  # the last may have been cut by a kill
                self.said.append(json.loads(line))

    @property
    def receipts(self) -> list[dict[str, Any]]:
        return [each for each in list(self.said) if "seq" in each]

    def goes_on(self, entries: int) -> None:
        """Wait until it has so many more receipts."""
        wanted, deadline = len(self.receipts) + entries, time.monotonic() + 60
        while len(self.receipts) < wanted:
            assert time.monotonic() < deadline
            assert self.process.poll() is None
            time.sleep(0.01)


@contextmanager
def writing(url: str) -> Iterator[Writer]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(THREADS)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    writer = Writer(process)
    listener = threading.Thread(target=writer.listen)
    listener.start()
    try:
        yield writer
        if process.poll() is None:
            process.stdin.close()
            assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        listener.join()
        process.stdout.close()
        if not process.stdin.closed:
            process.stdin.close()


def prepared(server: Any) -> str:
    name = server.create_database()
    server.prepare(name)
    owner = server.url(name, user="jakelu_owner")
    migrate_journal(parse_postgres_url(owner, parameter="journal_url"))
    return name


def check(url: str, writers: list[Writer]) -> None:
    """What was acknowledged is there, once and at its place; the whole is in order, and its tree too."""
    store = PostgresJournal(parse_postgres_url(url, parameter="journal_url"), grace_seconds=10)
    boot = new_boot(replica="test", build="b", config_hash="c")
    with Journal(store, clock=SystemClock(), identity=boot) as journal:
        receipts = [receipt for writer in writers for receipt in writer.receipts]
        assert len({receipt["seq"] for receipt in receipts}) == len(receipts)
        durable = store.find([receipt["event"] for receipt in receipts])
        for receipt in receipts:
            found = durable[receipt["event"]]
            assert (found.seq, found.leaf_sha256) == (receipt["seq"], receipt["leaf"])
        recover(journal)
        entries = verify_entries(store.salted())
        assert (entries.problems, entries.open_intents) == ((), 0)
        tree = verify_tree(store)
        assert (tree.problems, tree.size) == ((), entries.entries)


@pytest.fixture
def server(new_postgres: Callable[..., Any]) -> Any:
    return new_postgres()


def test_a_server_that_is_killed_again_and_again_loses_nothing(server, campaign) -> None:
    name = prepared(server)
    url = server.url(name, user="jakelu_gateway")
    moments = random.Random(7)
    with writing(url) as one, writing(url) as two:
        for kill in range(campaign.kills):
            one.goes_on(15)
            two.goes_on(15)
            time.sleep(moments.uniform(0, 0.2))
            if kill % 3 == 1:
                server.restart()
            else:
                server.kill()
                server.start()
        one.goes_on(15)
        two.goes_on(15)
    assert any("refused" in each for writer in (one, two) for each in writer.said)
    check(url, [one, two])


def test_a_writer_that_is_killed_beside_another_loses_nothing(server, campaign) -> None:
    url = server.url(prepared(server), user="jakelu_gateway")
    moments, writers = random.Random(11), []
    with writing(url) as other:
        for _ in range(max(1, campaign.kills // 3)):
            with writing(url) as killed:
                killed.goes_on(15)
                time.sleep(moments.uniform(0, 0.2))
                killed.process.send_signal(signal.SIGKILL)
                killed.process.wait()
            writers.append(killed)
            other.goes_on(15)
    _wait_for_the_end_of_sessions(server, url)
    check(url, [other, *writers])


def _wait_for_the_end_of_sessions(server: Any, url: str) -> None:
    name = parse_postgres_url(url, parameter="journal_url").parameters["dbname"]
    deadline = time.monotonic() + 20
    with server.connect() as connection:
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        while connection.execute(sessions, (name,)).fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_standby_that_takes_over_has_every_acknowledged_entry(server) -> None:
    name = prepared(server)
    with ExitStack() as opened:
        standby = server.synchronous_standby()
        opened.callback(standby.remove)
        both = f"host={server.folder},{standby.folder}"
        url = f"postgresql://jakelu_gateway@/{name}?{both}"
        with writing(url) as one, writing(url) as two:
            one.goes_on(30)
            two.goes_on(30)
            server.kill()
            standby.promote()
            one.goes_on(30)
            two.goes_on(30)
        check(standby.url(name, user="jakelu_gateway"), [one, two])


def test_what_the_standby_does_not_have_is_not_acknowledged(server) -> None:
    """The server has committed, and waits for a standby that is gone: nobody may be served on that."""
    url = parse_postgres_url(
        server.url(prepared(server), user="jakelu_gateway"), parameter="journal_url"
    )
    store = PostgresJournal(url, busy_seconds=0.5)
    drafts: list[Any] = []
    with server.connect() as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
        connection.execute("SELECT pg_reload_conf()")
    time.sleep(0.5)
    try:
        drafts.append(_stamped(store))
        with pytest.raises(JournalUnavailable):
            store.append(drafts)
        with pytest.raises(
            JournalUnavailable
        ):  # its transaction has the head until the standby has it
            store.find([drafts[0].event_id])
        server.kill()
        server.start()  # the entry is in its log
        with pytest.raises(JournalUnavailable):  # and still not where it must be
            store.find([drafts[0].event_id])
    finally:
        with server.connect() as connection:
            connection.execute("ALTER SYSTEM RESET ALL")
            connection.execute("SELECT pg_reload_conf()")
    deadline = time.monotonic() + 20
    while (found := _find(store, drafts[0].event_id)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [receipt.seq for receipt in found.values()] == [1]
    store.close()


def _stamped(store: PostgresJournal) -> Any:
    from gateway.journal.events import policy_body
    from gateway.journal.seal import BootIdentity, Seal
    from gateway.model.entry import Draft, EntryKind

    draft = Draft(EntryKind.POLICY_LOADED, policy_body("a" * 64, []))
    return Seal(BootIdentity("test", "boot-1", "0.1.0", "a" * 64), store.secret()).stamped(
        draft, SystemClock().now()
    )


def _find(store: PostgresJournal, event_id: str) -> Any:
    try:
        return store.find([event_id])
    except JournalUnavailable:
        return None
