"""Attacks with access keys and on their administration, over HTTP: status, code, and what is journaled."""

from __future__ import annotations

import base64
import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from gateway.adapters import state_keys
from gateway.errors import InvalidToken
from gateway.identity.key_text import KeyText, new_key_text, read_key_text
from gateway.serving import create_app

NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
ADDRESS = "192.0.2.7"
KEYS = "/v1/keys"
ROWS, CUBE = "/v1/rows/job-seeker-spells", "/v1/cubes/job-seekers/data"
PUBLIC_CUBE = "/v1/cubes/vacancies/data"
ADMINISTRATOR, READER = "key-administrator", "municipality-bi"
BI = {
    "service_account": "bi-reports",
    "products": ["job-seekers"],
    "roles": ["heti:tilastokuutiot"],
}
ROWS_KEY = {
    "service_account": "nightly-load",
    "products": ["job-seeker-spells"],
    "roles": ["heti:raakadata"],
}


class Clock:
    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment


class Desk:
    """A running house whose clock the test moves, and what an administrator and a program do there."""

    def __init__(self, house, **settings: object) -> None:
        self.house = house
        self.clock = Clock()
        self.app = create_app(house.settings(**settings), clock=self.clock)
        self.at(ADDRESS)

    def at(self, address: str) -> TestClient:
        """From now on requests come from this address."""
        self.client = TestClient(self.app, raise_server_exceptions=False, client=(address, 4711))
        return self.client

    def bearer(self, persona: str) -> dict[str, str]:
        issue = self.house.bearer.__globals__["issue"]
        token = issue(persona, folder=self.house.root / "issuer", now=self.clock.moment)
        return {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body=None, *, persona: str = ADMINISTRATOR, **more):
        return self.client.request(method, path, json=body, headers=self.bearer(persona), **more)

    def make(self, **changes):
        answer = self.ask("POST", KEYS, BI | changes)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def with_key(self, secret: str, path: str = CUBE, method: str = "GET", **more):
        return self.client.request(
            method, path, headers={"Authorization": f"Bearer {secret}"}, **more
        )

    def metrics(self) -> str:
        """As the monitoring reads them, which is on this machine."""
        return TestClient(self.app, client=("127.0.0.1", 4711)).get("/metrics").text

    def failures(self) -> dict[str, int]:
        found = re.findall(
            r'jakelu_authentication_failures_total\{reason="(\w+)"\} ([0-9]+)',
            self.metrics(),
        )
        return {reason: int(count) for reason, count in found}

    def last(self):
        return self.house.entries()[-1]


@pytest.fixture(scope="module")
def shared(model_house, tmp_path_factory):
    import sys

    http = sys.modules["attacked_house"]
    house = http.copied(model_house, tmp_path_factory.mktemp("keys") / "house")
    desk = Desk(house)
    with desk.client:
        yield desk


@pytest.fixture
def desk(shared):
    """Each test begins at the same moment and address, with no key of an earlier one working."""
    shared.clock.moment = NOW
    shared.at(ADDRESS)
    for key in shared.ask("GET", KEYS).json()["keys"]:
        shared.ask("DELETE", f"{KEYS}/{key['id']}")
    return shared


def refused(answer, status: int, code: str, parameter: str | None = None) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["parameter"] == parameter
    assert answer.headers["content-type"] == "application/problem+json"


def refused_key(desk, answer, reason: str, before: dict[str, int]) -> None:
    """401, one body for every reason; which it was stands in the metrics alone."""
    refused(answer, 401, "invalid_token")
    assert answer.json()["detail"] == InvalidToken.remedy
    assert answer.headers["www-authenticate"].startswith('Bearer realm="jakelu", error=')
    assert desk.failures().get(reason, 0) == before.get(reason, 0) + 1


# --- what a key does -----------------------------------------------------------------------------


def test_a_key_reads_its_product_and_the_journal_names_it(desk):
    made = desk.make()
    answer = desk.with_key(made["secret"])
    assert answer.status_code == 200
    intent = next(e for e in desk.house.entries() if e.event_id == answer.headers["jakelu-receipt"])
    told = {name: intent.body[name] for name in ("iss", "sub", "client_id", "auth_strength")}
    assert told == {
        "iss": "jakelu",
        "sub": "bi-reports",
        "client_id": made["key"]["id"],
        "auth_strength": "key",
    }
    assert intent.body["organisation"] == "KU837"
    assert intent.body["roles"] == ["heti:tilastokuutiot"]
    assert intent.body["subscription"] == "areas-cubes.TA39.job-seekers"


def test_an_auditor_tells_a_keys_program_from_a_person_of_the_same_name(desk, monkeypatch):
    issuer = desk.house.bearer.__globals__["issue"].__globals__
    person = issuer["Persona"]("same", "same-name", "portal", "KU837", ("atmt:raportointi",))
    monkeypatch.setitem(issuer, "PERSONAS", issuer["PERSONAS"] | {"same": person})
    secret = desk.make(service_account="same-name")["secret"]
    assert desk.with_key(secret).status_code == 200
    assert desk.ask("GET", CUBE, persona="same").status_code == 200

    def strengths(query: str) -> list[str]:
        path = f"/v1/journal/entries?subject=same-name&kind=access.intent{query}"
        page = desk.ask("GET", path, persona="auditor").json()
        return [entry["body"]["auth_strength"] for entry in page["entries"]]

    assert strengths("") == ["key", "bearer"]
    assert strengths("&issuer=jakelu") == ["key"]
    assert strengths("&issuer=https://issuer.demo.invalid") == ["bearer"]
    assert strengths("&issuer=https://nobody.invalid") == []
    assert desk.last().body["filters"]["issuer"] == "(unknown)"


def test_a_key_is_a_password_for_programs_that_know_only_those(desk):
    made = desk.make()
    assert desk.client.get(CUBE, auth=(made["key"]["id"], made["secret"])).status_code == 200


def test_me_tells_a_key_what_it_is(desk):
    made = desk.make()
    me = desk.with_key(made["secret"], "/v1/me").json()
    assert me["auth_strength"] == "key"
    assert me["key"] == {
        "id": made["key"]["id"],
        "expires": "2026-09-29T06:00:00.000Z",
        "products": ["job-seekers"],
    }
    permitted = [each["product"] for each in me["products"] if each["permitted"]]
    assert permitted == ["job-seekers"]
    assert desk.ask("GET", "/v1/me", persona=READER).json()["key"] is None


def test_the_last_seven_days_are_told_in_every_answer(desk):
    made = desk.make(expires_in_days=8)
    assert "jakelu-key-expires" not in desk.with_key(made["secret"]).headers
    desk.clock.moment = NOW + timedelta(days=1)
    for path in (CUBE, "/v1/me", "/v1/products", "/nothing"):
        assert desk.with_key(made["secret"], path).headers["jakelu-key-expires"] == "2026-07-09"
    assert "jakelu-key-expires" not in desk.ask("GET", CUBE, persona=READER).headers


def test_an_answer_that_caches_may_keep_tells_nobody_of_a_key(desk):
    secret = desk.make(products=["vacancies"], roles=[], expires_in_days=1)["secret"]
    answer = desk.with_key(secret, PUBLIC_CUBE)
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert "jakelu-key-expires" not in answer.headers


def test_the_last_use_is_listed(desk):
    made = desk.make()
    desk.clock.moment = NOW + timedelta(minutes=3)
    assert desk.with_key(made["secret"]).status_code == 200
    for _ in range(100):  # noted on another thread
        (key,) = (k for k in desk.ask("GET", KEYS).json()["keys"] if k["id"] == made["key"]["id"])
        if key["last_used"]:
            break
    assert key["last_used"] == "2026-07-01T06:03:00.000Z"


# --- keys that are none --------------------------------------------------------------------------


def test_guessing_is_refused_and_counted(desk):
    made = desk.make()
    own = read_key_text(made["secret"])
    before = desk.failures()
    guessed = KeyText(own.id, new_key_text().secret).text()
    refused_key(desk, desk.with_key(guessed), "access_key_wrong", before)
    refused_key(desk, desk.with_key(new_key_text().text()), "access_key_unknown", before)
    flipped = made["secret"][:-20] + ("A" if made["secret"][-20] != "A" else "B")
    flipped += made["secret"][-19:]
    refused_key(desk, desk.with_key(flipped), "access_key_malformed", before)
    assert desk.with_key(made["secret"]).status_code == 200


def test_the_secret_of_one_key_does_not_open_another(desk):
    one, other = (read_key_text(desk.make()["secret"]) for _ in range(2))
    before = desk.failures()
    answer = desk.with_key(KeyText(one.id, other.secret).text())
    refused_key(desk, answer, "access_key_wrong", before)


def test_basic_with_another_id_is_refused(desk):
    one, other = desk.make(), desk.make()
    before = desk.failures()
    answer = desk.client.get(CUBE, auth=(other["key"]["id"], one["secret"]))
    refused_key(desk, answer, "access_key_malformed", before)
    for user, password in (("", one["secret"]), (one["key"]["id"], ""), ("a", "b"), (":", ":")):
        assert desk.client.get(CUBE, auth=(user, password)).status_code == 401


@pytest.mark.parametrize("scheme", ["Digest", "Token", "Key", "Bearer\t", "bearerx", "DPoP"])
def test_a_key_has_two_schemes(desk, scheme):
    secret = desk.make()["secret"]
    answer = desk.client.get(CUBE, headers={"Authorization": f"{scheme} {secret}"})
    assert answer.status_code == 401


def test_a_key_anywhere_but_in_its_header_is_no_key(desk):
    secret = desk.make()["secret"]
    for path in (
        f"{CUBE}?access_token={secret}",
        f"{CUBE}?key={secret}",
        f"{CUBE}?api_key={secret}",
    ):
        refused(desk.client.get(path), 401, "unauthenticated")
    for name in ("X-API-Key", "Api-Key", "Proxy-Authorization", "Cookie"):
        answer = desk.client.get(CUBE, headers={name: secret})
        refused(answer, 401, "unauthenticated")
    headers = [("Authorization", f"Bearer {secret}"), ("Authorization", f"Bearer {secret}")]
    refused(desk.client.get(CUBE, headers=headers), 401, "invalid_token")


def test_a_key_with_something_around_it_is_none(desk):
    secret = desk.make()["secret"]
    basic = base64.b64encode(f"x:{secret}\n".encode()).decode()
    for value in (
        f"Bearer {secret},{secret}",
        f"Bearer {secret} ",
        f"Bearer {secret.upper()}",
        f"Bearer {secret}=",
        f"Basic {basic}",
    ):
        assert desk.client.get(CUBE, headers={"Authorization": value}).status_code == 401, value


# --- keys outside their bounds -------------------------------------------------------------------


def test_a_key_is_refused_outside_its_networks(desk):
    secret = desk.make(networks=["192.0.2.0/29", "2001:db8::/32"])["secret"]
    assert desk.with_key(secret).status_code == 200
    for inside in ("2001:db8::1", "::ffff:192.0.2.1"):
        desk.at(inside)
        assert desk.with_key(secret).status_code == 200
    for outside in (
        "192.0.2.8",
        "2001:db9::1",
        "::ffff:192.0.2.8",
        "::192.0.2.1",
        "not-an-address",
    ):
        desk.at(outside)
        before = desk.failures()
        refused_key(desk, desk.with_key(secret), "access_key_from_elsewhere", before)


def test_ranges_are_kept_in_one_spelling(desk):
    asked = ["192.0.2.0/25", "192.0.2.128/25", "::ffff:198.51.100.0/120", "2001:DB8:0::/33"]
    made = desk.make(networks=[*asked, "2001:db8:8000::/33"])
    assert made["key"]["networks"] == ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"]
    for inside in ("192.0.2.200", "198.51.100.7", "::ffff:198.51.100.7", "2001:db8:ffff::1"):
        desk.at(inside)
        assert desk.with_key(made["secret"]).status_code == 200, inside
    new = desk.ask("POST", f"{KEYS}/{made['key']['id']}/rotate").json()
    assert new["key"]["networks"] == made["key"]["networks"]
    assert desk.last().body["is_limited_to_networks"] is True


def test_a_key_of_everywhere_is_one_that_names_no_range(desk):
    made = desk.make()
    assert made["key"]["networks"] == ["0.0.0.0/0", "::/0"]
    assert desk.last().body["is_limited_to_networks"] is False
    assert desk.ask("POST", f"{KEYS}/{made['key']['id']}/rotate").status_code == 201
    assert desk.last().body["is_limited_to_networks"] is False


def test_no_header_moves_a_key_into_its_network(desk):
    secret = desk.make(networks=["198.51.100.0/24"])["secret"]
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP", "True-Client-IP"):
        for value in ("198.51.100.1", "for=198.51.100.1"):
            headers = {"Authorization": f"Bearer {secret}", name: value}
            refused(desk.client.get(CUBE, headers=headers), 401, "invalid_token")


def test_a_key_expires_at_its_second(desk):
    secret = desk.make(expires_in_days=1)["secret"]
    desk.clock.moment = NOW + timedelta(days=1) - timedelta(microseconds=1)
    assert desk.with_key(secret).status_code == 200
    desk.clock.moment = NOW + timedelta(days=1)
    before = desk.failures()
    refused_key(desk, desk.with_key(secret), "access_key_expired", before)


def test_a_revoked_key_is_refused_at_its_next_request(desk):
    made = desk.make()
    assert desk.with_key(made["secret"]).status_code == 200
    path = f"{KEYS}/{made['key']['id']}"
    answer = desk.ask("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    entry = desk.last()
    assert (entry.kind, entry.body["access_key"]) == ("key.revoked", made["key"]["id"])
    before = desk.failures()
    refused_key(desk, desk.with_key(made["secret"]), "access_key_revoked", before)
    count = len(desk.house.entries())
    assert desk.ask("DELETE", path).status_code == 204  # again: nothing happens
    assert len(desk.house.entries()) == count


def test_a_rotated_key_works_for_the_overlap_and_not_a_second_longer(desk):
    old = desk.make()
    answer = desk.ask("POST", f"{KEYS}/{old['key']['id']}/rotate", {"overlap_days": 3})
    assert answer.status_code == 201
    new = answer.json()
    assert new["before"]["state"] == "rotated"
    assert (new["before"]["rotates_to"], new["key"]["rotated_from"]) == (
        new["key"]["id"],
        old["key"]["id"],
    )
    assert new["key"]["expires"] == "2026-09-29T06:00:00.000Z"
    entry = desk.last()
    assert (entry.kind, entry.body["access_key_before"]) == ("key.rotated", old["key"]["id"])
    assert entry.body["before_expires_utc"] == "2026-07-04T06:00:00.000Z"
    desk.clock.moment = NOW + timedelta(days=3) - timedelta(microseconds=1)
    assert desk.with_key(old["secret"]).headers["jakelu-key-expires"] == "2026-07-04"
    assert desk.with_key(new["secret"]).status_code == 200
    desk.clock.moment = NOW + timedelta(days=3)
    before = desk.failures()
    refused_key(desk, desk.with_key(old["secret"]), "access_key_expired", before)
    assert desk.with_key(new["secret"]).status_code == 200


def test_a_rotation_without_a_body_overlaps_for_a_week_and_never_prolongs(desk):
    old = desk.make(expires_in_days=5)
    answer = desk.ask("POST", f"{KEYS}/{old['key']['id']}/rotate")
    assert answer.json()["before"]["expires"] == old["key"]["expires"]
    assert answer.json()["key"]["expires"] == "2026-07-06T06:00:00.000Z"
    longer = desk.make()
    answer = desk.ask("POST", f"{KEYS}/{longer['key']['id']}/rotate")
    assert answer.json()["before"]["expires"] == "2026-07-08T06:00:00.000Z"


def test_only_two_secrets_of_a_lineage_work_at_a_time(desk):
    old = desk.make()
    rotate = f"{KEYS}/{old['key']['id']}/rotate"
    new = desk.ask("POST", rotate).json()
    refused(desk.ask("POST", rotate), 409, "access_key_not_active")
    again = f"{KEYS}/{new['key']['id']}/rotate"
    refused(desk.ask("POST", again), 409, "access_key_not_active")
    desk.ask("DELETE", f"{KEYS}/{old['key']['id']}")
    assert desk.ask("POST", again).status_code == 201


@pytest.mark.parametrize("days", [15, -1, 10**9])
def test_an_overlap_is_at_most_two_weeks(desk, days):
    path = f"{KEYS}/{desk.make()['key']['id']}/rotate"
    refused(desk.ask("POST", path, {"overlap_days": days}), 400, "bad_parameter", "overlap_days")


def test_an_ended_key_is_not_rotated_back_to_life(desk):
    for end in ("revoked", "expired"):
        made = desk.make(expires_in_days=1)
        if end == "revoked":
            desk.ask("DELETE", f"{KEYS}/{made['key']['id']}")
        else:
            desk.clock.moment = NOW + timedelta(days=1)
        answer = desk.ask("POST", f"{KEYS}/{made['key']['id']}/rotate")
        refused(answer, 409, "access_key_not_active")


# --- what a key never reaches --------------------------------------------------------------------


def denied(desk, code: str, policy: str) -> None:
    entry = desk.last()
    assert (entry.kind, entry.body["refusal"]) == ("access.denied", code)
    assert policy in entry.body["policies"]


def test_a_key_opens_no_other_product_of_its_organisation(desk):
    secret = desk.make(roles=["heti:tilastokuutiot"])["secret"]
    for path in ("/v1/cubes/service-outcomes/data", PUBLIC_CUBE):
        refused(desk.with_key(secret, path), 403, "product_not_in_key")
        denied(desk, "product_not_in_key", "key-of-other-products")


def test_a_key_gets_rows_of_no_other_area(desk):
    secret = desk.make(**ROWS_KEY)["secret"]
    assert desk.with_key(secret, f"{ROWS}?area=39").status_code == 200
    refused(desk.with_key(secret, f"{ROWS}?area=40"), 403, "area_out_of_scope", "area")
    denied(desk, "area_out_of_scope", "rows-own-area")


def test_a_key_reads_no_journal_and_manages_no_keys(desk):
    made = desk.make()
    for method, path in (
        ("GET", "/v1/journal/entries"),
        ("GET", KEYS),
        ("POST", KEYS),
        ("DELETE", f"{KEYS}/{made['key']['id']}"),
        ("POST", f"{KEYS}/{made['key']['id']}/rotate"),
    ):
        answer = desk.with_key(made["secret"], path, method)
        refused(answer, 403, "access_key_refused")
        denied(desk, "access_key_refused", "keys-are-for-products-only")
        assert desk.last().body["auth_strength"] == "key"
    assert desk.with_key(made["secret"]).status_code == 200


def test_a_restricted_release_is_closed_to_keys(fresh_house):
    fresh_house.publish_cube(
        as_of=NOW.date(),
        classification=fresh_house.catalog.find("job-seekers").classification.RESTRICTED,
    )
    desk = Desk(fresh_house)
    with desk.client:
        secret = desk.make()["secret"]
        refused(desk.with_key(secret), 403, "bound_token_required")
        denied(desk, "bound_token_required", "restricted-needs-bound-token")
        assert desk.with_key(secret, f"{CUBE}?as_of=2026-06-30").status_code == 200


# --- who manages keys ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "persona",
    [READER, "small-municipality-bi", "ely-analyst", "koto-worker", "auditor", "stranger"],
)
def test_only_an_administrator_manages_keys(desk, persona):
    for method, path in (("GET", KEYS), ("POST", KEYS), ("DELETE", f"{KEYS}/{'a' * 12}")):
        refused(desk.ask(method, path, persona=persona), 403, "role_missing")
        denied(desk, "role_missing", "default-deny")
        assert desk.last().body["action"] == "manage_keys"


def test_an_administrator_reads_no_product_by_that(desk):
    refused(desk.ask("GET", CUBE), 403, "role_missing")
    refused(desk.ask("GET", f"{ROWS}?area=39"), 403, "role_missing")


def test_keys_without_any_credentials_are_not_told_of(desk):
    for method, path in (("GET", KEYS), ("POST", KEYS), ("DELETE", f"{KEYS}/x")):
        refused(desk.client.request(method, path), 401, "unauthenticated")


def test_another_organisations_key_and_an_unknown_one_are_answered_alike(desk, monkeypatch):
    made = desk.make()
    issuer = desk.house.bearer.__globals__["issue"].__globals__
    other = issuer["Persona"]("other", "admin-9", "other-keys", "KU091", ("heti:avainhallinta",))
    monkeypatch.setitem(issuer, "PERSONAS", issuer["PERSONAS"] | {"other": other})
    assert desk.ask("GET", KEYS, persona="other").json() == {"keys": []}
    told = []
    for key in (made["key"]["id"], "a" * 12, "%F0%9F%94%91", "A" * 2000):
        for method, path in (("DELETE", f"{KEYS}/{key}"), ("POST", f"{KEYS}/{key}/rotate")):
            answer = desk.ask(method, path, persona="other")
            refused(answer, 404, "access_key_not_found")
            denied(desk, "access_key_not_found", "default-deny")
            assert key not in json.dumps(dict(desk.last().body))
            told.append(re.sub(r"urn:uuid:[0-9a-f-]+", "", answer.text))
    assert len(set(told)) == 1
    assert desk.with_key(made["secret"]).status_code == 200


# --- what is asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "code", "parameter"),
    [
        ({"roles": ["heti:tarkastaja"]}, 400, "bad_parameter", "roles"),
        ({"roles": ["heti:avainhallinta"]}, 400, "bad_parameter", "roles"),
        ({"roles": ["atmt:raportointi"]}, 400, "bad_parameter", "roles"),
        ({"roles": ["heti:nothing"]}, 400, "bad_parameter", "roles"),
        ({"roles": ["journal.read"]}, 400, "bad_parameter", "roles"),
        ({"roles": ["heti:tilastokuutiot", "heti:raakadata"]}, 400, "bad_parameter", "roles"),
        ({"roles": ["heti:tilastokuutiot"] * 2}, 400, "bad_parameter", "roles"),
        ({"roles": []}, 403, "role_missing", "products"),
        ({"permissions": ["journal.read"]}, 400, "unknown_parameter", "permissions"),
        ({"organisation": "KU091"}, 400, "unknown_parameter", "organisation"),
        ({"expires_in_days": 91}, 400, "bad_parameter", "expires_in_days"),
        ({"expires_in_days": 0}, 400, "bad_parameter", "expires_in_days"),
        ({"expires_in_days": 1.5}, 400, "bad_parameter", "expires_in_days"),
        ({"expires_in_days": "90"}, 400, "bad_parameter", "expires_in_days"),
        ({"expires_in_days": True}, 400, "bad_parameter", "expires_in_days"),
        ({"expires_in_days": 10**30}, 400, "bad_parameter", "expires_in_days"),
        ({"products": []}, 400, "bad_parameter", "products"),
        ({"products": None}, 400, "bad_parameter", "products"),
        ({"products": "job-seekers"}, 400, "bad_parameter", "products"),
        ({"products": ["job-seekers"] * 2}, 400, "bad_parameter", "products"),
        ({"products": [f"p{i}" for i in range(51)]}, 400, "bad_parameter", "products"),
        ({"service_account": "Reports"}, 400, "bad_parameter", "service_account"),
        ({"service_account": "x-010190-900x"}, 400, "bad_parameter", "service_account"),
        ({"service_account": "bi\u0000"}, 400, "bad_parameter", "service_account"),
        ({"service_account": "b" * 64}, 400, "bad_parameter", "service_account"),
        ({"networks": []}, 400, "bad_parameter", "networks"),
        ({"networks": ["192.0.2.1/24"]}, 400, "bad_parameter", "networks"),
        ({"networks": ["localhost"]}, 400, "bad_parameter", "networks"),
        ({"networks": ["١٩٢.0.2.0/24"]}, 400, "bad_parameter", "networks"),
        ({"networks": [3221225985]}, 400, "bad_parameter", "networks"),
        ({"networks": ["fe80::%eth0/64"]}, 400, "bad_parameter", "networks"),
        ({"networks": ["0.0.0.0/0"]}, 400, "bad_parameter", "networks"),
        ({"networks": ["::/0"]}, 400, "bad_parameter", "networks"),
        ({"networks": ["0.0.0.0/1", "128.0.0.0/1"]}, 400, "bad_parameter", "networks"),
        ({"networks": ["::/1", "8000::/1", "192.0.2.0/24"]}, 400, "bad_parameter", "networks"),
        ({"networks": ["::ffff:0:0/96"]}, 400, "bad_parameter", "networks"),
        ({"networks": ["::ffff:0:0/97", "128.0.0.0/1"]}, 400, "bad_parameter", "networks"),
    ],
)
def test_a_key_may_not_be_asked_for_like_that(desk, changes, status, code, parameter):
    count = len(desk.house.entries())
    answer = desk.ask("POST", KEYS, BI | changes)
    refused(answer, status, code, parameter)
    written = desk.house.entries()[count:]
    assert [entry.kind for entry in written] == (["access.denied"] if status == 403 else [])
    assert all(key["state"] == "revoked" for key in desk.ask("GET", KEYS).json()["keys"])


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "jоb-seekers",
        "job‐seekers",
        "job-seekers\u200b",
        "JOB-SEEKERS",
        "ｊob-seekers",
        "no-such-product",
    ],
)
def test_a_product_that_is_not_there_is_refused_and_journaled_without_its_name(desk, name):
    count = len(desk.house.entries())
    answer = desk.ask("POST", KEYS, BI | {"products": ["job-seekers", name]})
    refused(answer, 400, "bad_parameter", "products")
    (entry,) = desk.house.entries()[count:]
    told = {each: entry.body[each] for each in ("product", "action", "refusal", "policies")}
    assert entry.kind == "access.denied"
    assert told == {
        "product": None,
        "action": "manage_keys",
        "refusal": "bad_parameter",
        "policies": ["default-deny"],
    }
    assert (entry.body["sub"], entry.body["organisation"]) == ("admin-4", "KU837")


def test_a_product_that_is_not_listed_is_answered_like_one_that_is_not_there(desk, monkeypatch):
    issuer = desk.house.bearer.__globals__["issue"].__globals__
    keha = issuer["Persona"]("keha", "admin-8", "keha-keys", "KEHA", ("heti:avainhallinta",))
    monkeypatch.setitem(issuer, "PERSONAS", issuer["PERSONAS"] | {"keha": keha})
    count = len(desk.house.entries())
    answers = [
        desk.ask("POST", KEYS, BI | {"products": products}, persona="keha")
        for products in (["no-such-product"], ["job-seekers"], ["a-word", "job-seekers"])
    ]
    told = [answer.json() | {"instance": None} for answer in answers]
    assert told[0] == told[1] == told[2]
    refused(answers[0], 400, "bad_parameter", "products")
    bodies = [entry.body for entry in desk.house.entries()[count:]]
    assert [body["product"] for body in bodies] == [None, "job-seekers", "job-seekers"]
    assert {body["refusal"] for body in bodies} == {"bad_parameter"}


def test_a_key_for_what_the_organisation_may_not_have_is_refused_with_the_reason(desk, monkeypatch):
    issuer = desk.house.bearer.__globals__["issue"].__globals__
    centre = issuer["Persona"]("evk", "admin-7", "evk-keys", "EVK04", ("heti:avainhallinta",))
    monkeypatch.setitem(issuer, "PERSONAS", issuer["PERSONAS"] | {"evk": centre})
    answer = desk.ask("POST", KEYS, ROWS_KEY, persona="evk")
    refused(answer, 403, "organisation_not_in_audience", "products")
    denied(desk, "organisation_not_in_audience", "rows-employment-authorities-only")
    assert desk.last().body["product"] == "job-seeker-spells"
    assert desk.ask("POST", KEYS, BI, persona="evk").status_code == 201


def test_a_public_product_needs_no_role(desk):
    secret = desk.make(products=["vacancies"], roles=[])["secret"]
    assert desk.with_key(secret, PUBLIC_CUBE).status_code == 200
    refused(desk.with_key(secret), 403, "product_not_in_key")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b"[]", 400, "bad_request"),
        (b"null", 400, "bad_request"),
        (b'{"a":1', 400, "bad_request"),
        (b'{"service_account":"a","service_account":"b"}', 400, "bad_request"),
        (b'{"expires_in_days":NaN}', 400, "bad_request"),
        (b'{"service_account":"\xff"}', 400, "bad_request"),
        (b"[" * 30_000, 400, "bad_request"),
        (b"{}", 400, "missing_parameter"),
        (b'{"a":"' + b"x" * 70_000 + b'"}', 413, "body_too_large"),
    ],
)
def test_a_body_is_read_strictly(desk, content, status, code):
    headers = desk.bearer(ADMINISTRATOR) | {"Content-Type": "application/json"}
    answer = desk.client.post(KEYS, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_form_is_no_json(desk):
    headers = desk.bearer(ADMINISTRATOR) | {"Content-Type": "text/plain"}
    answer = desk.client.post(KEYS, content=json.dumps(BI).encode(), headers=headers)
    refused(answer, 415, "wrong_media_type")


def test_other_methods_are_told_which_there_are(desk):
    answer = desk.ask("PUT", KEYS)
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_an_organisation_has_twenty_keys_at_most(desk):
    for _ in range(20):
        last = desk.make()
    refused(desk.ask("POST", KEYS, BI), 409, "too_many_access_keys")
    assert desk.ask("POST", f"{KEYS}/{last['key']['id']}/rotate").status_code == 201
    refused(desk.ask("POST", KEYS, BI), 409, "too_many_access_keys")


def test_the_twenty_are_counted_exactly_when_all_ask_at_once(desk):
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: desk.ask("POST", KEYS, BI).status_code, range(26)))
    assert sorted(answers) == [201] * 20 + [409] * 6


def test_a_rotation_without_overlap_ends_the_old_key_at_once(desk):
    old = desk.make()
    new = desk.ask("POST", f"{KEYS}/{old['key']['id']}/rotate", {"overlap_days": 0}).json()
    before = desk.failures()
    refused_key(desk, desk.with_key(old["secret"]), "access_key_expired", before)
    assert desk.with_key(new["secret"]).status_code == 200


def test_a_rotation_gives_no_more_than_a_key_made_today(fresh_house, tmp_path):
    desk = Desk(fresh_house)
    with desk.client:
        old = desk.make()
    policies = shutil.copytree(fresh_house.settings().policies_dir, tmp_path / "policies")
    roles = (policies / "roles.yaml").read_text(encoding="utf-8")
    changed = roles.replace("role: tilastokuutiot", "role: another")
    assert changed != roles
    (policies / "roles.yaml").write_text(changed, encoding="utf-8")
    desk = Desk(fresh_house, policies_dir=policies)
    with desk.client:
        refused(desk.with_key(old["secret"]), 403, "role_missing")  # today's table, not yesterday's
        answer = desk.ask("POST", f"{KEYS}/{old['key']['id']}/rotate")
        refused(answer, 400, "bad_parameter", "roles")


# --- order, and what is kept ---------------------------------------------------------------------


def test_the_journal_has_a_key_before_it_works(fresh_house):
    """While the journal cannot be written no key is made, rotated or revoked."""
    import sqlite3

    desk = Desk(fresh_house)
    with desk.client:
        made = desk.make()
        entry = desk.last()
        told = {
            name: entry.body[name]
            for name in ("access_key", "service_account", "key_products", "key_roles", "operator")
        }
        assert entry.kind == "key.created"
        assert told == {
            "access_key": made["key"]["id"],
            "service_account": "bi-reports",
            "key_products": ["job-seekers"],
            "key_roles": ["heti:tilastokuutiot"],
            "operator": None,
        }
        assert (entry.body["sub"], entry.body["policies"]) == (
            "admin-4",
            ["keys-of-own-organisation"],
        )
        other = sqlite3.connect(fresh_house.journal_path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        path = f"{KEYS}/{made['key']['id']}"
        for method, address in (("POST", KEYS), ("POST", f"{path}/rotate"), ("DELETE", path)):
            answer = desk.ask(method, address, BI if address == KEYS else None)
            refused(answer, 503, "journal_unavailable")
        other.execute("ROLLBACK")
        other.close()
        (key,) = desk.ask("GET", KEYS).json()["keys"]
        assert (key["id"], key["state"]) == (made["key"]["id"], "active")
        assert desk.with_key(made["secret"]).status_code == 200


def test_a_change_that_cannot_be_kept_has_not_been_made_though_it_was_announced(
    fresh_house, monkeypatch
):
    def full(*_):
        raise OSError("no space left")

    desk = Desk(fresh_house)
    with desk.client:
        made = desk.make()
        path = f"{KEYS}/{made['key']['id']}"
        with monkeypatch.context() as patched:
            patched.setattr(state_keys._Rows, "put", full)
            for method, address in (("POST", KEYS), ("POST", f"{path}/rotate"), ("DELETE", path)):
                answer = desk.ask(method, address, BI if address == KEYS else None)
                refused(answer, 503, "state_unavailable")
        kinds = [entry.kind for entry in fresh_house.entries()][-3:]
        assert kinds == ["key.created", "key.rotated", "key.revoked"]
        (key,) = desk.ask("GET", KEYS).json()["keys"]
        assert (key["id"], key["state"]) == (made["key"]["id"], "active")
        assert desk.with_key(made["secret"]).status_code == 200


def test_a_lost_state_refuses_keys_and_lets_tokens_pass(fresh_house):
    desk = Desk(fresh_house)
    with desk.client:
        secret = desk.make()["secret"]
    for path in fresh_house.journal_path.parent.glob("state.sqlite*"):
        path.unlink()
    desk = Desk(fresh_house)
    with desk.client:
        refused(desk.with_key(secret), 401, "invalid_token")
        assert desk.ask("GET", CUBE, persona=READER).status_code == 200


def test_no_subject_of_a_token_passes_for_the_operator(desk, monkeypatch):
    issuer = desk.house.bearer.__globals__["issue"].__globals__
    disguised = issuer["Persona"]("op", "operator", "keys", "KU837", ("heti:avainhallinta",))
    monkeypatch.setitem(issuer, "PERSONAS", issuer["PERSONAS"] | {"op": disguised})
    made = desk.ask("POST", KEYS, BI, persona="op").json()["key"]
    assert made["created_by"] == "https://issuer.demo.invalid operator"
    new = desk.ask("POST", f"{KEYS}/{made['id']}/rotate").json()["key"]
    assert new["created_by"] == "https://issuer.demo.invalid admin-4"
    body = desk.last().body
    assert (body["iss"], body["operator"]) == ("https://issuer.demo.invalid", None)


def test_a_secret_is_told_once_and_kept_nowhere(fresh_house, caplog):
    caplog.set_level("DEBUG")
    desk = Desk(fresh_house)
    with desk.client:
        answer = desk.ask("POST", KEYS, BI)
        assert answer.headers["cache-control"] == "no-store"
        made = answer.json()
        secret, digest = made["secret"], read_key_text(made["secret"]).digest()
        new = desk.ask("POST", f"{KEYS}/{made['key']['id']}/rotate")
        assert new.headers["cache-control"] == "no-store"
        answers = [
            desk.with_key(secret),
            desk.with_key(secret, KEYS),
            desk.with_key(secret[:-1] + "x"),
            desk.client.get(CUBE, auth=("wrong", secret)),
            desk.ask("GET", KEYS),
            desk.with_key(secret, "/v1/me"),
            desk.ask("DELETE", f"{KEYS}/{secret}"),
            desk.ask("POST", KEYS, BI | {"service_account": secret}),
        ]
        metrics = desk.metrics()
    kept = b"".join(
        path.read_bytes() for path in fresh_house.journal_path.parent.rglob("*") if path.is_file()
    )
    logged = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("httpx"))
    for text in (secret, new.json()["secret"]):
        needle = text[17:-8]  # the random part
        assert needle.encode() not in kept
        assert read_key_text(text).secret not in kept
        for place in (logged, metrics, *(each.text for each in answers)):
            assert needle not in place
    for each in answers:
        assert digest.hex() not in each.text
        assert "digest" not in each.text
    assert digest in kept  # the canary looks where keys are
