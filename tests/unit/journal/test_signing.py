"""The tree is signed and witnessed, and never when it is not the tree that was signed."""

from __future__ import annotations

import base64
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.errors import JournalForked, JournalUnwitnessed, WitnessUnavailable
from gateway.journal import witnessed as module
from gateway.journal.append import Journal
from gateway.journal.checkpoint import Checkpoint, log_key, opened, signed
from gateway.journal.events import policy_body
from gateway.journal.note import Note, Signature, SignatureType, VerifierKey
from gateway.journal.seal import BootIdentity, Seal
from gateway.journal.signing import Signing
from gateway.journal.tree import is_consistent
from gateway.journal.witness import Conflict, Refused, cosign
from gateway.journal.witnessed import Witnessed
from gateway.model.entry import Draft, EntryKind

NOW = datetime(2026, 6, 30, 5, 0, tzinfo=UTC)
ORIGIN = "jakelu.example/v1/journal"


@dataclass
class Clock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


class Key:
    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()

    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


@dataclass
class PlainWitness:
    """It follows C2SP tlog-witness; `is_away` makes it answer nothing."""

    log: VerifierKey
    clock: Clock
    name: str = "witness.example"
    signer: Key = field(default_factory=Key)
    size: int = 0
    root: bytes = b""
    asked: int = 0
    is_away: bool = False
    shown: str | None = None

    @property
    def key(self) -> VerifierKey:
        return VerifierKey(self.name, SignatureType.COSIGNATURE, self.signer.public_key())

    def last_checkpoint(self, origin: str) -> str | None:
        assert origin == self.log.name
        return self.shown

    def add_checkpoint(self, request: str) -> str | Conflict | Refused:
        self.asked += 1
        if self.is_away:
            raise WitnessUnavailable("It does not answer.")
        head, _, note = request.partition("\n\n")
        first, *lines = head.split("\n")
        checkpoint, old = opened(note, self.log), int(first.removeprefix("old "))
        if old != self.size:
            return Conflict(self.size)
        proof = [base64.b64decode(line) for line in lines]
        if old and not is_consistent(old, self.root, checkpoint.size, checkpoint.root, proof):
            return Refused()
        self.size, self.root, self.shown = checkpoint.size, checkpoint.root, note
        seconds = int(self.clock.now().timestamp())
        text = Note.parse(note).text
        value = self.signer.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
        return Signature(self.name, self.key.id, seconds.to_bytes(8) + value).line()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteJournal]:
    store = SqliteJournal(path)
    yield store
    store.close()


@pytest.fixture
def signer() -> Key:
    return Key()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def witness(signer: Key, clock: Clock) -> PlainWitness:
    return PlainWitness(log_key(ORIGIN, signer.public_key()), clock)


@pytest.fixture
def signing(store: SqliteJournal, signer: Key, clock: Clock, witness: PlainWitness) -> Signing:
    return Signing(store, ORIGIN, signer, clock, (witness,))


@pytest.fixture
def witnessed(store: SqliteJournal, clock: Clock, witness: PlainWitness) -> Witnessed:
    return Witnessed(
        store, ORIGIN, (witness.key,), 1, timedelta(minutes=15), clock, pause_seconds=0
    )


def append(store: SqliteJournal, count: int, *, event: str = "a") -> None:
    seal = Seal(BootIdentity("test", "boot-1", "0.1.0", event * 64), store.secret())
    draft = Draft(EntryKind.POLICY_LOADED, policy_body("a" * 64, []))
    store.append([seal.stamped(draft, NOW) for _ in range(count)])


def newest(store: SqliteJournal, signer: Key) -> Checkpoint:
    kept = store.checkpoint()
    assert kept is not None
    return opened(kept.note, log_key(ORIGIN, signer.public_key()))


def tampered(path: Path, *statements: str) -> None:
    """As somebody does who owns the database and knows its triggers."""
    other = sqlite3.connect(path, isolation_level=None)
    for (name,) in other.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
    ).fetchall():
        other.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        other.execute(statement)
    other.close()


def test_signs_nothing_of_an_empty_journal(store: SqliteJournal, signing: Signing) -> None:
    signing.step()
    assert store.checkpoint() is None


def test_signs_what_is_new_and_has_it_witnessed(
    store: SqliteJournal, signing: Signing, signer: Key, witness: PlainWitness
) -> None:
    for count in (1, 300, 5):
        append(store, count)
        signing.step()
        found = newest(store, signer)
        assert (found.size, found.root) == (store.head().size, store.head().root())
        assert (witness.size, witness.root) == (found.size, found.root)
    kept = store.checkpoint()
    assert kept is not None
    assert [each.witness for each in kept.cosignatures] == ["witness.example"]
    assert Note.parse(str(kept)).is_signed_by(log_key(ORIGIN, signer.public_key()))


def test_a_quiet_journal_is_seen_again_and_signed_once(
    store: SqliteJournal, signing: Signing, clock: Clock, witness: PlainWitness
) -> None:
    append(store, 3)
    signing.step()
    clock.at += timedelta(minutes=5)
    signing.step()
    (cosignature,) = store.newest_cosignatures()
    assert cosignature.at_utc.startswith("2026-06-30T05:05")
    assert (witness.size, witness.asked) == (3, 2)


def test_a_witness_that_remembers_more_than_we_do_is_asked_again(
    store: SqliteJournal,
    signing: Signing,
    signer: Key,
    clock: Clock,
    witness: PlainWitness,
    path: Path,
) -> None:
    append(store, 3)
    signing.step()
    tampered(path, "DELETE FROM cosignatures")
    append(store, 2)
    Signing(store, ORIGIN, signer, clock, (witness,)).step()
    assert witness.size == 5


def test_signs_while_the_witness_is_away(
    store: SqliteJournal, signing: Signing, signer: Key, witness: PlainWitness
) -> None:
    witness.is_away = True
    append(store, 3)
    signing.step()
    assert newest(store, signer).size == 3
    witness.is_away = False
    append(store, 3)
    signing.step()
    assert witness.size == 6


def test_only_one_process_signs(
    store: SqliteJournal, signing: Signing, path: Path, witness: PlainWitness
) -> None:
    append(store, 3)
    other = SqliteJournal(path)
    with other.leading():
        signing.step()
    assert (store.checkpoint(), witness.asked) == (None, 0)
    other.close()


def test_refuses_to_continue_a_tree_one_of_whose_leaves_was_rewritten(
    store: SqliteJournal, signing: Signing, path: Path
) -> None:
    append(store, 3)
    signing.step()
    tampered(path, "UPDATE entries SET leaf_sha256 = printf('%064d', 0) WHERE seq = 2")
    append(store, 1)
    with pytest.raises(JournalForked, match="not those that were signed"):
        signing.step()


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE head SET frontier = zeroblob(64)"],
        [
            "DELETE FROM entries WHERE seq = 2",
            "UPDATE entries SET seq = 2 WHERE seq = 3",
            "UPDATE head SET seq = 2, frontier = zeroblob(32)",
        ],
        ["DELETE FROM entries WHERE seq > 1", "UPDATE head SET seq = 1, frontier = zeroblob(32)"],
        ["UPDATE checkpoints SET note = replace(note, '3', '2')"],
    ],
)
def test_refuses_to_sign_a_tree_that_was_rewritten(
    store: SqliteJournal,
    signing: Signing,
    signer: Key,
    clock: Clock,
    path: Path,
    statements: list[str],
) -> None:
    append(store, 3)
    signing.step()
    tampered(path, *statements)
    with pytest.raises(JournalForked):
        Signing(store, ORIGIN, signer, clock).step()


def test_a_database_brought_back_from_an_older_backup_is_noticed_by_the_process_that_signed(
    store: SqliteJournal, signing: Signing, path: Path
) -> None:
    append(store, 3)
    signing.step()
    tampered(
        path,
        "DELETE FROM checkpoints",
        "DELETE FROM entries WHERE seq > 1",
        "UPDATE head SET seq = 1, frontier = zeroblob(32)",
    )
    with pytest.raises(JournalForked, match="fewer"):
        signing.step()


def test_a_rewritten_journal_signed_anew_with_the_stolen_key_is_noticed_by_the_witness(
    signing: Signing,
    store: SqliteJournal,
    tmp_path: Path,
    signer: Key,
    clock: Clock,
    witness: PlainWitness,
) -> None:
    append(store, 3)
    signing.step()
    forged = SqliteJournal(tmp_path / "forged.sqlite")
    append(forged, 7, event="b")
    with pytest.raises(JournalForked, match="not those that were signed and shown"):
        Signing(forged, ORIGIN, signer, clock, (witness,)).step()
    forged.close()


def test_an_older_backup_is_noticed_by_the_witness(
    signing: Signing,
    store: SqliteJournal,
    tmp_path: Path,
    signer: Key,
    clock: Clock,
    witness: PlainWitness,
) -> None:
    append(store, 3)
    signing.step()
    backup = SqliteJournal(tmp_path / "backup.sqlite")
    append(backup, 2)
    with pytest.raises(JournalForked, match="fewer entries than were signed and shown"):
        Signing(backup, ORIGIN, signer, clock, (witness,)).step()
    backup.close()


@dataclass
class LyingWitness:
    """It says whatever it likes, and cosigns nothing."""

    key: VerifierKey
    says: Conflict | Refused
    shows: str | None = None

    def add_checkpoint(self, request: str) -> str | Conflict | Refused:
        return self.says if request else ""

    def last_checkpoint(self, origin: str) -> str | None:
        return self.shows if origin else None


@pytest.mark.parametrize("says", [Refused(), Conflict(4), Conflict(10**15)], ids=str)
@pytest.mark.parametrize("shows", ["nothing", "a note of another key", "an earlier one", "noise"])
def test_what_a_witness_merely_says_condemns_nobody_and_another_one_is_asked(
    store: SqliteJournal,
    signing: Signing,
    witness: PlainWitness,
    says: Conflict | Refused,
    shows: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    append(store, 3)
    signing.step()
    forged = Checkpoint(ORIGIN, 10**15, bytes(32))
    notes = {
        "nothing": None,
        "a note of another key": str(signed(forged, Key())),
        "an earlier one": witness.shown,
        "noise": "\x00",
    }
    append(store, 3)
    liar = LyingWitness(replace(witness.key, name="liar.example"), says, notes[shows])
    signing.witnesses = (liar, witness)
    signing.step()
    assert witness.size == 6
    assert "witness liar.example: It says that it has seen another journal" in caplog.text


@pytest.mark.parametrize("size", [2, 3, 4], ids=["earlier", "now", "beyond"])
def test_a_checkpoint_of_our_own_key_that_contradicts_the_journal_proves_a_fork(
    store: SqliteJournal, signer: Key, clock: Clock, witness: PlainWitness, size: int
) -> None:
    append(store, 3)
    shown = str(signed(Checkpoint(ORIGIN, size, bytes(32)), signer))
    says = LyingWitness(witness.key, Refused(), shown)
    with pytest.raises(JournalForked, match="signed and shown to a witness"):
        Signing(store, ORIGIN, signer, clock, (says,)).step()


def test_a_checkpoint_of_an_earlier_key_proves_a_fork_as_well(
    store: SqliteJournal, signer: Key, clock: Clock, witness: PlainWitness
) -> None:
    append(store, 3)
    shown = str(signed(Checkpoint(ORIGIN, 2, bytes(32)), signer))
    says, earlier = (
        LyingWitness(witness.key, Refused(), shown),
        log_key(ORIGIN, signer.public_key()),
    )
    new = Key()
    Signing(store, ORIGIN, new, clock, (says,)).step()
    with pytest.raises(JournalForked, match="signed and shown to a witness"):
        Signing(store, ORIGIN, new, clock, (says,), (earlier,)).step()


def test_a_hole_beneath_a_signed_tree_is_noticed_when_a_witness_asks_for_its_proof(
    store: SqliteJournal, signing: Signing, witness: PlainWitness, path: Path
) -> None:
    append(store, 2)
    signing.step()
    witness.is_away = True
    append(store, 3)
    signing.step()
    witness.is_away = False
    tampered(path, "DELETE FROM entries WHERE seq = 4")
    with pytest.raises(JournalForked, match="hole"):
        signing.step()


def test_a_new_key_signs_on_where_the_earlier_one_is_named(
    store: SqliteJournal, signing: Signing, signer: Key, clock: Clock
) -> None:
    append(store, 3)
    signing.step()
    append(store, 3)
    new = Key()
    with pytest.raises(JournalForked, match="not signed by the journal's key"):
        Signing(store, ORIGIN, new, clock).step()
    earlier = log_key(ORIGIN, signer.public_key())
    Signing(store, ORIGIN, new, clock, earlier=(earlier,)).step()
    assert newest(store, new).size == 6


# --- whether the journal may be relied on -----------------------------------------------------


def test_is_relied_on_for_as_long_as_the_witness_has_seen_it_lately(
    store: SqliteJournal, signing: Signing, witnessed: Witnessed, clock: Clock
) -> None:
    with pytest.raises(JournalUnwitnessed):
        witnessed.check()
    append(store, 3)
    signing.step()
    clock.at += timedelta(minutes=14)
    witnessed.check()
    clock.at += timedelta(minutes=2)
    with pytest.raises(JournalUnwitnessed):
        witnessed.check()
    signing.step()
    clock.at += timedelta(seconds=1)
    witnessed.check()


def test_a_line_that_the_witness_did_not_sign_is_no_word_of_it(
    store: SqliteJournal, signing: Signing, witnessed: Witnessed, path: Path, clock: Clock
) -> None:
    append(store, 3)
    signing.step()
    clock.at += timedelta(hours=1)
    tampered(path, "UPDATE cosignatures SET at_utc = '2026-06-30T06:00:00.000Z'")
    with pytest.raises(JournalUnwitnessed):
        witnessed.check()


def test_a_witness_whose_clock_is_ahead_is_not_believed(
    store: SqliteJournal, signing: Signing, witnessed: Witnessed, clock: Clock
) -> None:
    append(store, 3)
    clock.at += timedelta(minutes=2)
    signing.step()
    clock.at = NOW
    with pytest.raises(JournalUnwitnessed):
        witnessed.check()
    clock.at += timedelta(minutes=1)
    witnessed.check()


def test_a_clock_that_is_set_back_does_not_prolong_what_the_witness_said(
    store: SqliteJournal,
    signing: Signing,
    witnessed: Witnessed,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    append(store, 3)
    signing.step()
    passed = time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: passed)
    witnessed.check()
    clock.at -= timedelta(days=30)
    passed += 14 * 60
    witnessed.check()
    passed += 2 * 60
    with pytest.raises(JournalUnwitnessed):
        witnessed.check()


def test_a_word_on_an_old_checkpoint_does_not_cover_what_came_after_it(
    store: SqliteJournal,
    signing: Signing,
    witnessed: Witnessed,
    clock: Clock,
    witness: PlainWitness,
) -> None:
    """Whoever keeps the signer from its work may show the witness the same checkpoint again and again."""
    append(store, 3)
    signing.step()
    witnessed.check()
    append(store, 3)

    def show_again() -> None:
        clock.at += timedelta(minutes=16)
        kept = store.checkpoint()
        assert kept is not None
        cosign(kept, witness, store, keys=(witness.log,))

    show_again()
    witnessed.check()
    show_again()
    with pytest.raises(JournalUnwitnessed):
        witnessed.check()
    clock.at += timedelta(seconds=1)
    signing.step()
    witnessed.check()


def test_a_word_on_another_log_is_no_word_on_this_one(
    store: SqliteJournal, signing: Signing, witnessed: Witnessed, clock: Clock, path: Path
) -> None:
    """A witness sees more than one log, and shows to everybody what it has signed of each."""
    append(store, 3)
    signing.step()
    clock.at += timedelta(hours=1)
    others, other_log = Key(), "other.example/log"
    watching = PlainWitness(log_key(other_log, others.public_key()), clock)
    watching.signer = signing.witnesses[0].signer
    note = signed(Checkpoint(other_log, 9, bytes(32)), others)
    line = watching.add_checkpoint(f"old 0\n\n{note}")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("INSERT INTO checkpoints VALUES (9, ?, '')", (str(note),))
        row = (9, watching.name, line, "2026-06-30T06:00:00.000Z")
        database.execute("INSERT INTO cosignatures VALUES (?, ?, ?, ?)", row)
    with pytest.raises(JournalUnwitnessed):
        witnessed.check()
    assert witnessed.seen() == {watching.name: None}


def test_as_many_witnesses_as_are_needed(
    store: SqliteJournal, signer: Key, clock: Clock, witness: PlainWitness
) -> None:
    other = PlainWitness(witness.log, clock, name="other.example", is_away=True)
    append(store, 3)
    signing = Signing(store, ORIGIN, signer, clock, (witness, other))
    signing.step()
    keys = (witness.key, other.key)
    both = Witnessed(store, ORIGIN, keys, 2, timedelta(minutes=15), clock, pause_seconds=0)
    Witnessed(store, ORIGIN, keys, 1, timedelta(minutes=15), clock, pause_seconds=0).check()
    with pytest.raises(JournalUnwitnessed):
        both.check()
    other.is_away = False
    signing.step()
    clock.at += timedelta(seconds=1)
    both.check()


def test_a_condemned_journal_announces_nothing_more(
    store: SqliteJournal, clock: Clock, draft: Callable[..., Draft]
) -> None:
    denial = Draft(EntryKind.DENIED, draft().body)
    witnessed = Witnessed(store, ORIGIN, (), 0, timedelta(minutes=15), clock, pause_seconds=0)
    identity = BootIdentity("test", "boot-2", "0.1.0", "a" * 64)
    with Journal(store, clock=clock, identity=identity, gate=witnessed.check) as journal:
        journal.append(draft())
        witnessed.condemn("its entries are not those that were signed")
        size = store.head().size
        with pytest.raises(JournalUnwitnessed, match="forked"):
            journal.append(draft())
        with pytest.raises(JournalUnwitnessed):
            journal.check()
        assert store.head().size == size
        journal.append(denial)
