"""`jakelu pull` as a scheduler runs it: a process of its own, against a running gateway.

Between the two stands a proxy that counts, delays and damages, and a token endpoint that gives tokens
of the demo's issuer to those who prove who they are.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from gateway.adapters.demo_issuer import issue

SPELLS = "/v1/rows/job-seeker-spells"
PASSED_ON = (
    "content-type",
    "content-length",
    "etag",
    "accept-ranges",
    "content-range",
    "repr-digest",
)
ONE = '[[download]]\nproduct = "job-seeker-spells"\n'


@dataclass
class Seen:
    path: str
    headers: dict[str, str]
    status: int
    sent: int = 0


@dataclass
class Proxy:
    """hold_at: bytes of a delivery after which nothing comes until `go`; flip_at: the byte to damage."""

    gateway: str
    seen: list[Seen] = field(default_factory=list)
    hold_at: int | None = None
    flip_at: int | None = None
    go: threading.Event = field(default_factory=threading.Event)
    base: str = ""

    def reset(self) -> None:
        self.seen.clear()
        self.hold_at = self.flip_at = None
        self.go.clear()

    @property
    def deliveries(self) -> list[Seen]:
        return [each for each in self.seen if "/v1/rows/" in each.path or "/data" in each.path]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        names = ("authorization", "if-none-match", "range", "if-range", "accept-encoding")
        asked = {name: handler.headers[name] for name in names if handler.headers[name]}
        got = httpx2.get(self.gateway + handler.path, headers=asked, timeout=60)
        seen = Seen(handler.path, asked, got.status_code)
        self.seen.append(seen)
        handler.send_response(got.status_code)
        for name, value in got.headers.items():
            if name in PASSED_ON or name.startswith("jakelu-"):
                handler.send_header(name, value)
        if "content-length" not in got.headers:
            handler.send_header("content-length", str(len(got.content)))
        handler.end_headers()
        body = bytearray(got.content)
        is_delivery = seen in self.deliveries and got.status_code in {200, 206}
        if is_delivery and self.flip_at is not None:
            body[self.flip_at] ^= 1
        if is_delivery and self.hold_at is not None:
            handler.wfile.write(body[: self.hold_at])
            handler.wfile.flush()
            seen.sent = self.hold_at
            self.go.wait(60)
            return
        handler.wfile.write(body)
        seen.sent = len(body)


@dataclass
class TokenEndpoint:
    """Knows one client by its public key; `answers` are what it gives in place of a token, in turn."""

    layout_issuer: Path
    client_key: RSAKey
    base: str = ""
    given: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        form = parse_qs(handler.rfile.read(int(handler.headers["content-length"])).decode())
        try:
            self.check({name: value for name, (value,) in form.items()})
        except Exception as fault:
            self.faults.append(repr(fault))
            _send(handler, 401, {"error": "invalid_client", "error_description": "no\x1b[31m key"})
            return
        token = issue("municipality-bi", folder=self.layout_issuer, now=datetime.now(UTC))
        self.given.append(token)
        _send(handler, 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def check(self, form: dict[str, str]) -> None:
        """RFC 7523 section 3."""
        assert form["grant_type"] == "client_credentials"
        assert form["scope"] == "rows cubes"
        assert form["resource"] == "https://jakelu.example.fi"
        assert form["client_assertion_type"].endswith(":jwt-bearer")
        known = KeySet([RSAKey.import_key(self.client_key.as_dict(private=False))])
        for key in known.keys:
            key.ensure_kid()
        assertion = jwt.decode(form["client_assertion"], known, algorithms=["PS256"])
        claims = assertion.claims
        assert claims["iss"] == claims["sub"] == "tampere-bi"
        assert claims["aud"] == f"{self.base}/token"
        assert 0 < claims["exp"] - time.time() <= 60
        assert claims["jti"] not in self.used
        self.used.add(claims["jti"])


def _send(handler: BaseHTTPRequestHandler, status: int, document: dict) -> None:
    body = json.dumps(document).encode()
    handler.send_response(status)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _listen(answer: Callable[[BaseHTTPRequestHandler], None]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        do_POST = do_GET  # noqa: N815 (the library's name)

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:  # the client was killed, as the test wants
                return

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="module")
def client_key() -> RSAKey:
    return RSAKey.generate_key(2048)


@pytest.fixture(scope="module")
def _proxy(house) -> Iterator[Proxy]:
    proxy = Proxy(house.base)
    server = _listen(proxy.answer)
    proxy.base = f"http://127.0.0.1:{server.server_port}"
    yield proxy
    server.shutdown()
    server.server_close()


@pytest.fixture
def proxy(_proxy) -> Proxy:
    _proxy.reset()
    return _proxy


@pytest.fixture(scope="module")
def tokens(house, client_key) -> Iterator[TokenEndpoint]:
    endpoint = TokenEndpoint(house.layout.issuer, client_key)
    server = _listen(endpoint.answer)
    endpoint.base = f"http://127.0.0.1:{server.server_port}"
    yield endpoint
    server.shutdown()
    server.server_close()


@dataclass
class Team:
    """A municipal team: its folder, its config, and the command."""

    folder: Path
    gateway: str
    token: str

    @property
    def out(self) -> Path:
        return self.folder / "data"

    @property
    def spells(self) -> Path:
        return self.out / "job-seeker-spells" / "39" / "job-seeker-spells.parquet"

    def write(
        self, what: str, login: str = '[token]\nenv = "PULL_TOKEN"\n', head: str = ""
    ) -> None:
        lines = [f'gateway = "{self.gateway}"', 'out = "data"', head, what, login]
        patience = "[patience]\nattempts = 1\ntimeout_seconds = 20\n"
        (self.folder / "jakelu-pull.toml").write_text("\n".join([*lines, patience]))

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-m", "gateway", "pull", *options]

    def start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*options),
            cwd=self.folder,
            env={**os.environ, "PULL_TOKEN": self.token},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def pull(self, *options: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*options)
        out, err = process.communicate(timeout=120)
        done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
        assert "eyJ" not in out + err  # no token and no assertion is ever told
        assert "Traceback" not in err, err
        return done

    def files(self) -> list[Path]:
        return sorted(path for path in self.out.rglob("*") if path.is_file())


@pytest.fixture
def team(proxy, house, tmp_path) -> Team:
    return Team(tmp_path, proxy.base, house.token("municipality-bi"))


@pytest.fixture
def oauth(tokens, client_key, tmp_path) -> str:
    key = tmp_path / "client-key.pem"
    key.touch(0o600)
    key.write_bytes(client_key.as_pem(private=True))
    return (
        f'[oauth]\ntoken_endpoint = "{tokens.base}/token"\nclient_id = "tampere-bi"\n'
        'key_file = "client-key.pem"\nscope = "rows cubes"\n'
        'resource = "https://jakelu.example.fi"\n'
    )


def _published_hashes(house) -> set[str]:
    manifests = house.layout.releases.glob("*/*/manifest.json")
    signed = [json.loads(path.read_text())["manifest"] for path in manifests]
    return {file["sha256"] for manifest in signed for file in manifest["files"]}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_fetches_all_products_of_an_area_twice_and_the_second_time_transfers_nothing(
    team, oauth, proxy, tokens, house
):
    team.write('products = "all"', oauth)
    first = team.pull()
    assert (first.returncode, first.stderr, tokens.faults) == (0, "", [])
    data = [path for path in team.files() if path.suffix == ".parquet"]
    assert {path.parent.relative_to(team.out).as_posix() for path in data} == {
        "job-seeker-spells/39",
        "service-periods/39",
        "job-seekers/all",
        "job-seekers-detailed/all",
        "service-outcomes/all",
        "vacancies/all",
    }
    assert {_sha256(path) for path in data} <= _published_hashes(house)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in team.files())
    before = {path: path.stat().st_mtime_ns for path in data}

    proxy.reset()
    second = team.pull()
    assert second.returncode == 0
    assert [(each.status, each.sent) for each in proxy.deliveries] == [(304, 0)] * 6
    assert second.stdout.count("unchanged (304), nothing transferred") == 6
    assert second.stdout.endswith("6 downloads: 6 unchanged; 0 bytes transferred\n")
    assert {path: path.stat().st_mtime_ns for path in data} == before
    assert len(tokens.given) == 2  # one for each run


def test_killed_in_the_middle_it_resumes_and_only_the_rest_is_transferred(team, proxy, house):
    team.write(ONE)
    size = int(house.get("municipality-bi", SPELLS).headers["content-length"])
    proxy.hold_at = size // 2
    process = team.start()
    part = team.spells.with_name(team.spells.name + ".part")
    _wait_until(lambda: part.exists() and part.stat().st_size == size // 2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not team.spells.exists()

    proxy.go.set()
    proxy.reset()
    resumed = team.pull()
    assert resumed.returncode == 0, resumed.stderr
    (asked,) = proxy.deliveries
    assert asked.headers["range"] == f"bytes={size // 2}-"
    assert (asked.status, asked.sent) == (206, size - size // 2)
    assert f"resumed at byte {size // 2:,}" in resumed.stdout
    assert _sha256(team.spells) in _published_hashes(house)
    assert not part.exists()


def test_a_byte_flipped_on_the_way_is_detected_and_no_file_appears(team, proxy):
    team.write(ONE)
    proxy.flip_at = 5000
    failed = team.pull()
    assert failed.returncode == 1
    assert "SHA-256" in failed.stderr
    assert [each.status for each in proxy.deliveries] == [200, 200]  # once more, and only once
    assert team.files() == [team.out / ".jakelu-pull.lock"]


def test_a_byte_flipped_on_the_way_leaves_the_file_in_place_as_it_was(team, proxy):
    team.write(ONE)
    assert team.pull().returncode == 0
    before = _sha256(team.spells)
    team.spells.with_name(team.spells.name + ".notes").unlink()  # so that it is fetched anew
    proxy.flip_at = 0
    assert team.pull().returncode == 1
    assert _sha256(team.spells) == before


def test_a_byte_flipped_in_what_was_interrupted_is_detected_and_all_of_it_fetched_anew(
    team, proxy, house
):
    team.write(ONE)
    proxy.hold_at = 4000
    process = team.start()
    part = team.spells.with_name(team.spells.name + ".part")
    _wait_until(lambda: part.exists() and part.stat().st_size == 4000)
    process.kill()
    process.communicate()
    proxy.go.set()
    proxy.reset()
    _flip(part, 100)
    mended = team.pull()
    assert mended.returncode == 0
    assert [each.status for each in proxy.deliveries] == [206, 200]
    assert _sha256(team.spells) in _published_hashes(house)


def test_a_byte_flipped_in_the_local_file_is_detected_at_the_next_run(team, proxy, house):
    team.write(ONE)
    assert team.pull().returncode == 0
    _flip(team.spells, 1234)
    proxy.reset()
    mended = team.pull("--json")
    assert mended.returncode == 0
    told = json.loads(mended.stdout)
    assert (told["outcome"], told["was_damaged"], told["checked"]) == ("fetched", True, "sha-256")
    assert [each.status for each in proxy.deliveries] == [200]
    assert _sha256(team.spells) == told["sha256"]
    assert told["sha256"] in _published_hashes(house)


def test_what_is_refused_is_told_with_the_request_that_the_journal_knows_and_stops_nothing_else(
    team, house
):
    other = ONE + 'area = "40"\n'
    team.write(other + ONE + 'format = "csv"\ncolumns = ["municipality", "sex"]\n')
    refused = team.pull("--json")
    assert refused.returncode == 1
    first, second = map(json.loads, refused.stdout.splitlines())
    assert (first["outcome"], first["http_status"]) == ("refused", 403)
    assert first["code"] == "area_out_of_scope"
    denied = house.get("auditor", "/v1/journal/entries?kind=access.denied&limit=1000").json()
    assert first["request"] in json.dumps(denied)
    assert (second["outcome"], second["checked"]) == ("fetched", "length")
    csv = team.out / "job-seeker-spells" / "39" / "job-seeker-spells.csv"
    assert csv.read_text().startswith("municipality,sex\n")


def test_a_selection_of_a_cube_is_fetched_and_then_unchanged(team):
    team.write(
        '[[download]]\nproduct = "job-seekers"\nformat = "json-stat2"\nlang = "en"\n'
        'select = { geography = ["SSS", "TA39"], measure = ["unemployed"] }\n'
    )
    assert team.pull().returncode == 0
    cube = json.loads((team.out / "job-seekers" / "all" / "job-seekers.json").read_text())
    assert list(cube["dimension"]["geography"]["category"]["index"]) == ["SSS", "TA39"]
    assert json.loads(team.pull("--json").stdout)["outcome"] == "unchanged"


def test_a_flipped_byte_of_a_cubes_selection_is_detected_too(team, proxy):
    team.write(
        '[[download]]\nproduct = "job-seekers"\nformat = "csv"\nselect = { sex = ["SSS"] }\n'
    )
    proxy.flip_at = 10
    assert team.pull().returncode == 1
    assert not (team.out / "job-seekers" / "all" / "job-seekers.csv").exists()


def test_an_unlisted_product_is_refused_with_the_gateways_own_words(team):
    team.write('[[download]]\nproduct = "no-such-product"\n')
    refused = team.pull()
    assert refused.returncode == 1
    assert "product_not_found, request " in refused.stderr


def test_a_client_that_the_token_endpoint_does_not_know_is_refused_in_clean_words(team, oauth):
    stranger = RSAKey.generate_key(2048)
    (team.folder / "client-key.pem").write_bytes(stranger.as_pem(private=True))
    team.write('products = "all"', oauth)
    refused = team.pull("--quiet")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "invalid_client" in refused.stderr
    assert "\x1b" not in refused.stderr


def test_a_token_that_has_no_right_to_anything_is_told_why(team, house):
    team.token = house.token("koto-worker")
    team.write('products = "all"')
    public_only = team.pull("--json")
    assert [json.loads(line)["product"] for line in public_only.stdout.splitlines()] == [
        "vacancies"
    ]


def test_a_gateway_that_does_not_answer_is_for_the_next_run(team):
    team.gateway = "http://127.0.0.1:9"
    team.write(ONE)
    assert team.pull().returncode == 3


def test_two_runs_do_not_collide(team, proxy):
    team.write(ONE)
    proxy.hold_at = 1000
    first = team.start()
    _wait_until(lambda: bool(proxy.deliveries))
    second = team.pull()
    assert second.returncode == 3
    assert "Another run" in second.stderr
    first.kill()
    first.communicate()
    proxy.go.set()


def test_a_quiet_run_that_succeeds_says_nothing(team):
    team.write(ONE)
    done = team.pull("--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def _flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def _wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.02)
