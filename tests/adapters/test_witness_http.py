"""A witness over HTTP that is broken, hostile, or somebody else: it holds up nobody and condemns nobody."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.adapters import witness_http
from gateway.adapters.witness_http import HttpWitness, open_witness
from gateway.errors import SettingsFault, WitnessUnavailable
from gateway.journal.note import SignatureType, VerifierKey
from gateway.journal.witness import Conflict, Refused

ORIGIN = "jakelu.example/v1/journal"
REQUEST = "old 0\n\nnote\n"
KEY = VerifierKey(
    "witness.example",
    SignatureType.COSIGNATURE,
    Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw(),
)
Answering = Callable[[socket.socket], None]


class Server:
    """Takes connections on loopback; `answer` says what each one gets."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.answer: Answering = lambda _: None
        self.asked: list[bytes] = []
        self.is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def witness(self) -> HttpWitness:
        return HttpWitness(KEY, f"http://127.0.0.1:{self._socket.getsockname()[1]}")

    def says(self, status: str, body: bytes = b"", *more: str) -> None:
        head = "\r\n".join(
            (f"HTTP/1.1 {status}", f"content-length: {len(body)}", *more, "", "")
        ).encode()
        self.answer = lambda connection: connection.sendall(head + body)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, suppress(OSError):
                    self.asked.append(connection.recv(65536))
                    self.answer(connection)

    def close(self) -> None:
        self.is_over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        ("200 OK", b"a line\n", "a line\n"),
        ("409 Conflict", b"17\n", Conflict(17)),
        ("422 Unprocessable Content", b"whatever it says", Refused()),
    ],
)
def test_reads_the_answers_of_the_protocol(server, status, body, found):
    server.says(status, body)
    assert server.witness.add_checkpoint(REQUEST) == found
    (asked,) = server.asked
    assert asked.startswith(b"POST /add-checkpoint HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *(("409 Conflict", size) for size in (b"", b"017\n", b"-1\n", b"17", b"9" * 40 + b"\n")),
        *((status, b"") for status in ("400 No", "403 No", "404 No", "503 No", "201 Made")),
        ("200 OK", b"\xff"),
        ("200 OK", b"x" * 20_000),
        ("301 Moved", b""),
    ],
)
def test_whatever_else_it_answers_is_no_word_of_it(server, status, body):
    server.says(status, body, "location: /elsewhere")
    with pytest.raises(WitnessUnavailable):
        server.witness.add_checkpoint(REQUEST)
    assert len(server.asked) == 1


def drips_a_body(server: Server) -> Answering:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n")
        while not server.is_over.wait(0.05):
            connection.sendall(b"x")

    return answer


def drips_a_head(server: Server) -> Answering:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
        while not server.is_over.wait(0.05):
            connection.sendall(b"x")

    return answer


def says_continue(server: Server) -> Answering:
    def answer(connection: socket.socket) -> None:
        while not server.is_over.wait(0.05):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    return answer


def says_nothing(server: Server) -> Answering:
    return lambda _: server.is_over.wait(60) and None


@pytest.mark.parametrize("slow", [drips_a_body, drips_a_head, says_continue, says_nothing])
def test_one_that_keeps_us_waiting_is_left_when_its_time_is_over(server, slow, monkeypatch):
    monkeypatch.setattr(witness_http, "REQUEST_SECONDS", 0.5)
    server.answer = slow(server)
    began = time.monotonic()
    with pytest.raises(WitnessUnavailable):
        server.witness.add_checkpoint(REQUEST)
    assert time.monotonic() - began < 3


def test_gives_the_checkpoint_that_it_cosigned_last(server):
    server.says("200 OK", b"a note\n")
    assert server.witness.last_checkpoint(ORIGIN) == "a note\n"
    origin_sha256 = hashlib.sha256(ORIGIN.encode()).hexdigest()
    assert server.asked[0].startswith(f"GET /{origin_sha256}/checkpoint HTTP/1.1\r\n".encode())


def test_a_witness_that_shows_no_checkpoint_shows_nothing(server):
    server.says("404 Not Found")
    assert server.witness.last_checkpoint(ORIGIN) is None


def test_one_that_is_not_there_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(WitnessUnavailable, match="does not answer"):
        HttpWitness(KEY, f"http://127.0.0.1:{port}").add_checkpoint(REQUEST)


@pytest.mark.parametrize("url", ["http://witness.example", "ftp://127.0.0.1", "no address"])
def test_refuses_an_address_on_which_others_listen(url):
    with pytest.raises(SettingsFault) as refused:
        open_witness(str(KEY), url)
    assert refused.value.parameter == "witnesses"
