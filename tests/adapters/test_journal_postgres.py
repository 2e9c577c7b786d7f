"""The journal in a PostgreSQL: what its roles may do, which server it takes, and which boots live."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.journal_migration import check_journal, migrate_journal
from gateway.adapters.journal_postgres import PostgresJournal
from gateway.adapters.journal_postgres_search import search_statement
from gateway.adapters.postgres_url import PostgresUrl, parse_postgres_url
from gateway.errors import JournalUnavailable
from gateway.journal.append import Journal
from gateway.journal.body import Asked, Origin, access_body, completion_body
from gateway.journal.recovery import recover
from gateway.journal.seal import BootIdentity, Seal, new_boot
from gateway.journal.store import KeptCheckpoint, KeptCosignature, RuleBroken
from gateway.journal.verify import verify_entries
from gateway.model.caller import AuthStrength, Caller
from gateway.model.entry import Completion, Draft, EntryKind, EntryQuery, Outcome
from gateway.model.ruling import Action, Permit

NOW = datetime(2026, 6, 30, 5, 0, tzinfo=UTC)
BOOT = BootIdentity("test", "boot-1", "0.1.0", "a" * 64)
CALLER = Caller("i", "s", "c", "j", AuthStrength.BEARER, "KU837", None)
PERMIT = Permit(("p",), "e" * 64, "statistics", "law", "s-1", frozenset({"39"}))
INTENT = Draft(
    EntryKind.INTENT,
    access_body(
        CALLER,
        Asked(Action.READ_ROWS, "p", ("39",)),
        ruling=PERMIT,
        origin=Origin(client_address="192.0.2.7"),
    ),
)
DONE = Completion(Outcome.COMPLETE, 200, 5, 100, None, 1.5)


def address(text: str) -> PostgresUrl:
    return parse_postgres_url(text, parameter="journal_url")


def end_of(seq: int) -> Draft:
    return Draft(EntryKind.COMPLETION, completion_body(seq, DONE), intent_seq=seq)


def append(store: PostgresJournal, *drafts: Draft, boot: BootIdentity = BOOT):
    seal = Seal(boot, store.secret())
    return store.append([seal.stamped(draft, NOW) for draft in drafts])


def end_sessions(postgres, journal_url: str) -> None:
    with postgres.connect() as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            (address(journal_url).parameters["dbname"],),
        )


def until(is_so: Callable[[], bool], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def opened(journal_url: str) -> Iterator[Callable[..., PostgresJournal]]:
    """Open the journal as one more process would; each is closed at the end."""
    stores: list[PostgresJournal] = []

    def open_it(**options: float) -> PostgresJournal:
        stores.append(PostgresJournal(address(journal_url), **options))
        return stores[-1]

    yield open_it
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[..., PostgresJournal]) -> PostgresJournal:
    return opened(busy_seconds=0.3, grace_seconds=0.2)


def as_role(url: str, role: str) -> psycopg.Connection:
    return psycopg.connect(
        url.replace("jakelu_gateway@", f"{role}@"),
        options="-c search_path=jakelu",
        autocommit=True,
    )


# --- rights ----------------------------------------------------------------------------------

NEVER = (
    "UPDATE entries SET body = '{}' WHERE seq = 1",
    "UPDATE entries SET salt = NULL",
    "DELETE FROM entries WHERE seq = 2",
    "DELETE FROM head",
    "UPDATE subtrees SET hash = hash",
    "DELETE FROM subtrees",
    "UPDATE checkpoints SET note = ''",
    "DELETE FROM checkpoints",
    "TRUNCATE entries",
    "TRUNCATE head",
    "UPDATE pruned SET by_seq = 9",
    "DELETE FROM pruned",
    "UPDATE addresses SET address = ''",
    "DELETE FROM holds",
    "UPDATE hold_facets SET value = ''",
    "DELETE FROM hold_facets",
)
NOT_FOR_THE_GATEWAY = (
    *NEVER,
    "INSERT INTO head VALUES (1, 9, '')",
    "UPDATE head SET id = 1",
    "DELETE FROM facets",
    "UPDATE facets SET value = 'x'",
    "UPDATE open_intents SET boot_id = 'x'",
    "SELECT * FROM addresses",
    "DELETE FROM addresses",
    "INSERT INTO pruned VALUES (1, 2)",
    "INSERT INTO holds VALUES (1, NULL, NULL, NULL, NULL)",
    "UPDATE holds SET lifted_seq = 1",
    "SELECT * FROM held",
    "UPDATE secrets SET secret = sha256('x')",
    "INSERT INTO secrets VALUES ('x', sha256('x'))",
    "DELETE FROM cosignatures",
    "UPDATE cosignatures SET size = 1",
    "UPDATE journal_revision SET version_num = 'journal_0000'",
    "DROP TABLE entries",
    "DROP TRIGGER entries_stay ON entries",
    "ALTER TABLE entries DISABLE TRIGGER ALL",
    "ALTER TABLE entries ADD COLUMN x integer",
    "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = replica",
    "CREATE TABLE mine (x integer)",
    "CREATE TEMPORARY TABLE entries (x integer)",
    "SELECT * FROM journal_entries",
)


def filled(store: PostgresJournal) -> None:
    append(store, *[INTENT] * 256, end_of(1))
    store.keep_checkpoint(KeptCheckpoint(257, "note"), NOW)
    store.keep_cosignature(KeptCosignature(257, "one", "line\n", "2026-06-30T05:00:00Z"))


def test_the_gateways_role_appends_and_has_no_right_to_anything_else(
    store: PostgresJournal, journal_url: str
) -> None:
    filled(store)
    with as_role(journal_url, "jakelu_gateway") as connection:
        for statement in NOT_FOR_THE_GATEWAY:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    assert verify_entries(store.salted()).problems == ()


def test_the_tables_refuse_their_owner_as_well(store: PostgresJournal, journal_url: str) -> None:
    filled(store)
    with as_role(journal_url, "jakelu_owner") as connection:
        for statement in NEVER:
            with pytest.raises(
                psycopg.errors.IntegrityConstraintViolation, match=r"stays|never changed"
            ):
                connection.execute(statement)
    assert verify_entries(store.salted()).problems == ()


# What it may do to rows that are there, test_journal_retention tells.
MAY_LET_EXPIRE = {
    "DELETE FROM facets",
    "DELETE FROM addresses",
    "SELECT * FROM held",
    "UPDATE holds SET lifted_seq = 1",
}


def test_the_role_that_lets_expire_takes_no_body_without_an_entry_that_tells_of_it(
    store: PostgresJournal, journal_url: str
) -> None:
    filled(store)
    with as_role(journal_url, "jakelu_retention") as connection:
        for statement in sorted({*NOT_FOR_THE_GATEWAY} - MAY_LET_EXPIRE):
            with pytest.raises(
                (
                    psycopg.errors.InsufficientPrivilege,
                    psycopg.errors.IntegrityConstraintViolation,
                )
            ):
                connection.execute(statement)
        assert connection.execute("SELECT seq FROM addresses LIMIT 1").fetchone() == (1,)
    assert verify_entries(store.salted()).problems == ()


ENTRY = (
    "INSERT INTO entries SELECT {seq}, '{event}', '{kind}', ts_utc, boot_id, {intent}, leaf_sha256, body, salt"
    " FROM entries WHERE seq = 1"
)


def entry(seq: int, *, event: str = "new", kind: str = "policy.loaded", intent: str = "NULL"):
    return ENTRY.format(seq=seq, event=event, kind=kind, intent=intent)


HEAD = "UPDATE head SET seq = 4, frontier = ''"


@pytest.mark.parametrize(
    "statements",
    [
        (entry(4),),  # the head is not moved
        (HEAD,),  # nor is it moved alone
        (HEAD, entry(5)),
        (HEAD, entry(0)),
        (HEAD, entry(4), entry(5)),
        ("UPDATE head SET seq = 5", entry(5)),  # a gap
        ("UPDATE head SET seq = 3",),
        ("UPDATE head SET seq = 2",),
        ("UPDATE head SET frontier = ''",),
        (HEAD, entry(4, event="first")),
        (HEAD, entry(4, kind="access.completion")),  # of no intent
        (HEAD, entry(4, intent="2")),  # no completion
        (HEAD, entry(4, kind="access.completion", intent="1")),  # closed before
        (HEAD, entry(4, kind="access.completion", intent="3")),  # no intent
        (HEAD, entry(4, kind="access.completion", intent="4")),
        (HEAD, entry(4, kind="access.completion", intent="99")),
        ("INSERT INTO checkpoints VALUES (3, '', '')",),
    ],
)
def test_what_the_gateway_may_append_is_in_order_and_whole(
    store: PostgresJournal, journal_url: str, statements: tuple[str, ...]
) -> None:
    append(store, INTENT, INTENT, end_of(1))
    store.keep_checkpoint(KeptCheckpoint(3, "three\n"), NOW)
    event = store.search(EntryQuery(limit=1)).entries[0].event_id
    before = (store.head(), store.search(EntryQuery()))
    together = ";".join(statements).replace("first", event)  # in one transaction
    with (
        as_role(journal_url, "jakelu_gateway") as connection,
        pytest.raises(psycopg.IntegrityError),
    ):
        connection.execute(together)
    assert (store.head(), store.search(EntryQuery())) == before
    store.check()


def test_auditors_see_entries_without_salts_and_addresses(
    store: PostgresJournal, journal_url: str
) -> None:
    filled(store)
    with as_role(journal_url, "jakelu_auditor") as connection:
        row = connection.execute("SELECT * FROM journal_entries WHERE seq = 1")
        names = [column.name for column in row.description]
        assert "salt" not in names
        told = str(row.fetchall())
        assert "192.0.2.7" not in told
        assert '"purpose":"statistics"' in told
        for view, count in (("head", 1), ("checkpoints", 1), ("cosignatures", 1)):
            assert len(connection.execute(f"SELECT * FROM journal_{view}").fetchall()) == count
        tables = "entries head subtrees checkpoints cosignatures open_intents facets addresses boots secrets pruned holds hold_facets held"
        for table in tables.split():
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {table}")
        for change in ("DELETE FROM journal_entries", "UPDATE journal_entries SET body = ''"):
            with pytest.raises(
                (
                    psycopg.errors.InsufficientPrivilege,
                    psycopg.errors.ObjectNotInPrerequisiteState,  # it is no table to change
                )
            ):
                connection.execute(change)


def test_a_journal_that_was_cut_is_not_continued(
    store: PostgresJournal, postgres, journal_url: str
) -> None:
    append(store, INTENT, INTENT)
    with postgres.connect(address(journal_url).parameters["dbname"]) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("DELETE FROM jakelu.entries WHERE seq = 2")
    for refused in (store.check, store.head, lambda: append(store, INTENT)):
        with pytest.raises(JournalUnavailable, match="damaged"):
            refused()


# --- waiting, and what is told of it ---------------------------------------------------------


def test_a_held_head_is_waited_for_in_time_and_nothing_is_persisted(
    store: PostgresJournal, journal_url: str
) -> None:
    with as_role(journal_url, "jakelu_gateway") as other, other.transaction():
        other.execute("SELECT * FROM head FOR UPDATE")
        for refused in (store.check, lambda: append(store, INTENT), lambda: store.find(["x"])):
            with pytest.raises(JournalUnavailable) as told:
                refused()
            assert "jakelu_gateway" not in f"{told.value} {told.value.detail}"
        assert store.search(EntryQuery()).entries == ()  # reading waits for nobody
    assert append(store, INTENT)[0].seq == 1


def test_what_waited_for_the_head_sees_the_end_that_it_waited_for(
    opened: Callable[..., PostgresJournal],
) -> None:
    stores = [opened(busy_seconds=20) for _ in range(3)]

    def write(store: PostgresJournal) -> None:
        for _ in range(15):
            append(store, INTENT)

    threads = [threading.Thread(target=write, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verify_entries(stores[0].salted())
    assert (found.problems, found.entries) == ((), 45)


def test_asking_for_an_event_waits_until_the_transaction_in_doubt_has_ended(
    opened: Callable[..., PostgresJournal], journal_url: str
) -> None:
    store = opened(busy_seconds=20)
    drafts = [Seal(BOOT, store.secret()).stamped(INTENT, NOW) for _ in range(2)]
    answers: list[object] = []
    with as_role(journal_url, "jakelu_gateway") as other, other.transaction():
        other.execute("SELECT * FROM head FOR UPDATE")  # as a transaction whose end nobody heard of
        asking = threading.Thread(target=lambda: answers.append(store.find([drafts[0].event_id])))
        asking.start()
        time.sleep(0.3)
        assert answers == []
    asking.join()
    assert answers == [{}]
    (receipt,) = store.append(drafts[:1])
    assert store.find([drafts[0].event_id, drafts[1].event_id]) == {receipt.event_id: receipt}


def test_a_connection_that_was_lost_while_idle_costs_no_append(
    store: PostgresJournal, postgres, journal_url: str
) -> None:
    append(store, INTENT)
    end_sessions(postgres, journal_url)
    assert append(store, INTENT)[0].seq == 2
    assert len(store.search(EntryQuery()).entries) == 2


def test_a_connection_is_not_used_again_after_a_fault(store: PostgresJournal) -> None:
    append(store, INTENT)
    before = store._writer
    twice = Seal(BOOT, store.secret()).stamped(INTENT, NOW)
    with pytest.raises(RuleBroken):
        store.append([twice, twice])
    assert before.closed
    assert append(store, INTENT)[0].seq == 2


def test_a_search_walks_an_index_and_not_the_journal(
    store: PostgresJournal, journal_url: str
) -> None:
    filled(store)
    with as_role(journal_url, "jakelu_gateway") as connection:
        for switch in ("seqscan", "sort"):
            connection.execute(f"SET enable_{switch} = off")  # small tables are read whole
        for query in (
            EntryQuery(organisation="KU837", outcome=Outcome.TIMEOUT),
            EntryQuery(area="39", since=NOW, until=NOW),
            EntryQuery(subject="svc-1", kind=EntryKind.COMPLETION),
            EntryQuery(after_seq=3),
            EntryQuery(since=NOW, until=NOW),
        ):
            statement, bound = search_statement(query)
            plan = str(connection.execute(f"EXPLAIN {statement}", bound).fetchall())
            assert "Seq Scan" not in plan
            assert "Sort" not in plan


def test_the_secret_is_of_one_journal(store: PostgresJournal, opened) -> None:
    assert opened().secret() == store.secret()
    assert len(store.secret()) == 32


# --- boots -----------------------------------------------------------------------------------


def journal_of(store: PostgresJournal, boot_id: str = "") -> Journal:
    boot = new_boot(replica="r", build="b", config_hash="c")
    if boot_id:
        boot = BootIdentity("r", boot_id, "b", "c")
    return Journal(store, clock=SystemClock(), identity=boot)


def test_a_boot_lives_until_its_process_closes_the_journal(opened) -> None:
    one, other = journal_of(opened()), journal_of(opened(grace_seconds=0.2))
    receipt = one.append(INTENT)
    assert recover(other) == 0
    one.complete(receipt, DONE, wait=True)
    one.append(INTENT)
    one.close()
    assert (recover(other), recover(other)) == (1, 0)
    other.close()


def test_a_boot_id_cannot_be_used_twice_at_once(opened) -> None:
    one = journal_of(opened(), "one")
    with pytest.raises(JournalUnavailable, match="boot id"):
        journal_of(opened(), "one")
    one.close()
    journal_of(opened(), "one").close()


def test_a_process_whose_sessions_are_lost_comes_back_and_is_not_taken_for_dead(
    opened, postgres, journal_url: str
) -> None:
    one, other = journal_of(opened()), journal_of(opened())
    receipt = one.append(INTENT)
    for _ in range(3):
        end_sessions(postgres, journal_url)
        assert recover(other) == 0  # it misses the boot, and waits for it
    one.complete(receipt, DONE, wait=True)
    found = verify_entries(other.store.salted())
    assert (found.problems, found.open_intents) == ((), 0)
    one.close()
    other.close()


def test_who_writes_is_living_though_its_keeper_is_gone(opened, monkeypatch) -> None:
    monkeypatch.setattr("gateway.adapters.journal_postgres_boots._KEEP_SECONDS", 600)
    one, other = journal_of(opened()), journal_of(opened(grace_seconds=0))
    one.append(INTENT)
    one.store._boots._keeper.close()
    time.sleep(0.3)
    assert recover(other) == 0
    one.close()
    other.close()


def test_nobody_begins_to_live_while_somebody_recovers(opened) -> None:
    one, other = opened(busy_seconds=0.3), opened(busy_seconds=0.3, grace_seconds=0)
    one.enter("one")
    append(one, INTENT)
    with other.recovering() as living:
        assert living == {"one"}
        append(one, INTENT)  # who lives already goes on
        one._writer.close()
        with pytest.raises(JournalUnavailable):  # a new session waits for the end of the recovery
            append(one, INTENT)
        assert append(other, INTENT)  # and whoever recovers is not in its own way
    assert append(one, INTENT)


def test_a_recovery_whose_gate_is_lost_fails(opened, monkeypatch) -> None:
    store = opened(grace_seconds=0)
    append(store, INTENT)

    def recovering() -> list[int]:
        with store.recovering() as living:
            store._boots._gate.close()
            return list(store.orphans(living))

    with pytest.raises(JournalUnavailable):
        recovering()
    with store.recovering() as living:
        assert list(store.orphans(living)) == [1]


# --- which server ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def doomed(new_postgres):
    """A server of its own, for the tests that do it harm."""
    return new_postgres()


@pytest.fixture(scope="module")
def doomed_url(doomed) -> PostgresUrl:
    name = doomed.create_database()
    doomed.prepare(name)
    migrate_journal(address(doomed.url(name, user="jakelu_owner")))
    return address(doomed.url(name, user="jakelu_gateway"))


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_refuses_a_server_that_would_forget(doomed, doomed_url, setting: str) -> None:
    with doomed.connect() as connection:
        connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")

    def is_refused() -> bool:
        try:
            PostgresJournal(doomed_url).close()
        except JournalUnavailable as fault:
            return f"{setting} off" in fault.detail
        return False

    try:
        until(is_refused)
    finally:
        with doomed.connect() as connection:
            connection.execute("ALTER SYSTEM RESET ALL")
            connection.execute("SELECT pg_reload_conf()")


def test_a_server_that_stands_still_is_given_up_and_nothing_is_written_twice(
    doomed, doomed_url
) -> None:
    store = PostgresJournal(doomed_url, busy_seconds=0.5)
    journal = journal_of(store)
    receipt = journal.append(INTENT)
    doomed.freeze()
    try:
        begun = time.monotonic()
        with pytest.raises(JournalUnavailable):
            journal.append(INTENT)
        assert time.monotonic() - begun < 3
    finally:
        doomed.thaw()
    until(lambda: _is_writable(journal))
    journal.complete(receipt, DONE, wait=True)
    found = verify_entries(store.salted())
    assert found.problems == ()
    journal.close()


def _is_writable(journal: Journal) -> bool:
    try:
        return journal.append(INTENT).seq > 0
    except JournalUnavailable:
        return False


def test_a_database_without_tables_is_refused_naming_the_command(postgres) -> None:
    empty = postgres.create_database()
    postgres.prepare(empty)
    where = address(postgres.url(empty, user="jakelu_gateway"))
    with pytest.raises(JournalUnavailable, match=r"no tables .* `jakelu database migrate`"):
        PostgresJournal(where)
    assert "jakelu database migrate" in check_journal(where)[0]
    with pytest.raises(JournalUnavailable, match="may not make tables"):
        migrate_journal(where)


def test_a_role_with_rights_too_many_is_told_of(journal_url: str) -> None:
    assert check_journal(address(journal_url)) == ()
    owner = address(journal_url).as_user("jakelu_owner")
    assert check_journal(owner) == (
        "The role jakelu_owner may change tables; serve as jakelu_gateway, which may not.",
    )
    keeper = address(journal_url).as_user("jakelu_retention")
    assert check_journal(keeper) == (
        "The role jakelu_retention may change entries; serve as jakelu_gateway, which may not.",
    )
