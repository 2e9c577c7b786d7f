"""Attacks that need real sockets: old and silent clients, and a file that changes while it is sent."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

ROWS = "/v1/rows/job-seeker-spells"
STORED = f"{ROWS}?release=2026-07-01.1"  # 40 MB of noise
ENCODED = f"{ROWS}?release=2026-06-30.1&format=csv"


def _sent(server, request: bytes, *, persona: str = "municipality-bi") -> socket.socket:
    """A connection on which `request` was sent; `@` in it stands for the Authorization header."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    connection.settimeout(10)
    connection.connect(("127.0.0.1", server.port))
    bearer = server.house.bearer(persona)["Authorization"].encode()
    connection.sendall(request.replace(b"@", b"Authorization: " + bearer))
    return connection


def _rest(connection: socket.socket) -> bytes:
    content = bytearray()
    with contextlib.closing(connection), contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(1 << 20):
            content += chunk
    return bytes(content)


def _header(head: bytes, name: bytes) -> str:
    line = next(line for line in head.split(b"\r\n") if line.lower().startswith(name))
    return line.partition(b":")[2].strip().decode()


def test_http_1_0_gets_no_stream_whose_end_it_could_not_tell(attacked_server):
    answer = _rest(_sent(attacked_server, f"GET {ENCODED} HTTP/1.0\r\n@\r\n\r\n".encode()))
    assert answer.startswith(b"HTTP/1.0 400")
    assert b"http_version_too_old" in answer


def test_http_1_0_gets_what_has_a_length(attacked_server):
    path = f"{ROWS}?release=2026-06-30.1"
    answer = _rest(_sent(attacked_server, f"GET {path} HTTP/1.0\r\n@\r\n\r\n".encode()))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(_header(head, b"content-length")) == len(body)


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
def test_a_connection_that_asks_nothing_is_closed(attacked_server, begun):
    connection = _sent(attacked_server, begun)
    started = time.monotonic()
    assert b"200" not in _rest(connection)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET /v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n@\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n x\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: x\r\n@\r\n@\r\n\r\n",
        b"GET /v1/rows/\x00 HTTP/1.1\r\nHost: x\r\n@\r\n\r\n",
        b"CONNECT 10.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_a_malformed_request_gets_nothing(attacked_server, request_text):
    connection = _sent(attacked_server, request_text)
    assert connection.recv(65_536)[9:12] in {b"400", b"401"}
    connection.close()


def test_a_file_that_is_written_to_while_it_is_sent_is_never_complete(attacked_server):
    path = (
        attacked_server.house.releases_dir
        / "job-seeker-spells"
        / "2026-07-01.1"
        / "area=39"
        / "part-0.parquet"
    )
    content = path.read_bytes()
    connection = _sent(
        attacked_server,
        f"GET {STORED} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n@\r\n\r\n".encode(),
    )
    head = connection.recv(65_536)
    try:
        with path.open("r+b") as file:
            file.seek(30_000_000)
            file.write(b"forged" * 100_000)
        answer = head + _rest(connection)
        completion = attacked_server.house.closed(_header(head, b"jakelu-receipt"))
        assert b"forged" not in answer
        assert (completion["outcome"], completion["content_sha256"]) == ("server_error", None)
    finally:
        with path.open("r+b") as file:
            file.write(content)


def test_a_release_that_is_removed_while_it_is_sent_is_sent_whole(attacked_server):
    house = attacked_server.house
    folder = house.releases_dir / "job-seeker-spells" / "2026-07-01.1" / "area=39"
    content = (folder / "part-0.parquet").read_bytes()
    connection = _sent(
        attacked_server,
        f"GET {STORED} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n@\r\n\r\n".encode(),
    )
    head = connection.recv(65_536)
    (folder / "part-0.parquet").unlink()  # as retention does; the open file keeps its content
    try:
        body = (head + _rest(connection)).partition(b"\r\n\r\n")[2]
        assert body == content
        assert house.closed(_header(head, b"jakelu-receipt"))["outcome"] == "complete"
    finally:
        (folder / "part-0.parquet").write_bytes(content)


def test_requests_behind_a_download_do_not_hide_that_its_client_has_gone(attacked_server):
    request = f"GET {STORED} HTTP/1.1\r\nHost: x\r\n@\r\n\r\n".encode()
    connection = _sent(attacked_server, request + b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    got = b""
    while len(got) < 1_000_000:
        got += connection.recv(65_536)
    connection.close()
    completion = attacked_server.house.closed(_header(got, b"jakelu-receipt"))
    assert completion["outcome"] == "client_abort"
    assert completion["bytes"] >= len(got) - 2_000
