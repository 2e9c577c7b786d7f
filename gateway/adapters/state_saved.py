"""Saved queries in the state database: requests without answers, under digests of their owners."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from gateway.adapters.state_database import METADATA, StateDatabase
from gateway.model.saved_query import Owner, SavedQuery

_SAVED = Table(
    "saved_queries",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("creator", LargeBinary(32), nullable=False, index=True),
    Column("circle", LargeBinary(32), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),  # of the request: the same one is kept once
    Column("request", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),  # seconds of the epoch
    sqlite_with_rowid=False,
)


class StoredSavedQueries:
    """The SavedQueryStore port. state: with `is_flushed`, for a client keeps the id it was given."""

    def __init__(self, state: StateDatabase) -> None:
        self._state = state

    def find(self, query_id: str) -> SavedQuery | None:
        with self._state.reading() as connection:
            row = connection.execute(select(_SAVED).where(_SAVED.c.id == query_id)).one_or_none()
        if row is None:
            return None
        return SavedQuery(
            id=row.id,
            owner=Owner(bytes(row.creator), bytes(row.circle)),
            request=row.request,
            created_at=datetime.fromtimestamp(row.created_at, UTC),
        )

    def save(self, query: SavedQuery, *, most: int) -> str | None:
        own = _SAVED.c.creator == query.owner.creator
        row = {
            "id": query.id,
            "creator": query.owner.creator,
            "circle": query.owner.circle,
            "digest": hashlib.sha256(query.request.encode()).digest(),
            "request": query.request,
            "created_at": int(query.created_at.timestamp()),
        }
        same = select(_SAVED.c.id).where(
            own, _SAVED.c.circle == query.owner.circle, _SAVED.c.digest == row["digest"]
        )
        counted = select(func.count()).select_from(_SAVED).where(own)
        with self._state.transaction(turn=_turn(query.owner)) as connection:
            found = connection.scalar(same)
            if found is not None:
                return found
            if connection.execute(counted).scalar_one() >= most:
                return None
            connection.execute(insert(_SAVED).values(row))
        return query.id

    def remove(self, query: SavedQuery) -> None:
        with self._state.transaction(turn=_turn(query.owner)) as connection:
            connection.execute(delete(_SAVED).where(_SAVED.c.id == query.id))


def _turn(owner: Owner) -> str:
    return f"{_SAVED.name} {owner.creator.hex()}"
