"""The demo warehouse as a DuckDB file: drawn, written beside, renamed when whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

from gateway.errors import SettingsFault
from gateway.synthetic.casework import case_tables
from gateway.synthetic.courses import service_tables
from gateway.synthetic.person_records import draw_identities, person_table
from gateway.synthetic.registers import register_tables
from gateway.synthetic.responsibilities import responsibility_table
from gateway.synthetic.vacancies import vacancy_table
from gateway.synthetic.world import World, draw_world

DRAWING_SHARE = 0.25
TABLE_COUNT = 15

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made: job seekers of the as-of day, all persons, and all rows."""

    job_seekers: int
    persons: int
    rows: int


def generate(
    path: Path, *, scale: float, seed: int, as_of: date, progress: Progress | None = None
) -> Built:
    """Write the warehouse of `scale` (0 < scale <= 1.0, all of Finland) to `path`.

    The same scale, seed and day give the same table contents. An earlier file stays until the new
    one is whole. progress: called with what is being done and the share done, 0 to 1.
    Raises SettingsFault for a scale outside the range or a negative seed.
    """
    if not 0.0 < scale <= 1.0:
        raise SettingsFault("Choose a scale above 0 and at most 1.0, which is all of Finland.")
    if seed < 0:
        raise SettingsFault("Choose a seed that is not negative.")
    report = progress or _silent
    world = draw_world(
        scale=scale,
        seed=seed,
        as_of=as_of,
        report=lambda what, done: report(what, DRAWING_SHARE * done),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f".{path.name}.{os.getpid()}.building")
    try:
        rows = _write(building, world, as_of, report)
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)
        building.with_name(f"{building.name}.wal").unlink(missing_ok=True)
    report("done", 1.0)
    return Built(job_seekers=world.stock_size, persons=len(world.persons), rows=rows)


def _write(building: Path, world: World, as_of: date, report: Progress) -> int:
    rows = 0
    with duckdb.connect(str(building)) as connection:
        connection.execute("SET enable_progress_bar = false")  # ours is the caller's
        connection.execute(_schema())
        for done, (name, table) in enumerate(_tables(world, as_of)):
            report(name, DRAWING_SHARE + (1 - DRAWING_SHARE) * done / TABLE_COUNT)
            _insert(connection, name, table)
            rows += table.num_rows
    return rows


def _tables(world: World, as_of: date) -> Iterator[tuple[str, pa.Table]]:
    identities = draw_identities(world)
    yield "atmt.henkilo", person_table(world, identities)
    yield from case_tables(world, identities)
    del identities
    yield "atmt.asiakasvastuu", responsibility_table(world)
    yield from service_tables(world)
    yield from register_tables(world)
    yield "tmt.tyopaikka", vacancy_table(world)
    yield "mylly.poiminta", _snapshot(world, as_of)


def _snapshot(world: World, as_of: date) -> pa.Table:
    return pa.table({"poimintapaiva": [as_of], "siemen": [world.seed], "skaala": [world.scale]})


def _insert(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """`name` comes from this package alone; columns are matched by name, not by place."""
    connection.register("arrived", table)
    connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM arrived")  # noqa: S608
    connection.unregister("arrived")


def _schema() -> str:
    return files("gateway.synthetic").joinpath("schema.sql").read_text(encoding="utf-8")


def _silent(_what: str, _share: float) -> None:
    pass
