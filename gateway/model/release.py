"""A release: one immutable, protected snapshot of a product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import total_ordering
from typing import Any

from gateway.errors import BadParameter
from gateway.model.label import Label
from gateway.model.product import Classification, ProductKind


@total_ordering
@dataclass(frozen=True, slots=True)
class ReleaseId:
    """`<as-of>.<n>`, n from 1: `2026-06-30.1`."""

    as_of: date
    number: int

    def __str__(self) -> str:
        return f"{self.as_of.isoformat()}.{self.number}"

    def __lt__(self, other: ReleaseId) -> bool:
        return (self.as_of, self.number) < (other.as_of, other.number)

    @staticmethod
    def parse(text: str) -> ReleaseId:
        """Raises BadParameter(release) on anything but the canonical text."""
        day, _, number = text.partition(".")
        try:
            parsed = ReleaseId(date.fromisoformat(day), int(number))
        except ValueError:
            parsed = None
        if parsed is None or str(parsed) != text or parsed.number < 1:
            raise BadParameter(
                "Give a release id like 2026-06-30.1, or `latest`.", parameter="release"
            )
        return parsed


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a release. path: relative to the release; area: for a slice of rows; sha256: hex."""

    path: str
    rows: int
    bytes: int
    sha256: str
    area: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveredColumn:
    """A column (or a cube's dimension or measure) as the release has it."""

    name: str
    type: str
    label: Label


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release says of itself; its JSON is signed (`gateway.releases.manifest`).

    sources: source systems; protection: the report of the publish road; inputs_sha256: contract,
    warehouse snapshot and key epoch, so that publishing twice makes one release.
    """

    product: str
    kind: ProductKind
    release: ReleaseId
    created_utc: str
    title: Label
    contract_version: str
    contract_sha256: str
    definition_version: str
    classification: Classification
    personal_data: bool
    sources: tuple[str, ...]
    columns: tuple[DeliveredColumn, ...]
    files: tuple[StoredFile, ...]
    protection: Mapping[str, Any]
    policy_set_sha256: str
    inputs_sha256: str
    build: str

    def slice_of(self, area: str) -> StoredFile | None:
        """The slice of an area, or None."""
        return next((file for file in self.files if file.area == area), None)

    def file_at(self, path: str) -> StoredFile | None:
        return next((file for file in self.files if file.path == path), None)
