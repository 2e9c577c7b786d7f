"""An auditor with a real browser: finds a delivery, follows it, and no page has a barrier that axe-core knows of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.model.days import helsinki_day


@pytest.fixture(scope="module")
def context(people_browser: Browser, site: Any) -> Iterator[BrowserContext]:
    """The auditor's browser, logged in; JavaScript is on for axe-core alone, since no page has any."""
    context = people_browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.route(
        lambda address: urlsplit(address).hostname != "127.0.0.1", lambda route: route.abort()
    )
    page = context.new_page()
    site.log_in(page, "auditor", "/audit")
    page.close()
    yield context
    context.close()


@pytest.fixture(scope="module")
def day(site: Any) -> str:
    """A day on which Tampere got a slice, in two requests, and was refused another area's."""
    for path in ("area=39", "area=39", "area=40"):
        headers = {"Authorization": f"Bearer {site.provider.token('municipality-bi')}"}
        answer = httpx2.get(f"{site.base}/v1/rows/job-seeker-spells?{path}", headers=headers)
        assert answer.status_code in {200, 403}
        answer.read()
    return helsinki_day(datetime.now().astimezone()).isoformat()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


def test_an_auditor_finds_a_delivery_without_javascript_and_reads_why_it_was_permitted(
    people_browser, context, site, day
):
    plain = people_browser.new_context(locale="en-GB", java_script_enabled=False)
    plain.add_cookies(context.cookies())
    page = plain.new_page()
    page.goto(f"{site.base}/audit")
    page.get_by_label("Organisation", exact=True).fill("KU837")
    page.get_by_label("Event").select_option("Delivery begins")
    page.get_by_role("button", name="Search").click()
    row = page.get_by_role("row").filter(has_text="tampere-bi").first
    expect(row).to_contain_text("Delivered whole")
    row.get_by_role("link", name="Entry").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delivery begins")
    expect(page.get_by_role("row").filter(has_text="380/2023")).to_contain_text("permits")
    page.get_by_role("link", name=f"The client's day: {day}").click()
    expect(page.get_by_role("row").filter(has_text="Delivered whole")).to_have_count(2)
    expect(page.get_by_role("row").filter(has_text="area_out_of_scope")).to_have_count(1)
    page.get_by_role("link", name="Deliveries by day").click()
    chart = page.get_by_role("img", name="Tampere (KU837)")
    expect(chart).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=day)).to_contain_text("Tampere (KU837)1")
    plain.close()


def test_the_checkpoint_is_downloaded_to_be_kept(page, site):
    page.goto(f"{site.base}/audit")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download the checkpoint").click()
    assert downloading.value.suggested_filename == "jakelu-checkpoint.txt"
    assert downloading.value.path().read_text().startswith("demo.jakelu.example/v1/journal\n")


def test_everything_is_reached_with_the_keyboard_and_the_focus_is_seen(page, site, day):
    page.goto(f"{site.base}/audit?organisation=KU837")
    reached = []
    for _ in range(200):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            "() => { const on = document.activeElement, look = getComputedStyle(on);"
            " return [on.tagName, on.name || on.textContent.trim(), look.outlineStyle]; }"
        )
        if focus[0] == "BODY":  # past the last one
            break
        reached.append(focus)
        assert focus[2] != "none", focus
    names = [name for _, name, _ in reached]
    assert names[0] == "Skip to content"
    assert {"organisation", "since", "More filters", "Search", "tampere-bi"} <= set(names)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_no_page_has_a_barrier_in_any_language_wide_or_narrow(
    page, site, day, language, check_barriers
):
    for name, path in pages_of(site, page, day).items():
        page.goto(f"{site.base}{path}lang={language}")
        check_barriers(page, f"audit-{name}-{language}")


def pages_of(site: Any, page: Page, day: str) -> dict[str, str]:
    """One of each kind: with something found, with nothing, and with something wrong."""
    page.goto(f"{site.base}/audit?kind=access.intent&lang=en")
    intent = page.get_by_role("link", name="Entry").first.text_content()
    page.goto(f"{site.base}/audit?kind=access.denied&organisation=KU837&lang=en")
    denied = page.get_by_role("link", name="Entry").first.text_content()
    return {
        "entries": "/audit?",
        "wrong": "/audit?since=x&",
        "permitted": f"/audit/entries/{intent}?",
        "denied": f"/audit/entries/{denied}?",
        "day": f"/audit/clients?client=tampere-bi&day={day}&",
        "deliveries": "/audit/deliveries?",
        "missing": "/audit/entries/999999?",
        "me": "/me?",
    }


def test_whoever_is_no_auditor_gets_a_page_that_says_so(people_browser, site, keep_picture):
    context = people_browser.new_context(locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    site.log_in(page, "municipality-bi", "/audit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Access is refused")
    keep_picture(page, "audit-forbidden")
    context.close()
