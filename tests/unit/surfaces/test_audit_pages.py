"""The auditor's pages: for auditors with a session, each reading journaled first, and values only ever as text."""

from __future__ import annotations

import csv
import io
import json
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.adapters.demo_issuer import DEMO_ISSUER, PERSONAS
from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_sessions import StoredSessions
from gateway.batch.journal_key import create_journal_key
from gateway.errors import JournalForked, JournalUnwitnessed, TooManyWaiting
from gateway.journal.note import SignatureType, VerifierKey
from gateway.journal.signing import Signing
from gateway.journal.summary import Summary, summarise
from gateway.journal.witnessed import Seen, Witnessed
from gateway.model.entry import EntryKind, Outcome
from gateway.model.label import Label
from gateway.model.ruling import Action
from gateway.surfaces.auditor.pages.fields import FIRST, further_filters
from gateway.surfaces.auditor.pages.standing import standing_of
from gateway.surfaces.auditor.pages.texts import TEXTS
from gateway.surfaces.auditor.pages.words import ACTIONS, KINDS, OTHER_REMEDY, OUTCOMES, REMEDIES
from gateway.surfaces.auditor.parameters import PARAMETERS
from gateway.surfaces.html.texts import SHARED
from gateway.surfaces.html.threads import BoundedThreads

NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
BASE = "http://127.0.0.1:8080"
ORIGIN = "jakelu.example/v1/journal"
TODAY = "2026-07-01"
NOWHERE = "http://127.0.0.1:9"
WITNESS = VerifierKey(
    "witness.example",
    SignatureType.COSIGNATURE,
    Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw(),
)
HOSTILE = "<script>alert(1)</script>\"'&lt;"
READ = ("/audit", "/audit/entries/1", f"/audit/clients?client=tampere-bi&day={TODAY}")
COUNTED = ("/audit/deliveries", "/audit/deliveries.csv")
OF_THE_TREE = ("/audit/checkpoint", "/audit/entries/1/proof", "/audit/clients")
EXPORT = "/audit/export"
EVERYTHING = (EXPORT, *READ, *COUNTED, *OF_THE_TREE)


class Clock:
    """Stands still."""

    def now(self) -> datetime:
        return NOW


class Shown(HTMLParser):
    """What a browser makes of a page: elements, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(word for word in self.words if word)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


class Site:
    """A house with pages for people, and sessions that began without a provider."""

    def __init__(self, house, client, clock) -> None:
        self.house, self.client = house, client
        self._clock = clock

    def session(self, persona: str, **claims: str) -> dict[str, str]:
        known = PERSONAS[persona]
        state = StateDatabase(self.house.journal_path.with_name("state.sqlite"))
        day = timedelta(days=1)
        sessions = StoredSessions(state, clock=self._clock, idle=day, absolute=day)
        told = {
            "iss": DEMO_ISSUER,
            "sub": known.subject,
            "client_id": known.client_id,
            "jti": "a-session",
            "organisation": known.organisation,
            "roles": list(known.roles),
        }
        secret = sessions.begin(told | claims)
        state.close()
        return {"Cookie": f"__Host-jakelu={secret}"}

    def get(self, path: str, persona: str = "auditor", **headers: str):
        sent = self.session(persona) | headers
        return self.client.get(path, headers=sent, follow_redirects=False)

    def newest(self):
        return self.house.entries()[-1]


@contextmanager
def opened(house, clock, **changes: object) -> Iterator[Site]:
    login_key = house.root / "login-key.pem"
    key = generate_private_key(SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    login_key.touch(mode=0o600)
    login_key.write_bytes(pem)
    signing_key = house.root / "journal" / "signing-key.pem"
    if not signing_key.exists():
        create_journal_key(signing_key)
    settings: dict[str, object] = {
        "public_url": BASE,
        "login_issuer": DEMO_ISSUER,
        "login_client_id": "jakelu-portal",
        "login_key_path": login_key,
        "journal_key_path": signing_key,
        "journal_origin": ORIGIN,
    }
    with house.open(clock=clock, **settings | changes) as client:
        yield Site(house, client, clock)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def site(model_house, tmp_path_factory, clock) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("audit") / "house"
    shutil.copytree(model_house.root, root)
    # It signs at its start alone: another test puts a fork in the place of what every process signs with.
    with opened(replace(model_house, root=root), clock, checkpoint_seconds=3600.0) as site:
        yield site


@pytest.fixture
def delivered(site) -> int:
    """The seq of the intent of a delivery that has ended."""
    answer = site.house.get("municipality-bi", "/v1/rows/job-seeker-spells")
    receipt = answer.headers["jakelu-receipt"]
    site.house.closed(receipt)
    return next(each.seq for each in site.house.entries() if each.event_id == receipt)


# --- who sees them -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EVERYTHING)
def test_only_auditors_are_shown_anything_and_the_others_are_journaled(site, path):
    answer = site.get(path, "municipality-bi")
    assert answer.status_code == 403
    assert "tarkastajan rooli" in answer.text
    assert "svc-tampere-bi" not in answer.text
    assert (site.newest().kind, site.newest().body["action"]) == ("access.denied", "read_journal")
    assert site.newest().body["auth_strength"] == "session"


@pytest.mark.parametrize("path", EVERYTHING)
def test_nobody_is_shown_anything_without_a_session_not_even_with_an_auditors_token(site, path):
    before = len(site.house.entries())
    for headers in ({}, site.house.bearer("auditor"), {"Cookie": "__Host-jakelu=guessed"}):
        answer = site.client.get(path, headers=headers, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
    assert len(site.house.entries()) == before


@pytest.mark.parametrize(
    ("language", "title"), [("fi", "Luovutusloki"), ("sv", "Utlämningsloggen")]
)
def test_the_page_about_oneself_leads_auditors_here_and_nobody_else(site, language, title):
    def ways(persona: str, **claims: object) -> list[str | None]:
        sent = site.session(persona, **claims)
        page = Shown(site.client.get(f"/me?lang={language}", headers=sent).text)
        assert (title in page.text) == any(
            "/audit" in (each["href"] or "") for each in page.all("a")
        )
        return [each["href"] for each in page.all("a") if "/audit" in (each["href"] or "")]

    before = len(site.house.entries())
    assert ways("auditor") == [f"/audit?lang={language}"]
    for persona in (
        "municipality-bi",
        "ely-analyst",
        "tem-analyst",
        "stranger",
        "key-administrator",
    ):
        assert ways(persona) == []
    assert ways("auditor", organisation="KU837") == []
    assert len(site.house.entries()) == before


def test_a_login_leads_back_to_the_page(site):
    answer = site.client.get("/audit/deliveries", follow_redirects=False)
    assert answer.headers["location"] == "/login?to=%2Faudit%2Fdeliveries"
    unknown = site.client.get("/audit/elsewhere", follow_redirects=False)
    assert unknown.headers["location"] == "/login"


@pytest.mark.parametrize("path", EVERYTHING)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(site, path, method):
    answer = site.client.request(method, path, headers=site.session("auditor"))
    assert answer.status_code == 405


# --- the journal of readings ---------------------------------------------------------------------


def test_a_search_is_journaled_with_its_filters_before_it_is_shown(site):
    answer = site.get(f"/audit?organisation=KU837&since={TODAY}&kind=&lang=sv")
    assert answer.status_code == 200
    read = site.newest()
    assert (read.kind, read.body["purpose"]) == ("journal.read", "audit")
    told = {name: value for name, value in read.body["filters"].items() if value is not None}
    assert told == {"organisation": "KU837", "since": "2026-06-30T21:00:00.000Z"}
    assert f"/audit/entries/{read.seq}?" not in answer.text


def test_without_filters_it_is_the_entries_of_today(site):
    page = Shown(site.get("/audit").text)
    assert site.newest().body["filters"]["since"] == "2026-06-30T21:00:00.000Z"
    (since,) = [each for each in page.all("input") if each["name"] == "since"]
    assert since["value"] == TODAY


def test_each_other_view_is_journaled_in_its_own_words(site, delivered):
    site.get(f"/audit/entries/{delivered}")
    assert site.newest().body["filters"] == {"view": "entry", "seq": str(delivered)}
    site.get(f"/audit/clients?client=tampere-bi&day={TODAY}")
    assert site.newest().body["filters"]["client"] == "tampere-bi"
    for path in COUNTED:
        site.get(f"{path}?since=2026-06-30&until={TODAY}&product=job-seekers")
        assert site.newest().body["filters"] == {
            "view": "deliveries",
            "since": "2026-06-30",
            "until": TODAY,
            "organisation": None,
            "product": "(unknown)",
        }


def test_nothing_is_shown_when_the_reading_cannot_be_written(fresh_house, clock):
    with opened(fresh_house, clock) as site:
        headers = site.session("auditor")
        fresh_house.journal_path.rename(fresh_house.journal_path.with_suffix(".gone"))
        for path in (*READ, *COUNTED):
            answer = site.client.get(path, headers=headers)
            assert answer.status_code == 503
            assert "policy.loaded" not in answer.text


# --- what they show ------------------------------------------------------------------------------


def test_a_delivery_is_listed_with_its_client_and_leads_to_its_entry(site, delivered):
    page = Shown(site.get("/audit?organisation=KU837&lang=en").text)
    assert "Delivery begins Tampere (KU837) tampere-bi" in page.text
    links = {each.get("href") for each in page.all("a")}
    assert f"/audit/entries/{delivered}?lang=en" in links
    assert f"/audit/clients?client=tampere-bi&day={TODAY}&lang=en" in links


def test_the_pages_of_a_search_go_on_where_the_one_before_ended(site):
    for _ in range(60):
        site.house.get("municipality-bi", "/v1/journal/entries")
    first = Shown(site.get("/audit?refusal=role_missing&lang=en").text)
    (following,) = [each["href"] for each in first.all("a") if each.get("rel") == "next"]
    second = Shown(site.get(following).text)
    seqs = [
        [int(each["aria-label"].split()[-1]) for each in page.all("a") if "aria-label" in each]
        for page in (first, second)
    ]
    assert len(seqs[0]) == 50
    assert seqs[1]
    assert max(seqs[0]) < min(seqs[1])


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("fi", "Työvoimaviranomainen saa oman alueensa raakadatan"),
        ("sv", "Arbetskraftsmyndigheten får rådata om sitt eget område"),
        ("en", "Työvoimaviranomainen saa oman alueensa raakadatan"),
    ],
)
def test_one_entry_tells_why_it_was_permitted_and_how_it_ended(site, delivered, language, title):
    page = Shown(site.get(f"/audit/entries/{delivered}?lang={language}").text)
    assert f"{title} rows-employment-authority" in page.text
    assert "380/2023" in page.text
    assert OUTCOMES[Outcome.COMPLETE].in_language(language) in page.text
    assert "2026-07-01 09:00:00 +03:00" in page.text
    assert [each["datetime"] for each in page.all("time")][-1] == "2026-07-01T06:00:00.000Z"


def test_one_entry_tells_why_it_was_refused(site):
    site.house.get("municipality-bi", "/v1/rows/job-seeker-spells?area=40")
    page = Shown(site.get(f"/audit/entries/{site.newest().seq}?lang=en").text)
    assert "the area is outside your organisation's scope (area_out_of_scope)" in page.text
    assert "rows-own-area forbids 380/2023; GDPR art. 5" in page.text


def test_a_clients_day_has_each_delivery_once_with_what_left(site, delivered):
    page = Shown(site.get(f"/audit/clients?client=tampere-bi&day={TODAY}&lang=en").text)
    assert "Delivery begins" in page.text
    assert "Delivery ends" not in page.text
    assert "Delivered whole 2000" in page.text
    other = site.get("/audit/clients?client=tampere-bi&day=2026-06-30&lang=en").text
    assert "No entries were found." in other


def test_the_chart_the_table_and_the_file_have_the_same_numbers(site, delivered):
    path = f"?since=2026-06-25&until={TODAY}&lang=en"
    page = Shown(site.get(f"/audit/deliveries{path}").text)
    rows = list(csv.DictReader(io.StringIO(site.get(f"/audit/deliveries.csv{path}").text)))
    (tampere,) = [each for each in rows if each["organisation"] == "KU837"]
    assert tampere["day"] == TODAY
    assert int(tampere["deliveries"]) >= 1
    count, volume = tampere["deliveries"], tampere["bytes"]
    assert f"2026-07-01 Tampere (KU837) {count} {volume}" in page.text
    (drawing,) = [each for each in page.all("svg") if "KU837" in (each["aria-label"] or "")]
    assert drawing["role"] == "img"
    assert drawing["aria-label"] == (
        f"Tampere (KU837): {count} in all, {count} at most in a day (2026-07-01)"
    )
    assert {each["x"] for each in page.all("rect")} == {"61"}  # the seventh day of seven
    assert max(int(each["height"]) for each in page.all("rect")) == 100


def test_a_search_is_exported_with_a_proof_for_each_entry(site):
    (ndjson, as_csv) = (
        each["href"]
        for each in Shown(site.get("/audit?kind=policy.loaded&lang=en").text).all("a")
        if str(each["href"]).startswith("/audit/export")
    )
    lines = [json.loads(line) for line in site.get(ndjson).text.splitlines()]
    assert lines[0]["checkpoint"].startswith(f"{ORIGIN}\n")
    assert [each["body"]["kind"] for each in lines[1:]] == ["policy.loaded"]
    assert "proof" in lines[1]
    told = site.newest().body["filters"]
    assert (told["view"], told["kind"]) == ("export", "policy.loaded")
    answer = site.get(as_csv)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]


# --- the state of the log ------------------------------------------------------------------------


def test_the_state_says_that_no_witness_has_seen_it_and_gives_the_checkpoint(site):
    page = Shown(site.get("/audit?lang=en").text)
    assert "State of the journal: Take care" in page.text
    assert "has no outside witness" in page.text
    answer = site.get("/audit/checkpoint")
    assert answer.text.startswith(f"{ORIGIN}\n")
    assert "attachment" in answer.headers["content-disposition"]
    size = int(answer.text.splitlines()[1])
    assert f"{size} entries, signed 2026-07-01 09:00:00 +03:00" in page.text
    assert site.get("/audit/entries/1/proof").text.startswith("c2sp.org/tlog-proof@v1\n")


@pytest.mark.parametrize("path", [*EVERYTHING, f"{COUNTED[0]}?lang=en"])
def test_when_no_thread_is_free_a_page_says_so(fresh_house, clock, monkeypatch, path):
    with opened(fresh_house, clock) as site:
        before = len(site.house.entries())
        with monkeypatch.context() as patched:
            patched.setattr(BoundedThreads, "run", too_many)
            answer = site.get(path, **{"Accept-Language": "en"})
        page = Shown(answer.text)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.headers["content-type"].startswith("text/html")
        assert "Not available now" in page.text
        assert len(site.house.entries()) == before


async def too_many(*_: object) -> None:
    raise TooManyWaiting("Try again in a moment.", retry_after_seconds=5)


@pytest.mark.parametrize("path", [EXPORT, *COUNTED])
def test_a_limit_of_long_readings_is_told_on_a_page(fresh_house, clock, monkeypatch, path):
    begun, go_on = threading.Event(), threading.Event()

    def slow(*arguments: object, **named: object) -> Summary:
        begun.set()
        assert go_on.wait(20)
        return summarise(*arguments, **named)

    monkeypatch.setattr("gateway.surfaces.auditor.pages.deliveries.summarise", slow)
    limits = {"auditor": {"concurrent_extracts": 1, "burst": 100}}
    with opened(fresh_house, clock, limits=limits) as site, ThreadPoolExecutor(1) as threads:
        running = threads.submit(site.get, COUNTED[0])
        assert begun.wait(20)
        before = len(site.house.entries())
        answer = site.get(f"{path}?lang=en")
        told = Shown(answer.text).text
        after = len(site.house.entries())
        go_on.set()
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
        assert "Not available now" in told
        assert after == before
        assert running.result().status_code == 200
        assert site.get(f"{path}?lang=en").status_code == 200


def test_the_head_of_an_export_reads_no_entry(fresh_house, clock, monkeypatch):
    def untouched(*_: object) -> None:
        raise AssertionError("it is read")

    monkeypatch.setattr("gateway.surfaces.auditor.export.proved", untouched)
    with opened(fresh_house, clock) as site:
        answer = site.client.head(EXPORT, headers=site.session("auditor"))
        assert (answer.status_code, answer.content) == (200, b"")
        assert site.newest().body["filters"]["view"] == "export"


def test_the_state_says_that_nothing_is_signed(fresh_house, clock):
    with opened(fresh_house, clock, journal_key_path=None, journal_origin=None) as site:
        page = Shown(site.get("/audit?lang=en").text)
        assert "The journal is not signed." in page.text
        assert "Not signed yet 2 entries" in page.text
        assert site.get("/audit/checkpoint").status_code == 404


def test_a_forked_journal_is_an_alarm_and_shows_no_entry(fresh_house, clock, monkeypatch):
    with opened(fresh_house, clock, checkpoint_seconds=1.0) as site:

        def forked(_: Signing) -> None:
            raise JournalForked("its entries are not those that were signed")

        monkeypatch.setattr(Signing, "step", forked)
        for _ in range(200):
            answer = site.get("/audit?lang=en")
            if answer.status_code == 503:
                break
            time.sleep(0.05)
        assert answer.status_code == 503
        assert "ALARM" in answer.text
        assert "The journal is forked" in answer.text
        assert "Policies loaded" not in answer.text
        assert site.get("/audit", "municipality-bi").status_code == 403


def test_a_journal_that_its_witness_has_not_seen_is_an_alarm_and_shows_no_entry(fresh_house, clock):
    with opened(fresh_house, clock, witnesses=[{"key": str(WITNESS), "url": NOWHERE}]) as site:
        answer = site.get("/audit?lang=en")
        page = Shown(answer.text)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert "State of the journal: ALARM" in page.text
        assert "Witness witness.example no confirmation" in page.text
        assert "Policies loaded" not in page.text
        assert site.get("/audit/checkpoint").status_code == 200


def test_a_page_is_shown_too_when_the_state_of_a_forked_journal_cannot_be_read(
    fresh_house, clock, monkeypatch
):
    monkeypatch.setattr(Witnessed, "fault", "its entries are not those that were signed")
    monkeypatch.setattr(Witnessed, "check", unwitnessed)
    with opened(fresh_house, clock) as site:
        session = site.session("auditor")
        shown = site.client.get("/audit?lang=en", headers=session)
        assert "The journal is forked" in shown.text
        fresh_house.journal_path.rename(fresh_house.journal_path.with_suffix(".gone"))
        answer = site.client.get("/audit?lang=en", headers=session)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (503, "text/html")
        assert "Not available now" in Shown(answer.text).text


def unwitnessed(_: Witnessed) -> None:
    raise JournalUnwitnessed("The journal is forked.")


@pytest.mark.parametrize(
    ("minutes", "level", "age"),
    [(0, "good", "0 s"), (14, "good", "14 min"), (16, "alarm", "16 min")],
)
def test_the_state_follows_from_when_a_witness_last_saw_it(site, clock, minutes, level, age):
    store = SqliteJournal(site.house.journal_path)
    seen = Seen(NOW - timedelta(minutes=minutes), 1)
    witnessed = SimpleNamespace(
        fault=None, needed=1, most_age=timedelta(minutes=15), seen=lambda: {"witness.example": seen}
    )
    found = standing_of(SimpleNamespace(store=store), witnessed, clock)
    store.close()
    assert (found.level, found.witnesses[0].age) == (level, age)


# --- what is typed and what is written by others -------------------------------------------------


def test_what_a_client_calls_itself_is_text_on_every_page(site):
    hostile = site.session("municipality-bi", client_id=HOSTILE, sub=HOSTILE)
    assert site.client.get("/audit", headers=hostile).status_code == 403
    seq = site.newest().seq
    assert site.newest().body["client_id"] == HOSTILE
    asked = {"client": HOSTILE, "day": TODAY}
    headers = site.session("auditor")
    for path, parameters in (
        ("/audit", {"client": HOSTILE}),
        ("/audit/clients", asked),
        (f"/audit/entries/{seq}", {}),
    ):
        answer = site.client.get(path, params=parameters, headers=headers)
        assert answer.status_code == 200
        page = Shown(answer.text)
        assert HOSTILE in page.words
        assert not page.all("script")
        assert not [name for _, each in page.elements for name in each if name.startswith("on")]


@pytest.mark.parametrize("path", EVERYTHING)
def test_no_page_has_a_script_or_a_style_that_the_policy_does_not_name(site, path):
    answer = site.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    if answer.headers["content-type"].startswith("text/html"):
        page = Shown(answer.text)
        assert len(page.all("style")) == 1
        assert not any("style" in each for _, each in page.elements)
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("since=yesterday", "since"),
        ("since=2026-07-01&until=2026-06-30", "until"),
        ("organisation=tampere", "organisation"),
        ("product=No+product", "product"),
        ("client=010190-999R", "client"),
        ("issuer=jakelu", "issuer"),
        ("case_ref=Matti", "case_ref"),
        ("refusal=because", "refusal"),
        ("kind=all", "kind"),
        ("after=x", "after"),
    ],
)
def test_a_bad_filter_is_named_on_the_page_and_nothing_is_read(site, language, query, name):
    before = len(site.house.entries())
    answer = site.get(f"/audit?{query}&lang={language}")
    assert answer.status_code == 400
    page = Shown(answer.text)
    assert (
        f"{TEXTS['fault'].in_language(language)}: {TEXTS[name].in_language(language)}" in page.text
    )
    wrong = [each["name"] for tag, each in page.elements if each.get("aria-invalid") == "true"]
    assert wrong == ([name] if name != "after" else [])
    assert "010190" not in answer.text
    assert len(site.house.entries()) == before


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/audit/clients?client=tampere-bi", "Day"),
        ("/audit/clients?day=2026-07-01", "Client"),
        ("/audit/clients?client=a&day=2026-02-30", "Day"),
        ("/audit/clients?client=010190-999R&day=2026-07-01", "Client"),
        ("/audit/deliveries?since=2026-07-02", "To (day)"),
        ("/audit/deliveries?since=2026-01-01&until=2026-07-01", "To (day)"),
        ("/audit/deliveries?organisation=x", "Organisation"),
    ],
)
def test_a_bad_day_or_name_is_named_too(site, path, name):
    answer = site.get(f"{path}&lang=en")
    assert answer.status_code == 400
    assert f"A filter was refused: {name}" in Shown(answer.text).text
    assert "010190" not in answer.text


@pytest.mark.parametrize(
    "path", ["/audit?colour=red", "/audit/clients?a=1", "/audit/deliveries?a=1"]
)
def test_an_unknown_filter_is_refused_without_its_name(site, path):
    answer = site.get(f"{path}&lang=en")
    assert answer.status_code == 400
    assert "There is no such filter." in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/audit/entries/999999", 404),
        ("/audit/entries/x", 400),
        ("/audit/entries/1?a=1", 400),
        ("/audit/entries/999999/proof", 404),
        ("/audit/deliveries.csv?since=x", 400),
        ("/audit/elsewhere", 404),
    ],
)
def test_what_is_not_there_is_told_without_a_trace(site, path, status):
    answer = site.get(path)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


# --- the words -----------------------------------------------------------------------------------


def test_every_text_is_there_in_every_language():
    words = (TEXTS, SHARED, KINDS, OUTCOMES, ACTIONS, REMEDIES)
    labels: list[Label] = [OTHER_REMEDY, *(label for each in words for label in each.values())]
    for label in labels:
        assert all((label.fi, label.sv, label.en)), label
    assert set(KINDS) == set(EntryKind)
    assert set(OUTCOMES) == set(Outcome)
    assert set(ACTIONS) == set(Action)
    assert {*PARAMETERS, *FIRST, *further_filters()} <= set(TEXTS)
