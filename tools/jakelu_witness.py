#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["cryptography>=42"]
# ///
"""A witness: sees that the journals it watches only grow, and signs what it has seen.

    jakelu_witness.py init  --name witness.example/w1 --key witness.key --state witness.db
    jakelu_witness.py serve --key witness.key --state witness.db --log VKEY [--log VKEY ...]
    jakelu_witness.py serve --config witness.toml
    jakelu_witness.py show  --state witness.db [--evidence NUMBER]

Speaks C2SP tlog-witness over plain HTTP; TLS is a proxy's. Cosignatures are Ed25519 (C2SP
tlog-cosignature, type 0x04), trees are RFC 6962's.

    POST /add-checkpoint      a signed checkpoint and the proof that it extends the one signed last
    GET  /HASH/checkpoint     the last one with its cosignature; HASH: SHA-256 of the log's origin, hex
    GET  /health

What a cosignature says: of all the trees of this log that I have seen, this is the largest, and every
earlier one is its beginning. All of that rests on the state: a witness that forgets can be shown
another journal. So the state is on the disk before an answer leaves, it is never made anew for an old
key, and `serve` does not start without it.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import os
import re
import signal
import socket
import sqlite3
import stat
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG_TYPE, COSIGNATURE_TYPE = 0x01, 0x04
EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_PROOF = 63
MAX_BODY = 1 << 18  # sixteen signatures of the largest kind in use, and the proof
MAX_CONNECTIONS = 64
MAX_EVIDENCE = 1000
REQUEST_SECONDS = 30.0  # from when a connection is ready for a request to the end of its answer
BUSY_SECONDS = 10.0

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,17}")


# --- signed notes and checkpoints: C2SP signed-note, tlog-checkpoint ------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """A verifier key: `name+id+base64(type ‖ public key)`."""

    name: str
    id: bytes
    public: bytes

    def check(self, signature: bytes, message: bytes) -> None:
        Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """text: what is signed."""

    text: bytes
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes, bytes]]


def read_key(text: str, type_byte: int) -> Key:
    """Raises ValueError unless the id is the key's own and the type is the one expected."""
    name, key_id, material = text.split("+", 2)
    typed = unbase64(material)
    if not _is_key_name(name) or len(typed) != 33 or _key_id(name, typed).hex() != key_id:
        raise ValueError("not a verifier key")
    if typed[0] != type_byte:
        raise ValueError(f"a verifier key of type {typed[0]:#04x}, not {type_byte:#04x}")
    return Key(name, _key_id(name, typed), typed[1:])


def read_note(note: bytes) -> tuple[bytes, list[tuple[str, bytes, bytes]]]:
    """The signed text, and of each line the name, the key's id and the signature. Raises ValueError."""
    content = note.decode()
    if any(sign < " " and sign != "\n" for sign in content):
        raise ValueError("control characters")
    text, blank, tail = content.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise ValueError("no signature lines")
    signatures: list[tuple[str, bytes, bytes]] = []
    for line in tail[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        signature = unbase64(encoded)
        if dash != "—" or not _is_key_name(name) or len(signature) < 5:
            raise ValueError("not a signature line")
        signatures.append((name, signature[:4], signature[4:]))
    return text.encode() + b"\n", signatures


def read_checkpoint(note: bytes) -> Checkpoint:
    """Raises ValueError. Nothing of it is verified yet."""
    text, signatures = read_note(note)
    origin, size, root, *extensions = text.decode().removesuffix("\n").split("\n")
    if not origin or not all(extensions):
        raise ValueError("not a checkpoint")
    return Checkpoint(text, origin, read_size(size), read_hash(root), signatures)


def read_size(text: str) -> int:
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not a size")
    return int(text)


def read_hash(text: str) -> bytes:
    digest = unbase64(text)
    if len(digest) != 32:
        raise ValueError("not a SHA-256")
    return digest


def unbase64(text: str) -> bytes:
    """Canonical base64 only. Raises ValueError."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not canonical base64")
    return raw


def note_line(name: str, key_id: bytes, signature: bytes) -> str:
    return f"— {name} {base64.b64encode(key_id + signature).decode()}\n"


def _key_id(name: str, typed: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]


def _is_key_name(name: str) -> bool:
    return name.isprintable() and name != "" and "+" not in name and " " not in name


# --- the witness's own key: C2SP tlog-cosignature -------------------------------------------------


@dataclass(frozen=True, slots=True)
class WitnessKey:
    name: str
    private: Ed25519PrivateKey

    @property
    def typed(self) -> bytes:
        return bytes([COSIGNATURE_TYPE]) + self.private.public_key().public_bytes_raw()

    @property
    def id(self) -> bytes:
        return _key_id(self.name, self.typed)

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.typed).decode()}"

    def secret_line(self) -> str:
        typed = bytes([COSIGNATURE_TYPE]) + self.private.private_bytes_raw()
        return f"PRIVATE+KEY+{self.name}+{self.id.hex()}+{base64.b64encode(typed).decode()}\n"

    def cosignature(self, text: bytes, seconds: int) -> str:
        signature = self.private.sign(b"cosignature/v1\ntime %d\n" % seconds + text)
        return note_line(self.name, self.id, seconds.to_bytes(8) + signature)


def load_witness_key(path: Path) -> WitnessKey:
    """Raises WrongSetup, also when others may read the file."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise WrongSetup(f"{path}: others may read the key; chmod 600 it")
        private, key, name, key_id, material = path.read_text().rstrip("\n").split("+", 4)
        typed = unbase64(material)
        witness = WitnessKey(name, Ed25519PrivateKey.from_private_bytes(typed[1:]))
    except OSError as error:
        raise WrongSetup(f"{path}: {error.strerror}") from None
    except ValueError:
        raise WrongSetup(f"{path}: not a witness's key") from None
    if (private, key, key_id, typed[0]) != ("PRIVATE", "KEY", witness.id.hex(), COSIGNATURE_TYPE):
        raise WrongSetup(f"{path}: not a witness's key")
    return witness


class WrongSetup(Exception):
    """The witness cannot be made, started or shown, for the reason in the message."""


# --- trees: RFC 6962, section 2.1.2; verified as RFC 9162, section 2.1.4.2, tells ------------------


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_consistent(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Whether the tree of `new` leaves begins with the tree of `old` leaves. 0 <= old <= new."""
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof  # the empty tree is the beginning of every tree
    hashes = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not hashes:
        return False
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    to_old = to_new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            to_old, to_new = node(sibling, to_old), node(sibling, to_new)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            to_new = node(to_new, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and to_old == old_root and to_new == new_root


# --- the state --------------------------------------------------------------------------------------

SCHEMA = """
CREATE TABLE witness (vkey TEXT NOT NULL) STRICT;
CREATE TABLE log (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,
    cosigned_at INTEGER NOT NULL, checkpoint BLOB NOT NULL
) STRICT;
CREATE TABLE evidence (
    number INTEGER PRIMARY KEY, seen_at INTEGER NOT NULL, origin TEXT NOT NULL,
    size INTEGER NOT NULL, root BLOB NOT NULL, held BLOB NOT NULL, request BLOB NOT NULL,
    UNIQUE (origin, size, root)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """The last checkpoint cosigned of a log, and when. Nothing yet is the empty tree."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    cosigned_at: int = 0
    checkpoint: bytes = b""


class State:
    """One SQLite file. Each transaction has the file to itself, in whatever process or thread it is."""

    def __init__(self, path: Path) -> None:
        self._uri = path.absolute().as_uri() + "?mode=rw"  # never makes a file

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """BEGIN IMMEDIATE … COMMIT. When it returns, what was written is on the disk.

        A rollback journal and synchronous=EXTRA: nothing but the one file to keep, and a commit
        stays after a power cut too, since the removal of the journal reaches the disk as well.
        """
        with closing(
            sqlite3.connect(self._uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        ) as connection:
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("PRAGMA fullfsync = ON")
            connection.execute("BEGIN IMMEDIATE")
            yield connection  # left by an exception, it is closed, which rolls back
            connection.execute("COMMIT")

    def vkey(self) -> str:
        with self.transaction() as connection:
            return connection.execute("SELECT vkey FROM witness").fetchone()[0]

    def seen(self, origin: str) -> Seen:
        with self.transaction() as connection:
            return find_seen(connection, origin)


def find_seen(connection: sqlite3.Connection, origin: str) -> Seen:
    select = "SELECT size, root, cosigned_at, checkpoint FROM log WHERE origin = ?"
    row = connection.execute(select, (origin,)).fetchone()
    return Seen() if row is None else Seen(*row)


def create_witness(name: str, key_path: Path, state_path: Path) -> WitnessKey:
    """A new key and an empty state that belongs to it. Raises WrongSetup rather than replace a file."""
    if not _is_key_name(name):
        raise WrongSetup("a witness's name has no spaces and no plus: witness.example/w1")
    witness = WitnessKey(name, Ed25519PrivateKey.generate())
    for path in (key_path, state_path):
        if path.exists():
            raise WrongSetup(f"{path} exists already, and is not replaced")
    for path, content in ((state_path, ""), (key_path, witness.secret_line())):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    with State(state_path).transaction() as connection:
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO witness VALUES (?)", (witness.vkey,))
    for folder in {key_path.absolute().parent, state_path.absolute().parent}:
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    return witness


# --- add-checkpoint: C2SP tlog-witness --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """origin: of a log that we watch, for our own log lines; never text of the request."""

    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"
    origin: str = ""


class Witness:
    """Decides what to sign. logs: verifier keys; a log's origin is the name of its keys."""

    def __init__(
        self,
        key: WitnessKey,
        state: State,
        logs: Sequence[Key],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._state = state
        self._clock = clock
        self._logs: dict[str, list[Key]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)

    def add_checkpoint(self, body: bytes) -> Answer:
        """The order of the checks, and the status of each, are the protocol's."""
        try:
            old, proof, checkpoint = read_submission(body)
        except ValueError:
            return Answer(400, "The request is not well-formed.\n")
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            return Answer(404, "This witness does not watch this log.\n")
        try:
            lines = _lines_of_log(checkpoint, keys)
        except InvalidSignature:
            lines = []
        if not lines:
            return Answer(403, "The log's signature is missing or does not verify.\n")
        if old > checkpoint.size:
            return Answer(400, "The old size is larger than the checkpoint's.\n")
        return self._extend(old, proof, checkpoint, lines, body)

    def _extend(
        self, old: int, proof: list[bytes], checkpoint: Checkpoint, lines: list[str], body: bytes
    ) -> Answer:
        """Compare with what was signed last, and sign, in one transaction."""
        origin = checkpoint.origin
        with self._state.transaction() as connection:
            seen = find_seen(connection, origin)
            if checkpoint.size == seen.size and checkpoint.root != seen.root:
                self._keep_evidence(connection, checkpoint, seen, body)
            if old != seen.size:
                return Answer(409, f"{seen.size}\n", "text/x.tlog.size", origin)
            # A log not yet seen is the empty tree, so a checkpoint of size 0 must have that root.
            if not is_consistent(old, checkpoint.size, proof, seen.root, checkpoint.root):
                self._keep_evidence(connection, checkpoint, seen, body)
                return Answer(422, "The checkpoint does not extend the last one.\n", origin=origin)
            # A cosignature says that this is the largest tree seen so far. One that is earlier than
            # another would say of a larger tree that it was seen before a smaller one was the largest.
            seconds = max(int(self._clock()), seen.cosigned_at, 1)
            cosignature = self._key.cosignature(checkpoint.text, seconds)
            note = checkpoint.text.decode() + "\n" + "".join(lines) + cosignature
            connection.execute(
                "REPLACE INTO log VALUES (?, ?, ?, ?, ?)",
                (origin, checkpoint.size, checkpoint.root, seconds, note.encode()),
            )
        return Answer(200, cosignature, origin=origin)

    def _keep_evidence(
        self, connection: sqlite3.Connection, checkpoint: Checkpoint, seen: Seen, body: bytes
    ) -> None:
        """The log signed it. Two roots of one size prove a fork; another size only that no proof came."""
        if seen.size == 0 or checkpoint.root == seen.root:
            return  # nothing to differ from: only the proof was wrong
        count = connection.execute("SELECT count(*) FROM evidence").fetchone()[0]
        if count < MAX_EVIDENCE:
            connection.execute(
                "INSERT OR IGNORE INTO evidence (seen_at, origin, size, root, held, request)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(int(self._clock()), checkpoint.origin, checkpoint.size, checkpoint.root),
                    *(seen.checkpoint, body),
                ),
            )

    def last_checkpoint(self, origin_sha256: str) -> Answer:
        for origin in self._logs:
            if hashlib.sha256(origin.encode()).hexdigest() == origin_sha256:
                note = self._state.seen(origin).checkpoint
                if note:
                    return Answer(200, note.decode(), origin=origin)
        return Answer(404, "No checkpoint of such a log has been cosigned.\n")

    def health(self) -> Answer:
        """Also takes the lock of the state, so that a stuck witness is not called healthy."""
        is_own = self._state.vkey() == self._key.vkey
        return Answer(200, "ok\n") if is_own else Answer(503, "The state is of another key.\n")


def read_submission(body: bytes) -> tuple[int, list[bytes], Checkpoint]:
    """The old size, the proof and the checkpoint. Raises ValueError."""
    head, blank, note = body.partition(b"\n\n")
    old, *proof = head.decode().split("\n")
    if not blank or not old.startswith("old ") or len(proof) > MAX_PROOF:
        raise ValueError("not a submission")
    size = read_size(old.removeprefix("old "))
    return size, [read_hash(line) for line in proof], read_checkpoint(note)


def _lines_of_log(checkpoint: Checkpoint, keys: Sequence[Key]) -> list[str]:
    """The log's own signature lines. Raises InvalidSignature if one of them is false."""
    lines = list[str]()
    for name, key_id, signature in checkpoint.signatures:
        for key in keys:
            if (name, key_id) == (key.name, key.id):
                key.check(signature, checkpoint.text)
                lines.append(note_line(name, key_id, signature))
    return lines


# --- HTTP -------------------------------------------------------------------------------------------


class Server(ThreadingMixIn, TCPServer):
    """A thread for each connection, so many and no more, and none for longer than a request may take."""

    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = MAX_CONNECTIONS

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        self.witness = witness
        self.deadlines: dict[socket.socket, float] = {}
        self.is_stopping = False
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Handler)

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002
        if len(self.deadlines) >= MAX_CONNECTIONS:
            return False
        self.deadlines[cast("socket.socket", request)] = time.monotonic() + REQUEST_SECONDS
        return True

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        self.deadlines.pop(cast("socket.socket", request), None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Called twice a second: end what has taken too long."""
        for connection, deadline in list(self.deadlines.items()):
            if deadline < time.monotonic():
                _shut(connection, socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        if not isinstance(sys.exception(), OSError):  # a connection that broke is nothing to tell
            _say(f"failed: {type(sys.exception()).__name__}")

    def stop(self) -> None:
        """Take no more requests, and let those that are under way have their answers."""
        self.is_stopping = True
        for connection in list(self.deadlines):
            _shut(connection, socket.SHUT_RD)
        self.shutdown()


class Handler(BaseHTTPRequestHandler):
    """Nothing of a request is written anywhere but into the state, once its log has signed it."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "jakelu-witness", ""
    timeout = REQUEST_SECONDS

    def handle_one_request(self) -> None:
        server = cast("Server", self.server)
        if server.is_stopping:
            self.close_connection = True
            return
        if self.request in server.deadlines:
            server.deadlines[self.request] = time.monotonic() + REQUEST_SECONDS
        super().handle_one_request()

    def do_POST(self) -> None:
        if self.path != "/add-checkpoint":
            self._refuse(404)
            return
        length = self.headers.get_all("Content-Length") or []
        if "Transfer-Encoding" in self.headers or len(length) != 1:
            self._refuse(411)
        elif not re.fullmatch(r"[0-9]{1,9}", length[0]):
            self._refuse(400)
        elif int(length[0]) > MAX_BODY:
            self._refuse(413)
        else:
            body = self.rfile.read(int(length[0]))
            if len(body) < int(length[0]):
                self.close_connection = True
                return
            self._answer(lambda witness: witness.add_checkpoint(body))

    def do_GET(self) -> None:
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self._refuse(400)  # a body here would be read as the next request
            return
        log = re.fullmatch(r"/([0-9a-f]{64})/checkpoint", self.path)
        if self.path == "/health":
            self._answer(Witness.health)
        elif log:
            self._answer(lambda witness: witness.last_checkpoint(log[1]))
        else:
            self._refuse(404)

    def _answer(self, ask: Callable[[Witness], Answer]) -> None:
        began = time.monotonic()
        try:
            answer = ask(cast("Server", self.server).witness)
        except sqlite3.Error as error:
            _say(f"the state failed: {type(error).__name__}")
            answer = Answer(503, "The state cannot be written now.\n")
        self._send(answer)
        milliseconds = (time.monotonic() - began) * 1000
        _say(f"{self.command} {answer.status} {answer.origin or '-'} {milliseconds:.0f} ms")

    def _refuse(self, status: int) -> None:
        """The body has not been read, so the connection cannot go on."""
        self.close_connection = True
        self._send(Answer(status, f"{status}\n"))

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        self._refuse(code)  # without the texts, which repeat the request

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Say nothing: the lines of http.server repeat the request."""


def _shut(connection: socket.socket, how: int) -> None:
    try:
        connection.shutdown(how)
    except OSError:
        return  # it has ended by itself


def _say(text: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text}", file=sys.stderr, flush=True)


# --- the commands -----------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (WrongSetup, OSError) as error:
        print(f"jakelu-witness: {error}", file=sys.stderr)
        return 2
    except sqlite3.Error as error:
        print(f"jakelu-witness: the state cannot be used: {error}", file=sys.stderr)
        return 2
    return 0


def run_init(options: argparse.Namespace) -> None:
    print(create_witness(options.name, options.key, options.state).vkey)


def run_serve(options: argparse.Namespace) -> None:
    if options.config is not None:
        _take_config(options)
    if not options.key or not options.state or not options.log:
        raise WrongSetup("serve needs --key, --state and at least one --log, or --config with them")
    key = load_witness_key(Path(options.key))
    state = _open_state(Path(options.state))
    if state.vkey() != key.vkey:
        raise WrongSetup(f"{options.state} is not the state of {options.key}")
    witness = Witness(key, state, [_log_key(text) for text in options.log])
    listen = re.fullmatch(r"(\[[0-9a-f:]+\]|[^:]+):([0-9]{1,5})", options.listen)
    if listen is None or int(listen[2]) > 65535:
        raise WrongSetup(f"--listen {options.listen}: an address and a port, as in 127.0.0.1:8099")
    host = listen[1].strip("[]")
    with Server((host, int(listen[2])), witness) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.stop).start())
        _say(f"{key.vkey} listens on {host}:{server.server_address[1]}")
        server.serve_forever()
    _say("stopped")


def run_show(options: argparse.Namespace) -> None:
    state = _open_state(options.state)
    with state.transaction() as connection:
        if options.evidence is not None:
            select = "SELECT held, request FROM evidence WHERE number = ?"
            row = connection.execute(select, (options.evidence,)).fetchone()
            if row is None:
                raise WrongSetup(f"there is no evidence {options.evidence}")
            print(f"--- held\n{row[0].decode()}\n--- received\n{row[1].decode()}", end="")
            return
        print(connection.execute("SELECT vkey FROM witness").fetchone()[0])
        rows = connection.execute("SELECT origin, size, root, cosigned_at FROM log ORDER BY origin")
        for origin, size, root, seconds in rows.fetchall():
            print(f"{origin} {size} {base64.b64encode(root).decode()} {_utc(seconds)}")
        rows = connection.execute(
            "SELECT number, seen_at, origin, size, held FROM evidence ORDER BY number"
        )
        for number, seconds, origin, size, held in rows.fetchall():
            held_size = read_checkpoint(held).size
            finding = "a fork" if size == held_size else "no proof"
            print(
                f"evidence {number}: {_utc(seconds)} {origin} {size}, held {held_size}: {finding}"
            )


def _open_state(path: Path) -> State:
    if not path.is_file():
        raise WrongSetup(
            f"{path} is missing. A witness that has lost its state must not sign on with its key: "
            "make a new witness with `init`, and give its new verifier key to the logs"
        )
    return State(path)


def _take_config(options: argparse.Namespace) -> None:
    try:
        config = tomllib.loads(options.config.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongSetup(f"{options.config}: {error}") from None
    texts = [config.get("log", []), *(config.get(name, "") for name in ("key", "state", "listen"))]
    strange = set(config) - {"key", "state", "listen", "log"}
    if strange or [type(text) for text in texts] != [list, str, str, str]:
        raise WrongSetup(f"{options.config}: texts key, state, listen, and a list log; no other")
    for name, value in config.items():
        setattr(options, name, value)


def _log_key(text: str) -> Key:
    try:
        return read_key(text, LOG_TYPE)
    except (ValueError, AttributeError) as error:
        raise WrongSetup(f"--log {text}: {error}") from None


def _utc(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jakelu-witness", description="Watch that journals only grow."
    )
    commands = parser.add_subparsers(required=True)
    init = commands.add_parser("init", help="make a key and its empty state; print the vkey")
    init.add_argument("--name", required=True, help="like witness.example/w1")
    init.add_argument("--key", type=Path, required=True, help="a new file, 0600")
    init.add_argument("--state", type=Path, required=True, help="a new SQLite file")
    init.set_defaults(run=run_init)
    serve = commands.add_parser("serve", help="answer over HTTP")
    serve.add_argument("--config", type=Path, help="TOML with key, state, log and listen")
    serve.add_argument("--key", help="the key that init made")
    serve.add_argument("--state", help="the state that init made")
    serve.add_argument("--log", metavar="VKEY", action="append", help="a log to watch; repeated")
    serve.add_argument("--listen", default="127.0.0.1:8099", help="127.0.0.1:8099")
    serve.set_defaults(run=run_serve)
    show = commands.add_parser("show", help="what has been seen")
    show.add_argument("--state", type=Path, required=True)
    show.add_argument("--evidence", metavar="NUMBER", type=int, help="print one piece whole")
    show.set_defaults(run=run_show)
    return parser


if __name__ == "__main__":
    sys.exit(main())
