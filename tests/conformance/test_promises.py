"""The pages that promise something: every promise names a test, or a rule of imports, that exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {
    name: (ROOT / "docs" / name).read_text(encoding="utf-8")
    for name in ("protection.md", "security.md")
}
# A name that begins with `::` is in the file that is named before it.
TEST = re.compile(r"`(tests/[a-z0-9_/]+\.py)?::(\w+)`")
FILE = re.compile(r"`(tests/[a-z0-9_/.]+?)(?:::\w+)?`")
RULE = re.compile(r"the import rule \*([^*]+)\*")
RULES = {
    each["name"]
    for each in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}


def promises() -> list[str]:
    """The rows of every table that is headed Promise and Test."""
    head = re.compile(r"^\| Promise \| Test \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE)
    tables = (table for page in PAGES.values() for table in head.findall(page))
    return [row for table in tables for row in table.splitlines()]


def named_tests() -> list[tuple[str, str]]:
    found = []
    for page in PAGES.values():
        file = ""
        for path, name in TEST.findall(page):
            file = path or file
            found.append((file, name))
    return found


def of_pages(pattern: re.Pattern[str]) -> set[str]:
    return {found for page in PAGES.values() for found in pattern.findall(page)}


def test_the_pages_promise_something():
    assert len(promises()) > 50
    assert len(named_tests()) > 90


@pytest.mark.parametrize("promise", promises())
def test_every_promise_names_a_test_or_a_rule(promise):
    told_by = promise.rstrip("| ").rpartition(" | ")[2]
    assert TEST.search(told_by) or RULE.search(told_by) or FILE.search(told_by)


@pytest.mark.parametrize(("file", "name"), sorted(set(named_tests())))
def test_every_named_test_exists(file, name):
    assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", sorted(of_pages(FILE)))
def test_every_named_file_exists(file):
    assert (ROOT / file).exists()


def test_every_named_rule_of_imports_exists():
    assert of_pages(RULE) <= RULES
