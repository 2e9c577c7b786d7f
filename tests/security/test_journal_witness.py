"""The journal with a real witness beside it: what is tampered with, who notices it, and at which step.

The gateway signs over HTTP at a witness in a process of its own; an auditor has a checkpoint from before
and the verifier of one file. Whoever tampers owns the database, knows its triggers, and sometimes has the
signing key too.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.batch.journal_key import create_journal_key
from gateway.batch.journal_view import export_journal, verify_journal
from gateway.errors import GatewayError, JournalForked
from gateway.journal.checkpoint import Checkpoint, signed
from gateway.journal.events import policy_body
from gateway.journal.leaf import leaf_sha256
from gateway.journal.note import SignatureType, VerifierKey
from gateway.journal.seal import BootIdentity, Seal
from gateway.journal.tree import EMPTY, grow
from gateway.model.entry import Draft, EntryKind
from gateway.settings import JournalSettings

TOOLS = Path(__file__).parents[2] / "tools"
ORIGIN = "jakelu.example/v1/journal"
NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
ENTRIES = 6
SINCE_THEN = (datetime.now(UTC) - NOW).total_seconds()
# The program as it is, in a process whose clock shows the house's time.
AS_OF_THEN = """
import sys, time
tools, ago = sys.argv[1], float(sys.argv[2])
real = time.time
time.time = lambda: real() - ago
sys.path.insert(0, tools)
import jakelu_witness
sys.exit(jakelu_witness.main(sys.argv[3:]))
"""
ROWS = "/v1/rows/job-seeker-spells?area=39"


class Witness:
    """Another organisation's process, on loopback."""

    def __init__(self, folder: Path, log_key: str) -> None:
        folder.mkdir()
        self.folder, self.log_key, self.port = folder, log_key, 0
        self.process: subprocess.Popen[bytes] | None = None
        files = ("--key", str(folder / "key"), "--state", str(folder / "state"))
        made = self._run("init", "--name", "witness.example/w1", *files)
        self.files = files
        self.key = VerifierKey.parse(re.search(r"\S+\+[0-9a-f]{8}\+\S+", made)[0])

    @property
    def settings(self) -> dict[str, str]:
        return {"key": str(self.key), "url": f"http://127.0.0.1:{self.port}"}

    def start(self) -> Witness:
        said = self.folder / "said"
        listen = f"127.0.0.1:{self.port}"
        words = ("serve", *self.files, "--log", self.log_key, "--listen", listen)
        before = len(said.read_text()) if said.exists() else 0
        with said.open("ab") as out:
            program = (sys.executable, "-I", "-c", AS_OF_THEN, str(TOOLS), str(SINCE_THEN))
            self.process = subprocess.Popen((*program, *words), stderr=out)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if found := re.search(r"listens on 127.0.0.1:(\d+)", said.read_text()[before:]):
                self.port = int(found[1])
                return self
            time.sleep(0.02)
        raise AssertionError(said.read_text())

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    @staticmethod
    def _run(*words: str) -> str:
        program = (sys.executable, "-I", str(TOOLS / "jakelu_witness.py"))
        return subprocess.run((*program, *words), capture_output=True, text=True, check=True).stdout


@dataclass
class Log:
    """A journal that was signed and witnessed twice, with what the auditor kept of the first time."""

    folder: Path
    settings: JournalSettings
    key: VerifierKey
    witness: Witness
    kept: Path = field(init=False)

    def __post_init__(self) -> None:
        self.kept = self.folder / "kept.txt"

    @property
    def database(self) -> Path:
        return self.settings.journal_path

    def back_up(self) -> None:
        """As docs/operations.md says."""
        with (
            closing(sqlite3.connect(self.database)) as database,
            closing(sqlite3.connect(self.folder / "backup.sqlite")) as backup,
        ):
            database.backup(backup)

    def append(self, count: int, *, switch: str = "") -> None:
        store = SqliteJournal(self.database)
        try:
            seal = Seal(BootIdentity("test", "boot-1", "0.1.0", "a" * 64), store.secret())
            body = policy_body("a" * 64, [switch] if switch else [])
            draft = Draft(EntryKind.POLICY_LOADED, body)
            store.append([seal.stamped(draft, NOW) for _ in range(count)])
        finally:
            store.close()

    def sign(self) -> None:
        """As the gateway does at its next start."""
        from gateway.serving.log import log_of

        store = SqliteJournal(self.database)
        try:
            signing = log_of(self.settings, store, _Clock()).signing
            assert signing is not None
            signing.step()
        finally:
            store.close()

    def keep(self) -> None:
        store = SqliteJournal(self.database)
        try:
            self.kept.write_text(str(store.checkpoint()))
        finally:
            store.close()

    def tamper(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.database, isolation_level=None)) as database:
            names = database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
            for (name,) in names.fetchall():
                database.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                database.execute(statement)

    def rebuild(self) -> None:
        """Make leaves, tree and head fit the bodies again: everything that needs no key."""
        import json

        with closing(sqlite3.connect(self.database, isolation_level=None)) as database:
            leaves = []
            rows = database.execute("SELECT seq, body, salt FROM entries ORDER BY seq").fetchall()
            for place, (seq, body, salt) in enumerate(rows, 1):
                told = {**json.loads(body), "seq": place}
                leaf = leaf_sha256(told, salt)
                database.execute(
                    "UPDATE entries SET seq = ?, leaf_sha256 = ?, body = ? WHERE seq = ?",
                    (place, leaf, json.dumps(told, sort_keys=True, separators=(",", ":")), seq),
                )
                leaves.append(bytes.fromhex(leaf))
            for table in ("facets", "open_intents", "addresses"):
                database.execute(f"DELETE FROM {table} WHERE seq > ?", (len(leaves),))
            grown, _ = grow(EMPTY, leaves)
            database.execute("UPDATE head SET seq = ?, frontier = ?", (grown.size, grown.stored()))

    # --- who may notice -----------------------------------------------------------------------

    def verify_here(self) -> bool:
        """`jakelu journal verify` on the machine."""
        problems, *_ = verify_journal(self.settings, (self.key,))
        return bool(problems)

    def signer(self) -> bool:
        """The gateway, before it signs what comes next."""
        try:
            self.append(1)
            self.sign()
        except JournalForked as fault:
            return "witness" not in fault.detail
        except GatewayError:
            return True
        return False

    def seen_by_witness(self) -> bool:
        try:
            self.sign()
        except JournalForked as fault:
            return "witness" in fault.detail
        return False

    def auditor(self, *, kept: bool) -> bool:
        """Somebody with an export and the verifier, and perhaps with a checkpoint from before."""
        folder = self.folder / f"export-{time.monotonic_ns()}"
        try:
            export_journal(self.settings, folder, parameters={})
        except GatewayError:  # there is nothing to be shown that would verify
            return True
        words = [sys.executable, "-I", str(TOOLS / "verify_journal.py"), str(folder)]
        words += ["--log-key", str(self.key)]
        words += ["--kept-checkpoint", str(self.kept)] if kept else []
        found = subprocess.run(words, capture_output=True, text=True, check=False)
        assert found.returncode in {0, 1}, found.stderr
        return found.returncode == 1


class _Clock:
    """It goes, and began at NOW: like the witness's."""

    def now(self) -> datetime:
        return datetime.now(UTC) - timedelta(seconds=SINCE_THEN)


def _new_log(folder: Path) -> Log:
    (folder / "journal").mkdir(parents=True)
    key_path = folder / "journal" / "key.pem"
    create_journal_key(key_path)
    told = {
        "releases_dir": folder,
        "journal_path": folder / "journal" / "journal.sqlite",
        "release_public_key_path": folder / "release.pub",
        "journal_key_path": key_path,
        "journal_origin": ORIGIN,
    }
    from gateway.batch.journal_key import verifier_keys

    (key,) = verifier_keys(JournalSettings.model_validate(told))
    witness = Witness(folder / "witness", str(key)).start()
    settings = JournalSettings.model_validate({**told, "witnesses": [witness.settings]})
    return Log(folder, settings, key, witness)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """Kept at ENTRIES entries, signed and witnessed at twice as many."""
    log = _new_log(tmp_path / "log")
    log.append(ENTRIES)
    log.sign()
    log.keep()
    log.back_up()
    log.append(ENTRIES)
    log.sign()
    yield log
    log.witness.stop()


def edit(log: Log) -> None:
    log.tamper("UPDATE entries SET body = replace(body, 'test', 'best') WHERE seq = 2")


def edit_with_leaves(log: Log) -> None:
    edit(log)
    log.rebuild()


def delete(log: Log) -> None:
    log.tamper("DELETE FROM entries WHERE seq = 2")
    log.rebuild()


def insert(log: Log) -> None:
    log.tamper(
        "UPDATE entries SET seq = -seq WHERE seq >= 3",
        "UPDATE entries SET seq = 1 - seq WHERE seq < 0",
        "INSERT INTO entries SELECT 3, 'forged', kind, ts_utc, boot_id, NULL, leaf_sha256, body,"
        " salt FROM entries WHERE seq = 1",
    )
    log.rebuild()


def reorder(log: Log) -> None:
    log.tamper(
        "UPDATE entries SET seq = 100 WHERE seq = 2",
        "UPDATE entries SET seq = 2 WHERE seq = 3",
        "UPDATE entries SET seq = 3 WHERE seq = 100",
    )
    log.rebuild()


def truncate(log: Log) -> None:
    log.tamper(f"DELETE FROM entries WHERE seq > {ENTRIES - 2}")
    log.rebuild()


def truncate_to_what_was_signed(log: Log) -> None:
    """With the newest checkpoint gone too, what is left was signed once."""
    log.tamper(
        f"DELETE FROM entries WHERE seq > {ENTRIES}",
        f"DELETE FROM checkpoints WHERE size > {ENTRIES}",
        "DELETE FROM cosignatures",
    )
    log.rebuild()


def bring_back_a_backup(log: Log) -> None:
    """Of when the auditor kept the checkpoint: everything in it was signed and witnessed once."""
    for file in log.database.parent.glob("journal.sqlite*"):
        if file.is_file():
            file.unlink()
    shutil.copy(log.folder / "backup.sqlite", log.database)


def rewrite_and_sign(log: Log) -> None:
    """With the stolen key: another journal, as if it had always been so."""
    log.tamper("DELETE FROM checkpoints", "DELETE FROM cosignatures")
    edit_with_leaves(log)


def fork(log: Log) -> None:
    """The first entries as the witness saw them, and others after them, signed with the stolen key."""
    truncate_to_what_was_signed(log)
    log.append(ENTRIES + 1, switch="koto-worker")


ATTACKS: dict[Callable[[Log], None], set[str]] = {
    # what is tampered with → who notices: verify (on the machine), signer, witness, auditor (with the
    # verifier alone), keeper (with a checkpoint from before)
    edit: {"verify", "auditor", "keeper"},
    edit_with_leaves: {"verify", "signer", "auditor", "keeper"},
    delete: {"verify", "signer", "auditor", "keeper"},
    insert: {"verify", "signer", "auditor", "keeper"},
    reorder: {"verify", "signer", "auditor", "keeper"},
    truncate: {"verify", "signer", "auditor", "keeper"},
    truncate_to_what_was_signed: {"witness"},
    bring_back_a_backup: {"witness"},
    rewrite_and_sign: {"witness", "keeper"},
    fork: {"witness"},
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_each_way_of_tampering_is_noticed_by_those_whom_the_page_names(log: Log, attack) -> None:
    attack(log)
    noticed = set()
    if attack in {rewrite_and_sign, fork}:  # what the thief of the key does before anybody looks
        quiet = log.settings.model_copy(update={"witnesses": ()})
        Log(log.folder, quiet, log.key, log.witness).sign()
    if log.verify_here():
        noticed.add("verify")
    if log.auditor(kept=False):
        noticed.add("auditor")
    if log.auditor(kept=True):
        noticed.add("keeper")
    if log.seen_by_witness():
        noticed.add("witness")
    elif log.signer():
        noticed.add("signer")
    assert noticed == ATTACKS[attack]


def test_without_a_witness_a_stolen_key_goes_unnoticed_but_by_those_who_kept_a_checkpoint(
    log: Log,
) -> None:
    """What the page says of a journal without a witness."""
    rewrite_and_sign(log)
    log.settings = log.settings.model_copy(update={"witnesses": ()})
    log.sign()
    assert (log.verify_here(), log.auditor(kept=False), log.auditor(kept=True)) == (
        False,
        False,
        True,
    )


def test_an_honest_journal_is_noticed_by_nobody(log: Log) -> None:
    assert not log.verify_here()
    assert not log.auditor(kept=False)
    assert not log.auditor(kept=True)
    assert not log.seen_by_witness()
    assert not log.signer()


def test_a_checkpoint_shown_to_one_auditor_alone_lacks_the_witness(
    log: Log, tmp_path: Path
) -> None:
    """A fork for one: signed with the right key, and cosigned by nobody."""
    copy = tmp_path / "copy.sqlite"
    shutil.copy(log.database, copy)
    forked = log.settings.model_copy(update={"journal_path": copy, "witnesses": ()})
    shown = Log(log.folder, forked, log.key, log.witness)
    fork(shown)
    shown.sign()
    export_journal(forked, tmp_path / "shown", parameters={})
    words = [sys.executable, "-I", str(TOOLS / "verify_journal.py"), str(tmp_path / "shown")]
    words += ["--log-key", str(log.key), "--witness-key", str(log.witness.key)]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "witness" in found.stdout


# --- the gateway with its witness ------------------------------------------------------------------


@pytest.fixture
def witnessed(fresh_house) -> Iterator:
    """A house whose journal a real witness sees, with a clock that the test moves."""
    key_path = fresh_house.root / "journal" / "key.pem"
    create_journal_key(key_path)
    from gateway.batch.journal_key import verifier_keys

    signing = {"journal_key_path": key_path, "journal_origin": ORIGIN, "checkpoint_seconds": 1.0}
    (key,) = verifier_keys(fresh_house.settings(**signing))
    witness = Witness(fresh_house.root / "witness", str(key)).start()
    fresh_house.publish_rows()
    signing |= {"witnesses": [witness.settings], "witness_age_seconds": 60}
    yield fresh_house, witness, signing
    witness.stop()


def test_nothing_guarded_is_served_when_the_witness_has_not_seen_the_journal_lately(
    witnessed,
) -> None:
    house, witness, signing = witnessed
    witness.stop()
    with house.open(clock=_Clock(), **signing):
        refused = house.get("municipality-bi", ROWS)
        assert (refused.status_code, refused.json()["code"]) == (503, "journal_unwitnessed")
        assert "retry-after" in refused.headers
        administrator = house.bearer("key-administrator")
        asked = {"service_account": "bi", "products": ["vacancies"], "roles": []}
        made = house.client.post("/v1/keys", json=asked, headers=administrator)
        assert (made.status_code, made.json()["code"]) == (503, "journal_unwitnessed")
        reading = house.get("auditor", "/v1/journal/entries")
        assert (reading.status_code, reading.json()["code"]) == (503, "journal_unwitnessed")
        assert house.client.get("/health/ready").status_code == 503
        assert house.get("auditor", "/v1/journal/checkpoint").status_code == 200
        assert all(entry.kind != "access.intent" for entry in house.entries())
        witness.start()
        deadline = time.monotonic() + 15
        while house.get("municipality-bi", ROWS).status_code != 200:
            assert time.monotonic() < deadline, "it is served again once the witness has seen it"
            time.sleep(0.2)


class _MovedClock(_Clock):
    """It also goes on by as much as the test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


def test_while_unwitnessed_no_key_is_made_nor_rotated_and_any_may_be_revoked(witnessed) -> None:
    house, witness, signing = witnessed
    clock = _MovedClock()
    asked = {"service_account": "bi", "products": ["vacancies"], "roles": []}
    with house.open(peer="192.0.2.7", clock=clock, **signing):
        administrator = house.bearer("key-administrator")

        def keys() -> list[dict]:
            return house.client.get("/v1/keys", headers=administrator).json()["keys"]

        def asks(path: str, body: dict) -> tuple[int, str | None]:
            answer = house.client.post(path, json=body, headers=administrator)
            assert "secret" not in answer.json()
            return answer.status_code, answer.json().get("code")

        made = house.client.post("/v1/keys", json=asked, headers=administrator)
        assert made.status_code == 201
        key, secret = made.json()["key"]["id"], made.json()["secret"]
        own = {"Authorization": f"Bearer {secret}"}
        assert house.client.get("/v1/me", headers=own).status_code == 200
        witness.stop()
        clock.ahead = timedelta(seconds=120)
        before, told = keys(), len(house.entries())
        assert asks("/v1/keys", asked) == (503, "journal_unwitnessed")
        assert asks(f"/v1/keys/{key}/rotate", {"overlap_days": 1}) == (503, "journal_unwitnessed")
        assert keys() == before
        assert len(house.entries()) == told
        revoked = house.client.delete(f"/v1/keys/{key}", headers=administrator)
        assert revoked.status_code == 204
        assert [each["state"] for each in keys()] == ["revoked"]
        assert house.entries()[-1].kind == "key.revoked"
        assert house.client.get("/v1/me", headers=own).status_code == 401


class Liar(BaseHTTPRequestHandler):
    """Somebody in a witness's place: the journal is another one, it says, and shows a checkpoint of a key of its own."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._say(*self.server.says)

    def do_GET(self) -> None:
        forged = Checkpoint(ORIGIN, 10**9, bytes(32))
        self._say(200, str(signed(forged, _Key())).encode())

    def _say(self, status: int, body: bytes) -> None:
        self.server.asked.append((self.command, status))
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _Key:
    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


@pytest.fixture
def liar() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Liar) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("says", [(422, b""), (409, b"999999999\n")], ids=["422", "a larger size"])
def test_a_lying_witness_stops_nobody_while_another_one_has_seen_the_journal(
    witnessed, liar, says
) -> None:
    house, witness, signing = witnessed
    liar.says = says
    key = VerifierKey("liar.example/w1", SignatureType.COSIGNATURE, _Key().public_key())
    lying = {"key": str(key), "url": f"http://127.0.0.1:{liar.server_port}"}
    with house.open(clock=_Clock(), **signing | {"witnesses": [lying, witness.settings]}):
        time.sleep(2.5)  # the thread that signs has asked it again
        assert house.get("municipality-bi", ROWS).status_code == 200
    assert len([command for command, _ in liar.asked if command == "GET"]) > 2


def test_a_served_journal_carries_the_witness_and_verifies_with_the_one_file(
    witnessed, tmp_path
) -> None:
    house, witness, signing = witnessed
    with house.open(clock=_Clock(), **signing):
        assert house.get("municipality-bi", ROWS).status_code == 200
    with house.open(clock=_Clock(), **signing):
        note = house.get("auditor", "/v1/journal/checkpoint").text
        assert "— witness.example/w1 " in note
        settings = house.settings(**signing)
        export_journal(settings, tmp_path / "export", parameters={})
    from gateway.batch.journal_key import verifier_keys

    words = [sys.executable, "-I", str(TOOLS / "verify_journal.py"), str(tmp_path / "export")]
    words += ["--log-key", str(verifier_keys(settings)[0]), "--witness-key", str(witness.key)]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
