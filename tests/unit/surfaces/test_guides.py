"""The how-to pages as people read them in a browser, and the products that lead to them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.surfaces.guides import GUIDES, PAGE_PATHS, Page
from gateway.surfaces.ops.guides import guide_page

CALLER = "municipality-bi"
FOLDER = Path(__file__).parents[3] / "docs" / "clients"


@pytest.mark.parametrize("path", sorted(PAGE_PATHS))
def test_a_page_is_read_without_a_token_and_loads_nothing(house, path):
    answer = house.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.search(r"<(script|img|link|iframe)", answer.text)
    assert "<!--" not in answer.text


def test_every_file_of_the_folder_is_served_and_nothing_else(house):
    assert {path.stem for path in FOLDER.glob("*.md")} == {"README", *GUIDES}
    for name in ("nothing", "README", "../journal", "..%2fapi", "r.md", "r/"):
        answer = house.client.get(f"/docs/clients/{name}")
        assert answer.status_code == 401, name  # as everything that is no public address


@pytest.mark.parametrize("path", sorted(PAGE_PATHS))
def test_every_link_of_a_page_leads_somewhere(house, path):
    links = re.findall(r"href=['\"]([^'\"]+)", house.client.get(path).text)
    own = [link for link in links if not link.startswith("https://")]
    assert {"/docs/clients", "/docs", "/docs/api"} <= set(own)
    for link in own:
        address, _, anchor = link.partition("#")
        answer = house.client.get(address or path)
        assert answer.status_code == 200, link
        assert not anchor or f'id="{anchor}"' in answer.text, link


def test_raw_html_and_scripts_of_a_page_are_text():
    page = guide_page(
        Page("/docs/clients/x", "clients/x", "A & B"),
        "# A & B\n\n<script>x</script> [a](javascript:x) [b](../journal.md) [r.md](r.md#top)",
    )
    text = page.content.decode()
    assert "<title>A &amp; B</title>" in text
    assert "&lt;script&gt;" in text
    assert "javascript:x) b" in text  # no link is made of either
    assert '<a href="/docs/clients/r#top">R</a>' in text


@pytest.mark.parametrize("path", ["/docs", "/docs/api", "/openapi.json"])
def test_what_is_public_is_sent_coded_and_not_again_unchanged(house, path):
    plain = house.client.get(path, headers={"Accept-Encoding": "identity"})
    coded = house.client.get(path, headers={"Accept-Encoding": "gzip"})
    assert (coded.headers["content-encoding"], coded.text) == ("gzip", plain.text)
    assert coded.headers["vary"] == "accept-encoding"
    tag = coded.headers["etag"]
    assert tag != plain.headers["etag"]
    again = house.client.get(path, headers={"If-None-Match": tag, "Accept-Encoding": "gzip"})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_a_product_leads_to_the_pages_for_its_kind(house):
    found = house.get(CALLER, "/v1/products").json()["products"]
    by_kind = {each["kind"]: [guide["href"] for guide in each["guides"]] for each in found}
    assert "/docs/clients/delta-sharing" in by_kind["rows"]
    assert "/docs/clients/delta-sharing" not in by_kind["cube"]
    assert {*by_kind["rows"], *by_kind["cube"]} == {each.path for each in GUIDES.values()}
    assert house.get(CALLER, "/v1/products/job-seekers").json()["guides"]


def test_the_page_of_the_interface_leads_to_them(house):
    assert 'href="/docs/clients"' in house.client.get("/docs").text
