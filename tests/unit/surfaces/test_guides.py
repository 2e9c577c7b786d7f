"""The how-to pages as people read them in a browser, and the products that lead to them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.surfaces.guides import GUIDE_PATHS, GUIDES
from gateway.surfaces.ops.guides import guide_page

CALLER = "municipality-bi"
FOLDER = Path(__file__).parents[3] / "docs" / "clients"


@pytest.mark.parametrize("path", sorted(GUIDE_PATHS))
def test_a_page_is_read_without_a_token_and_loads_nothing(house, path):
    answer = house.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.search(r"<(script|img|link|iframe)", answer.text)
    assert "<!--" not in answer.text


def test_every_file_of_the_folder_is_served_and_nothing_else(house):
    assert {path.stem for path in FOLDER.glob("*.md")} == {"README", *GUIDES}
    for name in ("nothing", "README", "../api", "..%2fapi", "r.md", "r/"):
        answer = house.client.get(f"/docs/clients/{name}")
        assert answer.status_code == 401, name  # as everything that is no public address


@pytest.mark.parametrize("path", sorted(GUIDE_PATHS))
def test_every_link_of_a_page_leads_somewhere(house, path):
    links = re.findall(r"href=['\"]([^'\"]+)", house.client.get(path).text)
    own = [link for link in links if not link.startswith("https://")]
    assert {"/docs/clients", "/docs"} <= set(own)
    for link in own:
        assert house.client.get(link).status_code == 200, link


def test_raw_html_and_scripts_of_a_page_are_text():
    page = guide_page(
        "# A & B\n\n<script>x</script> [a](javascript:x) [b](../api.md) [c](r.md#top)"
    )
    text = page.decode()
    assert "<title>A &amp; B</title>" in text
    assert "&lt;script&gt;" in text
    assert "javascript:x) b" in text  # no link is made of either
    assert 'href="/docs/clients/r"' in text


def test_a_product_leads_to_the_pages_for_its_kind(house):
    found = house.get(CALLER, "/v1/products").json()["products"]
    by_kind = {each["kind"]: [guide["href"] for guide in each["guides"]] for each in found}
    assert "/docs/clients/delta-sharing" in by_kind["rows"]
    assert "/docs/clients/delta-sharing" not in by_kind["cube"]
    assert {*by_kind["rows"], *by_kind["cube"]} == GUIDE_PATHS - {"/docs/clients"}
    assert house.get(CALLER, "/v1/products/job-seekers").json()["guides"]


def test_the_page_of_the_interface_leads_to_them(house):
    assert "href='/docs/clients'" in house.client.get("/docs").text
