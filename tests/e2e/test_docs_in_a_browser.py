"""The public pages in a real browser: no barrier that axe-core knows of, and every operation is found from the top."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.surfaces.guides import DOCS_PATH, PAGE_PATHS


@pytest.fixture
def page(people_browser: Browser) -> Iterator[Page]:
    """JavaScript is on for axe-core alone, since no page has any."""
    context = people_browser.new_context(locale="en-GB")
    context.route(
        lambda address: urlsplit(address).hostname != "127.0.0.1", lambda route: route.abort()
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", [DOCS_PATH, *sorted(PAGE_PATHS)])
def test_no_public_page_has_a_barrier_wide_or_narrow(page, house: Any, path, check_barriers):
    page.goto(f"{house.base}{path}")
    check_barriers(page, path.strip("/").replace("/", "-"))


def test_a_reader_finds_an_operation_with_an_answer_and_its_refusals(page, house: Any):
    page.goto(f"{house.base}{DOCS_PATH}")
    contents = page.get_by_role("navigation", name="Contents")
    contents.get_by_role("link", name="GET /v1/rows/{product}", exact=True).click()
    operation = page.get_by_role("region", name="GET /v1/rows/{product}", exact=True)
    expect(operation.get_by_role("heading", level=3)).to_be_in_viewport()
    expect(operation).to_contain_text("The rows of one employment area")
    operation.get_by_text("Refusals:").click()
    expect(operation.get_by_text("area_out_of_scope")).to_be_visible()


def test_a_reader_comes_from_a_guide_to_the_part_of_the_interface_that_it_names(page, house: Any):
    page.goto(f"{house.base}{DOCS_PATH}/clients")
    page.get_by_role("link", name="R", exact=True).click()
    page.get_by_role("link", name="The interface in words").nth(1).click()
    expect(page.get_by_role("heading", name="Access keys", exact=True)).to_be_in_viewport()
