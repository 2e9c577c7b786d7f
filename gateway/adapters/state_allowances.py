"""What clients have asked for, in the state database: token buckets, places of downloads, bytes of a day.

Clients and subscriptions are digests: who asked for what stands in the journal, not here. The clock is
read inside each transaction, so that processes of one machine see it go on in the order they write.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    String,
    Table,
    delete,
    or_,
    select,
)

from gateway.adapters.state_database import METADATA, StateDatabase
from gateway.adapters.state_sql import forget, insert_or
from gateway.model.bucket import Bucket, Rate, full_bucket, lease, refilled, without
from gateway.model.days import epoch_us, helsinki_day
from gateway.ports import FILE_OF_PLACE_BYTES, Clock, Drawn, TakenPlace

DAYS_KEPT = 3
# A place that ends later than this from now was written before the clock was set back.
SKEW_SECONDS = 60

_BUCKETS = Table(
    "request_buckets",
    METADATA,
    Column("client", LargeBinary(32), primary_key=True),
    Column("level", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column(
        "full_us", BigInteger, nullable=False, index=True
    ),  # from then on as if it were not there
    sqlite_with_rowid=False,
)
_PLACES = Table(
    "extract_places",
    METADATA,
    Column("place", LargeBinary(16), primary_key=True),
    Column("client", LargeBinary(32), nullable=False),
    Column("until_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
_BYTES = Table(
    "bytes_of_day",
    METADATA,
    Column("day", String(10), primary_key=True),  # ISO, so that days compare as texts
    Column("holder", LargeBinary(32), primary_key=True),
    Column("bytes", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


class StoredBuckets:
    """The BucketStore port."""

    def __init__(self, state: StateDatabase, *, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def draw(self, client: bytes, rate: Rate, *, most: int) -> Drawn:
        with self._state.transaction(turn=f"{_BUCKETS.name} {client.hex()}") as connection:
            now_us = epoch_us(self._clock.now())
            known = _bucket(connection, client, rate, now_us)
            bucket = refilled(known, rate, now_us)
            taken = lease(bucket, most)
            if not taken and bucket.at_us >= known.at_us:  # an empty bucket costs no write
                return Drawn(0, 0, bucket.at_us - now_us + bucket.wait_us(rate))
            rest = without(bucket, taken)
            forget(connection, _BUCKETS, _BUCKETS.c.full_us <= now_us)
            values = {"level": rest.level, "at_us": rest.at_us, "full_us": rest.full_us(rate)}
            added = insert_or(connection, _BUCKETS).values(client=client, **values)
            connection.execute(added.on_conflict_do_update(index_elements=["client"], set_=values))
            return Drawn(taken, rest.tokens, 0 if taken else rest.wait_us(rate))


class StoredPlaces:
    """The PlaceStore port. seconds: how long a place lasts that nobody renews."""

    def __init__(self, state: StateDatabase, *, clock: Clock, seconds: int) -> None:
        self._state = state
        self._clock = clock
        self._lasting_us = seconds * 1_000_000

    def take(
        self, place: bytes, client: bytes, *, most: int, pool: int, left: frozenset[bytes]
    ) -> TakenPlace:
        with self._state.transaction(turn=_PLACES.name) as connection:
            until_us = self._without_ended(connection, left)
            rows = connection.execute(select(_PLACES.c.client, _PLACES.c.place))
            taken = {(bytes(row[0]), bytes(row[1])[:FILE_OF_PLACE_BYTES]) for row in rows}
            if (client, place[:FILE_OF_PLACE_BYTES]) not in taken:
                if sum(each == client for each, _ in taken) >= most:
                    return TakenPlace.CLIENT_IS_FULL
                if len(taken) >= pool:
                    return TakenPlace.POOL_IS_FULL
            connection.execute(
                insert_or(connection, _PLACES).values(place=place, client=client, until_us=until_us)
            )
            return TakenPlace.TAKEN

    def renew(self, held: Mapping[bytes, bytes], *, left: frozenset[bytes]) -> None:
        with self._state.transaction(turn=_PLACES.name) as connection:
            until_us = self._without_ended(connection, left)
            if not held:
                return
            rows = [{"place": p, "client": c, "until_us": until_us} for p, c in held.items()]
            connection.execute(
                insert_or(connection, _PLACES).on_conflict_do_update(
                    index_elements=["place"], set_={"until_us": until_us}
                ),
                rows,
            )

    def _without_ended(self, connection: Connection, left: frozenset[bytes]) -> int:
        """Forget the places that were left, or that nobody renews. Gives when a new one ends."""
        now_us = epoch_us(self._clock.now())
        until_us = now_us + self._lasting_us
        ended = [
            _PLACES.c.until_us <= now_us,
            _PLACES.c.until_us > until_us + SKEW_SECONDS * 1_000_000,
        ]
        if left:
            ended.append(_PLACES.c.place.in_(left))
        connection.execute(delete(_PLACES).where(or_(*ended)))
        return until_us


class StoredBytes:
    """The ByteStore port."""

    def __init__(self, state: StateDatabase, *, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def add(self, sent: Mapping[tuple[date, bytes], int]) -> Mapping[tuple[date, bytes], int]:
        with self._state.transaction(turn=_BYTES.name) as connection:
            oldest = helsinki_day(self._clock.now()) - timedelta(days=DAYS_KEPT)
            connection.execute(delete(_BYTES).where(_BYTES.c.day < oldest.isoformat()))
            for (day, holder), count in sent.items():
                added = insert_or(connection, _BYTES).values(
                    day=day.isoformat(), holder=holder, bytes=count
                )
                connection.execute(
                    added.on_conflict_do_update(
                        index_elements=["day", "holder"],
                        set_={"bytes": _BYTES.c.bytes + added.excluded.bytes},
                    )
                )
            return {(day, holder): _spent(connection, day, holder) for day, holder in sent}

    def spent(self, day: date, holder: bytes) -> int:
        with self._state.transaction(turn=_BYTES.name) as connection:
            return _spent(connection, day, holder)


def _bucket(connection: Connection, client: bytes, rate: Rate, now_us: int) -> Bucket:
    found = connection.execute(
        select(_BUCKETS.c.level, _BUCKETS.c.at_us).where(_BUCKETS.c.client == client)
    ).first()
    return full_bucket(rate, now_us) if found is None else Bucket(*found)


def _spent(connection: Connection, day: date, holder: bytes) -> int:
    found = connection.scalar(
        select(_BYTES.c.bytes).where(_BYTES.c.day == day.isoformat(), _BYTES.c.holder == holder)
    )
    return found or 0
