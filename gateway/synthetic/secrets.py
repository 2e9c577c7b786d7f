"""What must never appear downstream: the generator's own list, for tests that grep bytes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb

from gateway.errors import WarehouseUnavailable
from gateway.synthetic.free_text import PHRASES

# Every identity code, surname, street, expert tag, telephone number and mail address of the
# warehouse has one of these forms, and no label, code list or file format does. Person ids and
# given names have none of their own: `secrets_of` lists them.
SECRET_FORMS = re.compile(
    rb"[0-3]\d[01]\d{3}[-+A-FU-Y]9\d\d[0-9A-Y]"
    rb"|[A-Z][a-z\xc3\xa4\xb6]{5,20}xe(?:la|ntie)"
    rb"|\+35800\d{8}"
    rb"|@posti\.invalid"
    rb"|AS-[A-HJ-NP-Z2-9]{6}(?![A-Z0-9])"
)

_TEXTS = (
    ("atmt.henkilo", "henkilotunnus"),
    ("atmt.henkilo", "sukunimi"),
    ("atmt.henkilo", "unnest(string_split(etunimet, ' '))"),
    ("atmt.henkilo", "katuosoite"),
    ("atmt.henkilo", "puhelin"),
    ("atmt.henkilo", "sahkoposti"),
    ("atmt.henkilo", "lisatiedot"),
    ("atmt.tyollistymissuunnitelma", "tehtavat"),
    ("atmt.yhteydenotto", "muistiinpano"),
    ("atmt.asiakasvastuu", "asiantuntijatagi"),
)


def secrets_of(warehouse: Path, limit: int = 5_000) -> frozenset[bytes]:
    """Byte strings that no release, log or journal may contain.

    At most `limit` of each kind, chosen by hash, so the same ones each time: identity codes,
    surnames, given names, street addresses, telephone numbers, mail addresses, free texts, expert
    tags, and person ids both as decimal text and as eight little-endian bytes. The phrases of the
    free texts are always whole. Raises WarehouseUnavailable when the file cannot be read.
    """
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            texts = [
                text for source in _TEXTS for (text,) in _some(connection, *source, limit=limit)
            ]
            numbers = _some(connection, "atmt.henkilo", "henkilo_id", limit=limit)
    except duckdb.Error as error:
        raise WarehouseUnavailable(
            "Build the demo warehouse again; its file cannot be read."
        ) from error
    as_text = (text.encode() for text in (*texts, *PHRASES, *(str(n) for (n,) in numbers)))
    return frozenset((*as_text, *(number.to_bytes(8, "little") for (number,) in numbers)))


def _some(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, *, limit: int
) -> list[tuple[Any]]:
    """`table` and `column` come from this file alone."""
    found = connection.execute(
        f"SELECT secret FROM (SELECT DISTINCT {column} AS secret FROM {table})"  # noqa: S608
        " WHERE secret IS NOT NULL ORDER BY md5(CAST(secret AS VARCHAR)) LIMIT $limit",
        {"limit": limit},
    )
    return found.fetchall()
