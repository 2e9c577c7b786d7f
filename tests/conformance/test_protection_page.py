"""docs/protection.md: every promise names a test, or a rule of imports, that exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "protection.md").read_text(encoding="utf-8")
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
    tables = re.findall(r"^\| Promise \| Test \|\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [row for table in tables for row in table.splitlines()]


def named_tests() -> list[tuple[str, str]]:
    found, file = [], ""
    for path, name in TEST.findall(PAGE):
        file = path or file
        found.append((file, name))
    return found


def test_the_page_promises_something():
    assert len(promises()) > 25
    assert len(named_tests()) > 50


@pytest.mark.parametrize("promise", promises())
def test_every_promise_names_a_test_or_a_rule(promise):
    told_by = promise.rstrip("| ").rpartition(" | ")[2]
    assert TEST.search(told_by) or RULE.search(told_by)


@pytest.mark.parametrize(("file", "name"), sorted(set(named_tests())))
def test_every_named_test_exists(file, name):
    assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", sorted(set(FILE.findall(PAGE))))
def test_every_named_file_exists(file):
    assert (ROOT / file).exists()


def test_every_named_rule_of_imports_exists():
    assert set(RULE.findall(PAGE)) <= RULES
