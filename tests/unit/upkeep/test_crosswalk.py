"""The crosswalk: exact, for one recipient, journaled first, and between two domains never."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gateway.errors import (
    BadParameter,
    JournalUnavailable,
    ProductNotFound,
    ReleaseNotFound,
    SliceNotFound,
    UnknownArea,
    UpkeepRefused,
    WrongKind,
)
from gateway.model.entry import EntryKind
from gateway.model.release import ReleaseId
from gateway.ports import PseudonymDomain
from gateway.protection.pseudonym import pseudonyms
from gateway.upkeep import crosswalk
from gateway.upkeep.crosswalk import CrosswalkRequest, crosswalk_table, make_crosswalk
from gateway.upkeep.recipient_slice import find_slice

ASKED = CrosswalkRequest(
    area="39",
    family="employment",
    purpose="employment-service-management",
    epoch_before="2026",
    epoch="2027",
    product="job-seeker-spells",
    release="2026-06-30.1",
    case_ref="KEHA/123/2026",
    organisation="KU837",
)
DOMAIN = PseudonymDomain("39", "employment", "employment-service-management")


@pytest.fixture(autouse=True)
def second_epoch(office) -> None:
    from gateway.adapters.keys_file import FileKeys

    FileKeys(office.layout.keys).start_epoch("2027", new_root=True)


@pytest.fixture
def made(desk, register):
    """`made(area="40")`: the table and the summary."""

    def make(**changed):
        written: list[bytes] = []
        summary = make_crosswalk(
            replace(ASKED, **changed), written.append, desk=desk, register=register
        )
        return pq.read_table(BytesIO(written[0])), summary, written[0]

    return make


def test_maps_every_pseudonym_of_the_slice_and_no_other_exactly(
    office, made, register, plain_pseudonym
):
    table, summary, _ = made()
    held = office.held("39")
    assert set(table.column("old").to_pylist()) == held
    assert (summary.persons, summary.mapped) == (len(held), len(held))
    old = register.keys.domain_key(DOMAIN, epoch="2026")
    new = register.keys.domain_key(DOMAIN, epoch="2027")
    expected = {plain_pseudonym(i, old): plain_pseudonym(i, new) for i in office.ids(register)}
    pairs = zip(table.column("old").to_pylist(), table.column("new").to_pylist(), strict=True)
    assert all(expected[one] == other for one, other in pairs)
    assert len(set(table.column("new").to_pylist())) == len(held)


def test_the_order_of_the_table_tells_nothing_of_the_register(made):
    old = made()[0].column("old").to_pylist()
    assert old == sorted(old)


def test_a_request_can_name_one_domain_only():
    assert [field.name for field in fields(CrosswalkRequest)] == [
        *("area", "family", "purpose", "epoch_before", "epoch"),
        *("product", "release", "case_ref", "organisation"),
    ]


def test_nobody_of_another_area_is_in_the_table(office, made):
    table = made()[0]
    for area in ("40", "01", "25"):
        assert not office.held(area) & set(table.column("old").to_pylist())
        assert not office.held(area) & set(table.column("new").to_pylist())


def test_persons_who_left_the_register_are_counted_and_missing(office, desk, register):
    ids = np.array(office.ids(register))
    fewer = replace(register, person_ids=lambda *_: ids[::2])
    written: list[bytes] = []
    summary = make_crosswalk(ASKED, written.append, desk=desk, register=fewer)
    assert 0 < summary.mapped < summary.persons == len(office.held("39"))


def test_the_entry_is_durable_before_the_table_is_written_and_holds_no_pseudonym(
    office, desk, register, entries
):
    class Killed(BaseException):
        pass

    def killed(content: bytes) -> None:
        (entry,) = entries(EntryKind.PSEUDONYM_CROSSWALK)
        assert entry.body["content_sha256"] == hashlib.sha256(content).hexdigest()
        assert entry.body["bytes"] == len(content)
        raise Killed

    with pytest.raises(Killed):
        make_crosswalk(ASKED, killed, desk=desk, register=register)
    (entry,) = entries(EntryKind.PSEUDONYM_CROSSWALK)
    held = office.held("39")
    said = {
        "operator": "rita",
        "organisation": "KU837",
        "areas_granted": ["39"],
        "product": "job-seeker-spells",
        "release": "2026-06-30.1",
        "family": "employment",
        "pseudonym_purpose": "employment-service-management",
        "epoch_before": "2026",
        "epoch": "2027",
        "case_ref": "KEHA/123/2026",
        "subscription": "areas-rows.TA39.job-seeker-spells",
        "legal_basis": "L380-2023",
        "persons": len(held),
        "persons_mapped": len(held),
    }
    assert {name: entry.body[name] for name in said} == said
    written = b"".join(
        path.read_bytes() for path in office.layout.journal.parent.iterdir() if path.is_file()
    )
    assert not [one for one in held if one.encode() in written]


def test_nothing_is_written_without_the_journal(desk, register):
    written: list[bytes] = []
    desk.journal.close()
    with pytest.raises(JournalUnavailable):
        make_crosswalk(ASKED, written.append, desk=desk, register=register)
    assert written == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"family": "integration"}, "other_domain"),
        ({"purpose": "service-planning"}, "other_domain"),
        ({"organisation": "KU091"}, "not_the_recipient"),
        ({"organisation": "TA40"}, "not_the_recipient"),
        ({"organisation": "EVK04"}, "not_the_recipient"),
        ({"organisation": "TEM"}, "not_the_recipient"),
        ({"organisation": "KEHA"}, "not_the_recipient"),
        ({"area": "40"}, "not_the_recipient"),
        ({"epoch_before": "2027", "epoch": "2026"}, "other_epoch"),
    ],
)
def test_refuses_whoever_is_not_the_recipient_of_these_pseudonyms_and_tells_the_journal(
    made, entries, changed, reason
):
    with pytest.raises(UpkeepRefused) as refused:
        made(**changed)
    assert refused.value.reason == reason
    (entry,) = entries(EntryKind.PSEUDONYM_REFUSED)
    assert (entry.body["action"], entry.body["refusal"]) == ("crosswalk", reason)
    assert entry.body["areas_granted"] == []
    assert entry.body["family"] == "employment"
    assert entries(EntryKind.PSEUDONYM_CROSSWALK) == []


def test_an_organisation_without_a_valid_subscription_gets_none(office, made, entries):
    office.clock.pass_by(days=600)
    with pytest.raises(UpkeepRefused) as refused:
        made()
    assert refused.value.reason == "subscription_missing"
    assert len(entries(EntryKind.PSEUDONYM_REFUSED)) == 1


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"case_ref": "see my mail"}, BadParameter),
        ({"case_ref": "KEHA/123/2026\n"}, BadParameter),
        ({"case_ref": "010101-900C"}, BadParameter),
        ({"epoch": "2026"}, BadParameter),
        ({"epoch": "2031"}, BadParameter),
        ({"epoch_before": "1999"}, BadParameter),
        ({"area": "99"}, UnknownArea),
        ({"area": ""}, UnknownArea),
        ({"release": "2026-06-30.9"}, ReleaseNotFound),
        ({"release": "latest"}, BadParameter),
        ({"product": "nothing"}, ProductNotFound),
        ({"organisation": "KU999"}, BadParameter),
    ],
)
def test_what_cannot_be_meant_is_told_to_the_operator_alone(made, entries, changed, fault):
    with pytest.raises(fault):
        made(**changed)
    assert entries(EntryKind.PSEUDONYM_REFUSED) == []
    assert entries(EntryKind.PSEUDONYM_CROSSWALK) == []


def test_the_table_of_a_small_register_is_what_the_definition_says():
    ids = np.arange(1000, 1100)
    one, other = bytes(32), bytes(range(32))
    held = pseudonyms(ids[:7], one)
    table = crosswalk_table(held, ids, key_before=one, key=other)
    expected = dict(zip(held.to_pylist(), pseudonyms(ids[:7], other).to_pylist(), strict=True))
    assert dict(zip(*(column.to_pylist() for column in table.columns), strict=True)) == expected


def test_an_organisation_gets_none_while_a_sources_data_permit_is_missing(desk, register, entries):
    closed = replace(desk.policy, sources_under_permit=frozenset({"atmt"}), permits=())
    with pytest.raises(UpkeepRefused) as refused:
        make_crosswalk(ASKED, print, desk=replace(desk, policy=closed), register=register)
    assert refused.value.reason == "data_permit_missing"
    assert len(entries(EntryKind.PSEUDONYM_REFUSED)) == 1


def test_an_empty_slice_has_nothing_to_map(desk, register, made, monkeypatch):
    monkeypatch.setattr(crosswalk, "held_pseudonyms", lambda *_: pa.array([], pa.string()))
    with pytest.raises(UpkeepRefused) as refused:
        made()
    assert refused.value.reason == "empty_slice"


def test_only_a_slice_with_pseudonyms_of_its_persons_can_be_mapped(register, catalog):
    spells = catalog.find(ASKED.product)
    cube = replace(spells, rows=None)
    nameless = replace(spells, rows=replace(spells.rows, columns=spells.rows.columns[1:]))
    for product in (cube, nameless):
        other = replace(register, catalog=SimpleNamespace(find=lambda _, found=product: found))
        with pytest.raises(WrongKind):
            find_slice(ASKED.product, ASKED.release, area="39", register=other)
    manifest = register.releases.find(ASKED.product, ReleaseId.parse(ASKED.release))
    without = replace(manifest, files=tuple(f for f in manifest.files if f.area != "39"))
    fewer = replace(register, releases=SimpleNamespace(find=lambda *_: without))
    with pytest.raises(SliceNotFound):
        find_slice(ASKED.product, ASKED.release, area="39", register=fewer)
