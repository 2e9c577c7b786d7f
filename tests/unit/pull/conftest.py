"""A config in memory, a place on the disk, and small servers on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from joserfc.jwk import ECKey, RSAKey


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]


Answer = tuple[int, dict[str, str], object]


@dataclass
class Server:
    """answer: gives status, headers and a JSON document for what was asked."""

    answer: Callable[[Asked], Answer]
    base: str = ""
    asked: list[Asked] = field(default_factory=list)


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Asked], Answer]], Server]]:
    """Start a server that answers as the test says."""
    running: list[ThreadingHTTPServer] = []

    def started(answer: Callable[[Asked], Answer]) -> Server:
        server = Server(answer)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("content-length", 0))
                form = parse_qs(self.rfile.read(length).decode())
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(
                    self.command, self.path, headers, {name: v[0] for name, v in form.items()}
                )
                server.asked.append(asked)
                status, headers, document = server.answer(asked)
                body = json.dumps(document).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 (the library's name)

            def log_message(self, *_: object) -> None:
                return

        listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        listening.daemon_threads = True
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        running.append(listening)
        server.base = f"http://127.0.0.1:{listening.server_port}"
        return server

    yield started
    for listening in running:
        listening.shutdown()
        listening.server_close()


@pytest.fixture(scope="session")
def rsa_key() -> RSAKey:
    return RSAKey.generate_key(2048)


@pytest.fixture(scope="session")
def ec_key() -> ECKey:
    return ECKey.generate_key("P-256")


@pytest.fixture
def write_config(tmp_path):
    """Write a config whose lines a test may change; gives its path."""

    def written(
        *lines: str,
        gateway: str = "https://jakelu.example.fi",
        login: str = '[access_key]\nfile = "key.txt"',
        head: str = 'products = "all"',
    ):
        path = tmp_path / "jakelu-pull.toml"
        path.write_text("\n".join([f'gateway = "{gateway}"', 'out = "data"', head, login, *lines]))
        return path

    return written
