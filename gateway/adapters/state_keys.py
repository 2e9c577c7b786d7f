"""Access keys in the state database: digests of secrets, never secrets."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    String,
    Table,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.engine import RowMapping

from gateway.adapters.state_database import METADATA, StateDatabase
from gateway.adapters.state_sql import insert_or
from gateway.model.access_key import AccessKey

_KEYS = Table(
    "access_keys",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("organisation", String(16), nullable=False, index=True),
    Column("service_account", String(64), nullable=False),
    Column("products", JSON, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("networks", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),  # seconds of the epoch, as every moment here
    Column("created_by", String(511), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("rotated_from", String(12)),
    Column("rotates_to", String(12)),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
)
_MOMENTS = ("created_at", "expires_at", "revoked_at", "last_used_at")
_LISTS = ("products", "roles", "networks")


class StoredAccessKeys:
    """The AccessKeyStore port. state: with `is_flushed`, for a revocation may not be lost."""

    def __init__(self, state: StateDatabase) -> None:
        self._state = state

    def find(self, key_id: str) -> AccessKey | None:
        with self._state.reading() as connection:
            return _Rows(connection).find(key_id)

    def of(self, organisation: str) -> Sequence[AccessKey]:
        with self._state.reading() as connection:
            return _Rows(connection).of(organisation)

    @contextmanager
    def changing(self) -> Generator[_Rows]:
        with self._state.transaction(turn=_KEYS.name) as connection:
            yield _Rows(connection)

    def mark_used(self, key_id: str, at: datetime) -> None:
        used = int(at.timestamp())
        latest = case((_KEYS.c.last_used_at > used, _KEYS.c.last_used_at), else_=used)
        with self._state.transaction(turn=_KEYS.name) as connection:
            connection.execute(
                update(_KEYS).where(_KEYS.c.id == key_id).values(last_used_at=latest)
            )


class _Rows:
    """The ChangingKeys port over one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, key_id: str) -> AccessKey | None:
        row = self._connection.execute(select(_KEYS).where(_KEYS.c.id == key_id)).mappings().first()
        return None if row is None else _key(row)

    def of(self, organisation: str) -> Sequence[AccessKey]:
        rows = self._connection.execute(
            select(_KEYS)
            .where(_KEYS.c.organisation == organisation)
            .order_by(_KEYS.c.created_at.desc(), _KEYS.c.id)
        )
        return tuple(_key(row) for row in rows.mappings())

    def active(self, organisation: str, now: datetime) -> int:
        return self._count(
            _KEYS.c.organisation == organisation,
            _KEYS.c.revoked_at.is_(None),
            _KEYS.c.rotates_to.is_(None),
            _KEYS.c.expires_at > int(now.timestamp()),
        )

    def made_since(self, organisation: str, since: datetime) -> int:
        return self._count(
            _KEYS.c.organisation == organisation, _KEYS.c.created_at >= int(since.timestamp())
        )

    def forget_ended(self, before: datetime) -> None:
        moment = int(before.timestamp())
        ended = or_(_KEYS.c.revoked_at < moment, _KEYS.c.expires_at < moment)
        self._connection.execute(delete(_KEYS).where(ended))

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        counted = select(func.count()).select_from(_KEYS).where(*conditions)
        return self._connection.execute(counted).scalar_one()

    def put(self, key: AccessKey) -> None:
        row = _row(key)
        put = insert_or(self._connection, _KEYS).values(row)
        put = put.on_conflict_do_update(index_elements=["id"], set_=row)
        self._connection.execute(put)


def _row(key: AccessKey) -> dict[str, Any]:
    row = asdict(key)
    for name in _MOMENTS:
        row[name] = None if row[name] is None else int(row[name].timestamp())
    for name in _LISTS:
        row[name] = list(row[name])
    return row


def _key(row: RowMapping) -> AccessKey:
    values = dict(row)
    for name in _MOMENTS:
        values[name] = None if values[name] is None else datetime.fromtimestamp(values[name], UTC)
    for name in _LISTS:
        values[name] = tuple(values[name])
    return AccessKey(**values)
