"""Exactly what has expired, is closed and is not held goes, whatever the ages, kinds, contracts and holds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.postgres_url import parse_postgres_url
from gateway.journal.append import Journal
from gateway.journal.body import Asked, Origin, access_body, completion_body
from gateway.journal.events import hold_made_body, policy_body
from gateway.journal.pruning import prune
from gateway.journal.retention import Retention
from gateway.journal.seal import BootIdentity
from gateway.journal.store import DurableStore
from gateway.journal.verify import verify_entries
from gateway.journal.verify_tree import verify_tree
from gateway.model.caller import AuthStrength, Caller
from gateway.model.entry import Completion, Draft, EntryKind, EntryQuery, Outcome
from gateway.model.ruling import Action, Permit

DAY = date(2030, 6, 30)
NOON = datetime(2030, 6, 30, 12, tzinfo=UTC)
LEAST, MOST = 10, 40
PERMIT = Permit(("p",), "e" * 64, "statistics", "law", "s-1", frozenset({"39"}))

ages = st.integers(0, 50)
times = st.integers(LEAST, MOST)
products = st.sampled_from(["one", "two", "three"])
subjects = st.sampled_from(["anna", "bo"])


@dataclass(frozen=True)
class Made:
    """age: in days; ended: of an intent, the age of its end."""

    kind: EntryKind
    age: int
    product: str | None
    subject: str | None
    ended: int | None = None


policies = st.builds(Made, st.just(EntryKind.POLICY_LOADED), ages, st.none(), st.none())
denials = st.builds(Made, st.just(EntryKind.DENIED), ages, products, subjects)
deliveries = st.builds(Made, st.just(EntryKind.INTENT), ages, products, subjects, st.none() | ages)
retentions = st.builds(
    Retention,
    entry_days=times,
    address_days=st.integers(1, LEAST),
    kind_days=st.dictionaries(
        st.sampled_from([EntryKind.DENIED, EntryKind.COMPLETION, EntryKind.POLICY_LOADED]), times
    ),
    product_days=st.dictionaries(products, times, max_size=2),
)
holds = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "subject": subjects,
            "product": products,
            "kind": st.sampled_from([EntryKind.DENIED, EntryKind.COMPLETION]),
            "until": ages.map(lambda age: NOON - timedelta(days=age, hours=1)),
        },
    ).filter(bool),
    max_size=2,
)


# --- the oracle ------------------------------------------------------------------------------


def is_old(made: Made, kind: EntryKind, age: int, retention: Retention) -> bool:
    stated = [retention.kind_days.get(kind), retention.product_days.get(made.product or "")]
    return age > max([each for each in stated if each] or [retention.entry_days])


def is_held(made: Made, kind: EntryKind, age: int, hold: dict[str, Any]) -> bool:
    its = {"subject": made.subject, "product": made.product, "kind": kind}
    came = NOON - timedelta(days=age)
    return all(
        came < value if name == "until" else its[name] == value for name, value in hold.items()
    )


def goes(made: Made, retention: Retention, held: list[dict[str, Any]]) -> bool:
    if made.kind is EntryKind.INTENT and made.ended is None:
        return False
    parts = [(made.kind, made.age)]
    parts += [] if made.ended is None else [(EntryKind.COMPLETION, made.ended)]
    old = all(is_old(made, kind, age, retention) for kind, age in parts)
    return old and not any(is_held(made, *part, hold) for part in parts for hold in held)


# --- the journal -----------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.age = 0

    def now(self) -> datetime:
        return NOON - timedelta(days=self.age)


def draft(made: Made) -> Draft:
    if made.product is None or made.subject is None:
        return Draft(made.kind, policy_body("e" * 64, []))
    caller = Caller("i", made.subject, "c", "j", AuthStrength.BEARER, "KU837", None)
    asked = Asked(Action.READ_ROWS, made.product, ("39",))
    origin = Origin(client_address="192.0.2.7")
    return Draft(made.kind, access_body(caller, asked, ruling=PERMIT, origin=origin))


def write(journal: Journal, clock: Clock, made: Made) -> set[int]:
    """Its places in the order."""
    clock.age = made.age
    first = journal.append(draft(made)).seq
    if made.ended is None:
        return {first}
    clock.age = made.ended
    body = completion_body(first, Completion(Outcome.COMPLETE, 200, 1, 1, None, 1.0))
    return {first, journal.append(Draft(EntryKind.COMPLETION, body, intent_seq=first)).seq}


def hold(journal: Journal, clock: Clock, filters: dict[str, Any]) -> None:
    clock.age = 0
    body = hold_made_body("rita", reason="court", case_ref="KEHA/1/2026", filters={})
    stamped = journal.stamped(Draft(EntryKind.HOLD_MADE, body))
    journal.store.make_hold(stamped, EntryQuery(**filters))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new_store(request: pytest.FixtureRequest) -> Callable[[Path], DurableStore]:
    """A store that nobody has used; a folder for those that are files."""
    if request.param == "sqlite":
        return lambda folder: open_journal_store(folder / "journal.sqlite")
    empty = request.getfixturevalue("emptied_journal")

    def new(folder: Path) -> DurableStore:
        url = parse_postgres_url(empty(), parameter="journal_url")
        return open_journal_store(url.as_user("jakelu_retention"))

    return new


@settings.get_profile("some")
@given(st.lists(policies | denials | deliveries, max_size=12), retentions, holds, st.integers(1, 5))
def test_exactly_what_has_expired_and_nothing_holds_goes(
    new_store: Callable[[Path], DurableStore],
    written: list[Made],
    retention: Retention,
    held: list[dict[str, Any]],
    at_once: int,
) -> None:
    clock, boot = Clock(), BootIdentity("r", "boot", "b", "c")
    with tempfile.TemporaryDirectory() as folder:
        store = new_store(Path(folder))
        with Journal(store, clock=clock, identity=boot) as journal:
            half = len(written) // 2
            places = [write(journal, clock, made) for made in written[:half]]
            for filters in held:
                hold(journal, clock, filters)
            places += [write(journal, clock, made) for made in written[half:]]
            clock.age = 0
            taken = prune(journal, retention, DAY, operator="rita", at_once=at_once)
            found = {each.entry.seq for each in store.salted() if each.entry.body is None}
            verified, tree = verify_entries(store.salted()), verify_tree(store)
    expected = [
        where for where, made in zip(places, written, strict=True) if goes(made, retention, held)
    ]
    assert found == {seq for where in expected for seq in where}
    assert taken.kinds.total() == verified.expired == len(found)
    assert (verified.problems, tree.problems) == ((), ())
