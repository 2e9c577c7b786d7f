"""The real server, Granian, in a process of its own, over real sockets."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gateway.adapters.journal_postgres import PostgresJournal
from gateway.adapters.postgres_url import parse_postgres_url
from gateway.errors import SettingsFault
from gateway.journal.store import ClosedIntent
from gateway.journal.verify import verify_entries
from gateway.journal.verify_tree import verify_tree
from gateway.model.entry import Entry, EntryKind, EntryQuery
from gateway.serving import run

ROOT = Path(__file__).parents[3]
ROWS = "/v1/rows/job-seeker-spells"
CUBE = "/v1/cubes/job-seekers/data"
SERVER = """
import sys
from datetime import UTC, datetime
from gateway.serving import application, run
from gateway.settings import ServeSettings

class FixedClock:
    def now(self):
        return datetime(2026, 7, 1, 6, 0, tzinfo=UTC)

application.SystemClock = FixedClock
run(ServeSettings.model_validate_json(sys.argv[1]))
"""


class Server:
    """at_home: it says its own address where it names one, as clients need it who follow its addresses."""

    def __init__(self, house, *, at_home: bool = False, **changes: object) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        if at_home:
            changes["public_url"] = self.base
        settings = house.settings(port=self.port, **changes)
        self.house = house
        self.log_path = house.root / f"serve-{self.port}.log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVER, settings.model_dump_json()],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> str:
        """End it as an operator does; gives its log."""
        self.process.terminate()
        self.process.wait(30)
        return self.log_path.read_text()

    def wait_until_ready(self) -> Server:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(httpx2.TransportError):
                if httpx2.get(f"{self.base}/health/ready", timeout=5).status_code == 200:
                    return self
            time.sleep(0.1)
        self.process.kill()
        self.process.wait()
        raise AssertionError(self.log_path.read_text()[-2000:])

    def get(self, path: str, persona: str = "municipality-bi", **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.get(self.base + path, headers=named | self.house.bearer(persona), timeout=30)

    def open_raw(self, path: str) -> socket.socket:
        """A request sent by hand, with a small receive buffer so that nothing hides in the kernel."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", self.port))
        bearer = self.house.bearer("municipality-bi")["Authorization"]
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\n\r\n".encode()
        )
        return connection

    def is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture(scope="module")
def server(big_house) -> Iterator[Server]:
    server = Server(big_house, send_idle_timeout_seconds=1.0).wait_until_ready()
    yield server
    server.stop()


def test_a_long_address_and_large_headers_get_a_problem_over_http(server):
    long = server.get(f"{CUBE}?sex={'1' * 12_000}")
    assert (long.status_code, long.json()["code"]) == (414, "url_too_long")
    large = server.get(CUBE, x_filler="a" * 20_000)
    assert (large.status_code, large.json()["code"]) == (431, "headers_too_large")
    assert large.headers["content-type"] == "application/problem+json"


def test_a_large_body_is_refused_over_http(server):
    answer = httpx2.post(
        server.base + CUBE, content=b"a" * 100_000, headers=server.house.bearer("ely-analyst")
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_whole_file_is_sent_and_counted_over_http(server):
    answer = server.get(ROWS)
    assert answer.status_code == 200
    assert len(answer.content) == 40_000_000 == int(answer.headers["content-length"])
    completion = server.house.closed(answer.headers["jakelu-receipt"])
    assert (completion["outcome"], completion["bytes"]) == ("complete", 40_000_000)


def test_ranges_put_together_are_the_file_over_http(server):
    whole = server.get(ROWS).content
    parts = [
        server.get(ROWS, range=f"bytes={first}-{first + 15_999_999}").content
        for first in range(0, len(whole), 16_000_000)
    ]
    assert b"".join(parts) == whole


def test_rows_and_cubes_are_encoded_over_http(server):
    csv = server.get(f"{ROWS}?release=2026-06-30.1&format=csv")
    assert len(csv.text.splitlines()) == 2001
    assert server.get(f"{CUBE}?geography=*", "ely-analyst").json()["size"][1] == 5


def test_a_client_that_goes_away_is_journaled_with_no_less_than_it_got(server):
    connection = server.open_raw(ROWS)
    got = b""
    while len(got) < 1_000_000:
        got += connection.recv(65_536)
    connection.close()
    receipt = _header(got, b"jakelu-receipt")
    completion = server.house.closed(receipt)
    assert completion["outcome"] == "client_abort"
    assert len(got) - 2_000 <= completion["bytes"] < 40_000_000
    assert completion["content_sha256"] is None


def test_a_client_that_stops_reading_is_timed_out(server):
    with contextlib.closing(server.open_raw(ROWS)) as connection:
        head = connection.recv(65_536)
        completion = server.house.closed(_header(head, b"jakelu-receipt"))
    assert completion["outcome"] == "timeout"
    assert completion["bytes"] < 40_000_000


def test_the_log_of_the_server_holds_no_query_and_no_token(big_house):
    server = Server(big_house).wait_until_ready()
    token = big_house.bearer("ely-analyst")["Authorization"]
    httpx2.get(f"{server.base}{CUBE}?geography=KU837", headers={"Authorization": token})
    httpx2.get(f"{server.base}/nothing/010101-900C", headers={"Authorization": token})
    log = server.stop()
    assert "/v1/cubes/{product}/data 200" in log
    for needle in ("KU837", "010101-900C", token[-20:]):
        assert needle not in log


def test_a_stop_closes_every_intent(big_house):
    server = Server(big_house).wait_until_ready()
    receipt = server.get(CUBE).headers["jakelu-receipt"]
    server.stop()
    assert server.process.returncode == 0
    assert big_house.closed(receipt)["outcome"] == "complete"
    assert not server.is_listening()


def test_a_killed_server_leaves_no_worker_and_its_intents_are_closed_as_unknown(big_house):
    server = Server(big_house).wait_until_ready()
    connection = server.open_raw(ROWS)
    receipt = _header(connection.recv(65_536), b"jakelu-receipt")
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    deadline = time.monotonic() + 5
    while server.is_listening() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not server.is_listening()
    connection.close()
    restarted = Server(big_house).wait_until_ready()
    assert big_house.closed(receipt)["outcome"] == "unknown"
    restarted.stop()


def test_what_is_not_fit_to_serve_with_ends_the_server_with_one_clear_line(fresh_house, tmp_path):
    server = Server(fresh_house, policies_dir=tmp_path / "nothing")
    assert server.process.wait(60) == 1
    log = server.log_path.read_text()
    assert sum(line.startswith("jakelu: ") for line in log.splitlines()) == 1
    assert "Traceback" not in log


def test_an_address_in_use_is_a_clear_refusal(fresh_house):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsFault, match="cannot be listened on"):
            run(fresh_house.settings(port=taken.getsockname()[1]))


def test_several_workers_are_refused_with_the_embedded_journal(fresh_house):
    with pytest.raises(SettingsFault, match="workers to 1"):
        run(fresh_house.settings(workers=2))


def test_several_workers_make_one_journal_in_a_postgresql(big_house, journal_url, state_url):
    where = parse_postgres_url(journal_url, parameter="journal_url")
    changes = {"journal_path": None, "journal_url": journal_url, "state_url": state_url}
    server = Server(big_house, workers=2, **changes).wait_until_ready()
    store = PostgresJournal(where)
    try:
        deadline = time.monotonic() + 60
        while len({boot for boot, _ in _intents(store)}) < 2:  # who answers is the kernel's choice
            assert time.monotonic() < deadline
            assert server.get(CUBE).status_code == 200
        served = len(_intents(store))
        while not all(isinstance(intent, ClosedIntent) for _, intent in _intents(store)):
            assert time.monotonic() < deadline  # completions come after the answer
            time.sleep(0.05)
        assert len(_intents(store)) == served
    finally:
        server.stop()
    found = verify_entries(store.salted())
    assert (found.problems, found.open_intents) == ((), 0)
    assert verify_tree(store).problems == ()
    store.close()


def _intents(store: PostgresJournal) -> list[tuple[str, Entry]]:
    entries = store.search(EntryQuery(kind=EntryKind.INTENT, limit=1000)).entries
    return [(entry.body["boot_id"], entry) for entry in entries]


def _header(head: bytes, name: bytes) -> str:
    line = next(line for line in head.split(b"\r\n") if line.lower().startswith(name))
    return line.partition(b":")[2].strip().decode()
