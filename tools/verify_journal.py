#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["cryptography>=42"]
# ///
"""Verify an exported access journal offline, with nothing of the gateway that wrote it.

    verify_journal.py EXPORT_DIR --log-key VKEY [--witness-key VKEY ...] [--kept-checkpoint FILE ...]
    verify_journal.py proof FILE.tlog-proof --entry ENTRY.json --log-key VKEY [--witness-key VKEY ...]

Trusted are the keys on the command line, SHA-256 and Ed25519; never what the export says of itself.

    body → leaf            SHA-256(0x00 ‖ JCS(body and its salt))               RFC 8785
    leaves → root          one entry changed, and the root is another           RFC 6962, section 2.1
    root → checkpoint      signed by the log                 C2SP signed-note, tlog-checkpoint
    checkpoint → witness   others have been shown the same journal              C2SP tlog-cosignature
    checkpoint → kept      it is the journal that you saw before

A complete export proves that nothing is missing between its first and last entry; a filtered one proves
each entry that it has, one by one. A body that has expired leaves its leaf.

Kept in memory: log2(n) hashes, 8 bytes for each entry (its event id), and deliveries without an end.
A million entries take about a minute.
Exit code: 0 all that was asked holds, 1 something is wrong, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_SMALL_FILE = 1 << 18
MAX_LINE = 1 << 24
MAX_INTEGER = 2**53 - 1  # RFC 8785: numbers are IEEE 754 doubles
LATE = timedelta(minutes=5)  # two processes may be numbered in another order than they asked in
SHOWN = 5
LOG_TYPE, COSIGNATURE_TYPE = 0x01, 0x04

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,14}")
_LEAF = re.compile(r"[0-9a-f]{64}")
_SALT = re.compile(r"[0-9a-f]{32}")
_KIND = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


# --- what is found ----------------------------------------------------------------------------


Value: TypeAlias = "str | int | list[int]"


class Level(StrEnum):
    PROVED = "proved"
    REMARK = "remark"
    LIMIT = "not proved"
    FAULT = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    check: str
    values: dict[str, Value]

    def text(self, language: str) -> str:
        english, finnish = TEXTS[f"{self.level.name} {self.check}"]
        return (finnish if language == "fi" else english).strip().format_map(self.values)


class Refused(Exception):
    """Nothing more can be checked, for the reason that the check names."""

    def __init__(self, check: str, **values: Value) -> None:
        super().__init__(check)
        self.finding = Finding(Level.FAULT, check, values)


@dataclass(slots=True)
class Report:
    """Findings in order; what is wrong at entries is gathered by check, with the first places."""

    findings: list[Finding] = field(default_factory=list[Finding])
    places: dict[str, tuple[int, list[int]]] = field(
        default_factory=dict[str, tuple[int, list[int]]]
    )

    def add(self, level: Level, check: str, **values: Value) -> None:
        self.findings.append(Finding(level, check, values))

    def wrong_at(self, check: str, seq: int) -> None:
        count, first = self.places.get(check, (0, []))
        self.places[check] = count + 1, first if len(first) == SHOWN else [*first, seq]

    def tell_places(self) -> None:
        for check, (count, first) in self.places.items():
            level = Level.REMARK if check == "clock" else Level.FAULT
            self.add(level, check, count=count, entries=first, first=", ".join(map(str, first)))

    def is_wrong_at(self, *checks: str) -> bool:
        return any(check in self.places for check in checks)

    @property
    def holds(self) -> bool:
        return all(finding.level is not Level.FAULT for finding in self.findings)


# --- signed notes and checkpoints: C2SP signed-note, tlog-checkpoint, tlog-cosignature --------


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
    """cosigned: the witness's name → when it signed, seconds of the epoch."""

    origin: str
    size: int
    root: bytes
    cosigned: dict[str, int]


def read_key(text: str, type_byte: int) -> Key:
    """Raises ValueError unless the id is the key's own and the type is the one expected."""
    name, key_id, material = text.split("+", 2)
    typed = _unbase64(material)
    digest = hashlib.sha256(name.encode() + b"\n" + typed).digest()
    if not _is_key_name(name) or len(typed) != 33 or digest[:4].hex() != key_id:
        raise ValueError("not a verifier key")
    if typed[0] != type_byte:
        raise ValueError(f"a verifier key of type {typed[0]:#04x}, not {type_byte:#04x}")
    return Key(name, digest[:4], typed[1:])


def verified_checkpoint(note: bytes, log: Key, witnesses: Sequence[Key]) -> Checkpoint:
    """Raises Refused: unreadable, not the log's, or one line of a known key does not verify."""
    try:
        text, signatures = read_note(note)
        origin, size, root = _read_checkpoint(text)
    except ValueError:
        raise Refused("note") from None
    is_signed = False
    cosigned: dict[str, int] = {}
    for name, key_id, signature in signatures:
        try:
            if (name, key_id) == (log.name, log.id):
                log.check(signature, text)
                is_signed = True
            for witness in witnesses:
                if (name, key_id) == (witness.name, witness.id):
                    time = int.from_bytes(signature[:8])
                    if time >> 63:
                        raise InvalidSignature
                    witness.check(signature[8:], b"cosignature/v1\ntime %d\n" % time + text)
                    cosigned[name] = max(time, cosigned.get(name, 0))
        except InvalidSignature:
            raise Refused("signature", name=name) from None
    if not is_signed:
        raise Refused("unsigned", name=log.name)
    if origin != log.name:
        raise Refused("origin", name=log.name)
    return Checkpoint(origin, size, root, cosigned)


def read_note(note: bytes) -> tuple[bytes, list[tuple[str, bytes, bytes]]]:
    content = note.decode()
    if any(sign < " " and sign != "\n" for sign in content):
        raise ValueError("control characters")
    text, blank, tail = content.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise ValueError("no signature lines")
    signatures: list[tuple[str, bytes, bytes]] = []
    for line in tail[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        signature = _unbase64(encoded)
        if dash != "—" or not _is_key_name(name) or len(signature) < 5:
            raise ValueError("not a signature line")
        signatures.append((name, signature[:4], signature[4:]))
    return text.encode() + b"\n", signatures


def _read_checkpoint(text: bytes) -> tuple[str, int, bytes]:
    origin, size, root, *extensions = text.decode().removesuffix("\n").split("\n")
    if not origin or not all(extensions) or not _DECIMAL.fullmatch(size):
        raise ValueError("not a checkpoint")
    return origin, int(size), _hash(root)


def _is_key_name(name: str) -> bool:
    return name != "" and "+" not in name and not any(sign.isspace() for sign in name)


def _unbase64(text: str) -> bytes:
    """Canonical base64 only: else one signature could be written in several ways."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not canonical base64")
    return raw


def _hash(text: str) -> bytes:
    digest = _unbase64(text)
    if len(digest) != 32:
        raise ValueError("not a SHA-256")
    return digest


# --- the tree: RFC 6962, section 2.1 ----------------------------------------------------------


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Tree:
    """A tree that only grows. roots: of its perfect subtrees, largest first, one for each bit of size."""

    size: int
    roots: list[bytes]

    def append(self, leaf: bytes) -> None:
        bits = self.size
        while bits & 1:
            leaf = node(self.roots.pop(), leaf)
            bits >>= 1
        self.roots.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.roots:
            return hashlib.sha256(b"").digest()
        root = self.roots[-1]
        for left in self.roots[-2::-1]:
            root = node(left, root)
        return root


def root_by_proof(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to, or None. RFC 9162, section 2.1.3.2."""
    if index >= size:
        return None
    position, last = index, size - 1
    root = leaf
    for sibling in proof:
        if last == 0:
            return None
        if position & 1 or position == last:
            root = node(sibling, root)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            root = node(root, sibling)
        position, last = position >> 1, last >> 1
    return root if last == 0 else None


# --- entries ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. body and salt are None together when the body has expired."""

    seq: int
    leaf: bytes
    salt: str | None
    body: dict[str, Any] | None
    proof: list[bytes]


def read_entry(line: bytes, *, has_proof: bool) -> Entry:
    """Raises ValueError for anything but exactly the members of an entry."""
    members = strict_json(line)
    expected = {"seq", "leaf_sha256", "salt", "body"} | ({"proof"} if has_proof else set())
    if not isinstance(members, dict) or set(cast("dict[str, Any]", members)) != expected:
        raise ValueError("other members than an entry's")
    seq, leaf, salt, body, proof = (
        cast("dict[str, Any]", members).get(name)
        for name in ("seq", "leaf_sha256", "salt", "body", "proof")
    )
    if type(seq) is not int or seq < 1 or type(leaf) is not str or not _LEAF.fullmatch(leaf):
        raise ValueError("no number, or no leaf")
    if salt is not None and (type(salt) is not str or not _SALT.fullmatch(salt)):
        raise ValueError("not a salt")
    if body is not None and (type(body) is not dict or "salt" in body):
        raise ValueError("not a body")
    hashes = cast("list[Any]", proof) if type(proof) is list else []
    if has_proof and (type(proof) is not list or not all(type(item) is str for item in hashes)):
        raise ValueError("not a proof")
    return Entry(seq, bytes.fromhex(leaf), salt, body, [_hash(item) for item in hashes])


def leaf_of(body: dict[str, Any], salt: str) -> bytes:
    """SHA-256(0x00 ‖ JCS(body and its salt)).

    For what `strict_json` lets through (ASCII names, integers below 2^53, at most three decimals),
    sorted compact JSON is JCS: Python writes such texts and numbers as RFC 8785 wants them.
    """
    members = {**body, "salt": salt}
    return hashlib.sha256(b"\x00" + _CANONICAL.encode(members).encode()).digest()


def strict_json(raw: bytes) -> object:
    """Raises ValueError for invalid UTF-8, repeated members, and numbers that no entry holds."""
    try:
        return _STRICT.decode(raw.decode())
    except RecursionError:
        raise ValueError("nested too deep") from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs) or not "".join(members).isascii():
        raise ValueError("repeated or strange names")
    return members


def _integer(text: str) -> int:
    number = int(text)
    if abs(number) > MAX_INTEGER:
        raise ValueError("too large a number")
    return number


def _decimal(text: str) -> float:
    number = float(text)
    if not abs(number) <= MAX_INTEGER or round(number, 3) != number or number.is_integer():
        raise ValueError("not a number of one to three decimals")
    return number


def _constant(text: str) -> float:
    raise ValueError(text)


_STRICT = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_integer,
    parse_float=_decimal,
    parse_constant=_constant,
)
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


# --- what the bodies say of each other --------------------------------------------------------


class Runs:
    """Ascending numbers as runs: whole ranges cost two words."""

    def __init__(self) -> None:
        self._starts = array("q")
        self._ends = array("q")

    def add(self, number: int) -> None:
        if self._ends and self._ends[-1] == number:
            self._ends[-1] = number + 1
        else:
            self._starts.append(number)
            self._ends.append(number + 1)

    def __contains__(self, number: int) -> bool:
        run = bisect_right(self._starts, number) - 1
        return run >= 0 and number < self._ends[run]


class Bodies:
    """Checks each body against its leaf and against the bodies before it."""

    def __init__(self, report: Report) -> None:
        self.count = 0
        self.expired = 0
        self.kinds = Counter[str]()
        self.open = set[int]()
        self.closed_unseen = set[int]()  # deliveries that end here and begin where nothing is shown
        self._report = report
        self._seen = Runs()
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._event_hashes = [array("q") for _ in range(256)]

    def take(self, entry: Entry) -> None:
        self.count += 1
        if entry.body is None or entry.salt is None:
            self.expired += 1
            if entry.body is not None or entry.salt is not None:
                self._report.wrong_at("removed", entry.seq)
            return
        try:
            if leaf_of(entry.body, entry.salt) != entry.leaf:
                self._report.wrong_at("leaf", entry.seq)
        except UnicodeEncodeError:  # half a surrogate pair: no UTF-8, so no JCS
            self._report.wrong_at("leaf", entry.seq)
        if entry.body.get("seq") != entry.seq or type(entry.body["seq"]) is not int:
            self._report.wrong_at("seq", entry.seq)
        event, kind, time = (entry.body.get(name) for name in ("event_id", "kind", "ts_utc"))
        try:
            self._take_event(cast("str", event), entry.seq)
            self._take_kind(cast("str", kind), entry)
            self._take_time(cast("str", time), entry.seq)
        except (TypeError, ValueError):
            self._report.wrong_at("body", entry.seq)

    def _take_event(self, event: str, seq: int) -> None:
        if type(event) is not str or not event:
            raise TypeError
        digest = hash(event)
        self._event_hashes[digest & 0xFF].append(digest)
        self._seen.add(seq)

    def _take_kind(self, kind: str, entry: Entry) -> None:
        if not _KIND.fullmatch(kind):
            raise ValueError
        self.kinds[kind] += 1
        if kind == "access.intent":
            self.open.add(entry.seq)
        if kind == "access.completion":
            self._close(cast("dict[str, Any]", entry.body).get("intent_seq"), entry.seq)

    def _close(self, intent: object, seq: int) -> None:
        if type(intent) is not int or not 1 <= intent < seq:
            self._report.wrong_at("completion", seq)
        elif intent in self.open:
            self.open.remove(intent)
        elif intent in self._seen or intent in self.closed_unseen:
            self._report.wrong_at("completion", seq)  # closed before, or no delivery
        else:
            self.closed_unseen.add(intent)

    def _take_time(self, time: str, seq: int) -> None:
        moment = datetime.fromisoformat(time)
        if not time.endswith("Z"):
            raise ValueError
        if self._latest - moment > LATE:
            self._report.wrong_at("clock", seq)
        self._latest = max(self._latest, moment)

    def find_repeated_events(self, entries: Callable[[], Iterator[Entry]]) -> None:
        """Equal 64-bit hashes are only a suspicion: the entries are read again to be sure."""
        suspects = {
            one
            for hashes in self._event_hashes
            for one, other in pairwise(sorted(hashes))
            if one == other
        }
        events = set[str]()
        for entry in entries() if suspects else ():
            event = (entry.body or {}).get("event_id")
            if type(event) is str and hash(event) in suspects:
                if event in events:
                    self._report.wrong_at("event-id", entry.seq)
                events.add(event)


# --- an export --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Export:
    """What export.json says. It tells how to read; nothing rests on it."""

    folder: Path
    origin: str
    tree_size: int
    first: int
    last: int
    complete: bool
    filters: dict[str, Any]

    def entries(self, report: Report) -> Iterator[Entry]:
        """The readable lines in order; the others are reported."""
        last = self.first - 1 if self.complete else 0
        with _open(self.folder / "entries.ndjson") as lines:
            while line := lines.readline(MAX_LINE):
                try:
                    if not line.endswith(b"\n"):
                        raise ValueError("cut off, or too long")
                    entry = read_entry(line, has_proof=not self.complete)
                except ValueError:
                    report.wrong_at("line", last + 1)
                    continue
                if entry.seq != last + 1 if self.complete else entry.seq <= last:
                    report.wrong_at("order", entry.seq)
                last = entry.seq
                yield entry


def read_export(folder: Path) -> Export:
    """Raises Refused."""
    try:
        members = cast("dict[str, Any]", strict_json(_small_file(folder / "export.json")))
        if members.pop("format") != "jakelu-journal-export/1":
            raise ValueError("another format")
        export = Export(folder, **members)
        numbers = export.tree_size, export.first, export.last
        if any(type(number) is not int for number in numbers) or export.first < 1:
            raise ValueError("not numbers")
        if type(export.complete) is not bool or type(export.filters) is not dict:
            raise ValueError("not a mode")
        if export.complete and not export.first <= export.last + 1 == export.tree_size + 1:
            raise ValueError("not up to the checkpoint")
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Refused("export") from None
    return export


class Kept:
    """Checkpoints kept from before. The first difference is after `agreed` and not after `differs`."""

    def __init__(self, checkpoints: Sequence[tuple[str, Checkpoint]], report: Report) -> None:
        self.agreed, self.differs = 0, 0
        self._waiting = list(checkpoints)
        self._report = report

    def is_waiting_for(self, size: int) -> bool:
        return any(checkpoint.size == size for _, checkpoint in self._waiting)

    def compare(self, size: int, root: bytes) -> None:
        for file, checkpoint in self._waiting:
            if checkpoint.size == size:
                agrees = checkpoint.root == root
                level = Level.PROVED if agrees else Level.FAULT
                self._report.add(level, "kept", file=file, size=size)
                if not agrees:
                    self.differs = self.differs or size
                elif not self.differs:
                    self.agreed = size
        self._waiting = [(file, other) for file, other in self._waiting if other.size != size]

    def tell_rest(self, size: int) -> None:
        """size: of the tree exported. A checkpoint that could not be compared proves nothing."""
        for file, checkpoint in self._waiting:
            check = "kept-larger" if checkpoint.size > size else "kept-apart"
            self._report.add(Level.FAULT, check, file=file, kept=checkpoint.size, size=size)


def verify_export(
    folder: Path, log: Key, witnesses: Sequence[Key], *, needed: int, kept: Sequence[Path]
) -> Report:
    """All that an export and the checkpoints kept from before can prove."""
    report = Report()
    try:
        export = read_export(folder)
        note = _small_file(folder / "checkpoint")
        checkpoint = _take_checkpoint(note, log, witnesses, needed=needed, report=report)
        if (export.origin, export.tree_size) != (checkpoint.origin, checkpoint.size):
            raise Refused("export")
        before = [(file.name, verified_checkpoint(_small_file(file), log, ())) for file in kept]
        bodies = Bodies(report)
        verify = _verify_complete if export.complete else _verify_filtered
        verify(export, checkpoint, Kept(before, report), bodies, report)
        if not kept:
            report.add(Level.LIMIT, "kept")
        bodies.find_repeated_events(lambda: export.entries(Report()))
        _tell_bodies(bodies, report, complete=export.complete)
    except Refused as refused:
        report.findings.append(refused.finding)
    report.tell_places()
    return report


def _take_checkpoint(
    note: bytes, log: Key, witnesses: Sequence[Key], *, needed: int, report: Report
) -> Checkpoint:
    checkpoint = verified_checkpoint(note, log, witnesses)
    root = base64.b64encode(checkpoint.root).decode()
    report.add(Level.PROVED, "signature", origin=checkpoint.origin, size=checkpoint.size, root=root)
    who = ", ".join(f"{name} {_utc(time)}" for name, time in sorted(checkpoint.cosigned.items()))
    count = len(checkpoint.cosigned)
    if count < needed:
        report.add(Level.FAULT, "witnesses", count=count, needed=needed, who=who or "–")
    elif count:
        report.add(Level.PROVED, "witnesses", count=count, needed=needed, who=who)
    if needed == 0:
        report.add(Level.LIMIT, "witnesses")
    return checkpoint


def _verify_complete(
    export: Export, checkpoint: Checkpoint, kept: Kept, bodies: Bodies, report: Report
) -> None:
    before, size = export.first - 1, checkpoint.size
    tree = Tree(before, _read_frontier(export))
    has_kept_beginning = kept.is_waiting_for(before)
    kept.compare(before, tree.root())
    for entry in _with_progress(export.entries(report), export):
        bodies.take(entry)
        tree.append(entry.leaf)
        if kept.is_waiting_for(tree.size) and not report.is_wrong_at("line", "order"):
            kept.compare(tree.size, tree.root())
    kept.tell_rest(size)
    if report.is_wrong_at("line", "order") or tree.size != size:
        report.add(Level.FAULT, "incomplete", first=export.first, size=size)
    elif tree.root() != checkpoint.root:
        after, until = max(kept.agreed, before) + 1, kept.differs or size
        report.add(Level.FAULT, "root", after=after, until=until)
    else:
        report.add(Level.PROVED, "tree", first=export.first, last=size)
    if before and not has_kept_beginning:
        report.add(Level.LIMIT, "beginning", first=export.first, before=before)


def _verify_filtered(
    export: Export, checkpoint: Checkpoint, kept: Kept, bodies: Bodies, report: Report
) -> None:
    kept.compare(checkpoint.size, checkpoint.root)
    for entry in _with_progress(export.entries(report), export):
        bodies.take(entry)
        _check_inclusion(entry, checkpoint, report)
    kept.tell_rest(checkpoint.size)
    if not report.is_wrong_at("line", "order", "proof"):
        report.add(Level.PROVED, "inclusion", count=bodies.count)
    report.add(Level.LIMIT, "filtered", filters=json.dumps(export.filters, sort_keys=True))


def _check_inclusion(entry: Entry, checkpoint: Checkpoint, report: Report) -> None:
    root = root_by_proof(entry.leaf, entry.seq - 1, checkpoint.size, entry.proof)
    if root != checkpoint.root:
        report.wrong_at("proof", entry.seq)


def _tell_bodies(bodies: Bodies, report: Report, *, complete: bool) -> None:
    wrong = ("line", "leaf", "removed", "seq", "body", "event-id", "completion")
    shown = bodies.count - bodies.expired
    if shown and report.holds and not report.is_wrong_at(*wrong):
        report.add(Level.PROVED, "bodies", count=shown)
    if bodies.kinds:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(bodies.kinds.items()))
        report.add(Level.REMARK, "kinds", kinds=kinds)
    if complete and bodies.open:
        report.add(Level.REMARK, "open", count=len(bodies.open))
    if bodies.closed_unseen:
        report.add(Level.REMARK, "begun-elsewhere", count=len(bodies.closed_unseen))
    if bodies.expired:
        report.add(Level.LIMIT, "expired", count=bodies.expired)
    report.add(Level.LIMIT, "truth")


def _read_frontier(export: Export) -> list[bytes]:
    """The hashes of the perfect subtrees before the first entry, largest first. Raises Refused."""
    if export.first == 1:
        return []
    try:
        lines = _small_file(export.folder / "frontier").decode().removesuffix("\n").split("\n")
        frontier = [_hash(line) for line in lines]
    except ValueError:
        raise Refused("frontier") from None
    if len(frontier) != (export.first - 1).bit_count():
        raise Refused("frontier")
    return frontier


# --- one entry: C2SP tlog-proof ---------------------------------------------------------------


def verify_proof(
    file: Path, entry_file: Path, log: Key, witnesses: Sequence[Key], *, needed: int
) -> Report:
    """One entry, `{"seq", "leaf_sha256", "salt", "body"}`, and the proof that the journal has it."""
    report = Report()
    try:
        try:
            entry = read_entry(_small_file(entry_file, MAX_LINE), has_proof=False)
            index, proof, note = _read_proof(_small_file(file))
        except ValueError:
            raise Refused("proof-file") from None
        checkpoint = _take_checkpoint(note, log, witnesses, needed=needed, report=report)
        if index != entry.seq - 1:
            raise Refused("proof-file")
        bodies = Bodies(report)
        bodies.take(entry)
        _check_inclusion(
            Entry(entry.seq, entry.leaf, entry.salt, entry.body, proof), checkpoint, report
        )
        if not report.is_wrong_at("proof"):
            report.add(Level.PROVED, "inclusion", count=1)
        _tell_bodies(bodies, report, complete=False)
    except Refused as refused:
        report.findings.append(refused.finding)
    report.tell_places()
    return report


def _read_proof(proof: bytes) -> tuple[int, list[bytes], bytes]:
    head, blank, note = proof.decode().partition("\n\n")
    version, *lines = head.split("\n")
    if lines and lines[0].startswith("extra "):
        del lines[0]
    index = lines[0].removeprefix("index ") if lines else ""
    if version != "c2sp.org/tlog-proof@v1" or not blank or lines[0] == index:
        raise ValueError("not a proof")
    if not _DECIMAL.fullmatch(index):
        raise ValueError("not an index")
    return int(index), [_hash(line) for line in lines[1:]], note.encode()


# --- files, the clock, and the progress that a person sees -------------------------------------


def _small_file(path: Path, limit: int = MAX_SMALL_FILE) -> bytes:
    with _open(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise Refused("file", name=path.name)
    return content


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError:
        raise Refused("file", name=path.name) from None


def _utc(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _with_progress(entries: Iterator[Entry], export: Export) -> Iterator[Entry]:
    is_seen = sys.stderr.isatty()
    for entry in entries:
        yield entry
        if is_seen and entry.seq % 10_000 == 0:
            print(f"\r{entry.seq} / {export.last}", end="", file=sys.stderr, flush=True)
    if is_seen:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


# --- what is said: English, Finnish ------------------------------------------------------------

# LEVEL check, the English line, the Finnish line.
_LINES = """\
PROVED signature
    The checkpoint is signed by {origin}: {size} entries, root {root}.
    Tarkistuspisteen on allekirjoittanut {origin}: {size} merkintää, juuri {root}.
PROVED witnesses
    Cosigned by {count} witnesses, {needed} needed: {who}.
    Todistajia, jotka ovat allekirjoittaneet: {count}, vaadittu {needed}: {who}.
PROVED tree
    Entries {first} to {last} are those that the checkpoint signs, in this order: none is missing, added or moved.
    Merkinnät {first}–{last} ovat ne, jotka tarkistuspiste vahvistaa, tässä järjestyksessä: yhtään ei puutu, ole lisätty eikä siirretty.
PROVED inclusion
    Entries proved to be those that the checkpoint signs at the places that they name: {count}.
    Merkintöjä, joiden on todistettu olevan ne, jotka tarkistuspiste vahvistaa ilmoitetuilla paikoilla: {count}.
PROVED bodies
    The contents of {count} entries are what was entered; no event occurs twice, and no delivery ends twice or before it began.
    Merkintöjen sisällöt ({count}) ovat sellaiset kuin ne kirjattiin; mikään tapahtuma ei toistu, eikä mikään luovutus pääty kahdesti tai ennen alkuaan.
PROVED kept
    The journal as you kept it in {file} ({size} entries) is the beginning of this one.
    Loki sellaisena kuin säilytit sen tiedostossa {file} ({size} merkintää) on tämän alku.
REMARK kinds
    Kinds of entries: {kinds}.
    Merkintöjen lajit: {kinds}.
REMARK open
    Deliveries without an end in this export: {count}. They were under way, or their end has expired.
    Luovutuksia, joilla ei ole loppua tässä viennissä: {count}. Ne olivat kesken, tai loppumerkinnän sisältö on vanhentunut.
REMARK begun-elsewhere
    Deliveries that end here and whose beginning is not in this export: {count}.
    Luovutuksia, jotka päättyvät tässä mutta joiden alku ei ole tässä viennissä: {count}.
REMARK clock
    Entries whose time is over 5 minutes before an earlier entry's: {count}, first {first}.
    Merkintöjä, joiden aika on yli 5 minuuttia aiemman merkinnän aikaa ennen: {count}, ensin {first}.
LIMIT witnesses
    That others have been shown the same journal: no witness was asked for.
    Että muille on näytetty sama loki: yhtään todistajaa ei vaadittu.
LIMIT kept
    That this is the journal that you saw before: no checkpoint kept from before was given.
    Että tämä on sama loki kuin aiemmin: aiemmin säilytettyä tarkistuspistettä ei annettu.
LIMIT beginning
    What came before entry {first}: no checkpoint kept at {before} entries was given.
    Mitä oli ennen merkintää {first}: {before} merkinnän kohdalla säilytettyä tarkistuspistettä ei annettu.
LIMIT filtered
    That no other entry matches: the export is filtered, by its own words with {filters}.
    Ettei muita vastaavia merkintöjä ole: vienti on suodatettu, oman ilmoituksensa mukaan ehdoin {filters}.
LIMIT expired
    What {count} entries said: their contents have been removed, their hashes are in place.
    Mitä {count} merkintää sisälsi: sisällöt on poistettu, tiivisteet ovat paikoillaan.
LIMIT truth
    That everything that happened was entered, and truly: no signature can prove that.
    Että kaikki tapahtunut on kirjattu ja totuudenmukaisesti: sitä ei mikään allekirjoitus todista.
FAULT file
    {name} cannot be read, or is too large.
    Tiedostoa {name} ei voi lukea, tai se on liian suuri.
FAULT export
    export.json is not of this format, or not of this checkpoint.
    export.json ei ole oikeaa muotoa tai ei kuulu tähän tarkistuspisteeseen.
FAULT note
    A checkpoint is not a well-formed signed note.
    Tarkistuspiste ei ole oikeaa muotoa.
FAULT signature
    The signature of {name} does not verify: the checkpoint is refused.
    Allekirjoitus {name} ei täsmää: tarkistuspiste hylätään.
FAULT unsigned
    A checkpoint is not signed with the log key given ({name}).
    Tarkistuspistettä ei ole allekirjoitettu annetulla lokin avaimella ({name}).
FAULT origin
    A checkpoint that {name} signed is of another log.
    Tarkistuspiste, jonka {name} on allekirjoittanut, on toisen lokin.
FAULT witnesses
    Cosigned by {count} witnesses, {needed} needed: {who}.
    Todistajia, jotka ovat allekirjoittaneet: {count}, vaadittu {needed}: {who}.
FAULT frontier
    The file frontier has not the hashes that the entries before the export need.
    Tiedostossa frontier ei ole niitä tiivisteitä, jotka vientiä edeltävät merkinnät vaativat.
FAULT incomplete
    Entries {first} to {size} are not all here, once each and in order: the root cannot be computed.
    Merkinnät {first}–{size} eivät ole kaikki tässä kerran ja järjestyksessä: juurta ei voi laskea.
FAULT root
    The entries are not those of the checkpoint: the first difference is in {after} to {until}.
    Merkinnät eivät ole tarkistuspisteen: ensimmäinen ero on välillä {after}–{until}.
FAULT kept
    The journal has been rewritten: its first {size} entries are not those that you kept in {file}.
    Lokia on muutettu jälkikäteen: sen ensimmäiset {size} merkintää eivät ole ne, jotka säilytit tiedostossa {file}.
FAULT kept-larger
    {file} is of {kept} entries, this export only of {size}: entries are missing, or the export is older.
    {file} kattaa {kept} merkintää, tämä vienti vain {size}: merkintöjä puuttuu, tai vienti on vanhempi.
FAULT kept-apart
    {file} ({kept} entries) cannot be compared with this export.
    Tiedostoa {file} ({kept} merkintää) ei voi verrata tähän vientiin.
FAULT proof-file
    The proof and the entry are not well-formed, or not of the same place.
    Todiste ja merkintä eivät ole oikeaa muotoa tai eivät koske samaa paikkaa.
FAULT line
    Lines that are no entries: {count}, first at {first}.
    Rivejä, jotka eivät ole merkintöjä: {count}, ensin kohdassa {first}.
FAULT order
    Entries that do not follow the one before them: {count}, first {first}.
    Merkintöjä, jotka eivät seuraa edellistä: {count}, ensin {first}.
FAULT leaf
    Entries whose contents have been changed: {count}, first {first}.
    Merkintöjä, joiden sisältöä on muutettu: {count}, ensin {first}.
FAULT removed
    Entries with a body and no salt, or a salt and no body: {count}, first {first}.
    Merkintöjä, joissa on sisältö ilman suolaa tai suola ilman sisältöä: {count}, ensin {first}.
FAULT seq
    Entries whose contents name another place: {count}, first {first}.
    Merkintöjä, joiden sisältö nimeää toisen paikan: {count}, ensin {first}.
FAULT body
    Entries without a usable event id, kind or time: {count}, first {first}.
    Merkintöjä, joilla ei ole kelvollista tunnusta, lajia tai aikaa: {count}, ensin {first}.
FAULT event-id
    Entries whose event occurs before: {count}, first {first}.
    Merkintöjä, joiden tapahtuma on jo aiemmin: {count}, ensin {first}.
FAULT completion
    Ends of deliveries that did not begin before, or had ended: {count}, first {first}.
    Luovutusten loppuja, joille ei ole alkua tai jotka ovat jo päättyneet: {count}, ensin {first}.
FAULT proof
    Entries whose proof does not lead to the checkpoint: {count}, first {first}.
    Merkintöjä, joiden todiste ei johda tarkistuspisteeseen: {count}, ensin {first}.
""".splitlines()
TEXTS: dict[str, tuple[str, str]] = dict(
    zip(_LINES[::3], zip(_LINES[1::3], _LINES[2::3], strict=True), strict=True)
)

LEVELS_IN_FINNISH = {
    Level.PROVED: "todistettu",
    Level.REMARK: "huomautus",
    Level.LIMIT: "ei todistettu",
    Level.FAULT: "VÄÄRIN",
}


# --- the command ------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    is_proof = words[:1] == ["proof"]
    parser = _parser(is_proof=is_proof)
    options = parser.parse_args(words[1:] if is_proof else words)
    witnesses = cast("list[Key]", options.witness_key)
    names = {witness.name for witness in witnesses}
    keys = [options.log_key.public, *(witness.public for witness in witnesses)]
    needed = len(names) if options.witnesses is None else cast("int", options.witnesses)
    if len(set(keys)) != len(keys):
        parser.error("the log and each witness must have a key of their own")
    if not 0 <= needed <= len(names):
        parser.error(f"--witnesses {needed}, but {len(names)} witnesses are named by --witness-key")
    for path in (options.path, *(options.kept_checkpoint or ()), options.entry):
        if path is not None and not path.exists():
            parser.error(f"{path} does not exist")
    if is_proof:
        report = verify_proof(
            options.path, options.entry, options.log_key, witnesses, needed=needed
        )
    else:
        kept = cast("list[Path]", options.kept_checkpoint)
        report = verify_export(options.path, options.log_key, witnesses, needed=needed, kept=kept)
    print(
        _as_json(report, options.language) if options.json else _as_text(report, options.language)
    )
    return 0 if report.holds else 1


def _parser(*, is_proof: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verify_journal.py proof" if is_proof else "verify_journal.py",
        description="Verify one entry." if is_proof else "Verify an exported journal, offline.",
    )
    parser.add_argument("path", metavar="FILE" if is_proof else "EXPORT_DIR", type=Path)
    parser.add_argument(
        "--log-key", metavar="VKEY", type=_key_option(LOG_TYPE), required=True, help="the log's key"
    )
    parser.add_argument(
        "--witness-key",
        metavar="VKEY",
        type=_key_option(COSIGNATURE_TYPE),
        action="append",
        default=[],
        help="a witness that you trust; may be repeated",
    )
    parser.add_argument(
        "--witnesses", metavar="N", type=int, help="how many must have cosigned; all that are named"
    )
    parser.set_defaults(kept_checkpoint=[], entry=None)
    if is_proof:
        parser.add_argument("--entry", metavar="FILE", type=Path, required=True, help="the entry")
    else:
        parser.add_argument(
            "--kept-checkpoint",
            metavar="FILE",
            type=Path,
            action="append",
            default=[],
            help="a checkpoint that you kept from before; may be repeated",
        )
    parser.add_argument("--language", choices=("fi", "en"), default="en")
    parser.add_argument("--json", action="store_true", help="for machines")
    return parser


def _key_option(type_byte: int) -> Callable[[str], Key]:
    def read(text: str) -> Key:
        try:
            return read_key(text, type_byte)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None

    return read


def _as_text(report: Report, language: str) -> str:
    lines = list[str]()
    for number, finding in enumerate(report.findings, 1):
        level = LEVELS_IN_FINNISH[finding.level] if language == "fi" else finding.level.value
        lines.append(f"{number:2}. {level}: {finding.text(language)}")
    verdict = {
        ("en", True): "All that was asked holds.",
        ("en", False): "Something is wrong.",
        ("fi", True): "Kaikki, mitä kysyttiin, pitää paikkansa.",
        ("fi", False): "Jokin on väärin.",
    }
    return "\n".join([*lines, verdict[language, report.holds]])


def _as_json(report: Report, language: str) -> str:
    findings = [
        {
            **finding.values,
            "level": finding.level.name.lower(),
            "check": finding.check,
            "text": finding.text(language),
        }
        for finding in report.findings
    ]
    return json.dumps({"holds": report.holds, "findings": findings}, indent=2, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
