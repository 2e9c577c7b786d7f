"""Entries of the journal (`JOURNAL`: who got what, when, on what ground)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

# How long bodies of entries are kept, in days; less than a year takes a setting that says so.
LEAST_RETENTION_DAYS = 365
MOST_RETENTION_DAYS = 36500


class EntryKind(StrEnum):
    INTENT = "access.intent"
    COMPLETION = "access.completion"
    DENIED = "access.denied"
    LIMITED = "access.limited"
    AUTH_FAILED = "auth.failed"
    SESSION_BEGAN = "session.began"
    SESSION_ENDED = "session.ended"
    JOURNAL_READ = "journal.read"
    JOURNAL_SEARCHED = "journal.searched"
    JOURNAL_EXPORTED = "journal.exported"
    JOURNAL_PRUNED = "journal.pruned"
    HOLD_MADE = "journal.hold_made"
    HOLD_LIFTED = "journal.hold_lifted"
    POLICY_LOADED = "policy.loaded"
    RELEASE_PUBLISHED = "release.published"
    RELEASE_EXPIRED = "release.expired"
    RECOVERY = "recovery"
    PSEUDONYM_ROTATED = "pseudonym.rotated"
    PSEUDONYM_CROSSWALK = "pseudonym.crosswalk"
    PSEUDONYM_REFUSED = "pseudonym.refused"
    REIDENTIFICATION_REQUESTED = "reidentification.requested"
    REIDENTIFICATION_APPROVED = "reidentification.approved"
    REIDENTIFICATION_ANSWERED = "reidentification.answered"
    SUBJECT_REQUESTED = "subject.requested"
    SUBJECT_APPROVED = "subject.approved"
    SUBJECT_ANSWERED = "subject.answered"
    SUBJECT_REFUSED = "subject.refused"
    KEY_CREATED = "key.created"
    KEY_ROTATED = "key.rotated"
    KEY_REVOKED = "key.revoked"


class Outcome(StrEnum):
    COMPLETE = "complete"
    NOT_MODIFIED = "not_modified"
    CLIENT_ABORT = "client_abort"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before the journal gives it its place: kind and body fields.

    body: JSON values only, keys as in the journal's entry description; never tokens, identity
    codes, free text, or values outside declared code lists.
    intent_seq: for a completion, the intent that it closes.
    """

    kind: EntryKind
    body: Mapping[str, Any]
    intent_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that an entry is durable."""

    seq: int
    event_id: str
    leaf_sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored entry: `body` includes every field that the leaf hashes, except the salt.

    body: None once it has expired; the leaf stays.
    """

    seq: int
    event_id: str
    kind: EntryKind
    ts_utc: str
    leaf_sha256: str
    body: Mapping[str, Any] | None

    @property
    def told(self) -> Mapping[str, Any]:
        """The body of an entry that has not expired. Raises LookupError for one that has."""
        if self.body is None:
            raise LookupError("the body has expired")
        return self.body


@dataclass(frozen=True, slots=True)
class Completion:
    """How a delivery ended. bytes: handed to the server, an upper bound of what left.

    ranges: first and last bytes of what was sent of a file, in the order of sending; empty for the whole.
    """

    outcome: Outcome
    http_status: int
    rows: int | None
    bytes: int
    content_sha256: str | None
    duration_ms: float
    ranges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class EntryQuery:
    """An auditor's filters; empty means no filter. issuer: narrows what another filter finds.
    `after_seq` pages upwards; `limit` 1..1000.
    """

    since: datetime | None = None
    until: datetime | None = None
    organisation: str | None = None
    product: str | None = None
    area: str | None = None
    outcome: Outcome | None = None
    kind: EntryKind | None = None
    client_id: str | None = None
    subject: str | None = None
    issuer: str | None = None
    purpose: str | None = None
    action: str | None = None
    release: str | None = None
    case_ref: str | None = None
    refusal: str | None = None
    after_seq: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True)
class EntryPage:
    """next_after_seq: None on the last page."""

    entries: tuple[Entry, ...]
    next_after_seq: int | None
