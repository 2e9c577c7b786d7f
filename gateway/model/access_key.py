"""Access keys: for programs of an organisation that cannot obtain tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

LIFETIME_DAYS_MAX = 90
OVERLAP_DAYS = 7
OVERLAP_DAYS_MAX = 14
MADE_A_DAY_MAX = 200  # of an organisation, whatever becomes of them
ENDED_KEPT = timedelta(
    days=30
)  # revoked or expired keys in the list; the journal has them for longer
KEYS_MAX = 20  # of an organisation, that are neither ended nor rotated
ENDING = timedelta(days=7)  # from then on answers tell the day

# From everywhere, said in words of its own: a key without ranges is accepted from nowhere.
ANYWHERE = ("0.0.0.0/0", "::/0")


class KeyState(StrEnum):
    ACTIVE = "active"
    ROTATED = "rotated"  # works to the end of the overlap
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key as it is kept; its secret is not.

    organisation: registry code. service_account: a code of the organisation's own for the program.
    products: ids; roles: `source:role`; networks: CIDR ranges that it is accepted from. In each of them
    empty means nothing. created_by: issuer and subject of the token that made it, with a space
    between, `operator` for the command line. Moments are whole seconds, aware, in UTC; at `expires_at` it has expired.
    """

    id: str
    digest: bytes = field(repr=False)
    organisation: str
    service_account: str
    products: tuple[str, ...]
    roles: tuple[str, ...]
    networks: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    rotated_from: str | None = None
    rotates_to: str | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def state(self, now: datetime) -> KeyState:
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if now >= self.expires_at:
            return KeyState.EXPIRED
        return KeyState.ACTIVE if self.rotates_to is None else KeyState.ROTATED


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What a caller with a key is limited to, beyond its organisation and roles.

    is_ending: within the last days, of which answers tell.
    """

    id: str
    products: frozenset[str]
    expires_at: datetime
    is_ending: bool
