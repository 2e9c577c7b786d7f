"""Who pulled what, how often and how much; and which days are beyond a client's own history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.errors import AreaOutOfScope
from gateway.journal import walk
from gateway.journal.append import Journal
from gateway.journal.body import Asked, Origin, access_body
from gateway.journal.events import limited_body
from gateway.journal.seal import BootIdentity
from gateway.journal.summary import Period, Place, Summary, Sums, summarise
from gateway.journal.unusual import FLOOR_BYTES, FLOOR_DELIVERIES, Volume, unusual_days
from gateway.model.caller import Caller
from gateway.model.entry import Completion, Draft, EntryKind, EntryQuery, Outcome, Receipt
from gateway.model.ruling import Action, Permit

JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))


@dataclass
class HandClock:
    moment: datetime = datetime(2026, 6, 10, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def journal(tmp_path: Path, clock: HandClock, boot: BootIdentity) -> Iterator[Journal]:
    with Journal(SqliteJournal(tmp_path / "journal.sqlite"), clock=clock, identity=boot) as journal:
        yield journal


Deliver = Callable[..., int]


@pytest.fixture
def deliver(
    journal: Journal, caller: Caller, permit: Permit, origin: Origin, clock: HandClock
) -> Deliver:
    """`deliver(bytes=100)`: an intent and its completion on a day; the intent's seq."""

    def deliver(
        *,
        day: str | None = None,
        product: str = "job-seeker-spells",
        client: str = "tampere-bi",
        sent: int | None = 100,
        span: tuple[int, int] | None = None,
        outcome: Outcome = Outcome.COMPLETE,
        is_open: bool = False,
    ) -> int:
        if day is not None:
            clock.moment = datetime.fromisoformat(f"{day}T09:00:00+00:00")
        asked = Asked(Action.READ_ROWS, product, ("39",), format="parquet")
        body = access_body(replace(caller, client_id=client), asked, ruling=permit, origin=origin)
        receipt = journal.append(Draft(EntryKind.INTENT, {**body, "release": "2026-05-31.1"}))
        if is_open:
            return receipt.seq
        is_whole = span is None and outcome is Outcome.COMPLETE
        first, last = span or (None, None)
        ended = Completion(
            outcome,
            200 if span is None else 206,
            None,
            (last - first + 1) if span else (sent or 0),
            "f" * 64 if is_whole else None,
            1.0,
            () if span is None else (span,),
        )
        journal.complete(receipt, ended, wait=True)
        return receipt.seq

    return deliver


def summary(journal: Journal, period: Period = JUNE, **asked) -> Summary:
    end = asked.pop("end", 10**9)
    size_of = asked.pop("size_of", lambda _: None)
    return summarise(journal.store, period, end=end, size_of=size_of, **asked)


SPELLS = Place("KU837", "job-seeker-spells", "2026-06")


def test_ranges_and_repetitions_are_one_delivery(journal: Journal, deliver: Deliver) -> None:
    deliver(span=(50, 99))
    deliver(span=(0, 49))
    deliver(span=(40, 59))
    found = summary(journal, size_of=lambda _: 100)
    assert found.deliveries == {SPELLS: Sums(deliveries=1, whole=1, parts=3, bytes=120)}
    part = summary(journal, size_of=lambda _: 101)
    assert part.deliveries[SPELLS].whole == 0


def test_sums_by_organisation_product_and_month(journal: Journal, deliver: Deliver) -> None:
    deliver(day="2026-05-31")
    deliver(day="2026-06-01")
    deliver(day="2026-06-30", product="service-periods", sent=7)
    deliver(day="2026-07-01", product="service-periods", sent=9)
    assert set(summary(journal).deliveries) == {
        SPELLS,
        Place("KU837", "service-periods", "2026-06"),
    }
    longer = summary(journal, Period(date(2026, 5, 1), date(2026, 7, 31)))
    told = {(place.product, place.month): sums.bytes for place, sums in longer.deliveries.items()}
    assert told == {
        ("job-seeker-spells", "2026-05"): 100,
        ("job-seeker-spells", "2026-06"): 100,
        ("service-periods", "2026-06"): 7,
        ("service-periods", "2026-07"): 9,
    }


def test_what_brought_nothing_is_no_delivery(journal: Journal, deliver: Deliver) -> None:
    deliver(sent=0, outcome=Outcome.NOT_MODIFIED)
    deliver(sent=0, outcome=Outcome.SERVER_ERROR)
    assert summary(journal).deliveries == {}


def test_what_nobody_saw_the_end_of_is_treated_as_whole(journal: Journal, deliver: Deliver) -> None:
    deliver(is_open=True)
    assert summary(journal).deliveries == {SPELLS: Sums(deliveries=1, whole=1, unknown=1, parts=1)}


def test_an_end_behind_the_period_is_found_and_one_behind_the_moment_is_not(
    journal: Journal, deliver: Deliver, clock: HandClock
) -> None:
    seq = deliver(day="2026-06-30", is_open=True)
    clock.moment = datetime(2026, 7, 2, 9, 0, tzinfo=UTC)
    (intent,) = journal.search(EntryQuery()).entries
    receipt = Receipt(intent.seq, intent.event_id, intent.leaf_sha256)
    done = Completion(Outcome.COMPLETE, 200, 5, 100, "f" * 64, 1.0)
    journal.complete(receipt, done, wait=True)
    assert summary(journal).deliveries[SPELLS] == Sums(1, 1, 0, 1, 100)
    assert summary(journal, end=seq).deliveries[SPELLS] == Sums(1, 1, 1, 1, 0)


def test_refusals_are_counted_by_code(
    journal: Journal, caller: Caller, origin: Origin, clock: HandClock
) -> None:
    asked = Asked(Action.READ_ROWS, "job-seeker-spells", ("40",))
    body = access_body(caller, asked, ruling=None, origin=origin, refusal=AreaOutOfScope)
    for _ in range(3):
        journal.append(Draft(EntryKind.DENIED, body))
    who = {"iss": "i", "sub": "s", "client_id": "c", "organisation": "KU837"}
    limited = limited_body(clock.now(), clock.now(), who, {"rate_limited": 40})
    journal.append(Draft(EntryKind.LIMITED, limited))
    found = summary(journal)
    limits = Place("KU837", None, "2026-06")
    assert found.refusals == {(SPELLS, "area_out_of_scope"): 3, (limits, "rate_limited"): 40}
    narrowed = summary(journal, product="job-seeker-spells")
    assert set(narrowed.refusals) == {(SPELLS, "area_out_of_scope")}
    assert summary(journal, organisation="KU211").refusals == {}


def test_a_summary_is_of_its_moment(journal: Journal, deliver: Deliver) -> None:
    first = deliver(sent=1)
    deliver(sent=2, product="service-periods")
    assert set(summary(journal, end=first + 1).deliveries) == {SPELLS}


def test_walks_over_every_page(
    journal: Journal, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        deliver(day=f"2026-06-{number + 10}", sent=number + 1)
    monkeypatch.setattr(walk, "PAGE", 3)
    assert summary(journal).deliveries[SPELLS] == Sums(7, 7, 0, 7, 28)


def test_tells_a_day_beyond_the_history_of_its_client(journal: Journal, deliver: Deliver) -> None:
    for day in range(1, 29):
        deliver(day=f"2026-05-{day:02}", sent=FLOOR_BYTES)
    deliver(day="2026-05-29", sent=3 * FLOOR_BYTES)
    deliver(day="2026-05-29", sent=2 * FLOOR_BYTES, client="other", product="service-periods")
    deliver(day="2026-05-30", sent=FLOOR_BYTES, client="other", product="service-periods")
    told = [
        (client.client, day.day.day, day.volume.bytes, day.most.bytes)
        for client, day in summary(journal, Period(date(2026, 5, 29), date(2026, 5, 31))).unusual()
    ]
    assert told == [
        ("other", 29, 2 * FLOOR_BYTES, FLOOR_BYTES),
        ("tampere-bi", 29, 3 * FLOOR_BYTES, 2 * FLOOR_BYTES),
    ]


# --- the measure -----------------------------------------------------------------------------


DAY = date(2026, 6, 29)


def days(*before: int, today: int) -> dict[date, Volume]:
    """Deliveries of the days before, yesterday last."""
    told = {DAY - timedelta(days=len(before) - i): Volume(n, 0) for i, n in enumerate(before)}
    return told | {DAY: Volume(today, 0)}


@pytest.mark.parametrize(
    ("before", "today", "most"),
    [
        ((), FLOOR_DELIVERIES, None),
        ((), FLOOR_DELIVERIES + 1, FLOOR_DELIVERIES),
        ((1000,) * 28, 2000, None),
        ((1000,) * 28, 2001, 2000),
        ((1000, 1400) * 14, 2400, None),
        ((1000, 1400) * 14, 2401, 2400),
        ((1000, 2000) * 14, 4500, None),
        ((1000, 2000) * 14, 4501, 4500),
        ((0,) * 27 + (9000,), FLOOR_DELIVERIES + 1, FLOOR_DELIVERIES),
        ((9000,) + (0,) * 28, FLOOR_DELIVERIES + 1, FLOOR_DELIVERIES),
    ],
)
def test_a_day_is_measured_by_the_28_before_it(
    before: tuple[int, ...], today: int, most: int | None
) -> None:
    found = list(unusual_days(days(*before, today=today), first=DAY, last=DAY))
    assert [each.most.deliveries for each in found] == ([] if most is None else [most])


def test_only_days_of_the_period_are_told() -> None:
    far = {DAY - timedelta(days=back): Volume(10_000, 0) for back in (1, 40, 80)}
    assert [each.day for each in unusual_days(far, first=DAY - timedelta(days=50), last=DAY)] == [
        DAY - timedelta(days=40),
        DAY - timedelta(days=1),
    ]
