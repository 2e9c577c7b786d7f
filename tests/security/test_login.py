"""Attacks on the login of people and on their sessions, with a provider that says what a test wants.

The provider is a real HTTP server on loopback; what it signs is wrong only where a test says so. The
gateway is the whole application. `tests/e2e/test_login_in_a_browser.py` has an honest provider and Chromium.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from gateway.errors import KeyFault, SettingsFault
from gateway.model.entry import EntryKind
from gateway.serving import create_app

CLIENT_ID = "jakelu-portal"
BASE = "http://127.0.0.1:8080"
SESSION, LOGIN = "__Host-jakelu", "__Host-jakelu-login"
FLAGS = {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"}
DAY_SECONDS = 86_400
UTC_2050 = datetime(2026, 7, 1, 20, 50, tzinfo=UTC)  # ten minutes before midnight in Helsinki


class Clock:
    """Stands still until a test moves it."""

    def __init__(self, now) -> None:
        self._now = now

    def now(self):
        return self._now

    def pass_time(self, **duration: float) -> None:
        self._now += timedelta(**duration)


def half_hash(access_token: str) -> str:
    """OpenID Connect Core section 3.1.3.6, for algorithms with SHA-256."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()


@dataclass
class Provider:
    """What a provider says; `lies` are changes of the claims of its id tokens, `without` leaves some out, and
    `swaps` are changes of its answer.
    """

    clock: Clock
    signing: ECKey = field(
        default_factory=lambda: ECKey.generate_key(
            "P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True
        )
    )
    client_key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    secret: str | None = None
    lies: dict[str, Any] = field(default_factory=dict)
    swaps: dict[str, Any] = field(default_factory=dict)
    without: set[str] = field(default_factory=set)
    claims: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    metadata_lies: dict[str, Any] = field(default_factory=dict)
    id_token_header: dict[str, str] = field(default_factory=dict)
    issuer: str = ""
    is_quick: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.is_quick.set()

    def answer(self, path: str) -> dict[str, Any] | None:
        if path == "/jwks":
            return {"keys": [self.signing.as_dict(private=False)]}
        if path != "/.well-known/openid-configuration":
            return None
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/end",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        } | self.metadata_lies

    def consent(self, address: str) -> dict[str, str]:
        """What a person's consent sends back through the browser: parameters of the callback."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = uuid.uuid4().hex
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def tokens(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The token endpoint: the code once, with its verifier, from the client that has the key."""
        assert self.is_quick.wait(timeout=10)
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        is_ours = (
            asked is not None
            and asked["code_challenge"] == base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
            and asked["redirect_uri"] == form.get("redirect_uri")
            and asked["resource"] == form.get("resource")
        )
        if not is_ours:
            return 400, {"error": "invalid_grant"}
        if self.secret is not None:
            return (200, self._answer(asked)) if form["authorization"] == self.secret else (401, {})
        assertion = jwt.decode(form["client_assertion"], self.client_key, algorithms=["ES256"])
        assert assertion.claims["aud"] == self.issuer
        assert assertion.claims["exp"] - assertion.claims["iat"] <= 60
        return 200, self._answer(asked)

    def _answer(self, asked: dict[str, str]) -> dict[str, Any]:
        access_token = self.access_token()
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "id_token": self.id_token(asked["nonce"], access_token),
        } | self.swaps

    def id_token(self, nonce: str, access_token: str) -> str:
        told = {"aud": CLIENT_ID, "nonce": nonce, "sub": "analyst-17"}
        claims = told | self._times() | {"at_hash": half_hash(access_token)}
        header = {"kid": self.signing.kid, "alg": "ES256", **self.id_token_header}
        claims = {name: value for name, value in claims.items() if name not in self.without}
        return self._signed(header, claims | self.lies)

    def access_token(self, **changes: Any) -> str:
        claims = {
            **self._times(),
            "aud": "jakelu",
            "sub": "analyst-17",
            "client_id": CLIENT_ID,
            "jti": uuid.uuid4().hex,
            "organisation": "EVK04",
            "roles": ["heti:tilastokuutiot"],
        }
        header = {"kid": self.signing.kid, "alg": "ES256", "typ": "at+jwt"}
        return self._signed(header, claims | self.claims | changes)

    def _times(self) -> dict[str, Any]:
        now = int(self.clock.now().timestamp())
        return {"iss": self.issuer, "iat": now, "exp": now + 300}

    def _signed(self, header: dict[str, str], claims: dict[str, Any]) -> str:
        return jwt.encode(header, claims, self.signing, algorithms=["ES256"])


@pytest.fixture(scope="module")
def clock(security_http) -> Clock:
    return Clock(security_http.NOW)


@pytest.fixture(scope="module")
def liar(clock: Clock) -> Iterator[Provider]:
    provider = Provider(clock)

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = provider.answer(self.path)
            self._send(404 if found is None else 200, found or {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            form["authorization"] = self.headers.get("authorization", "")
            self._send(*provider.tokens(form))

        def _send(self, status: int, document: dict[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def provider(liar: Provider) -> Provider:
    """The provider, honest until a test says otherwise."""
    for changes in (
        liar.lies,
        liar.swaps,
        liar.without,
        liar.claims,
        liar.metadata_lies,
        liar.id_token_header,
    ):
        changes.clear()
    liar.codes.clear()
    return liar


@dataclass
class Browser:
    """A browser that keeps its cookies as the flags ask, and follows nothing by itself."""

    client: TestClient
    provider: Provider
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, *, params: dict[str, str] | None = None, **headers: str):
        return self._keep(self.client.get(path, params=params, headers=self._headers(headers)))

    def post(self, path: str, form: dict[str, str], **headers: str):
        return self._keep(self.client.post(path, data=form, headers=self._headers(headers)))

    def begin(self, page: str = "/me") -> dict[str, str]:
        """To the provider, and the consent there; gives what comes back."""
        to_provider = self.get("/login", params={"to": page})
        assert to_provider.status_code == 303
        return self.provider.consent(to_provider.headers["location"])

    def log_in(self):
        return self.get("/login/callback", params=self.begin())

    def form_token(self) -> str:
        return re.search('name="csrf" value="([0-9a-f]{64})"', self.get("/me").text)[1]

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return headers | ({"Cookie": cookie} if cookie else {})

    def _keep(self, answer):
        for line in answer.headers.get_list("set-cookie"):
            pair, *flags = line.split("; ")
            assert {each for each in flags if not each.startswith("Max-Age")} == FLAGS
            name, _, value = pair.partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in flags:
                del self.cookies[name]
        return answer


@pytest.fixture(scope="module")
def login_house(security_http, model_house, tmp_path_factory):
    return security_http.copied(model_house, tmp_path_factory.mktemp("login") / "house")


@pytest.fixture(scope="module")
def settings(liar, tmp_path_factory) -> dict[str, Any]:
    provider = liar
    key_path = tmp_path_factory.mktemp("key") / "login.pem"
    key_path.write_bytes(provider.client_key.as_pem(private=True))
    key_path.chmod(0o600)
    return {
        "issuers": [{"issuer": provider.issuer, "jwks": f"{provider.issuer}/jwks"}],
        "public_url": BASE,
        "login_issuer": provider.issuer,
        "login_client_id": CLIENT_ID,
        "login_key_path": key_path,
    }


@contextmanager
def opened(house, clock: Clock, **settings: Any) -> Iterator[TestClient]:
    app = create_app(house.settings(**settings), clock=clock)
    with TestClient(app, base_url=BASE, follow_redirects=False) as client:
        client.cookies.jar.set_policy(_Nothing())
        yield client


@pytest.fixture(scope="module")
def client(login_house, settings, clock) -> Iterator[TestClient]:
    """One gateway for all tests here; its clock only ever goes forward."""
    with opened(login_house, clock, **settings) as client:
        yield client


class _Nothing:
    """A jar that keeps no cookie: the browser above does."""

    rfc2965 = False
    netscape = True
    hide_cookie2 = True

    def set_ok(self, *_: object) -> bool:
        return False

    return_ok = domain_return_ok = path_return_ok = set_ok


@pytest.fixture
def browser(client, provider) -> Browser:
    return Browser(client, provider)


def is_logged_in(browser: Browser) -> bool:
    answer = browser.get("/me")
    if answer.status_code == 303:
        assert answer.headers["location"] == "/login?to=%2Fme"
    return answer.status_code == 200 and "analyst-17" in answer.text


def refused(answer) -> bool:
    """A page that tells no reason, and no session."""
    names = [line.partition("=")[0] for line in answer.headers.get_list("set-cookie")]
    assert "login_" not in answer.text
    return answer.status_code == 400 and SESSION not in names


# --- the login ---------------------------------------------------------------------------------


def test_an_honest_login_opens_the_page_and_is_journaled(browser, login_house):
    finished = browser.log_in()
    assert (finished.status_code, finished.headers["location"]) == (303, "/me")
    assert LOGIN not in browser.cookies
    assert is_logged_in(browser)
    began = [e.body for e in login_house.entries() if e.kind == EntryKind.SESSION_BEGAN]
    assert (began[-1]["sub"], began[-1]["organisation"]) == ("analyst-17", "EVK04")
    assert began[-1]["auth_strength"] == "session"


def test_the_request_to_the_provider_has_state_nonce_pkce_and_our_resource(browser, provider):
    first, second = (browser.get("/login").headers["location"] for _ in range(2))
    asked, again = (dict(parse_qsl(urlsplit(each).query)) for each in (first, second))
    assert asked["code_challenge_method"] == "S256"
    assert (asked["response_type"], asked["scope"]) == ("code", "openid")
    assert (asked["redirect_uri"], asked["resource"]) == (f"{BASE}/login/callback", BASE)
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name]) == 43
        assert asked[name] != again[name]


def test_a_callback_is_good_for_one_time(browser, provider):
    sent = browser.begin()
    cookie = browser.cookies[LOGIN]
    browser.get("/login/callback", params=sent)
    thief = Browser(browser.client, provider, {LOGIN: cookie})
    assert refused(thief.get("/login/callback", params=sent))
    assert is_logged_in(browser)


def test_a_login_that_another_browser_began_is_refused(browser, provider):
    """Login CSRF: the attacker sends the victim a link that would log the victim in as the attacker."""
    attacker = Browser(browser.client, provider)
    sent = attacker.begin()
    assert refused(browser.get("/login/callback", params=sent))
    browser.get("/login")  # and with a login of the victim's own under way
    assert refused(browser.get("/login/callback", params=attacker.begin()))


@pytest.mark.parametrize("state", [None, "", "x", "A" * 43])
def test_a_state_that_was_never_given_is_refused(browser, state):
    sent = browser.begin()
    del sent["state"]
    if state is not None:
        sent["state"] = state
    assert refused(browser.get("/login/callback", params=sent))


def test_a_login_that_begins_writes_nothing_so_nobody_pushes_out_anothers(
    browser, provider, login_house
):
    sent = browser.begin()
    before = rows_of_state(login_house)
    for _ in range(20):
        Browser(browser.client, provider).begin()
    assert rows_of_state(login_house) == before
    browser.get("/login/callback", params=sent)
    assert is_logged_in(browser)
    assert rows_of_state(login_house) != before


def rows_of_state(house) -> dict[str, int]:
    """How many rows each table of the state has."""
    with closing(sqlite3.connect(house.journal_path.with_name("state.sqlite"))) as state:
        names = [
            name for (name,) in state.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {n: state.execute(f'SELECT count(*) FROM "{n}"').fetchone()[0] for n in names}


@pytest.mark.parametrize("place", [0, 7, -1])
def test_a_login_that_somebody_altered_is_refused(browser, place):
    sent = browser.begin()
    sealed = base64.urlsafe_b64decode(browser.cookies[LOGIN] + "==")
    altered = bytearray(sealed)
    altered[place] ^= 1
    browser.cookies[LOGIN] = base64.urlsafe_b64encode(altered).rstrip(b"=").decode()
    assert refused(browser.get("/login/callback", params=sent))


def test_the_cookie_of_a_login_is_short_and_tells_nothing_of_it(browser):
    sent = browser.begin()
    cookie = browser.cookies[LOGIN]
    content = base64.urlsafe_b64decode(cookie + "==")
    assert len(cookie) < 1024
    assert not any(part in content for part in (sent["state"].encode(), b"/me", b"verifier"))


def test_a_login_is_given_up_after_ten_minutes(browser, clock):
    sent = browser.begin()
    clock.pass_time(minutes=10)
    assert refused(browser.get("/login/callback", params=sent))


def test_a_stolen_code_is_refused_in_the_login_of_another(browser, provider):
    """Code injection (RFC 9700 section 4.5): the thief has the victim's code, and not its verifier."""
    stolen = browser.begin()["code"]
    thief = Browser(browser.client, provider)
    sent = thief.begin()
    assert refused(thief.get("/login/callback", params=sent | {"code": stolen}))
    assert not is_logged_in(thief)


@pytest.mark.parametrize("issuer", ["https://elsewhere.example", "", None])
def test_an_answer_of_another_issuer_is_refused(browser, provider, issuer):
    """Mix-up (RFC 9207): the provider promises `iss`, so it must be there, and be its own."""
    sent = browser.begin()
    del sent["iss"]
    if issuer is not None:
        sent["iss"] = issuer
    assert refused(browser.get("/login/callback", params=sent))
    assert provider.codes  # the code was never sent to the token endpoint


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": [CLIENT_ID, "another-client"]},
        {"azp": "another-client"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"exp": "tomorrow"},
        {"iat": 9_999_999_999},
        {"sub": "somebody-else"},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"at_hash": None},
        {"at_hash": ""},
        {"at_hash": 1},
        {"at_hash": ["AAAAAAAAAAAAAAAAAAAAAA"]},
    ],
)
def test_an_id_token_that_is_not_for_this_login_is_refused(browser, provider, lies):
    provider.lies = lies
    assert refused(browser.log_in())
    assert not is_logged_in(browser)


def test_an_id_token_of_another_key_or_type_is_refused(browser, provider):
    honest = provider.signing
    foreign = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": honest.kid})
    good = provider.id_token("x", "y")
    provider.swaps = {"id_token": good[:-8] + "AAAAAAAA"}
    assert refused(browser.log_in())
    claims = {"aud": CLIENT_ID, "nonce": "x", "sub": "analyst-17", **provider._times()}
    provider.swaps = {"id_token": jwt.encode({"alg": "ES256", "kid": honest.kid}, claims, foreign)}
    assert refused(browser.log_in())
    provider.swaps, provider.id_token_header = {}, {"typ": "at+jwt"}
    assert refused(browser.log_in())
    provider.id_token_header = {}
    browser.log_in()
    assert is_logged_in(browser)


@pytest.mark.parametrize("claims", [{"sub": "somebody-else"}, {"client_id": "another-client"}])
def test_an_access_token_of_another_is_refused_though_the_id_token_says_nothing_of_it(
    browser, provider, claims
):
    """Core leaves `at_hash` to the provider in this flow: what is there must fit, but it may not be there."""
    provider.without, provider.claims = {"at_hash"}, claims
    assert refused(browser.log_in())
    provider.claims = {}
    browser.log_in()
    assert is_logged_in(browser)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-api"},
        {"sub": "somebody-else"},
        {"exp": 1},
        {"client_id": "another-client"},
    ],
)
def test_an_access_token_that_the_data_api_would_refuse_opens_no_session(browser, provider, claims):
    provider.claims = claims
    assert refused(browser.log_in())


@pytest.mark.parametrize(
    "swap", [{"id_token": None}, {"access_token": None}, {"token_type": "DPoP"}]
)
def test_an_answer_without_the_tokens_opens_no_session(browser, provider, swap):
    provider.swaps = swap
    assert refused(browser.log_in())


def test_a_refusal_of_the_provider_is_told_without_its_words(browser):
    sent = browser.begin()
    told = {"error": "access_denied", "error_description": "<script>alert(1)</script>"}
    answer = browser.get(
        "/login/callback", params={"state": sent["state"], "iss": sent["iss"], **told}
    )
    assert refused(answer)
    assert "script" not in answer.text


def test_refused_logins_are_counted_by_reason(browser, client, security_http):
    browser.get("/login/callback", params={"state": "x"})
    assert 'reason="login_state_unknown"' in security_http.read_metrics(client.app)


@pytest.mark.parametrize(
    "lies",
    [
        {"code_challenge_methods_supported": ["plain"]},
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_provider_that_cannot_be_trusted_is_not_used(browser, provider, clock, lies):
    provider.metadata_lies = lies
    clock.pass_time(hours=1)  # what it said before is forgotten
    answer = browser.get("/login")
    provider.metadata_lies = {}
    clock.pass_time(seconds=5)
    assert browser.get("/login", params={"to": "/me"}).status_code == 303
    browser.cookies.clear()
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "page",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/v1/me",
        "",
        "/me/",
    ],
)
def test_a_login_leads_to_our_own_pages_only(browser, page):
    answer = browser.get("/login", params={"to": page})
    assert answer.status_code == 400
    assert "location" not in answer.headers


# --- the session -------------------------------------------------------------------------------


def test_every_login_makes_a_new_session_and_ends_the_one_before(browser, provider):
    planted = "A" * 43  # a session id that an attacker chose (fixation)
    browser.cookies[SESSION] = planted
    browser.log_in()
    first = browser.cookies[SESSION]
    assert first != planted
    browser.log_in()
    assert browser.cookies[SESSION] != first
    assert not is_logged_in(Browser(browser.client, provider, {SESSION: first}))


def test_a_cookie_that_is_given_twice_is_no_session(browser, client):
    browser.log_in()
    value = browser.cookies[SESSION]
    headers = {"Cookie": f"{SESSION}={value}; {SESSION}={value}"}
    assert client.get("/me", headers=headers).status_code == 303


def test_a_session_ends_when_it_is_idle(browser, clock):
    browser.log_in()
    for _ in range(3):
        clock.pass_time(seconds=899)
        assert is_logged_in(browser)
    clock.pass_time(seconds=900)
    assert not is_logged_in(browser)


def test_a_session_ends_after_eight_hours_however_busy(browser, clock):
    browser.log_in()
    for _ in range(8 * 6 - 1):
        clock.pass_time(minutes=10)
        assert is_logged_in(browser)
    clock.pass_time(minutes=10)
    assert not is_logged_in(browser)


def test_a_session_ends_with_the_logout_whoever_holds_its_cookie(browser, provider, login_house):
    browser.log_in()
    stolen = dict(browser.cookies)
    answer = browser.post("/logout", {"csrf": browser.form_token()})
    assert answer.status_code == 303
    leaving = urlsplit(answer.headers["location"])
    assert f"{leaving.scheme}://{leaving.netloc}{leaving.path}" == f"{provider.issuer}/end"
    assert dict(parse_qsl(leaving.query)) == {
        "client_id": CLIENT_ID,
        "post_logout_redirect_uri": f"{BASE}/login?ended=yes",
    }
    assert answer.headers["clear-site-data"] == '"cache"'
    assert SESSION not in browser.cookies
    assert not is_logged_in(Browser(browser.client, provider, stolen))
    assert EntryKind.SESSION_ENDED in [entry.kind for entry in login_house.entries()]


def test_a_logout_needs_the_form_of_this_very_session(browser, provider):
    browser.log_in()
    other = Browser(browser.client, provider)
    other.log_in()
    for form in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": other.form_token()}):
        answer = browser.post("/logout", form)
        assert answer.status_code == 403
    good = f"csrf={browser.form_token()}"
    cookie = f"{SESSION}={browser.cookies[SESSION]}"
    in_text = browser.client.post(
        "/logout", content=good, headers={"Cookie": cookie, "Content-Type": "text/plain"}
    )
    assert in_text.status_code == 403
    assert browser.get(f"/logout?{good}").headers["location"] == "/me"
    assert is_logged_in(browser)


def test_a_session_is_nothing_to_the_data_api(browser):
    browser.log_in()
    for path in ("/v1/me", "/v1/rows/job-seeker-spells?area=39", "/v1/products", "/nowhere"):
        answer = browser.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_an_access_token_is_nothing_to_the_pages(client, provider):
    bearer = {"Authorization": f"Bearer {provider.access_token()}"}
    assert client.get("/v1/me", headers=bearer).status_code == 200
    assert client.get("/me", headers=bearer).headers["location"] == "/login?to=%2Fme"


def test_a_role_that_ends_ends_in_a_session_that_goes_on(browser, provider, clock):
    clock.pass_time(seconds=(UTC_2050 - clock.now()).total_seconds() % DAY_SECONDS)
    today = clock.now().date().isoformat()
    provider.claims = {
        "roles": [{"source": "heti", "role": "tilastokuutiot", "valid_until": today}]
    }
    browser.log_in()
    assert "Reader of cubes" in browser.get("/me?lang=en").text
    clock.pass_time(minutes=11)
    assert is_logged_in(browser)
    assert "Reader of cubes" not in browser.get("/me?lang=en").text


def test_the_disk_holds_neither_sessions_nor_tokens(browser, login_house):
    browser.log_in()
    files = [path for path in login_house.root.rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in files)
    assert b"analyst-17" in content
    assert browser.cookies[SESSION].encode() not in content
    assert b"eyJ" not in b"".join(p.read_bytes() for p in files if "state" in p.name)


def test_the_pages_run_no_script_and_are_in_nobodys_frame(browser, provider):
    browser.log_in()
    policy = browser.get("/me").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert f"form-action 'self' {provider.issuer};" in policy
    assert browser.get("/me").headers["cache-control"] == "no-store"


def test_what_a_token_says_is_text_on_the_page(browser, provider):
    hostile = "<img/src=x>"
    provider.claims, provider.lies = {"sub": hostile}, {"sub": hostile}
    browser.log_in()
    page = browser.get("/me").text
    assert "<img" not in page
    assert "&lt;img/src=x&gt;" in page


# --- the settings ------------------------------------------------------------------------------


def test_without_a_login_there_are_no_pages(fresh_house, security_http):
    with opened(fresh_house, Clock(security_http.NOW)) as client:
        for path in ("/login", "/login/callback", "/logout", "/me", "/"):
            assert client.get(path).status_code == 401  # like any address that is not there
            bearer = fresh_house.bearer("municipality-bi")
            assert client.get(path, headers=bearer).status_code == 404


def test_a_provider_that_knows_only_secrets_gets_ours_in_a_header(
    fresh_house, settings, provider, clock, tmp_path
):
    secret = "s" * 40
    path = tmp_path / "secret"
    path.write_text(f"{secret}\n")
    path.chmod(0o600)
    basic = base64.b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()
    provider.secret = f"Basic {basic}"
    changes = {"login_key_path": None, "login_secret_path": path}
    try:
        with opened(fresh_house, clock, **settings | changes) as client:
            browser = Browser(client, provider)
            browser.log_in()
            assert is_logged_in(browser)
    finally:
        provider.secret = None


def test_a_key_that_others_can_read_is_refused(fresh_house, settings, clock):
    path = settings["login_key_path"]
    path.chmod(0o640)
    try:
        with pytest.raises(KeyFault, match="mode 600"):
            create_app(fresh_house.settings(**settings), clock=clock)
    finally:
        path.chmod(0o600)


def test_a_file_that_holds_no_usable_key_is_refused(fresh_house, settings, clock, tmp_path):
    public = settings["login_key_path"].with_name("public.pem")
    public.write_bytes(ECKey.generate_key("P-256").as_pem(private=False))
    curve = settings["login_key_path"].with_name("curve.pem")
    curve.write_bytes(ECKey.generate_key("P-384").as_pem(private=True))
    for path in (public, curve):
        path.chmod(0o600)
        with pytest.raises(KeyFault, match="no private key"):
            create_app(fresh_house.settings(**settings | {"login_key_path": path}), clock=clock)


@pytest.mark.parametrize(
    "changes",
    [
        {"login_client_id": None},
        {"login_key_path": None},
        {"login_secret_path": "secret"},
        {"login_issuer": None},
    ],
)
def test_half_a_login_is_refused(fresh_house, settings, changes):
    with pytest.raises(SettingsFault, match="login_issuer"):
        fresh_house.settings(**settings | changes)


def test_logins_of_an_address_are_limited_though_nobody_is_known(fresh_house, settings, clock):
    limits = {"failed_logins_per_minute": 1}
    with opened(fresh_house, clock, **settings, limits=limits) as client:
        answers = [client.get("/login").status_code for _ in range(5)]
        guessed = {"Cookie": f"__Host-jakelu={'x' * 43}"}
        guesses = [client.get("/me", headers=guessed).status_code for _ in range(2)]
    assert answers == [303] * 4 + [429]
    assert guesses == [303, 429]


def test_a_slow_provider_holds_its_own_threads_alone_and_the_next_login_waits(
    fresh_house, settings, provider, clock, monkeypatch
):
    monkeypatch.setattr("gateway.serving.application.LOGIN_THREADS", 2)
    monkeypatch.setattr("gateway.serving.application.WAITING_FOR_LOGIN_MAX", 1)
    with opened(fresh_house, clock, **settings) as client:
        early = Browser(client, provider)
        early.log_in()
        browsers = [Browser(client, provider) for _ in range(4)]
        sent = [browser.begin() for browser in browsers]
        provider.is_quick.clear()
        try:
            with ThreadPoolExecutor(4) as people:
                answers = [
                    people.submit(browser.get, "/login/callback", params=params)
                    for browser, params in zip(browsers, sent, strict=True)
                ]
                refused, held = wait(answers, timeout=5, return_when=FIRST_COMPLETED)
                assert is_logged_in(early)
                assert client.get("/health/ready").status_code == 200
                assert client.get("/login").status_code == 503
                provider.is_quick.set()
        finally:
            provider.is_quick.set()
        assert sorted(each.result().status_code for each in answers) == [303, 303, 303, 503]
        assert (len(refused), len(held)) == (1, 3)
        last = answers.index(refused.pop())
        assert answers[last].result().headers["retry-after"] == "5"
        browsers[last].get("/login/callback", params=sent[last])  # the same login goes on
        assert all(is_logged_in(browser) for browser in browsers)


def test_people_log_in_at_an_issuer_whose_tokens_are_accepted(fresh_house, settings):
    with pytest.raises(SettingsFault, match="one of the issuers"):
        fresh_house.settings(**settings | {"login_issuer": "https://elsewhere.example"})


def test_a_login_over_plain_http_beyond_this_machine_is_refused(fresh_house, settings, clock):
    elsewhere = "http://id.example"
    issuers = [{"issuer": elsewhere, "jwks": "jwks.json"}]
    for changes in (
        {"public_url": "http://jakelu.example"},
        {"login_issuer": elsewhere, "issuers": issuers},
    ):
        with pytest.raises(SettingsFault, match="https"):
            create_app(fresh_house.settings(**settings | changes), clock=clock)
