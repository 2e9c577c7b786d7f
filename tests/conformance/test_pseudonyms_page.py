"""docs/pseudonyms.md: every promise names a test that exists, and what it shows is what the code does."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from gateway.adapters.keys_derivation import epoch_key_message
from gateway.adapters.keys_vault import REGISTER, ROOT_KEY, SIGNING_KEY
from gateway.upkeep.desk import CASE_PATTERN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pseudonyms.md").read_text(encoding="utf-8")


def named_tests() -> list[tuple[str, str]]:
    """A name that begins with `::` is in the file named before it."""
    found, file = [], ""
    for path, name in re.findall(r"`(tests/[a-z_/]+\.py)?::([a-z_]+)`", PAGE):
        file = path or file
        found.append((file, name))
    return found


def test_the_page_promises_something():
    assert len(named_tests()) > 20


@pytest.mark.parametrize(("file", "name"), named_tests())
def test_every_promise_names_a_test_that_exists(file, name):
    assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("epoch", ["2026", "2027"])
def test_the_inputs_in_the_policies_are_those_that_are_sent(epoch):
    assert base64.b64encode(epoch_key_message(epoch)).decode() in PAGE


@pytest.mark.parametrize("path", [ROOT_KEY, SIGNING_KEY, REGISTER])
def test_the_paths_in_the_policies_are_those_that_are_asked(path):
    assert f'{path}"' in PAGE or f"{path}/" in PAGE


def test_the_case_numbers_shown_can_be_given():
    cases = re.findall(r"\b[A-Z]+/[0-9]+/[0-9]{4}\b", PAGE)
    assert cases
    assert all(CASE_PATTERN.fullmatch(case) for case in cases)
