"""How long the tests search: short for `make test`, long for `make soak`. Read here and nowhere else.

BRUTE_FORCE=all    guess with every artificial identity code, not with a sample of them
JAKELU_KILLS=20    how many processes each crash test kills
JAKELU_ENTRIES=20000 how many entries each journal takes while everything fails
SOAK=1             draw other examples in every run, and many more; `make test` draws the same ones
SOAK_EXAMPLES=1000 so many for each test, in rounds of a hundred that tell the progress
EXAMPLES=write     write what the API document shows anew instead of comparing it
CLIENTS=write      write the table of docs/clients/README.md anew instead of comparing it
COMPLETE=1         a test whose tools (Node.js, Chromium, PostgreSQL, R) are missing fails instead of being skipped

A drawn example that fails is printed with a `@reproduce_failure` line, and the next run begins with it.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

# Examples per test in `make test`, by what one of them costs. A test takes its number as
# `@settings.get_profile("some")`, so that a campaign can change it.
DRAWN = {"few": 5, "some": 25, "many": 50}
ROUND = 100


@dataclass(frozen=True, slots=True)
class Campaign:
    """examples: drawn by each property test of cubes, 0 for the numbers of DRAWN."""

    tries_every_code: bool
    kills: int
    examples: int
    is_complete: bool
    entries: int
    writes_clients: bool
    writes_examples: bool

    @property
    def fault_rounds(self) -> int:
        """How often the journal meets each of its faults."""
        return -(-self.entries // 4000)

    @property
    def rounds(self) -> int:
        return -(-self.examples // ROUND)


def read_campaign(environ: Mapping[str, str]) -> Campaign:
    soaks = environ.get("SOAK") == "1"
    return Campaign(
        environ.get("BRUTE_FORCE") == "all",
        int(environ.get("JAKELU_KILLS", "3")),
        max(1, int(environ.get("SOAK_EXAMPLES", "1000"))) if soaks else 0,
        environ.get("COMPLETE") == "1",
        int(environ.get("JAKELU_ENTRIES", "200")),
        environ.get("CLIENTS") == "write",
        environ.get("EXAMPLES") == "write",
    )


CAMPAIGN = read_campaign(os.environ)

for _name, _examples in DRAWN.items():
    if CAMPAIGN.examples:
        # How long an example takes to draw is no finding where thousands are drawn.
        settings.register_profile(
            _name,
            deadline=None,
            max_examples=min(CAMPAIGN.examples, ROUND),
            derandomize=False,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        )
    else:
        settings.register_profile(
            _name, deadline=None, max_examples=_examples, derandomize=True, print_blob=True
        )


def pytest_report_header() -> str | None:
    return str(CAMPAIGN) if read_campaign({}) != CAMPAIGN else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One file that builds the demo goes first, so that the other worker is done with others by then.

    The files after it stand as they were: those that need the demo too do not come next.
    """
    first = next(
        (item.path for item in items if "published" in getattr(item, "fixturenames", ())), None
    )
    items.sort(key=lambda item: item.path != first)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is collected lives to the end: nobody looks through it for garbage again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Vendors' modules look at the end for what nobody collected, and would tell of it."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def campaign() -> Campaign:
    return CAMPAIGN


@pytest.fixture(scope="session")
def needs(campaign: Campaign) -> Callable[[str | None], None]:
    """Skip what the machine has no tools for; where everything must run, that is a failure."""

    def needed(missing: str | None) -> None:
        if missing and campaign.is_complete:
            pytest.fail(missing)
        if missing:
            pytest.skip(missing)

    return needed


def _loaded(name: str, *path: str) -> ModuleType:
    """A module of the tests by its path: there are no packages of tests to import from."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent.joinpath(*path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def postgres_tools() -> ModuleType:
    """`tests/postgres/running.py`."""
    return _loaded("running_postgres", "postgres", "running.py")


@pytest.fixture(scope="session")
def page_tools() -> ModuleType:
    """`tests/clients/pages.py`."""
    return _loaded("client_pages", "clients", "pages.py")


@pytest.fixture(scope="session")
def json_stat() -> ModuleType:
    """`tests/conformance/json_stat.py`."""
    return _loaded("json_stat_rules", "conformance", "json_stat.py")


@pytest.fixture(scope="session")
def new_postgres(
    needs: Callable[[str | None], None], postgres_tools: ModuleType
) -> Iterator[Callable[..., Any]]:
    """Start a PostgreSQL of one's own, with settings; each is removed at the end."""
    needs(postgres_tools.missing_tools())
    programs, started = postgres_tools.Programs(), []

    def new(**settings: str) -> Any:
        server = postgres_tools.RunningPostgres(programs, settings=settings)
        started.append(server)
        return server.start()

    yield new
    for server in started:
        server.remove()
    programs.remove()


@pytest.fixture(scope="session")
def postgres(new_postgres: Callable[..., Any]) -> Any:
    """The PostgreSQL of a worker, for all tests that do it no harm."""
    return new_postgres()


def prepared_database(server: Any, migrate: Callable[[Any], object]) -> str:
    """A database prepared as docs/operations.md says: roles, schema, tables."""
    from gateway.adapters.postgres_url import parse_postgres_url

    name = server.create_database()
    server.prepare(name)
    migrate(parse_postgres_url(server.url(name, user="jakelu_owner"), parameter="url"))
    return name


@pytest.fixture(scope="session")
def state_template(postgres: Any) -> str:
    """It is only copied."""
    from gateway.adapters.state_migration import migrate_state

    return prepared_database(postgres, migrate_state)


@pytest.fixture
def state_url(postgres: Any, state_template: str) -> str:
    """The state in a PostgreSQL, empty, for the role that serves."""
    name = postgres.create_database(template=state_template)
    postgres.prepare(name)  # rights on a database are not copied with it
    return postgres.url(name, user="jakelu_gateway")


@pytest.fixture(scope="session")
def journal_database(postgres: Any) -> str:
    """A database with the tables of a journal, of a worker."""
    from gateway.adapters.journal_migration import migrate_journal

    return prepared_database(postgres, migrate_journal)


@pytest.fixture(scope="session")
def emptied_journal(postgres: Any, journal_database: str) -> Callable[[], str]:
    """A journal in a PostgreSQL, emptied, for the role that serves: triggers stop everybody but a superuser."""
    tables = (
        "entries subtrees checkpoints cosignatures open_intents facets addresses boots "
        "pruned holds hold_facets"
    )

    def empty() -> str:
        with postgres.connect(journal_database) as connection:
            connection.execute("SET search_path = jakelu")
            connection.execute("SET session_replication_role = replica")
            for table in tables.split():
                connection.execute(f"DELETE FROM {table}")
            connection.execute("UPDATE head SET seq = 0, frontier = ''")
        return postgres.url(journal_database, user="jakelu_gateway")

    return empty


@pytest.fixture
def journal_url(emptied_journal: Callable[[], str]) -> str:
    return emptied_journal()


@pytest.fixture(scope="session")
def drawing_round(request) -> int:
    return request.param


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """In a campaign every drawn test runs once a round, with examples of its own."""
    if CAMPAIGN.rounds and is_hypothesis_test(metafunc.function):
        rounds = range(1, CAMPAIGN.rounds + 1)
        metafunc.fixturenames.append("drawing_round")
        metafunc.parametrize(
            "drawing_round",
            rounds,
            indirect=True,
            scope="session",
            ids=[f"round {number} of {CAMPAIGN.rounds}" for number in rounds],
        )
