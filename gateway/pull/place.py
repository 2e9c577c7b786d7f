"""One download's files on the disk: what is held, what was interrupted, and the step between them.

    spells.parquet             what readers see: always whole
    spells.parquet.notes       its notes, JSON: ETag, SHA-256, release, receipt
    spells.parquet.part        what has arrived of the next one
    spells.parquet.part.notes  its notes, durable before its first byte

A part is put in place by two renames, the file's first. Killed between them, the next run finds notes
of a part whose bytes are those in place, and makes the second.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.pull.faults import DiskFault

CHUNK_BYTES = 1 << 20


class Notes(BaseModel):
    """asked: the address with its parameters. size, sha256: of the whole, None before its end is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    asked: str
    etag: str
    size: int | None
    sha256: str | None
    can_resume: bool
    release: str
    as_of: str
    receipt: str
    request: str


class Digest(Protocol):
    """SHA-256 over what has been read so far."""

    def update(self, content: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Modes:
    """Rows about people are their owner's alone, unless the config opens them to the group."""

    folder: int = 0o700
    file: int = 0o600


@dataclass(frozen=True, slots=True)
class Place:
    """path: of the whole file. Methods raise DiskFault."""

    path: Path
    modes: Modes = Modes()

    @property
    def part(self) -> Path:
        return _beside(self.path, ".part")

    @property
    def notes(self) -> Path:
        return _beside(self.path, ".notes")

    @property
    def part_notes(self) -> Path:
        return _beside(self.part, ".notes")

    def make_folder(self) -> None:
        with disk_faults():
            make_folders(self.path.parent, self.modes.folder)

    def look(self, asked: str) -> tuple[Notes | None, bool]:
        """The notes of the file in place, and whether it is not what those notes tell of.

        No notes when it is missing, of another request, or changed: all but unchanged is fetched anew.
        """
        found, held = _read_notes(self.notes), self.hash_in_place()
        if found is None or found.asked != asked or held is None:
            return None, False
        return (found, False) if found.sha256 == held else (None, True)

    def hash_in_place(self) -> str | None:
        """Hex SHA-256 of the file in place, None when there is none."""
        with disk_faults():
            return hash_of(self.path).hexdigest() if self.path.exists() else None

    def interrupted(self, asked: str) -> Notes | None:
        """The notes of a part that can go on; another's part, or a useless one, is removed."""
        found = _read_notes(self.part_notes)
        is_ours = found is not None and found.asked == asked and found.can_resume
        if found is not None and is_ours and 0 < self.part_size() < (found.size or 0):
            return found
        self.discard()
        return None

    def part_size(self) -> int:
        with disk_faults():
            return self.part.stat().st_size if self.part.exists() else 0

    def begin(self, notes: Notes) -> None:
        """An empty part with durable notes."""
        self.make_folder()
        self.discard()
        with disk_faults():
            _write(self.part_notes, notes.model_dump_json().encode(), self.modes.file)
            _write(self.part, b"", self.modes.file)
            _sync_folder(self.path.parent)

    def put(self, notes: Notes) -> None:
        """Make the part the file: its bytes are durable first, and readers see the old or the new."""
        with disk_faults():
            _write(self.part_notes, notes.model_dump_json().encode(), self.modes.file)
            _sync(self.part)
            _sync_folder(self.path.parent)
            self.part.replace(self.path)
            self.part_notes.replace(self.notes)
            _sync_folder(self.path.parent)

    def finish_interrupted_put(self) -> None:
        """What a killed run had received whole is put in place, or its second rename is made."""
        found = _read_notes(self.part_notes)
        if found is None or found.sha256 is None:
            return
        if self.part.exists():
            is_whole = self.part_size() == found.size
            if is_whole and self._part_hash() == found.sha256:
                self.put(found)
        elif self.hash_in_place() == found.sha256:
            with disk_faults():
                self.part_notes.replace(self.notes)
                _sync_folder(self.path.parent)

    def discard(self) -> None:
        """Forget what has arrived of the next file; the one in place stays."""
        with disk_faults():
            self.part.unlink(missing_ok=True)
            self.part_notes.unlink(missing_ok=True)

    def _part_hash(self) -> str:
        with disk_faults():
            return hash_of(self.part).hexdigest()


def hash_of(path: Path) -> Digest:
    """SHA-256 over a file's bytes, to be gone on with. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest


def make_folders(folder: Path, mode: int) -> None:
    """The folder and those above it that are missing, each with the mode. Raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=mode, exist_ok=True)
        each.chmod(mode)  # the umask had its say in mkdir


@contextmanager
def disk_faults() -> Generator[None]:
    """An OSError as a fault that says what the disk said, and about which file."""
    try:
        yield
    except OSError as error:
        raise DiskFault(f"{error.filename or 'The disk'}: {error.strerror or error}.") from error


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _read_notes(path: Path) -> Notes | None:
    """None when they are missing or are no notes: then nothing is known, and all is fetched anew."""
    with disk_faults():
        try:
            return Notes.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None


def _write(path: Path, content: bytes, mode: int) -> None:
    draft = _beside(path, ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_sync_folder = _sync
