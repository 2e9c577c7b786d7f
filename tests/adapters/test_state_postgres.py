"""The state in a PostgreSQL: what happens to it, and what the gateway takes from no server."""

from __future__ import annotations

import itertools
import multiprocessing
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from gateway.adapters import (  # they describe their tables
    state_keys,
    state_saved,
    state_sealing,
    state_sessions,
)
from gateway.adapters.clock import SystemClock
from gateway.adapters.database_schema import STATE
from gateway.adapters.postgres_url import parse_postgres_url
from gateway.adapters.state_allowances import StoredBuckets
from gateway.adapters.state_database import METADATA, StateDatabase
from gateway.adapters.state_keys import StoredAccessKeys
from gateway.adapters.state_migration import check_state, migrate_state
from gateway.adapters.state_once import StoredOnce
from gateway.errors import StateUnavailable
from gateway.model.access_key import ANYWHERE, AccessKey
from gateway.model.bucket import Rate

NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)
SOON = NOW + timedelta(seconds=60)
SPAWN = multiprocessing.get_context("spawn")
KEY = AccessKey(
    id="k" * 12,
    digest=b"\x01" * 32,
    organisation="KU837",
    service_account="bi-reports",
    products=("job-seekers",),
    roles=(),
    networks=ANYWHERE,
    created_at=NOW,
    created_by="admin-4",
    expires_at=NOW + timedelta(days=90),
)
assert {state_keys, state_saved, state_sealing, state_sessions}


class FixedClock:
    def now(self):
        return NOW


def address(text: str):
    return parse_postgres_url(text, parameter="state_url")


@pytest.fixture(scope="module")
def doomed(new_postgres):
    """A server of its own, for the tests that do it harm."""
    return new_postgres()


@pytest.fixture
def url(doomed):
    name = doomed.create_database()
    doomed.prepare(name)
    migrate_state(address(doomed.url(name, user="jakelu_owner")))
    return address(doomed.url(name, user="jakelu_gateway"))


# --- the server dies -------------------------------------------------------------------------


def _use_all(url, told, start, stop):
    """Use numbers one after another, and tell what became of each."""
    state = StateDatabase(url)
    once = StoredOnce(state, clock=FixedClock())
    start.wait()
    for number in itertools.count():
        if stop.is_set():
            break
        try:
            told.put((number, once.use("proof", number.to_bytes(32), until=SOON)))
        except StateUnavailable:  # used or not, nobody knows
            told.put((number, None))
            time.sleep(0.02)
    told.put(None)
    state.close()


def test_of_two_processes_one_is_first_and_a_killed_server_forgets_nothing(doomed, url):
    told, start, stop = SPAWN.Queue(), SPAWN.Barrier(2, timeout=60), SPAWN.Event()
    arguments = (url, told, start, stop)
    processes = [SPAWN.Process(target=_use_all, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    answers = [told.get(timeout=60) for _ in range(60)]
    doomed.kill()
    answers += [told.get(timeout=60) for _ in range(10)]
    doomed.start()
    answers += [told.get(timeout=60) for _ in range(60)]
    stop.set()
    ended = 0
    while ended < 2:
        answer = told.get(timeout=60)
        ended += answer is None
        answers += [answer] if answer else []
    for process in processes:
        process.join(30)
    outcomes = {is_first for _, is_first in answers}
    assert outcomes == {True, False, None}
    first = [number for number, is_first in answers if is_first]
    assert len(set(first)) == len(first)
    state = StateDatabase(url)
    again = StoredOnce(state, clock=FixedClock())
    assert not any(again.use("proof", number.to_bytes(32), until=SOON) for number in first)
    state.close()


def test_a_key_that_was_told_of_is_there_after_a_kill_and_the_pool_comes_back(doomed, url):
    state = StateDatabase(url, is_flushed=True)
    keys = StoredAccessKeys(state)
    with keys.changing() as changing:
        changing.put(replace(KEY, revoked_at=NOW))
    doomed.kill()
    with pytest.raises(StateUnavailable):
        keys.find(KEY.id)
    with pytest.raises(StateUnavailable):
        state.check()
    doomed.start()
    assert keys.find(KEY.id).revoked_at == NOW  # without a failure in between
    state.check()
    state.close()


def test_a_server_that_stands_still_is_given_up(doomed, url):
    state = StateDatabase(url, busy_seconds=0.5)
    state.check()
    doomed.freeze()
    try:
        begun = time.monotonic()
        with pytest.raises(StateUnavailable):
            state.check()
        assert time.monotonic() - begun < 10
    finally:
        doomed.thaw()
    state.check()
    state.close()


def test_a_change_that_the_server_did_not_commit_is_undone(doomed, url):
    state = StateDatabase(url)
    keys = StoredAccessKeys(state)

    def die_halfway():
        with keys.changing() as changing:
            changing.put(KEY)
            doomed.kill()

    with pytest.raises(StateUnavailable):
        die_halfway()
    doomed.start()
    assert keys.find(KEY.id) is None
    state.close()


# --- turns -----------------------------------------------------------------------------------


def _draw(url, start, drawn):
    state = StateDatabase(url, busy_seconds=20)
    buckets = StoredBuckets(state, clock=SystemClock())
    start.wait()
    rate = Rate(per_minute=1, burst=100)
    drawn.put(sum(buckets.draw(b"1" * 32, rate, most=1).tokens for _ in range(80)))
    state.close()


def test_two_processes_never_draw_a_token_twice(url):
    start, drawn = SPAWN.Barrier(2, timeout=60), SPAWN.Queue()
    processes = [SPAWN.Process(target=_draw, args=(url, start, drawn)) for _ in range(2)]
    for process in processes:
        process.start()
    assert 100 <= sum(drawn.get(timeout=60) for _ in processes) <= 101
    for process in processes:
        process.join(30)


def test_turns_of_two_names_wait_for_nobody_and_one_without_a_name_for_all(url):
    one, other = StateDatabase(url, busy_seconds=0.1), StateDatabase(url, busy_seconds=0.1)
    with one.transaction(turn="a"):
        with other.transaction(turn="b"):
            pass
        with pytest.raises(StateUnavailable), other.transaction(turn="a"):
            pass
        with pytest.raises(StateUnavailable), other.transaction():
            pass
    with one.transaction(), pytest.raises(StateUnavailable), other.transaction(turn="b"):
        pass
    for state in (one, other):
        state.close()


def test_a_use_noted_during_a_change_of_the_key_waits_for_it(url):
    state, impatient = StateDatabase(url), StateDatabase(url, busy_seconds=0.1)
    with StoredAccessKeys(state).changing() as changing:
        changing.put(KEY)
    with StoredAccessKeys(state).changing() as changing:
        found = changing.find(KEY.id)
        with pytest.raises(StateUnavailable):
            StoredAccessKeys(impatient).mark_used(KEY.id, NOW)
        changing.put(found)
    for each in (state, impatient):
        each.close()


# --- what no server may do -------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_refuses_a_server_that_would_forget(doomed, url, setting):
    with doomed.connect() as connection:
        connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    try:
        with pytest.raises(StateUnavailable, match=f"{setting} off"):
            _until_refused(url)
    finally:
        with doomed.connect() as connection:
            connection.execute("ALTER SYSTEM RESET ALL")
            connection.execute("SELECT pg_reload_conf()")


def _until_refused(url):
    for _ in range(100):
        StateDatabase(url).close()  # a new setting reaches new sessions in a moment
        time.sleep(0.05)


def test_a_standby_is_not_taken_for_the_state(doomed, url):
    other = doomed.standby()
    try:
        name = url.parameters["dbname"]
        with pytest.raises(StateUnavailable):
            StateDatabase(address(other.url(name, user="jakelu_gateway")))
    finally:
        other.remove()


def test_a_variable_of_libpq_leads_nowhere_else(url, monkeypatch):
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGDATABASE", "another")
    StateDatabase(url).close()


# --- tables and rights -----------------------------------------------------------------------


def test_migrations_make_what_the_stores_describe(postgres, state_template, tmp_path):
    """One way to describe tables: the migrations say the same as the metadata."""
    StateDatabase(tmp_path / "state.sqlite").close()
    name = postgres.create_database(template=state_template)
    for engine in (
        create_engine(f"sqlite:///{tmp_path / 'state.sqlite'}"),
        create_engine(
            "postgresql+psycopg://",
            creator=lambda: psycopg.connect(
                postgres.url(name, user="jakelu_owner"), options="-c search_path=jakelu"
            ),
        ),
    ):
        with engine.connect() as connection:
            options = {"version_table": STATE.version_table, "compare_type": True}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, METADATA) == []
        engine.dispose()


def test_a_database_without_tables_or_of_another_revision_is_refused_naming_the_command(
    postgres, state_template
):
    empty = postgres.create_database()
    postgres.prepare(empty)
    where = address(postgres.url(empty, user="jakelu_gateway"))
    with pytest.raises(StateUnavailable, match=r"no tables .* `jakelu database migrate`"):
        StateDatabase(where)
    other = postgres.create_database(template=state_template)
    with postgres.connect(other) as connection:
        connection.execute("UPDATE jakelu.state_revision SET version_num = 'state_9999'")
    with pytest.raises(StateUnavailable, match="at revision state_9999"):
        StateDatabase(address(postgres.url(other, user="jakelu_gateway")))
    with pytest.raises(StateUnavailable, match="another version of the gateway"):
        migrate_state(address(postgres.url(other, user="jakelu_owner")))


def test_the_owner_alone_migrates_and_twice_is_once(postgres):
    name = postgres.create_database()
    owner = address(postgres.url(name, user="jakelu_owner"))
    with postgres.connect(name) as connection:
        connection.execute("CREATE TABLE apart (x integer)")
    with pytest.raises(StateUnavailable, match=r"roles\.sql"):
        migrate_state(owner)
    postgres.prepare(name)
    postgres.prepare(name)
    with pytest.raises(StateUnavailable, match="may not make tables"):
        migrate_state(owner.as_user("jakelu_gateway"))
    done = [migrate_state(owner) for _ in range(2)]
    assert [each.before for each in done] == [None, STATE.revision]


def test_a_database_of_an_earlier_gateway_is_brought_up_to_date_and_keeps_its_rows(
    postgres, state_template
):
    name = postgres.create_database(template=state_template)
    with postgres.connect(name) as connection:
        connection.execute("DROP TABLE jakelu.saved_queries")
        connection.execute("UPDATE jakelu.state_revision SET version_num = 'state_0001'")
        connection.execute("INSERT INTO jakelu.used_once VALUES ('proof', 'x', 1)")
    owner = address(postgres.url(name, user="jakelu_owner"))
    with pytest.raises(StateUnavailable, match="at revision state_0001"):
        StateDatabase(owner.as_user("jakelu_gateway"))
    assert migrate_state(owner).before == "state_0001"
    assert check_state(owner.as_user("jakelu_gateway")) == ()
    with postgres.connect(name) as connection:
        assert connection.execute("SELECT count(*) FROM jakelu.used_once").fetchone() == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (x integer)",
        "CREATE TEMPORARY TABLE mine (x integer)",
        "CREATE TABLE public.mine (x integer)",
        "ALTER TABLE access_keys ADD COLUMN x integer",
        "TRUNCATE access_keys",
        "DROP TABLE access_keys",
        "UPDATE state_revision SET version_num = 'state_0000'",
        "CREATE ROLE mine",
    ],
)
def test_the_serving_role_changes_rows_and_nothing_else(postgres, state_url, statement):
    options = "-c search_path=jakelu"
    with (
        psycopg.connect(state_url, options=options, autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_the_auditors_role_reads_nothing_of_the_state(postgres, state_url):
    as_auditor = state_url.replace("jakelu_gateway@", "jakelu_auditor@")
    with psycopg.connect(as_auditor, options="-c search_path=jakelu") as connection:
        tables = [name for name in METADATA.tables if "journal" not in name]
        assert tables
        for name in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"SELECT * FROM {name}")


def test_a_role_with_rights_too_many_is_told_of(state_url):
    assert check_state(address(state_url)) == ()
    owner = address(state_url).as_user("jakelu_owner")
    assert check_state(owner) == (
        "The role jakelu_owner may change tables; serve as jakelu_gateway, which may not.",
    )


def test_a_right_to_empty_any_table_is_told_of(state_url):
    as_owner = state_url.replace("jakelu_gateway@", "jakelu_owner@")
    options = "-c search_path=jakelu"
    with psycopg.connect(as_owner, options=options, autocommit=True) as connection:
        for (table,) in connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'jakelu'"
        ).fetchall():
            connection.execute(f"GRANT TRUNCATE ON {table} TO jakelu_gateway")
            (told,) = check_state(address(state_url))
            assert "jakelu_gateway may change tables" in told, table
            connection.execute(f"REVOKE TRUNCATE ON {table} FROM jakelu_gateway")
    assert check_state(address(state_url)) == ()
