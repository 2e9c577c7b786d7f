"""A person logs in with a real browser at a real provider, sees what is theirs, and leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.adapters.demo_issuer import PERSONAS

SESSION = "__Host-jakelu"


@pytest.fixture
def page(people_browser: Browser, site: Any) -> Iterator[Page]:
    """A fresh browser profile that says in Finnish what it can read, and reaches this machine only."""
    context = people_browser.new_context(locale="fi-FI", java_script_enabled=False)
    context.route(
        lambda address: urlsplit(address).hostname != "127.0.0.1", lambda route: route.abort()
    )
    yield context.new_page()
    context.close()


def log_in(page: Page, site: Any, persona: str) -> None:
    site.log_in(page, persona, "/me")


def log_out(page: Page, site: Any) -> None:
    page.get_by_role("button", name="Kirjaudu ulos").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site.base}/login?ended=yes**")


def test_a_person_sees_the_own_organisation_and_products(page, site, keep_picture):
    log_in(page, site, "municipality-bi")
    expect(page.get_by_role("heading", level=1)).to_have_text("Omat tiedot ja oikeudet")
    expect(page.get_by_role("definition").first).to_have_text("Tampere (kunta)")
    rows = page.get_by_role("row").filter(has_text="job-seeker-spells")
    expect(rows).to_contain_text("Sallittu")
    assert page.locator("html").get_attribute("lang") == "fi"
    keep_picture(page, "me-fi")


def test_the_page_speaks_three_languages(page, site, keep_picture):
    log_in(page, site, "ely-analyst")
    page.get_by_role("link", name="Svenska").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mina uppgifter och rättigheter")
    expect(page.get_by_role("definition").first).to_contain_text("livskraftscentral")
    refused = page.get_by_role("row").filter(has_text="job-seeker-spells")
    expect(refused).to_contain_text("inte för din typ av organisation")
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.get_by_role("button")).to_have_text("Log out")
    keep_picture(page, "me-en")


def test_an_unknown_organisation_logs_in_and_sees_no_more_than_what_is_public(
    page, site, keep_picture
):
    log_in(page, site, "stranger")
    expect(page.get_by_role("definition").first).to_contain_text("ei ole rekisterissä")
    expect(page.get_by_role("rowheader")).to_have_count(1)  # the public vacancies
    keep_picture(page, "me-stranger")


def test_after_the_logout_nothing_is_shown_not_even_by_the_back_button(page, site, keep_picture):
    log_in(page, site, "municipality-bi")
    cookie = _session_of(page)
    log_out(page, site)
    expect(page.get_by_role("heading", level=1)).to_have_text("Et ole kirjautuneena")
    keep_picture(page, "logged-out")
    assert _session_of(page) is None
    asked_anew = []
    while page.go_back() is not None:
        assert "Tampere" not in page.content()
        asked_anew.append(page.get_by_label("Password").count() == 1)
    assert any(asked_anew), "the back button never came to the page"
    # logged out at the provider, too: it asks who it is
    page.goto(f"{site.base}/me")
    expect(page.get_by_label("Password")).to_be_visible()
    # and the cookie that was stolen before the logout opens nothing
    stolen = httpx2.get(f"{site.base}/me", headers={"Cookie": f"{SESSION}={cookie['value']}"})
    assert (stolen.status_code, stolen.headers["location"]) == (303, "/login?to=%2Fme")


def test_the_session_cookie_is_out_of_reach_and_bound_to_the_host(page, site):
    log_in(page, site, "municipality-bi")
    cookie = _session_of(page)
    assert cookie["httpOnly"]
    assert cookie["secure"]
    assert cookie["sameSite"] == "Lax"
    assert (cookie["path"], cookie["domain"], cookie["expires"]) == ("/", "127.0.0.1", -1)
    assert len(cookie["value"]) == 43  # 256 bits, and nothing else


def test_a_session_opens_the_pages_and_never_the_data(page, site):
    log_in(page, site, "municipality-bi")
    header = {"Cookie": f"{SESSION}={_session_of(page)['value']}"}
    assert httpx2.get(f"{site.base}/me", headers=header).status_code == 200
    for path in ("/v1/me", "/v1/rows/job-seeker-spells?area=39", "/v1/journal/entries"):
        refused = httpx2.get(site.base + path, headers=header)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


def test_logins_and_logouts_are_journaled_without_names_or_secrets(page, site):
    log_in(page, site, "municipality-bi")
    secret = _session_of(page)["value"]
    log_out(page, site)
    headers = {"Authorization": f"Bearer {site.provider.token('auditor')}"}
    entries = httpx2.get(f"{site.base}/v1/journal/entries?limit=1000", headers=headers).json()
    kinds = [entry["kind"] for entry in entries["entries"]]
    assert "session.began" in kinds
    ended = next(each for each in entries["entries"] if each["kind"] == "session.ended")
    assert ended["body"]["sub"] == PERSONAS["municipality-bi"].subject
    assert ended["body"]["auth_strength"] == "session"
    for text in (json.dumps(entries), site.house.log.read_text()):
        assert secret not in text
        assert site.password not in text


def _session_of(page: Page) -> dict[str, Any] | None:
    return next((each for each in page.context.cookies() if each["name"] == SESSION), None)
