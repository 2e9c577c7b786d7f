"""Random people, slices and deliveries: what a data subject is told is what a plain count says."""

from __future__ import annotations

import base64
import hmac
import io
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import KeyFault, ReleaseNotFound
from gateway.journal.summary import Period
from gateway.model.entry import Entry, EntryKind
from gateway.model.label import Label
from gateway.model.product import Column, ColumnType, RowsSpec, Transformation
from gateway.upkeep.desk import Register
from gateway.upkeep.subject_answer import answered, wanted
from gateway.upkeep.subject_deliveries import Found, rolled_up
from gateway.upkeep.subject_slices import look_into

PEOPLE = tuple(range(1, 13))
AREAS, PLACES, EPOCHS = ("38", "39"), ("837", "562"), ("2025", "2026")
FIRST = date(2026, 6, 1)
DAYS = tuple(FIRST + timedelta(days=n) for n in range(3))
RELEASES = ("2026-05-31.1", "2026-05-31.2", "2026-06-30.1")
NAME = Label("n", "n", "n")


def key_of(area: str, epoch: str) -> bytes:
    return hmac.digest(b"root", f"{area}{epoch}".encode(), "sha256")


def plain(person: int, area: str, epoch: str) -> str:
    digest = hmac.digest(key_of(area, epoch), b"pid\0%d" % person, "sha256")
    return base64.b32encode(digest)[:26].decode()


@dataclass(frozen=True)
class World:
    """rows: (release, area) → (person, place); epochs: of each release; kept: releases; keys: epochs."""

    rows: dict[tuple[str, str], list[tuple[int, str]]]
    epochs: dict[str, str]
    kept: frozenset[str]
    keys: frozenset[str]


@dataclass(frozen=True)
class Fetch:
    release: str
    area: str
    day: date
    organisation: str
    places: tuple[str, ...] | None
    ending: str
    client: str


ENDINGS = ("complete", "partial", "unknown", "open", "not_modified", "nothing")
fetches = st.builds(
    Fetch,
    st.sampled_from(RELEASES),
    st.sampled_from(AREAS),
    st.sampled_from(DAYS),
    st.sampled_from(("KU837", "KU562")),
    st.sampled_from((None, *((place,) for place in PLACES))),
    st.sampled_from(ENDINGS),
    st.sampled_from(("one", "two")),
)
people = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PLACES)), max_size=8)
worlds = st.builds(
    World,
    st.fixed_dictionaries({(release, area): people for release in RELEASES for area in AREAS}),
    st.fixed_dictionaries({release: st.sampled_from(EPOCHS) for release in RELEASES}),
    st.frozensets(st.sampled_from(RELEASES)),
    st.sampled_from([frozenset(EPOCHS), frozenset(EPOCHS[1:])]),
)


@dataclass
class Held:
    content: bytes
    size: int = field(init=False)

    def __post_init__(self):
        self.size = len(self.content)

    def read_at(self, offset, length):
        return self.content[offset : offset + length]

    def fileno(self):
        return None

    def is_untouched(self):
        return True

    def close(self):
        pass


class Kept:
    """The kept releases of a world, as Parquet in memory."""

    def __init__(self, world: World):
        self.world = world

    def find(self, product, release):
        if str(release) not in self.world.kept:
            raise ReleaseNotFound
        files = tuple(
            SimpleNamespace(area=area, rows=len(self.world.rows[str(release), area]))
            for area in AREAS
        )
        columns = tuple(SimpleNamespace(name=name) for name in ("pseudonym", "municipality"))
        return SimpleNamespace(
            product=product, release=release, title=NAME, files=files, columns=columns
        )

    def open(self, manifest, file):
        release = str(manifest.release)
        rows = self.world.rows[release, file.area]
        epoch = self.world.epochs[release]
        columns = {
            "pseudonym": [plain(person, file.area, epoch) for person, _ in rows],
            "municipality": [place for _, place in rows],
        }
        schema = pa.schema([(name, pa.string()) for name in columns])
        buffer = io.BytesIO()
        pq.write_table(pa.table(columns, schema=schema), buffer)
        return Held(buffer.getvalue())


class Keys:
    def __init__(self, world: World):
        self.world = world

    def epochs(self):
        return EPOCHS

    def domain_key(self, domain, *, epoch=None):
        if epoch not in self.world.keys:
            raise KeyFault("destroyed")
        return key_of(domain.area, epoch)


def register_of(world: World) -> Register:
    column = Column(
        name="pseudonym",
        source="person",
        type=ColumnType.STRING,
        label=NAME,
        description=NAME,
        classification=None,
        transformation=Transformation.PSEUDONYM,
        lineage=(),
    )
    spec = RowsSpec("", "person", "municipality", "family", (column,), None)
    product = SimpleNamespace(id="rows", rows=spec)
    return Register(
        keys=Keys(world),
        releases=Kept(world),
        catalog=SimpleNamespace(find=lambda _: product),
        registry=SimpleNamespace(areas=AREAS),
        person_ids=lambda *_: np.array(PEOPLE, dtype=np.int64),
        pseudonym_purpose=lambda _: "purpose",
    )


def entry_of(seq: int, fetch: Fetch) -> Entry:
    at = datetime(fetch.day.year, fetch.day.month, fetch.day.day, 9, tzinfo=UTC)
    body = {
        "iss": "issuer",
        "client_id": fetch.client,
        "sub": "reader",
        "organisation": fetch.organisation,
        "purpose": "planning",
        "legal_basis": "law",
        "product": "rows",
        "release": fetch.release,
        "contract_version": "1",
        "areas_requested": [fetch.area],
        "areas_granted": [fetch.area],
        "selection": {} if fetch.places is None else {"municipality": list(fetch.places)},
        "columns": None,
        "format": "csv",
    }
    return Entry(seq, f"e{seq}", EntryKind.INTENT, at.isoformat(), "", body)


def completion_of(fetch: Fetch) -> dict | None:
    whole = "0" * 64 if fetch.ending == "complete" else None
    sent = {"complete": 90, "partial": 40}.get(fetch.ending, 0)
    outcome = {"partial": "client_abort", "nothing": "server_error"}.get(fetch.ending, fetch.ending)
    said = {"outcome": outcome, "bytes": sent, "content_sha256": whole, "range_start": None}
    return None if fetch.ending == "open" else said


def oracle(world: World, person: int, got: list[Fetch]):
    """By going through the fetches one by one, as a person with all the tables would."""
    disclosed, unanswered = {}, set()
    groups = {(f.release, f.area, f.day, f.organisation, f.places, f.client): [] for f in got}
    for f in got:
        groups[f.release, f.area, f.day, f.organisation, f.places, f.client].append(f.ending)
    for (release, area, day, organisation, places, _), endings in groups.items():
        got_something = set(endings) & {"complete", "partial", "unknown", "open"}
        if not got_something:
            continue
        if release not in world.kept:
            unanswered.add(("release_not_kept", release, area, day))
            continue
        rows = world.rows[release, area]
        if rows and world.epochs[release] not in world.keys:
            unanswered.add(("key_gone", release, area, day))
            continue
        if not any(p == person and (places is None or at in places) for p, at in rows):
            continue
        sure = bool(got_something & {"complete", "unknown", "open"})
        where = (release, area, organisation, day)
        disclosed[where] = disclosed.get(where, False) or sure
    return disclosed, unanswered


@settings(deadline=None, max_examples=80)
@given(world=worlds, got=st.lists(fetches, max_size=12), person=st.sampled_from((*PEOPLE, 99)))
def test_what_is_told_is_what_a_plain_count_says(world, got, person):
    ended = [(entry_of(seq, each), completion_of(each)) for seq, each in enumerate(got, 1)]
    found = Found(rolled_up(ended, size_of=lambda _: None), (), FIRST)

    looked = look_into(wanted(found), person, register_of(world))
    answer = answered(Period(FIRST, DAYS[-1]), found, looked)

    told = {
        (one.release, one.area, one.organisation, dated.day): dated.disclosure == "disclosed"
        for one in answer.disclosed
        for dated in one.dates
    }
    gaps = {
        (each.reason.value, each.release, each.area, day)
        for each in answer.unanswered
        for day in each.days
    }
    assert (told, gaps) == oracle(world, person, got)
    assert answer.counts.deliveries == len(told)
    assert answer.is_known in {None, person in PEOPLE}


@settings(deadline=None, max_examples=80)
@given(world=worlds, got=st.lists(fetches, min_size=1, max_size=8), person=st.sampled_from(PEOPLE))
def test_who_is_in_what_was_delivered_whole_is_never_told_no(world, got, person):
    """Whatever is gone: kept releases and keys may only turn an answer into "cannot be said"."""
    world = replace(world, rows={at: [*rows, (person, "837")] for at, rows in world.rows.items()})
    whole = [
        replace(each, ending="complete" if each.ending == "partial" else each.ending)
        for each in got
    ]
    whole = [each for each in whole if each.ending in {"complete", "unknown", "open"}]
    ended = [(entry_of(seq, each), completion_of(each)) for seq, each in enumerate(whole, 1)]
    found = Found(rolled_up(ended, size_of=lambda _: None), (), FIRST)

    answer = answered(
        Period(FIRST, DAYS[-1]), found, look_into(wanted(found), person, register_of(world))
    )

    told = {(one.release, one.area, dated.day) for one in answer.disclosed for dated in one.dates}
    gaps = {(each.release, each.area, day) for each in answer.unanswered for day in each.days}
    for each in whole:
        rows = world.rows[each.release, each.area]
        if any(p == person and (each.places is None or at in each.places) for p, at in rows):
            assert (each.release, each.area, each.day) in told | gaps
