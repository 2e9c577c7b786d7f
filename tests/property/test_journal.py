"""Leaves tell every change, the order has no gaps, and what is written can be read."""

from __future__ import annotations

import copy
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.errors import EntryRefused
from gateway.journal.body import completion_body
from gateway.journal.events import policy_body
from gateway.journal.guard import MAX_INTEGER, guarded
from gateway.journal.leaf import canonical, leaf_sha256, recomputed_leaf_sha256
from gateway.journal.seal import BootIdentity, Seal
from gateway.journal.verify import verify_entries
from gateway.model.entry import Completion, Draft, EntryKind, Outcome

SALT = "00" * 16
NOW = datetime(2026, 6, 30, 5, 0, tzinfo=UTC)
QUICK = settings(deadline=None, max_examples=50)

keys = st.from_regex(r"[A-Za-z][A-Za-z0-9_.:-]{0,20}", fullmatch=True)
texts = st.text(max_size=40)
numbers = st.one_of(
    st.integers(-MAX_INTEGER, MAX_INTEGER),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda number: round(number, 3)),
)
leaves = st.one_of(st.none(), st.booleans(), texts, numbers)
values = st.one_of(
    leaves,
    st.lists(leaves, max_size=4),
    st.dictionaries(keys, st.lists(texts, max_size=3), max_size=3),
)
bodies = st.dictionaries(keys, values, min_size=1, max_size=8)


def allowed(body: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return guarded(body)
    except EntryRefused:
        return None


@QUICK
@given(bodies)
def test_what_the_guard_lets_through_has_one_canonical_form(body: dict[str, Any]) -> None:
    checked = allowed(body)
    if checked is None:
        return
    members = canonical(checked)
    assert members == rfc8785.dumps(checked)
    assert canonical(orjson.loads(members)) == members
    assert rfc8785.dumps(orjson.loads(members)) == members
    assert leaf_sha256(checked, SALT) == recomputed_leaf_sha256(orjson.loads(members), SALT)


@QUICK
@given(bodies, st.data())
def test_any_change_of_any_field_changes_the_leaf(
    body: dict[str, Any], data: st.DataObject
) -> None:
    checked = allowed(body)
    if checked is None:
        return
    leaf = recomputed_leaf_sha256(checked, SALT)
    name = data.draw(st.sampled_from(sorted(checked)))
    value = data.draw(values.filter(lambda value: allowed({"x": value}) is not None))
    changed = {**copy.deepcopy(checked), name: allowed({"x": value})["x"]}  # type: ignore[index]
    without = {key: value for key, value in checked.items() if key != name}
    is_same = canonical(changed) == canonical(checked)
    assert (recomputed_leaf_sha256(changed, SALT) == leaf) is is_same
    assert recomputed_leaf_sha256(without, SALT) != leaf
    assert recomputed_leaf_sha256({**checked, "zz-added": None}, SALT) != leaf
    assert recomputed_leaf_sha256(checked, "01" * 16) != leaf


@QUICK
@given(
    st.from_regex(
        r"(0[1-9]|1[0-9]|2[0-8])(0[1-9]|1[0-2])[0-9]{2}[-+A-FU-Y]9[0-9]{2}[0-9A-FHJ-NPR-Y]",
        fullmatch=True,
    ),
    st.sampled_from(["", " ", "ä", '"', "\\", "/", "_", ":", "-"]),
    st.sampled_from(["", " ", "ö", '"', "\\", "/", "_", ",", "-"]),
    st.booleans(),
)
def test_no_identity_code_gets_through(
    before_code: str, left: str, right: str, lower: bool
) -> None:
    code = before_code.lower() if lower else before_code
    assert allowed({"field": f"{left}{code}{right}"}) is None
    assert allowed({"field": [{"key": [f"{left}{code}{right}"]}]}) is None


@settings(deadline=None, max_examples=15)
@given(st.lists(st.lists(st.sampled_from("pcx"), min_size=1, max_size=5), min_size=1, max_size=6))
def test_the_order_has_no_gaps_whatever_fails(batches: list[list[str]]) -> None:
    """p: an entry; c: a completion of an intent that does not exist, which spoils its whole batch."""
    boot = BootIdentity("r", "boot", "b", "c")
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteJournal(Path(folder) / "journal.sqlite")
        seal = Seal(boot, store.secret())
        expected = 0
        for batch in batches:
            drafts = [seal.stamped(_draft(letter), NOW) for letter in batch]
            try:
                receipts = store.append(drafts)
            except ValueError:
                assert "c" in batch
                continue
            assert "c" not in batch
            assert [receipt.seq for receipt in receipts] == list(
                range(expected + 1, expected + len(batch) + 1)
            )
            expected += len(batch)
        found = verify_entries(store.salted())
        store.close()
    assert (found.entries, found.problems) == (expected, ())


def _draft(letter: str) -> Draft:
    if letter == "c":
        body = completion_body(10_000, Completion(Outcome.COMPLETE, 200, 1, 1, None, 1.0))
        return Draft(EntryKind.COMPLETION, body, intent_seq=10_000)
    return Draft(EntryKind.POLICY_LOADED, policy_body(letter * 64, []))
