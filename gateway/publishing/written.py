"""What a release consists of before it has a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.model.release import DeliveredColumn, StoredFile


@dataclass(frozen=True, slots=True)
class Written:
    """The columns as delivered, the files as written, and the protection report."""

    columns: tuple[DeliveredColumn, ...]
    files: tuple[StoredFile, ...]
    protection: Mapping[str, Any]


def stored_file(path: Path, relative: str, *, rows: int, area: str | None = None) -> StoredFile:
    """The manifest's word on a written file: its size and hash as it lies on the disk."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return StoredFile(relative, rows, path.stat().st_size, sha256, area)
