"""The PostgreSQL that tests run is the one that is meant, and keeps what it promises."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest


@pytest.fixture(scope="module")
def server(new_postgres):
    return new_postgres()


@pytest.fixture
def counted(server):
    """A database with one table and nothing in it."""
    name = server.create_database()
    with server.connect(name) as connection:
        connection.execute("CREATE TABLE counted (number integer PRIMARY KEY)")
    return name


def numbers(server, database) -> list[int]:
    with server.connect(database) as connection:
        return [row[0] for row in connection.execute("SELECT number FROM counted ORDER BY 1")]


def add(server, database, number: int) -> None:
    with server.connect(database) as connection:
        connection.execute("INSERT INTO counted VALUES (%s)", (number,))


def test_is_of_the_version_that_the_gateway_is_tested_with(server):
    with server.connect() as connection:
        assert connection.info.server_version // 10_000 == 18
    assert psycopg.pq.version() // 10_000 >= 16


def test_flushes_what_it_commits(server):
    with server.connect() as connection:
        rows = connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
            (["fsync", "full_page_writes", "synchronous_commit"],),
        ).fetchall()
    assert dict(rows) == {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


def test_does_not_run_as_root(server):
    assert Path(f"/proc/{server.process_id}").stat().st_uid == server.data.stat().st_uid != 0
    if os.geteuid() != 0:
        assert server.data.stat().st_uid == os.geteuid()


def test_a_copy_of_a_database_is_one_of_its_own(server, counted):
    add(server, counted, 1)
    copy = server.create_database(template=counted)
    add(server, copy, 2)
    assert (numbers(server, counted), numbers(server, copy)) == ([1], [1, 2])


@pytest.mark.parametrize("end", ["kill", "fast", "immediate"])
def test_what_was_committed_outlives_the_server(server, counted, end):
    add(server, counted, 1)
    server.kill() if end == "kill" else server.stop(end)
    with pytest.raises(psycopg.OperationalError):
        numbers(server, counted)
    server.start()
    assert numbers(server, counted) == [1]


def test_a_standby_follows_and_takes_over(new_postgres, counted, server):
    add(server, counted, 1)
    other = server.standby()
    try:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            add(other, counted, 2)
        other.promote()
        add(other, counted, 2)
        assert (numbers(server, counted), numbers(other, counted)) == ([1], [1, 2])
    finally:
        other.remove()
