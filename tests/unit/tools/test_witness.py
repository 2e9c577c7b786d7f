"""The witness as another organisation runs it: a process, spoken to over HTTP on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jakelu_witness
import pytest
import verify_journal

if TYPE_CHECKING:
    from conftest import Signer

PROGRAM = Path(jakelu_witness.__file__)
ORIGIN = "log.example/jakelu"
LEAVES = [hashlib.sha256(b"\x00" + bytes([number])).digest() for number in range(40)]


@dataclass
class House:
    """A witness's folder and, between start and kill, its process."""

    folder: Path
    logs: tuple[str, ...]
    vkey: str = ""
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    @property
    def log_file(self) -> Path:
        return self.folder / "stderr"

    def init(self) -> House:
        made = jakelu_witness.create_witness("witness.example/w", Path(self.key), Path(self.state))
        self.vkey = made.vkey
        return self

    @property
    def key(self) -> str:
        return str(self.folder / "witness.key")

    @property
    def state(self) -> str:
        return str(self.folder / "witness.db")

    @property
    def words(self) -> list[str]:
        logs = [word for log in self.logs for word in ("--log", log)]
        return ["serve", "--key", self.key, "--state", self.state, "--listen", "127.0.0.1:0", *logs]

    def start(self) -> House:
        before = len(self.said())
        with self.log_file.open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-I", str(PROGRAM), *self.words], stderr=said
            )
        for _ in range(500):
            if listens := re.search(r"listens on 127.0.0.1:(\d+)", self.said()[before:]):
                self.port = int(listens[1])
                return self
            time.sleep(0.02)
        raise AssertionError(self.said())

    def said(self) -> str:
        return self.log_file.read_text() if self.log_file.exists() else ""

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers["Content-Type"]
        finally:
            connection.close()

    def add(self, body: str | bytes) -> tuple[int, str, str]:
        return self.ask("POST", "/add-checkpoint", body.encode() if isinstance(body, str) else body)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(PROGRAM), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.fixture
def log(signer: type[Signer]) -> Signer:
    return signer(ORIGIN, b"l" * 32)


@pytest.fixture
def house(tmp_path: Path, log: Signer) -> Iterator[House]:
    house = House(tmp_path, (log.vkey,)).init().start()
    yield house
    house.kill()


@pytest.fixture
def note(log: Signer, tree: Any) -> Callable[..., str]:
    """The log's checkpoint of the first `size` leaves."""

    def checkpoint(size: int, leaves: list[bytes] = LEAVES, signers: Any = None) -> str:
        root = verify_journal.base64.b64encode(tree["root"](leaves[:size])).decode()
        text = f"{ORIGIN}\n{size}\n{root}\n"
        return text + "\n" + "".join(one.line(text) for one in signers or [log])

    return checkpoint


@pytest.fixture
def submission(note: Callable[..., str], tree: Any) -> Callable[..., str]:
    """The whole request: from `old` leaves to `size`."""

    def request(old: int, size: int, leaves: list[bytes] = LEAVES) -> str:
        path = tree["consistency"](old, leaves[:size]) if 0 < old <= size else []
        lines = [verify_journal.base64.b64encode(one).decode() + "\n" for one in path]
        return f"old {old}\n" + "".join(lines) + "\n" + note(size, leaves)

    return request


def _fork(at: int) -> list[bytes]:
    return [*LEAVES[:at], hashlib.sha256(b"other").digest(), *LEAVES[at + 1 :]]


# --- what it signs --------------------------------------------------------------------------------


def test_cosigns_a_log_that_only_grows(house, log, note, submission):
    old = 0
    for size in (0, 0, 1, 2, 3, 7, 8, 8, 9, 16, 31, 40):
        began = int(time.time())
        status, line, _ = house.add(submission(old, size))
        assert status == 200
        keys = verify_journal.read_key(log.vkey, 1), [verify_journal.read_key(house.vkey, 4)]
        cosigned = verify_journal.verified_checkpoint((note(size) + line).encode(), *keys)
        assert cosigned.size == size
        assert began <= cosigned.cosigned["witness.example/w"] <= time.time()
        old = size


def test_answers_on_one_kept_connection(house, submission):
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    for old, size in ((0, 5), (5, 9), (9, 9)):
        connection.request("POST", "/add-checkpoint", submission(old, size).encode())
        answer = connection.getresponse()
        assert (answer.status, answer.read()[:4]) == (200, "— ".encode())
        assert answer.will_close is False
    connection.close()


def test_serves_the_last_checkpoint_to_monitors(house, log, submission):
    path = f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert house.ask("GET", path)[0] == 404
    house.add(submission(0, 5))
    house.add(submission(5, 9))
    house.add(submission(9, 8))
    status, note, _ = house.ask("GET", path)
    keys = verify_journal.read_key(log.vkey, 1), [verify_journal.read_key(house.vkey, 4)]
    seen = verify_journal.verified_checkpoint(note.encode(), *keys)
    assert (status, seen.size, len(seen.cosigned)) == (200, 9, 1)
    assert house.ask("GET", "/" + "0" * 64 + "/checkpoint")[0] == 404


def test_two_keys_of_one_log_are_one_log(tmp_path, log, signer, note, submission):
    """While a log changes its key, its checkpoints are signed with both."""
    next_key = signer(ORIGIN, b"n" * 32)
    house = House(tmp_path, (log.vkey, next_key.vkey)).init().start()
    try:
        assert house.add(submission(0, 5))[0] == 200
        assert house.add("old 5\n\n" + note(5, signers=[next_key]))[0] == 200
        assert house.add("old 5\n\n" + note(5, signers=[log, next_key]))[0] == 200
    finally:
        house.kill()


# --- what it refuses: the protocol's statuses --------------------------------------------------------


def test_an_unknown_log_is_not_found(house, submission):
    assert house.add(submission(0, 5).replace(ORIGIN, "log.example/other"))[0] == 404


def test_a_checkpoint_that_the_log_did_not_sign_is_forbidden(house, log, note, signer, submission):
    forged = signer(ORIGIN, b"f" * 32)
    assert house.add("old 0\n\n" + note(5, signers=[forged]))[0] == 403
    assert house.add(submission(0, 5).replace("\n5\n", "\n6\n"))[0] == 403
    both = note(5) + log.line("another text")
    assert house.add("old 0\n\n" + both)[0] == 403
    assert house.add("old 0\n\n" + note(5, signers=[forged, log]))[0] == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda body: "",
        lambda body: body.replace("old 0", "old  0"),
        lambda body: body.replace("old 0", "old 00"),
        lambda body: body.replace("old 0", "old -1"),
        lambda body: body.replace("old 0", "old 1" + "0" * 30),
        lambda body: body.replace("old 0", "new 0"),
        lambda body: body.replace("old 0\n", ""),
        lambda body: body.replace("old 0\n\n", "old 0\n"),
        lambda body: body.replace("old 0\n", "old 0\nAAAA\n"),
        lambda body: body.replace("old 0\n", "old 0\n" + ("A" * 43 + "=\n") * 64),
        lambda body: body.replace("old 0\n", "old 0\n" + "A" * 42 + "B=\n"),
        lambda body: body.replace("old 0\n", "old 0\r\n"),
        lambda body: body.replace("\n5\n", "\n05\n"),
        lambda body: body[:-1],
        lambda body: body.partition("\n— ")[0],
        lambda body: body.replace("— ", "—"),
        lambda body: body.encode() + b"\xff\n",
        lambda body: body.replace("old 0", "old 6"),
    ],
)
def test_a_request_that_is_not_well_formed_is_bad_and_changes_nothing(house, submission, change):
    assert house.add(change(submission(0, 5)))[0] == 400
    assert house.add(submission(0, 5))[0] == 200


def test_another_old_size_is_a_conflict_that_tells_the_size(house, submission):
    assert house.add(submission(3, 5)) == (409, "0\n", "text/x.tlog.size")
    assert house.add(submission(0, 5))[0] == 200
    for old, size in ((0, 5), (4, 5), (0, 9), (3, 4), (6, 9)):
        assert house.add(submission(old, size)) == (409, "5\n", "text/x.tlog.size")


def test_a_rollback_is_never_signed(house, submission):
    assert house.add(submission(0, 9))[0] == 200
    assert house.add(submission(0, 5))[0] == 409
    assert house.add(submission(5, 5))[0] == 409
    assert house.add(submission(9, 5))[0] == 400
    assert house.add(submission(9, 9))[0] == 200


def test_what_does_not_extend_the_last_checkpoint_is_unprocessable(house, note, submission):
    some = verify_journal.base64.b64encode(LEAVES[0]).decode()
    empty = note(0).splitlines()[2]
    assert house.add(f"old 0\n{some}\n\n{note(5)}")[0] == 422
    assert house.add(submission(0, 5))[0] == 200
    assert house.add(submission(5, 9, _fork(2)))[0] == 422
    assert house.add(submission(5, 5, _fork(2)))[0] == 422
    assert house.add(f"old 5\n\n{note(9)}")[0] == 422
    assert house.add(f"old 5\n{some}\n\n{note(5)}")[0] == 422
    assert house.add(submission(5, 9).replace("\n\n", f"\n{some}\n\n", 1))[0] == 422
    assert house.add(submission(5, 9, _fork(5)))[0] == 200, "what is new may be anything"
    assert empty == verify_journal.base64.b64encode(jakelu_witness.EMPTY_ROOT).decode()


def test_the_empty_tree_has_one_root(house, log):
    text = f"{ORIGIN}\n0\n{verify_journal.base64.b64encode(b'x' * 32).decode()}\n"
    assert house.add(f"old 0\n\n{text}\n{log.line(text)}")[0] == 422


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/add-checkpoint", 404),
        ("POST", "/", 404),
        ("POST", "/add-checkpoint?x=1", 404),
        ("PUT", "/add-checkpoint", 501),
        ("GET", "/../witness.key", 404),
        ("GET", "/health", 200),
    ],
)
def test_there_is_nothing_else(house, method, path, status):
    assert house.ask(method, path)[0] == status


# --- one truth: restarts, kills, races ----------------------------------------------------------------


def test_a_kill_after_any_answer_forgets_nothing(house, submission):
    old = 0
    for size in (3, 5, 8, 21):
        assert house.add(submission(old, size))[0] == 200
        house.kill()
        house.start()
        assert house.add(submission(old, size)) == (409, f"{size}\n", "text/x.tlog.size")
        assert house.add(submission(size, size, _fork(1)))[0] == 422
        old = size


def test_a_kill_at_any_moment_leaves_at_least_what_was_answered(house, submission):
    answered, cuts = [0], 0
    ask = submission(40, 40)  # a conflict tells the size; the log stops at 39

    def grow() -> None:
        nonlocal cuts
        try:
            while (held := int(house.add(ask)[1])) < 39:
                if house.add(submission(held, held + 1))[0] == 200:
                    answered.append(held + 1)
        except (OSError, ValueError, http.client.HTTPException):
            cuts += 1

    for wait in (0.01, 0.02, 0.03, 0.04, 0.05):
        client = threading.Thread(target=grow)
        client.start()
        time.sleep(wait)
        house.kill()
        client.join()
        house.start()
        status, held, _ = house.add(ask)
        assert status == 409
        assert int(held) - answered[-1] in (0, 1), "one may be on the disk and its answer lost"
    assert cuts > 1
    assert len(answered) > 1


def test_of_two_futures_that_race_one_is_signed(tmp_path, log, submission):
    """Two processes on one state, many clients each: never two roots for one size, never back."""
    first = House(tmp_path, (log.vkey,)).init().start()
    second = House(tmp_path, (log.vkey,), first.vkey).start()
    try:
        assert first.add(submission(0, 4))[0] == 200
        futures = [LEAVES, _fork(4)]
        statuses: list[tuple[int, int]] = []

        def race(house: House, future: int, size: int) -> None:
            statuses.append((future, house.add(submission(4, size, futures[future]))[0]))

        racers = [
            threading.Thread(
                target=race, args=((first, second)[number % 2], number // 2 % 2, 5 + number)
            )
            for number in range(12)
        ]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert sorted(status for _, status in statuses) == [200] + [409] * 11
        winner = next(future for future, status in statuses if status == 200)
        held = int(first.add(submission(0, 1))[1])
        assert second.add(submission(held, 39, futures[1 - winner]))[0] == 422
        assert second.add(submission(held, 39, futures[winner]))[0] == 200
    finally:
        first.kill()
        second.kill()


def test_one_transaction_at_a_time_from_its_first_look(tmp_path, monkeypatch):
    house = House(tmp_path, ()).init()
    monkeypatch.setattr(jakelu_witness, "BUSY_SECONDS", 0.1)
    state = jakelu_witness.State(Path(house.state))
    with state.transaction() as connection:
        assert jakelu_witness.find_seen(connection, ORIGIN).size == 0
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            state.seen(ORIGIN)


def test_stops_gracefully_though_a_connection_waits(house):
    waiting = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    waiting.request("GET", "/health")
    waiting.getresponse().read()
    began = time.monotonic()
    assert house.stop() == 0
    assert time.monotonic() - began < 5
    assert house.said().rstrip().endswith("stopped")
    waiting.close()


def test_a_clock_that_goes_back_gives_no_earlier_cosignature(tmp_path, log, submission):
    house = House(tmp_path, (log.vkey,)).init()
    clock = iter([1_790_000_100.9, 1_790_000_000.0, 1_790_000_200.0, 0.0])
    witness = jakelu_witness.Witness(
        jakelu_witness.load_witness_key(Path(house.key)),
        jakelu_witness.State(Path(house.state)),
        [jakelu_witness.read_key(log.vkey, 1)],
        lambda: next(clock),
    )
    times = []
    for old, size in ((0, 5), (5, 9), (9, 9), (9, 12)):
        line = witness.add_checkpoint(submission(old, size).encode()).body
        times.append(int.from_bytes(jakelu_witness.unbase64(line.split(" ")[2].strip())[4:12]))
    assert times == [1_790_000_100, 1_790_000_100, 1_790_000_200, 1_790_000_200]


# --- evidence ------------------------------------------------------------------------------------------


def test_keeps_a_signed_fork_as_evidence(house, note, submission):
    house.add(submission(0, 5))
    assert run("show", "--state", house.state).stdout.count("evidence") == 0
    fork = submission(5, 5, _fork(2))
    for body in (fork, fork, submission(0, 5, _fork(2)), submission(5, 9, _fork(2))):
        house.add(body)
    shown = run("show", "--state", house.state).stdout
    assert shown.startswith(house.vkey + "\n" + ORIGIN + " 5 ")
    assert re.findall(r"evidence (\d): \S+Z \S+ (.*)", shown) == [
        ("1", "5, held 5: a fork"),
        ("2", "9, held 5: no proof"),
    ]
    evidence = run("show", "--state", house.state, "--evidence", "1").stdout
    held, _, received = evidence.partition("--- received\n")
    assert note(5) in held
    assert received == fork
    assert run("show", "--state", house.state, "--evidence", "3").returncode == 2


def test_a_fork_is_evidence_whatever_old_size_comes_with_it(house, submission):
    house.add(submission(0, 5))
    assert house.add(submission(0, 5, _fork(2)))[0] == 409
    assert "evidence 1" in run("show", "--state", house.state).stdout


def test_a_wrong_proof_of_what_is_held_is_no_evidence(house, note, submission):
    some = verify_journal.base64.b64encode(LEAVES[0]).decode()
    assert house.add(f"old 0\n{some}\n\n{note(5)}")[0] == 422
    house.add(submission(0, 5))
    assert house.add(f"old 5\n{some}\n\n{note(5)}")[0] == 422
    shown = run("show", "--state", house.state)
    assert (shown.returncode, "evidence" in shown.stdout) == (0, False)


def test_what_the_log_did_not_sign_is_no_evidence(house, signer, note, submission):
    house.add(submission(0, 5))
    forged = signer(ORIGIN, b"f" * 32)
    assert house.add("old 5\n\n" + note(5, _fork(2), [forged]))[0] == 403
    assert "evidence" not in run("show", "--state", house.state).stdout


# --- callers that do harm ----------------------------------------------------------------------------


def _raw(house: House, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", house.port), timeout=10) as connection:
        connection.sendall(sent)
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    return answer


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Content-Length: 262145", 413),
        ("Content-Length: 999999999999999999", 400),
        ("Content-Length: +5", 400),
        ("Content-Length: 5\r\nContent-Length: 6", 411),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", 411),
        ("X: y", 411),
        ("X: " + "y" * 70_000, 431),
        ("X: y\r\n" * 200 + "Z: z", 431),
    ],
)
def test_refuses_bodies_without_a_usable_length_unread(house, headers, status):
    sent = f"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n{headers}\r\n\r\nold 0"
    answer = _raw(house, sent.encode())
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.count(b"HTTP/1.1") == 1
    assert b"yyy" not in answer


def test_a_body_of_the_largest_size_is_read(house):
    assert house.add(b"x" * (1 << 18))[0] == 400


def test_a_body_beside_get_is_not_taken_for_another_request(house):
    smuggled = b"GET /health HTTP/1.1\r\nHost: w\r\n\r\n"
    head = f"GET /health HTTP/1.1\r\nHost: w\r\nContent-Length: {len(smuggled)}\r\n\r\n"
    assert _raw(house, head.encode() + smuggled).count(b"HTTP/1.1") == 1


def test_log_lines_say_nothing_of_requests(house, submission):
    house.add(submission(0, 5))
    house.add(submission(0, 5).replace(ORIGIN, "log.example/stranger-in-origin"))
    house.ask("GET", "/stranger-in-path")
    _raw(house, b"POST /add-checkpoint stranger-in-line HTTP/1.1\r\n\r\n")
    _raw(house, b"GET /health HTTP/1.1\r\nX: stranger-in-header\r\nConnection: close\r\n\r\n")
    assert house.stop() == 0
    lines = house.said().splitlines()
    assert "stranger" not in house.said()
    assert re.search(r"Z POST 200 log\.example/jakelu \d+ ms$", lines[1])
    assert re.search(r"Z POST 404 - \d+ ms$", lines[2])


def test_ends_callers_that_take_too_long_and_takes_no_more_than_it_can(
    tmp_path, log, monkeypatch, submission
):
    monkeypatch.setattr(jakelu_witness, "REQUEST_SECONDS", 1.0)
    monkeypatch.setattr(jakelu_witness, "MAX_CONNECTIONS", 3)
    house = House(tmp_path, (log.vkey,)).init()
    witness = jakelu_witness.Witness(
        jakelu_witness.load_witness_key(Path(house.key)),
        jakelu_witness.State(Path(house.state)),
        [jakelu_witness.read_key(log.vkey, 1)],
    )
    with jakelu_witness.Server(("127.0.0.1", 0), witness) as server:
        house.port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        slow = [socket.create_connection(("127.0.0.1", house.port), timeout=10) for _ in range(3)]
        for connection in slow:
            connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 99\r\n\r\n")
        time.sleep(0.3)
        with pytest.raises((OSError, http.client.HTTPException)):
            house.ask("GET", "/health")
        began = time.monotonic()
        while time.monotonic() - began < 2.5:
            try:
                slow[0].sendall(b"x")  # a byte now and then does not keep the connection
            except OSError:
                break
            time.sleep(0.1)
        for connection in slow:
            with contextlib.suppress(ConnectionError):
                assert connection.recv(100) == b""
            connection.close()
        assert house.ask("GET", "/health")[0] == 200
        assert house.add(submission(0, 5))[0] == 200
        server.stop()
        serving.join()


def test_a_state_that_cannot_be_written_signs_nothing(house, submission):
    house.add(submission(0, 5))
    Path(house.state).rename(house.state + ".away")
    assert house.add(submission(5, 9))[0] == 503
    assert house.ask("GET", "/health")[0] == 503
    assert not Path(house.state).exists(), "it is not made anew"
    Path(house.state + ".away").rename(house.state)
    assert house.add(submission(5, 9))[0] == 200


# --- how it begins --------------------------------------------------------------------------------------


def test_makes_a_key_and_a_state_that_others_cannot_read(tmp_path):
    house = House(tmp_path, ())
    words = ("--name", "witness.example/w", "--key", house.key, "--state", house.state)
    vkey = run("init", *words).stdout
    assert verify_journal.read_key(vkey.strip(), 4).name == "witness.example/w"
    assert run("show", "--state", house.state).stdout == vkey
    for file in (house.key, house.state):
        assert Path(file).stat().st_mode & 0o777 == 0o600
    assert Path(house.key).read_text().startswith("PRIVATE+KEY+witness.example/w+")


def test_never_replaces_a_key_or_a_state(tmp_path):
    house = House(tmp_path, ()).init()
    for lost in (house.key, house.state):
        held = {file: file.read_bytes() for file in tmp_path.iterdir()}
        Path(lost).rename(lost + ".away")
        made = run("init", "--name", "w.example", "--key", house.key, "--state", house.state)
        Path(lost + ".away").rename(lost)
        assert made.returncode == 2
        assert "exists already" in made.stderr
        assert {file: file.read_bytes() for file in tmp_path.iterdir()} == held


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\tb"])
def test_refuses_names_that_no_note_can_hold(tmp_path, name):
    words = ("--key", str(tmp_path / "key"), "--state", str(tmp_path / "state"))
    assert run("init", "--name", name, *words).returncode == 2
    assert list(tmp_path.iterdir()) == []


def _lose_state(house: House) -> None:
    Path(house.state).unlink()


def _empty_state(house: House) -> None:
    Path(house.state).write_bytes(b"")


def _take_the_state_of_another(house: House) -> None:
    other = house.folder / "other"
    other.mkdir()
    Path(House(other, ()).init().state).rename(house.state)


def _open_the_key(house: House) -> None:
    Path(house.key).chmod(0o640)


def _cut_the_key(house: House) -> None:
    Path(house.key).write_text(Path(house.key).read_text()[:-9])


def _watch_nothing(house: House) -> None:
    house.logs = ()


def _watch_a_witness(house: House) -> None:
    house.logs = (house.vkey,)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_lose_state, "must not sign on with its key"),
        (_empty_state, "the state cannot be used"),
        (_take_the_state_of_another, "is not the state of"),
        (_open_the_key, "chmod 600"),
        (_cut_the_key, "not a witness's key"),
        (_watch_nothing, "at least one --log"),
        (_watch_a_witness, "of type 0x04, not 0x01"),
    ],
)
def test_does_not_start_on_what_it_cannot_trust(tmp_path, log, harm, said):
    house = House(tmp_path, (log.vkey,)).init()
    harm(house)
    ended = run(*house.words)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_takes_its_options_from_a_file(tmp_path, log, submission):
    house = House(tmp_path, (log.vkey,)).init()
    config = tmp_path / "witness.toml"
    config.write_text(
        f'key = "{house.key}"\nstate = "{house.state}"\nlisten = "127.0.0.1:0"\nlog = ["{log.vkey}"]\n'
    )
    process = subprocess.Popen(
        [sys.executable, "-I", str(PROGRAM), "serve", "--config", str(config)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    house.port = int(process.stderr.readline().rsplit(":", 1)[1])
    assert house.add(submission(0, 5))[0] == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    process.stderr.close()


@pytest.mark.parametrize(
    "text", ["key = 1", "more = 'x'", "log = 'x'", "log = [1]", "not toml", "listen = 'here'"]
)
def test_refuses_a_config_that_it_does_not_understand(tmp_path, log, text):
    house = House(tmp_path, (log.vkey,)).init()
    whole = f"key = '{house.key}'\nstate = '{house.state}'\nlog = ['{log.vkey}']\n"
    name = text.split(" ", maxsplit=1)[0]
    kept = [line for line in whole.splitlines() if not line.startswith(name + " ")]
    (tmp_path / "config").write_text("\n".join([*kept, text]) + "\n")
    ended = run("serve", "--config", str(tmp_path / "config"))
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_the_state_is_one_file_whose_commits_reach_the_disk(house, submission):
    house.add(submission(0, 5))
    assert sorted(file.name for file in house.folder.iterdir()) == [
        "stderr",
        "witness.db",
        "witness.key",
    ]
    state = jakelu_witness.State(Path(house.state))
    with state.transaction() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (3,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    with (
        pytest.raises(sqlite3.OperationalError),
        jakelu_witness.State(house.folder / "none").transaction(),
    ):
        pass
    assert not (house.folder / "none").exists()
