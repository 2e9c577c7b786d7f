"""The signed address of a file: what it opens, for how long, and what somebody who stole it can do."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import yaml
from starlette.testclient import TestClient

from gateway.model.entry import EntryKind
from gateway.serving import create_app

NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
TABLE = "/delta-sharing/shares/39/schemas/rows/tables/job-seeker-spells"
ROWS_KEY = {
    "service_account": "nightly-load",
    "products": ["job-seeker-spells"],
    "roles": ["heti:raakadata"],
}
OWN, THIEF = "192.0.2.7", "198.51.100.9"


class Clock:
    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment


class Desk:
    """A running house whose clock the test moves."""

    def __init__(self, house, **settings) -> None:
        self.house, self.clock = house, Clock()
        self.app = create_app(house.settings(**settings), clock=self.clock)
        self.client = self.at(OWN)

    def at(self, address: str) -> TestClient:
        return TestClient(self.app, raise_server_exceptions=False, client=(address, 4711))

    def bearer(self, persona: str) -> dict[str, str]:
        issue = self.house.bearer.__globals__["issue"]
        token = issue(persona, folder=self.house.root / "issuer", now=self.clock.moment)
        return {"Authorization": f"Bearer {token}"}

    def key(self, **changes) -> dict:
        headers = self.bearer("key-administrator")
        answer = self.client.post("/v1/keys", json=ROWS_KEY | changes, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def revoke(self, key: dict) -> None:
        path = f"/v1/keys/{key['key']['id']}"
        headers = self.bearer("key-administrator")
        assert self.client.delete(path, headers=headers).status_code == 204

    def address(self, secret: str | None = None, **body) -> str:
        headers = self.bearer("municipality-bi")
        if secret is not None:
            headers = {"Authorization": f"Bearer {secret}"}
        answer = self.client.post(f"{TABLE}/query", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text.splitlines()[2])["file"]["url"]

    def failures(self) -> dict[str, int]:
        local = TestClient(self.app, client=("127.0.0.1", 4711)).get("/metrics").text
        found = re.findall(r'failures_total\{reason="(\w+)"\} ([0-9]+)', local)
        return {reason: int(count) for reason, count in found}


@pytest.fixture
def desk(fresh_house):
    desk = Desk(fresh_house)
    with desk.client:
        yield desk


@pytest.fixture(scope="module")
def still(new_house):
    """For tests that change nothing."""
    desk = Desk(new_house())
    with desk.client:
        yield desk


def refused(answer, code: str = "invalid_file_address") -> None:
    assert (answer.status_code, answer.json()["errorCode"]) == (403, code), answer.text
    assert "www-authenticate" not in answer.headers


def changed(url: str, *, path=lambda path: path, **values: str | None) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | values
    kept = {name: value for name, value in query.items() if value is not None}
    return parts._replace(path=path(parts.path), query=urlencode(kept)).geturl()


def other_character(text: str) -> str:
    return ("A" if text[0] != "A" else "B") + text[1:]


def begun(desk) -> list[str]:
    """What was asked for or refused; how a delivery ended may be journaled a little after it."""
    entries = desk.house.entries()
    return [each.event_id for each in entries if each.kind != EntryKind.COMPLETION]


TAMPERED = {
    "another product": lambda url: changed(
        url, path=lambda p: p.replace("job-seeker-spells", "service-periods")
    ),
    "another area": lambda url: changed(url, path=lambda p: p.replace("/39/", "/40/")),
    "another release": lambda url: changed(url, path=lambda p: p.replace("06-30.1", "06-30.2")),
    "a longer life": lambda url: changed(url, until="1999999999"),
    "another entry": lambda url: changed(url, entry="01890000-0000-7000-8000-000000000000"),
    "another key": lambda url: changed(url, who="key.aaaaaaaaaaaa"),
    "another signature": lambda url: changed(
        url, sp=other_character(dict(parse_qsl(urlsplit(url).query))["sp"])
    ),
    "an empty signature": lambda url: changed(url, sp=""),
}


@pytest.mark.parametrize("with_key", [True, False], ids=["by key", "by token"])
@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_changed_address_opens_nothing(still, change, with_key):
    key = still.key() if with_key else None
    url = still.address(key["secret"] if key else None)
    assert still.client.get(url).status_code == 200
    before, entries = still.failures(), begun(still)
    refused(still.client.get(change(url)))
    counted = {name: n - before.get(name, 0) for name, n in still.failures().items()}
    assert {name: n for name, n in counted.items() if n} == {"file_address_signature_wrong": 1}
    assert begun(still) == entries
    if key:
        still.revoke(key)


MALFORMED = {
    "no signature": {"sp": None},
    "no end": {"until": None},
    "nobody": {"who": None},
    "no entry": {"entry": None},
    "one more parameter": {"area": "40"},
    "an end that is no number": {"until": "soon"},
    "an end with a sign": {"until": "+1999999999"},
    "an end in other digits": {"until": "١٩٩٩٩٩٩٩٩٩"},
    "an entry that is no id": {"entry": "x"},
    "somebody of another kind": {"who": "admin.1"},
    "a very long name": {"who": "token." + "a" * 5000},
    "a line feed": {"who": "key.aaaaaaaaaaaa\n"},
    "a signature in other letters": {"sp": "ä"},
}


@pytest.mark.parametrize("values", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_address_opens_nothing(still, values):
    before = still.failures().get("file_address_malformed", 0)
    refused(still.client.get(changed(still.address(), **values)))
    assert still.failures()["file_address_malformed"] == before + 1


def test_an_address_opens_no_other_place(still):
    url = still.address()
    query = urlsplit(url).query
    for path in ("/v1/rows/job-seeker-spells", TABLE + "/metadata", "/delta-sharing/shares"):
        assert still.client.get(f"{path}?{query}").status_code == 401
    refused(still.client.get(changed(url, path=lambda p: f"{p}/x")))
    refused(still.client.get(changed(url, path=lambda p: p.rsplit("/", 1)[0])))


def test_an_address_expires_and_says_so(desk):
    url = desk.address(desk.key()["secret"])
    desk.clock.moment += timedelta(seconds=3599)
    assert desk.client.get(url).status_code == 200
    desk.clock.moment += timedelta(seconds=1)
    answer = desk.client.get(url)
    refused(answer, "file_address_expired")
    assert "Query the table again" in answer.json()["message"]


def test_an_address_ends_with_its_key_at_the_latest(desk):
    key = desk.key(expires_in_days=1)
    desk.clock.moment += timedelta(hours=23, minutes=30)
    url = desk.address(key["secret"])
    assert desk.client.get(url).status_code == 200
    desk.clock.moment += timedelta(minutes=30)
    refused(desk.client.get(url), "file_address_expired")


def test_a_revoked_key_ends_its_addresses_between_two_ranges(desk):
    key = desk.key()
    url = desk.address(key["secret"])
    first = desk.client.get(url, headers={"range": "bytes=0-99"})
    assert first.status_code == 206
    desk.revoke(key)
    refused(desk.client.get(url, headers={"range": "bytes=100-199"}))
    assert desk.client.head(url).status_code == 403
    assert desk.failures()["access_key_revoked"] == 2


def test_a_policy_that_changed_ends_addresses_that_were_given_before(fresh_house, tmp_path):
    policies = tmp_path / "policies"
    shutil.copytree(fresh_house.settings().policies_dir, policies)
    desk = Desk(fresh_house, policies_dir=policies)
    with desk.client:
        key = desk.key()
        url = desk.address(key["secret"])
        assert desk.client.get(url).status_code == 200
    path = policies / "subscriptions.yaml"
    text = yaml.safe_load(path.read_text())
    text["subscriptions"] = [each for each in text["subscriptions"] if each["id"] != "areas-rows"]
    path.write_text(yaml.safe_dump(text))
    later = Desk(fresh_house, policies_dir=policies)
    with later.client:
        refused(later.client.get(url), "subscription_missing")
    assert fresh_house.entries()[-1].body["refusal"] == "subscription_missing"


def test_a_stolen_address_opens_one_file_from_where_the_key_may_be_used(desk):
    """A thief who has it fetches this one file, as its owner in the journal; from elsewhere, nothing."""
    key = desk.key(networks=["192.0.2.0/24"])
    url = desk.address(key["secret"])
    assert desk.at(OWN).get(url).status_code == 200
    refused(desk.at(THIEF).get(url))
    everywhere = desk.address(desk.key()["secret"])
    stolen = desk.at(THIEF).get(everywhere)
    assert stolen.status_code == 200
    entry = next(
        each for each in desk.house.entries() if each.event_id == stolen.headers["jakelu-receipt"]
    )
    assert entry.body["sub"] == "nightly-load"


def test_an_address_names_no_person_and_holds_no_secret(still):
    key = still.key()
    for url in (still.address(), still.address(key["secret"])):
        query = dict(parse_qsl(urlsplit(url).query))
        assert set(query) == {"until", "entry", "who", "sp"}
        for told in ("municipality-bi", "tampere", "KU837", "heti", key["secret"], "jkl_"):
            assert told not in url
    still.revoke(key)


def test_a_bound_token_counts_for_no_more_than_a_bearer_token(still, holder):
    issue = still.house.bearer.__globals__["issue"]
    url = f"http://127.0.0.1:8080{TABLE}/query"
    token = issue(
        "municipality-bi",
        folder=still.house.root / "issuer",
        now=NOW,
        bound_to={"jkt": holder.thumbprint},
    )
    proof = holder.proof(token, url, htm="POST")
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    answer = still.client.post(f"{TABLE}/query", json={}, headers=headers)
    assert answer.status_code == 200, answer.text
    entry = next(
        each for each in still.house.entries() if each.event_id == answer.headers["jakelu-receipt"]
    )
    assert entry.body["auth_strength"] == "bearer"
    file = json.loads(answer.text.splitlines()[2])["file"]
    assert still.client.get(file["url"]).status_code == 200


def test_processes_of_one_state_know_each_others_addresses_and_others_do_not(fresh_house, tmp_path):
    one = Desk(fresh_house)
    with one.client:
        url = one.address()
    again = Desk(fresh_house)
    with again.client:
        assert again.client.get(url).status_code == 200
    stranger = Desk(fresh_house, state_path=tmp_path / "state.sqlite")
    with stranger.client:
        refused(stranger.client.get(url))
    with sqlite3.connect(fresh_house.journal_path.with_name("state.sqlite")) as state:
        (length,) = state.execute(
            "SELECT length(key) FROM sealing_keys WHERE purpose = 'file_addresses'"
        ).fetchone()
    state.close()
    assert length == 32


def test_guessed_addresses_slow_down_and_stop(fresh_house):
    limits = {"failed_logins_per_minute": 3}
    desk = Desk(fresh_house, limits=limits)
    with desk.client:
        url = changed(desk.address(), sp="A" * 43)
        codes = [desk.client.get(url).json()["errorCode"] for _ in range(5)]
    assert codes[:3] == ["invalid_file_address"] * 3
    assert codes[-1] == "too_many_failures"
