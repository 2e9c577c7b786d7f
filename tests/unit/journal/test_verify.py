"""What the verification sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.journal.append import Journal
from gateway.journal.leaf import leaf_sha256
from gateway.journal.store import SaltedEntry
from gateway.journal.verify import verify_entries
from gateway.model.entry import Completion, Draft, EntryKind, Outcome

if TYPE_CHECKING:
    from conftest import FaultyStore

DONE = Completion(Outcome.COMPLETE, 200, 10, 2048, "f" * 64, 3.5)


@pytest.fixture
def entries(journal: Journal, store: FaultyStore, draft: Callable[..., Draft]) -> list[SaltedEntry]:
    """intent, intent, completion of 1, intent"""
    first = journal.append(draft())
    journal.append(draft())
    journal.complete(first, DONE, wait=True)
    journal.append(draft())
    return list(store.salted())


def messages(entries: list[SaltedEntry]) -> list[str]:
    return [str(problem) for problem in verify_entries(entries).problems]


def changed(salted: SaltedEntry, **body: Any) -> SaltedEntry:
    """The entry with other fields, and the leaf that belongs to them."""
    fields = {**salted.entry.body, **body}
    leaf = leaf_sha256(fields, salted.salt)
    return replace(salted, entry=replace(salted.entry, body=fields, leaf_sha256=leaf))


def test_an_untouched_journal_has_no_problem(entries: list[SaltedEntry]) -> None:
    verified = verify_entries(entries)
    assert (verified.entries, verified.problems, verified.open_intents) == (4, (), 2)


def test_an_empty_journal_has_no_problem() -> None:
    assert verify_entries([]).problems == ()


def test_a_changed_body_does_not_fit_its_leaf(entries: list[SaltedEntry]) -> None:
    body = {**entries[1].entry.body, "product": "job-seekers"}
    entries[1] = replace(entries[1], entry=replace(entries[1].entry, body=body))
    assert messages(entries) == ["entry 2: the leaf is not the hash of the body and the salt"]


def test_another_salt_does_not_fit_the_leaf(entries: list[SaltedEntry]) -> None:
    entries[1] = replace(entries[1], salt="0" * 32)
    assert "leaf" in messages(entries)[0]


def test_a_removed_entry_leaves_a_gap(entries: list[SaltedEntry]) -> None:
    del entries[1]
    assert messages(entries) == ["entry 3: follows entry 1: the order has a gap or a repetition"]


def test_a_moved_entry_is_out_of_order(entries: list[SaltedEntry]) -> None:
    entries[0], entries[1] = entries[1], entries[0]
    assert len(messages(entries)) == 3


def test_a_renumbered_entry_says_another_place_in_its_body(entries: list[SaltedEntry]) -> None:
    del entries[1]
    entries[1:] = [
        replace(salted, entry=replace(salted.entry, seq=seq))
        for seq, salted in enumerate(entries[1:], 2)
    ]
    assert any("column seq is not" in message for message in messages(entries))


def test_columns_say_what_the_body_says(entries: list[SaltedEntry]) -> None:
    entries[1] = replace(entries[1], entry=replace(entries[1].entry, ts_utc="2020"))
    assert messages(entries) == ["entry 2: the column ts_utc is not what the body says"]


def test_a_completion_comes_after_its_intent_and_once(entries: list[SaltedEntry]) -> None:
    assert messages([*entries[:2], changed(entries[2], intent_seq=4), entries[3]]) == [
        "entry 3: closes an intent that does not come before it"
    ]
    again = changed(entries[2], seq=5)
    again = replace(again, entry=replace(again.entry, seq=5))
    assert messages([*entries, again]) == ["entry 5: closes intent 1, which is closed already"]


def test_a_completion_closes_nothing_but_intents(entries: list[SaltedEntry]) -> None:
    denied = changed(entries[1], kind=EntryKind.DENIED.value)
    denied = replace(denied, entry=replace(denied.entry, kind=EntryKind.DENIED))
    wrong = changed(entries[2], intent_seq=2)
    assert messages([entries[0], denied, wrong]) == [
        "entry 3: closes an intent that does not come before it"
    ]


def test_a_field_too_many_is_seen(entries: list[SaltedEntry]) -> None:
    assert messages([changed(entries[0], note="x")]) == [
        "entry 1: the body has not the fields of its kind"
    ]


def test_a_body_that_no_canonical_form_exists_for_is_a_problem_and_no_crash(
    entries: list[SaltedEntry],
) -> None:
    body = {**entries[0].entry.body, "areas": [2**60]}
    entries[0] = replace(entries[0], entry=replace(entries[0].entry, body=body))
    assert messages(entries[:1]) == ["entry 1: the leaf is not the hash of the body and the salt"]
