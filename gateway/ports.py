"""What has a disk, a network, a key or a clock behind it. One Protocol each, few methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gateway.model.access_key import AccessKey
from gateway.model.bucket import Rate
from gateway.model.entry import Draft, EntryPage, EntryQuery, Receipt
from gateway.model.release import Manifest, ReleaseId, StoredFile
from gateway.model.saved_query import SavedQuery

if TYPE_CHECKING:
    import pyarrow as pa


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


# --- publish road ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredRelation:
    """A table or a view as the warehouse itself tells of it; names in lower case.

    view: the statement that made a view, None for a table. comment: what somebody noted on it.
    """

    name: str
    columns: tuple[str, ...]
    view: str | None
    comment: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What is in a warehouse: relations by `schema.name`, and functions that somebody defined."""

    relations: Mapping[str, StoredRelation]
    functions: frozenset[str]


class Warehouse(Protocol):
    """The source of truth on the publish road. Raises WarehouseUnavailable."""

    def latest_snapshot(self) -> date:
        """The newest day that the warehouse holds in full."""
        ...

    def fingerprint(self) -> str:
        """A text that changes when the content may have changed."""
        ...

    def read(self, sql: str, parameters: Mapping[str, Any]) -> pa.Table:
        """Run contract SQL with named parameters (`$as_of`), always bound."""
        ...

    def stored(self) -> Stored:
        """What there is to read, and what views and functions are made of."""
        ...

    def tables_read(self, sql: str, parameters: Mapping[str, Any]) -> frozenset[str]:
        """The tables that the engine would read for a statement, through views and functions.

        As `schema.table` in lower case; what is no table of the warehouse comes as the engine
        calls it.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PseudonymDomain:
    """Who a pseudonym is for: HKDF info `v1|recipient area|product family|purpose|epoch`."""

    area: str
    family: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Signature:
    """An Ed25519 signature; key_id is the hex SHA-256 of the raw public key; value is base64."""

    key_id: str
    value: str


class KeyRing(Protocol):
    """The keys of the publish road; the serve road never has one. Raises KeyFault."""

    def epoch(self) -> str:
        """The current pseudonym epoch, e.g. `2026`."""
        ...

    def epochs(self) -> tuple[str, ...]:
        """Every epoch that was ever started, oldest first; the last one is current."""
        ...

    def domain_key(self, domain: PseudonymDomain, *, epoch: str | None = None) -> bytes:
        """32 bytes, HKDF-SHA-256 (RFC 5869) of the epoch's key; None means the current epoch.

        An earlier epoch is for upkeep (crosswalk, re-identification), never for publishing.
        """
        ...

    def sign(self, message: bytes) -> Signature:
        """Sign a manifest's canonical bytes."""
        ...


class RotatingKeys(KeyRing, Protocol):
    """A key ring that can begin a new epoch; publishing has no use for it."""

    def start_epoch(self, epoch: str, *, new_root: bool) -> None:
        """Make an epoch the current one, in one step: killed at any moment, the old or the new is.

        new_root: after a compromise, it hangs on a root made now; earlier epochs keep theirs.
        Raises EpochUsed, KeyFault.
        """
        ...


# --- both roads ------------------------------------------------------------------------------


class StagedRelease(Protocol):
    """A release being written: files first, the manifest last. Leaving without `commit` removes it."""

    release: ReleaseId

    def path_for(self, relative: str) -> Path:
        """Where to write a file of the release; folders exist when it returns."""
        ...

    def commit(self, manifest: Manifest, signature: Signature) -> None:
        """fsync files, write the manifest, fsync, rename: the release is whole or not there."""
        ...


class OpenFile(Protocol):
    """A stored file opened for reading."""

    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """At most `length` checked bytes from `offset`; empty at the end. Raises ReleaseDamaged."""
        ...

    def fileno(self) -> int | None:
        """The descriptor, for a store on a local disk."""
        ...

    def is_untouched(self) -> bool:
        """Whether nobody has written to the file since its content was checked."""
        ...

    def close(self) -> None: ...


class ReleaseStore(Protocol):
    """Releases on disk or in an object store. Readers see only whole, signed releases."""

    def list(self, product: str) -> Sequence[Manifest]:
        """Every valid release of a product, newest first; a damaged manifest is left out and logged."""
        ...

    def find(self, product: str, release: ReleaseId) -> Manifest:
        """Raises ReleaseNotFound, or ReleaseDamaged when the manifest or signature is broken."""
        ...

    def newest(self, product: str, as_of: date | None) -> Manifest:
        """The newest release, or the newest with as-of date <= `as_of`.

        Raises ReleaseNotFound; ReleaseDamaged when that newest one is broken (never falls back in silence).
        """
        ...

    def open(self, manifest: Manifest, file: StoredFile) -> OpenFile:
        """Open after checking size and hash (once per file version). Raises ReleaseDamaged."""
        ...

    def stage(self, product: str, as_of: date) -> AbstractContextManager[StagedRelease]:
        """Publish road only: one writer per product; leftovers of a killed writer are removed."""
        ...


class NoteSigner(Protocol):
    """The journal's own Ed25519 key, which signs checkpoints and nothing else. Raises KeyFault."""

    def public_key(self) -> bytes:
        """32 bytes (RFC 8032)."""
        ...

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        ...


class JournalStore(Protocol):
    """Where entries become durable. Raises JournalUnavailable within its timeout (2 s)."""

    def append(self, drafts: Sequence[Draft]) -> Sequence[Receipt]:
        """One transaction for all drafts, in order; durable when it returns."""
        ...

    def search(self, query: EntryQuery) -> EntryPage: ...

    def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """The first and the last place of the entries of a time, (0, 0) when there are none.

        In between there may be others: the clock may have jumped.
        """
        ...

    def orphans(self, living_boots: frozenset[str]) -> Iterator[int]:
        """Sequence numbers of intents without completion whose boot is not in `living_boots`."""
        ...

    def check(self) -> None:
        """Raises JournalUnavailable when an append could not succeed now."""
        ...

    def close(self) -> None: ...


# --- serve road ------------------------------------------------------------------------------


class TokenVerifier(Protocol):
    def verify(self, token: str) -> Mapping[str, Any]:
        """The claims of a valid access token (RFC 9068). Raises InvalidToken, IssuerUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """What a proof must be made for. url: without query and fragment; thumbprint: of the token's key."""

    method: str
    url: str = field(repr=False)
    token: str = field(repr=False)
    thumbprint: str


@dataclass(frozen=True, slots=True)
class GoodProof:
    """A proof that is good, and proves nothing until it is used up.

    digest: 32 bytes that stand for it; until: when it is too old anyway.
    """

    digest: bytes = field(repr=False)
    until: datetime


class ProofVerifier(Protocol):
    def check(self, proof: str, target: Target) -> GoodProof:
        """A DPoP proof (RFC 9449) of this request; nothing is remembered of it. Raises InvalidProof."""
        ...

    def use_up(self, proof: GoodProof) -> None:
        """The one use of a proof. It may block. Raises InvalidProof, StateUnavailable."""
        ...


class ReplayStore(Protocol):
    """What may be used once, shared by all serving processes. Raises StateUnavailable."""

    def use(self, kind: str, digest: bytes, *, until: datetime) -> bool:
        """True for the first use of something, False ever after.

        kind: what it is, so that two kinds never meet; digest: 32 bytes of it. until: when it would be
        refused for its age anyway, and may be forgotten.
        """
        ...


class ChangingKeys(Protocol):
    """The access keys inside one transaction: nobody else changes them meanwhile."""

    def find(self, key_id: str) -> AccessKey | None: ...

    def of(self, organisation: str) -> Sequence[AccessKey]: ...

    def active(self, organisation: str, now: datetime) -> int:
        """How many keys of an organisation work and are not rotated."""
        ...

    def made_since(self, organisation: str, since: datetime) -> int:
        """How many keys of an organisation were made from a moment on, whatever became of them."""
        ...

    def forget_ended(self, before: datetime) -> None:
        """Remove keys that were revoked or expired before a moment; the journal still has them."""
        ...

    def put(self, key: AccessKey) -> None:
        """Add a key, or replace the one of its id."""
        ...


class AccessKeyStore(Protocol):
    """The access keys, shared by all serving processes. Raises StateUnavailable."""

    def find(self, key_id: str) -> AccessKey | None:
        """The key as it is committed now."""
        ...

    def of(self, organisation: str) -> Sequence[AccessKey]:
        """Every key of an organisation, newest first."""
        ...

    def changing(self) -> AbstractContextManager[ChangingKeys]:
        """One transaction, on the disk when it is left; leaving it by an exception changes nothing."""
        ...

    def mark_used(self, key_id: str, at: datetime) -> None:
        """Remember a use; never an earlier one than is remembered."""
        ...


class SavedQueryStore(Protocol):
    """Saved queries, shared by all serving processes. Raises StateUnavailable."""

    def find(self, query_id: str) -> SavedQuery | None: ...

    def save(self, query: SavedQuery, *, most: int) -> str | None:
        """Keep a query; gives its id, or that of the same request of the same owner.

        None when its creator has `most` already.
        """
        ...

    def remove(self, query: SavedQuery) -> None:
        """What is gone already stays so."""
        ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """tokens: taken now, at least one unless `wait_us` says how long there is none; left: for others."""

    tokens: int
    left: int
    wait_us: int


class BucketStore(Protocol):
    """Token buckets, shared by all serving processes. Raises StateUnavailable."""

    def draw(self, client: bytes, rate: Rate, *, most: int) -> Drawn:
        """Take up to `most` tokens; a client that is not known has a full bucket."""
        ...


class TakenPlace(Enum):
    TAKEN = auto()
    CLIENT_IS_FULL = auto()
    POOL_IS_FULL = auto()


# Places of one client that begin alike are of one file, and count as one.
PLACE_BYTES, FILE_OF_PLACE_BYTES = 16, 12


class PlaceStore(Protocol):
    """Running downloads of all serving processes. Raises StateUnavailable.

    left: places that this process has given up, forgotten in the same transaction.
    """

    def take(
        self, place: bytes, client: bytes, *, most: int, pool: int, left: frozenset[bytes]
    ) -> TakenPlace:
        """A new place, unless the client has `most` or all clients together have `pool`.

        One for a file of which the client has a place already is no further one, and is always taken.
        """
        ...

    def renew(self, held: Mapping[bytes, bytes], *, left: frozenset[bytes]) -> None:
        """Keep places (place → client) that are in use; what is not renewed is soon nobody's."""
        ...


class ByteStore(Protocol):
    """Bytes sent by day and holder, of all serving processes. Raises StateUnavailable."""

    def add(self, sent: Mapping[tuple[date, bytes], int]) -> Mapping[tuple[date, bytes], int]:
        """Add to the sums; gives the new ones."""
        ...

    def spent(self, day: date, holder: bytes) -> int: ...


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """A login that began in one browser: what only that browser and the provider's answer can match.

    state, nonce, verifier: 256 random bits each (RFC 9700 section 2.1, RFC 7636). page: ours, where the
    browser goes afterwards.
    """

    state: str
    nonce: str
    verifier: str = field(repr=False)
    page: str


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a login gave. issuer, subject: of the id token, whose every check has passed; client_id: ours."""

    access_token: str = field(repr=False)
    issuer: str
    subject: str
    client_id: str


class LoginProvider(Protocol):
    """The identity provider as people log in at it (OpenID Connect Core 1.0, code flow)."""

    def address(self, attempt: LoginAttempt, *, language: str) -> str:
        """Where the browser goes to log in. Raises IssuerUnavailable."""
        ...

    def check_issuer(self, issuer: str | None) -> None:
        """The `iss` of an answer (RFC 9207). Raises LoginRefused, IssuerUnavailable."""
        ...

    def redeem(self, attempt: LoginAttempt, code: str) -> Redeemed:
        """Exchange a code, and verify the id token. Raises LoginRefused, IssuerUnavailable."""
        ...

    def logout_address(self) -> str | None:
        """Where the browser goes to log out, None where the provider knows no logout.

        Raises IssuerUnavailable.
        """
        ...


class BegunLogins(Protocol):
    """Logins that have begun, each kept by its own browser."""

    def begin(self, attempt: LoginAttempt) -> str:
        """The attempt as its browser keeps it for ten minutes, readable to nobody but the gateway."""
        ...

    def take(self, state: str, cookie: str) -> LoginAttempt | None:
        """The attempt that the browser kept, once, and only with its own state; else None.

        Raises StateUnavailable.
        """
        ...


class SessionStore(Protocol):
    """Sessions of people, shared by all serving processes. Raises StateUnavailable."""

    def begin(self, claims: Mapping[str, Any]) -> str:
        """A new session; gives its secret, which is kept nowhere."""
        ...

    def find(self, secret: str) -> Mapping[str, Any] | None:
        """The claims, and the idle time begins anew. None when it has ended or never was."""
        ...

    def end(self, secret: str) -> Mapping[str, Any] | None:
        """End it for ever; gives its claims, None when it had ended before."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """One authorization question in the policy language's terms: ids and plain attributes."""

    principal: Mapping[str, Any]
    action: str
    resource: Mapping[str, Any]
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """allowed: True only when the decision is Allow and there were no evaluation errors."""

    allowed: bool
    policies: tuple[str, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyText:
    """What a policy says of itself to people: titles in Finnish and Swedish, and its ground in law."""

    title_fi: str
    title_sv: str
    ground: str
    is_forbid: bool


class PolicyEngine(Protocol):
    """texts: policy id → what it says of itself."""

    policy_set_sha256: str
    texts: Mapping[str, PolicyText]

    def decide(self, question: Question) -> Answer: ...
