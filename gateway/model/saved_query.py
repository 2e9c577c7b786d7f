"""Saved queries: what somebody asks for again and again, kept without a single cell of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

SAVED_MAX = 500  # of one creator


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a saved query is, as digests of 32 bytes: the state holds nobody's name.

    creator: who may take it back; circle: of issuer and organisation, who may read and run it.
    """

    creator: bytes = field(repr=False)
    circle: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """id: 128 random bits as 32 hexadecimal digits. request: JSON, as the surface writes and reads it.

    created_at: whole seconds, aware, in UTC.
    """

    id: str
    owner: Owner
    request: str
    created_at: datetime
