"""A data subject's answer: two approvers and the requester, then dates and purposes, and nobody who read."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from typer.testing import CliRunner

from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.batch import pseudonyms as pseudonyms_command
from gateway.batch.subject import answer as answer_command
from gateway.cli import app
from gateway.errors import BadParameter, JournalUnavailable, KeyFault, NotFound, UpkeepRefused
from gateway.journal.body import completion_body
from gateway.journal.pruning import prune
from gateway.journal.retention import Retention
from gateway.journal.shape import FIELDS
from gateway.journal.subject_body import Counts, subject_approved_body
from gateway.journal.summary import Period
from gateway.journal.verify import verify_entries
from gateway.model.entry import Completion, Draft, EntryKind, Outcome
from gateway.policy.vocabulary import AUDIT_PURPOSE
from gateway.protection.pseudonym import pseudonyms
from gateway.surfaces.auditor.parameters import read_reading
from gateway.upkeep import subject_words
from gateway.upkeep.dossier import load_dossier
from gateway.upkeep.procedure import REIDENTIFICATION, SUBJECT_ANSWER
from gateway.upkeep.recipient_slice import find_slice
from gateway.upkeep.statements import approval_statement, request_statement, sha256, signed
from gateway.upkeep.subject_answer import Disclosure, Gap, Unanswered
from gateway.upkeep.subject_deliveries import Ending
from gateway.upkeep.subject_document import document
from gateway.upkeep.subject_request import (
    SubjectRequest,
    about_again,
    answer,
    approve,
    checked_person,
    request,
)
from gateway.upkeep.subject_slices import Unknown
from gateway.upkeep.subject_text import LANGUAGES, answer_text

TODAY = date(2026, 7, 1)
ASKED = SubjectRequest(Period(TODAY, TODAY), "KEHA/7/2026", AUDIT_PURPOSE, "GDPR-6-1-c")
PRODUCT, RELEASE = "job-seeker-spells", "2026-06-30.1"
READER, CLIENT = "reader-of-rows", "municipality-bi-client"
REQUESTED, APPROVED = EntryKind.SUBJECT_REQUESTED, EntryKind.SUBJECT_APPROVED
ANSWERED, REFUSED = EntryKind.SUBJECT_ANSWERED, EntryKind.SUBJECT_REFUSED


@pytest.fixture(scope="session")
def somebody() -> dict[str, int]:
    """The person of a test: found once, for it takes the register."""
    return {}


@pytest.fixture
def person(somebody, office, register) -> int:
    """Somebody whose rows are in the slice of area 39."""
    if "39" not in somebody:
        found = find_slice(PRODUCT, RELEASE, area="39", register=register)
        ids = np.array(office.ids(register), dtype=np.int64)
        made = pseudonyms(ids, register.keys.domain_key(found.domain)).to_pylist()
        held = office.held("39")
        somebody["39"] = next(
            one for one, text in zip(ids.tolist(), made, strict=True) if text in held
        )
    return somebody["39"]


@pytest.fixture
def rows_of(office, register):
    """`rows_of(person)`: their rows in the slice of 39."""

    def rows(person: int, area: str = "39") -> list[dict]:
        found = find_slice(PRODUCT, RELEASE, area=area, register=register)
        key = register.keys.domain_key(found.domain)
        (own,) = pseudonyms(np.array([person], dtype=np.int64), key).to_pylist()
        path = office.layout.releases / PRODUCT / RELEASE / found.file.path
        return [row for row in pq.read_table(path).to_pylist() if row["pseudonym"] == own]

    return rows


@pytest.fixture
def deliver(desk):
    """`deliver()`: a delivery in the journal, whole where nothing else is said; None leaves it open."""

    def delivered(
        *,
        area: str = "39",
        outcome: Outcome | None = Outcome.COMPLETE,
        sent: int = 100,
        whole: bool = True,
        start: int | None = None,
        **said,
    ) -> None:
        body = {
            **dict.fromkeys(FIELDS[EntryKind.INTENT]),
            **{name: [] for name in ("areas", "roles", "policies", "errors", "proxies")},
            "iss": "https://issuer.example",
            "sub": READER,
            "client_id": CLIENT,
            "organisation": "KU837",
            "purpose": "employment-service-management",
            "legal_basis": "L380-2023",
            "action": "read_rows",
            "product": PRODUCT,
            "contract_version": "1.0.0",
            "release": RELEASE,
            "areas_requested": [area],
            "areas_granted": [area],
            "selection": {},
            "format": "parquet",
            **said,
        }
        receipt = desk.journal.append(Draft(EntryKind.INTENT, body))
        if outcome is not None:
            ended = Completion(
                outcome=outcome,
                http_status=200,
                rows=None,
                bytes=sent,
                content_sha256="0" * 64 if whole else None,
                duration_ms=1.0,
                ranges=() if start is None else ((start, start + sent - 1),),
            )
            # Durable when it returns, as `complete` is not: an open intent would be another case.
            body = completion_body(receipt.seq, ended)
            desk.journal.append(Draft(EntryKind.COMPLETION, body, intent_seq=receipt.seq))

    return delivered


@pytest.fixture
def ask(person, signatories, desk, register, signer):
    """`ask()`: rita's request; its id."""

    def asking(who=None, at=desk, someone=person, **changed) -> str:
        return request(
            replace(ASKED, **changed),
            someone,
            signer=who or signer("rita"),
            signatories=signatories,
            desk=at,
            register=register,
        )

    return asking


@pytest.fixture
def agree(signatories, at, signer):
    def agreeing(reference, person, *, login=None, key=None):
        return approve(
            reference, signer=signer(person, key), signatories=signatories, desk=at(login or person)
        )

    return agreeing


@pytest.fixture
def tell(person, signatories, desk, register, signer):
    """`tell(reference)`: the answer, to rita."""

    def telling(reference, someone=person, who=None, at=desk, write=lambda *_: None, **changed):
        given = {"signatories": signatories, "register": register, **changed}
        return answer(reference, someone, write, signer=who or signer("rita"), desk=at, **given)

    return telling


@pytest.fixture
def told(ask, agree, tell):
    """`told()`: the answer after two approvals."""

    def telling(*, someone=None, asked=None, **changed):
        named = {} if someone is None else {"someone": someone}
        reference = ask(**named, **(asked or {}))
        agree(reference, "aino")
        agree(reference, "bo")
        return tell(reference, **named, **changed)

    return telling


def _refusal(call, *arguments, **named) -> str:
    with pytest.raises(UpkeepRefused) as refused:
        call(*arguments, **named)
    return refused.value.reason


def test_a_whole_slice_was_disclosed_and_another_areas_was_not(told, deliver):
    deliver()
    deliver(area="40", organisation="KU109")
    found = told()
    (one,) = found.disclosed
    assert (one.product, one.release, one.area) == (PRODUCT, RELEASE, "39")
    assert (one.organisation, one.contract_version) == ("KU837", "1.0.0")
    assert (one.purpose, one.legal_bases) == ("employment-service-management", ("L380-2023",))
    (dated,) = one.dates
    assert (dated.day, dated.disclosure) == (TODAY, Disclosure.DISCLOSED)
    assert (dated.ending, found.unanswered, found.is_known) == (Ending.COMPLETE, (), True)


@pytest.mark.parametrize(
    "ended",
    [
        {"outcome": Outcome.NOT_MODIFIED, "sent": 0, "whole": False},
        {"outcome": Outcome.SERVER_ERROR, "sent": 0, "whole": False},
        {"outcome": Outcome.COMPLETE, "sent": 0, "whole": False},
    ],
)
def test_an_answer_without_content_is_no_delivery(told, deliver, ended):
    deliver(**ended)
    found = told()
    assert (found.disclosed, found.unanswered) == ((), ())


def test_a_refusal_and_a_cube_are_no_delivery_of_rows(told, deliver, desk):
    deliver(action="read_cube", product="job-seekers")
    denied = dict.fromkeys(FIELDS[EntryKind.DENIED]) | {"areas_requested": ["39"]}
    denied |= {
        "areas_granted": [],
        "selection": {},
        "product": PRODUCT,
        "release": RELEASE,
        "action": "read_rows",
    }
    desk.journal.append(Draft(EntryKind.DENIED, denied))
    found = told()
    assert (found.disclosed, found.unanswered, found.is_known) == ((), (), None)


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, None])
def test_an_end_that_nobody_saw_counts_as_fully_disclosed(told, deliver, outcome):
    deliver(outcome=outcome, whole=False)
    (one,) = told().disclosed
    (dated,) = one.dates
    assert (dated.disclosure, dated.ending) == (Disclosure.DISCLOSED, Ending.UNKNOWN)


def test_a_part_of_a_file_is_possibly_disclosed_and_ranges_that_cover_it_surely(
    told, deliver, register
):
    size = find_slice(PRODUCT, RELEASE, area="39", register=register).file.bytes
    part = {"whole": False, "sent": size - 10}
    deliver(outcome=Outcome.CLIENT_ABORT, **part)
    (one,) = told().disclosed
    assert [each.disclosure for each in one.dates] == [Disclosure.POSSIBLE]
    assert one.dates[0].ending is Ending.PARTIAL
    deliver(whole=False, start=size - 10, sent=10)
    (one,) = told().disclosed
    assert [each.disclosure for each in one.dates] == [Disclosure.DISCLOSED]


def test_a_selection_is_recomputed_from_the_kept_slice(told, deliver, rows_of, person):
    own = {row["municipality"] for row in rows_of(person)}
    others = sorted({"837", "562", "980", "604"} - own)
    deliver(selection={"municipality": others}, format="csv")
    assert told().disclosed == ()
    deliver(selection={"municipality": sorted(own)}, format="csv", columns=["municipality"])
    assert [each.disclosure for each in told().disclosed[0].dates] == [Disclosure.DISCLOSED]


def test_a_selection_that_the_slice_cannot_tell_is_possibly_disclosed(told, deliver):
    deliver(selection={"team_of_old": ["T1"]}, format="csv")
    assert [each.disclosure for each in told().disclosed[0].dates] == [Disclosure.POSSIBLE]


def test_deliveries_of_one_day_are_one_date_and_the_surest_is_told(told, deliver):
    deliver(outcome=Outcome.CLIENT_ABORT, whole=False, sub="another-reader")
    deliver()
    deliver(sub="a-third-reader")
    found = told()
    assert [each.disclosure for each in found.disclosed[0].dates] == [Disclosure.DISCLOSED]
    assert found.counts == Counts(deliveries=1, possible=0, unanswered=0)


def test_a_release_that_is_not_kept_is_no_silent_no(told, deliver):
    deliver(release="2026-05-31.1")
    found = told()
    assert found.disclosed == ()
    assert found.unanswered == (
        Unanswered(Unknown.RELEASE_NOT_KEPT, (TODAY,), PRODUCT, "2026-05-31.1", "39"),
    )


def test_a_product_that_is_gone_is_no_silent_no(told, deliver):
    deliver(product="rows-of-old")
    assert [each.reason for each in told().unanswered] == [Unknown.RELEASE_NOT_KEPT]


def test_a_contract_that_is_gone_while_its_release_is_kept_is_no_silent_no(told, deliver, register):
    fewer = replace(
        register.catalog,
        products=tuple(p for p in register.catalog.products if p.id != PRODUCT),
    )
    deliver()
    found = told(register=replace(register, catalog=fewer))
    assert [each.reason for each in found.unanswered] == [Unknown.CONTRACT_GONE]


def test_a_release_too_damaged_to_be_named_is_no_silent_no(told, deliver):
    deliver(release=None, contract_version=None, outcome=Outcome.UNKNOWN, whole=False)
    assert [each.reason for each in told().unanswered] == [Unknown.RELEASE_DAMAGED]


def test_a_destroyed_key_is_no_silent_no(told, deliver, register):
    deliver()
    register.keys.start_epoch("2027", new_root=True)

    class Later:
        """The ring after the first root was destroyed."""

        def __getattr__(self, name):
            return getattr(register.keys, name)

        def domain_key(self, domain, *, epoch=None):
            if epoch == "2026":
                raise KeyFault("pseudonym-root.key is missing.")
            return register.keys.domain_key(domain, epoch=epoch)

    found = told(register=replace(register, keys=Later()))
    assert (found.disclosed, [each.reason for each in found.unanswered]) == ((), ["key_gone"])


def test_a_ring_that_is_quite_another_one_is_no_silent_no(told, deliver, register):
    deliver()

    class Another:
        def __getattr__(self, name):
            return getattr(register.keys, name)

        def domain_key(self, domain, *, epoch=None):
            key = register.keys.domain_key(domain, epoch=epoch)
            return key if domain.family == "upkeep" else key[::-1]

    found = told(register=replace(register, keys=Another()))
    assert [each.reason for each in found.unanswered] == [Unknown.KEY_GONE]


def test_an_earlier_epochs_release_is_answered_with_its_own_key(told, deliver, register):
    deliver()
    register.keys.start_epoch("2027", new_root=True)
    found = told()
    assert [each.release for each in found.disclosed] == [RELEASE]


def test_who_left_the_register_is_still_found_in_what_was_released(told, deliver, register, person):
    everybody = register.person_ids

    def without(product, day):
        ids = everybody(product, day)
        return ids[ids != person]

    deliver()
    found = told(register=replace(register, person_ids=without))
    assert (len(found.disclosed), found.is_known) == (1, False)


def test_an_id_that_the_register_never_had_is_said_to_be_unknown(told, deliver):
    deliver()
    found = told(someone=999_999_999_999)
    assert (found.disclosed, found.unanswered, found.is_known) == ((), (), False)


def test_expired_entries_and_the_time_before_the_journal_are_told(told, deliver, desk, office):
    deliver()
    office.clock.pass_by(days=400)
    retention = Retention(365, 90, {}, {})
    prune(desk.journal, retention, desk.today(), operator="rita")
    found = told(asked={"period": Period(date(2026, 6, 1), desk.today())})
    assert found.disclosed == ()
    assert found.unanswered == (
        Unanswered(Gap.BEFORE_JOURNAL, (date(2026, 6, 1), date(2026, 6, 30))),
        Unanswered(Gap.ENTRIES_EXPIRED, (TODAY,)),
    )


def test_deliveries_outside_the_period_are_not_told(told, deliver, office):
    deliver()
    office.clock.pass_by(days=2)
    deliver(organisation="KU562")
    day = date(2026, 7, 3)
    found = told(asked={"period": Period(day, day)})
    assert [each.organisation for each in found.disclosed] == ["KU562"]


def test_less_than_two_approvals_give_nothing(ask, agree, tell, entries):
    reference = ask()
    assert _refusal(tell, reference) == "approvals_missing"
    agree(reference, "aino")
    assert _refusal(tell, reference) == "approvals_missing"
    assert entries(ANSWERED) == []
    assert [each.body["refusal"] for each in entries(REFUSED)] == ["approvals_missing"] * 2


def test_one_person_cannot_approve_twice(ask, agree, tell):
    reference = ask()
    agree(reference, "aino")
    assert _refusal(agree, reference, "aino") == "approved_before"
    assert _refusal(agree, reference, "bo", login="aino") == "other_login"
    assert _refusal(agree, reference, "bo", key="aino") == "other_key"
    assert _refusal(tell, reference) == "approvals_missing"


def test_nobody_approves_a_request_of_their_own(ask, at, signer, signatories):
    both = replace(signatories.people["rita"], may=frozenset({"request", "approve"}))
    everyone = replace(signatories, people={**signatories.people, "rita": both})
    reference = ask()
    with pytest.raises(UpkeepRefused) as refused:
        approve(reference, signer=signer("rita"), signatories=everyone, desk=at("rita"))
    assert refused.value.reason == "own_request"


def test_a_request_runs_out(ask, agree, tell, office):
    reference = ask()
    agree(reference, "aino")
    office.clock.pass_by(hours=71, minutes=59)
    agree(reference, "bo")
    office.clock.pass_by(minutes=1)
    assert _refusal(tell, reference) == "run_out"
    assert _refusal(agree, reference, "eero") == "run_out"


def test_approvals_of_one_case_are_none_of_another(ask, agree, tell):
    first, second = ask(), ask(case_ref="KEHA/8/2026")
    agree(first, "aino")
    agree(second, "bo")
    assert _refusal(tell, first) == "approvals_missing"
    assert _refusal(tell, second) == "approvals_missing"


def test_approvals_copied_from_another_case_approve_nothing(
    ask, agree, tell, desk, signatories, signer
):
    first, second = ask(), ask(case_ref="KEHA/8/2026")
    agree(first, "aino")
    agree(second, "bo")
    dossier = load_dossier(first, desk.journal, SUBJECT_ANSWER)
    (copied,) = load_dossier(second, desk.journal, SUBJECT_ANSWER).approvals
    about = about_again(dossier, operator="bo", subject="bo")
    statement = approval_statement(dossier.request_sha256, "bo", REIDENTIFICATION)
    of_another_kind = signed(statement, signatories.people["bo"], signer("bo").sign)
    for signature in (copied["signature"], of_another_kind.signature):
        proof = replace(of_another_kind, signature=signature)
        desk.journal.append(Draft(APPROVED, subject_approved_body(about, proof)))
    assert _refusal(tell, first) == "approvals_missing"


def test_approvals_are_of_one_person(ask, agree, tell, entries, person):
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    assert _refusal(tell, reference, someone=person + 1) == "other_person"
    assert entries(ANSWERED) == []


def test_only_the_requester_is_answered_and_once(ask, agree, tell, at, signer):
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    assert _refusal(tell, reference, who=signer("eero"), at=at("eero")) == "not_entitled"
    assert _refusal(tell, reference, at=at("aino")) == "other_login"
    assert _refusal(tell, reference, who=signer("rita", "aino")) == "other_key"
    tell(reference)
    assert _refusal(tell, reference) == "answered"


def test_a_request_of_one_procedure_is_none_of_the_other(ask, desk):
    with pytest.raises(NotFound):
        load_dossier(ask(), desk.journal, REIDENTIFICATION)


def test_refuses_a_requester_without_the_duty_the_login_or_the_key(ask, signer, at, entries):
    assert _refusal(ask, who=signer("aino"), at=at("aino")) == "not_entitled"
    assert _refusal(ask, at=at("bo")) == "other_login"
    assert _refusal(ask, who=signer("rita", "bo")) == "other_key"
    other = {"purpose": "service-planning", "legal_basis": "L380-2023"}
    assert _refusal(ask, **other) == "purpose_refused"
    assert [each.body["action"] for each in entries(REFUSED)] == ["subject.request"] * 4
    assert entries(REQUESTED) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"case_ref": "urgent"},
        {"purpose": "curiosity"},
        {"legal_basis": "L380-2023"},
        {"period": Period(date(2026, 7, 1), date(2026, 6, 30))},
        {"period": Period(date(2026, 7, 1), date(2026, 7, 2))},
    ],
)
def test_what_cannot_be_meant_comes_into_no_entry(ask, entries, changed):
    with pytest.raises(BadParameter):
        ask(**changed)
    assert entries(REFUSED) == entries(REQUESTED) == []


@pytest.mark.parametrize(
    "text", ["", "010101-900C", "12 ", "-1", "007", "1e3", "9223372036854775808", "12345678901.0"]
)
def test_what_is_no_internal_id_is_refused_and_not_repeated(text):
    with pytest.raises(BadParameter) as refused:
        checked_person(text)
    assert (refused.value.parameter, "identity code" in refused.value.detail) == ("person", True)
    assert not text or text not in refused.value.detail


def test_the_entry_is_durable_before_anything_is_written(ask, agree, tell, deliver, entries):
    deliver()
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    seen = []
    tell(reference, write=lambda *_: seen.append(len(entries(ANSWERED))))
    assert seen == [1]


def test_nothing_is_written_when_the_journal_cannot_be(ask, agree, tell, desk, monkeypatch):
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")

    def broken(_):
        raise JournalUnavailable("the disk is full")

    monkeypatch.setattr(type(desk.journal), "append", lambda _, draft: broken(draft))
    written = []
    with pytest.raises(JournalUnavailable):
        tell(reference, write=lambda *_: written.append(1))
    assert written == []


def test_the_journal_tells_days_grounds_and_counts_and_an_auditor_can_check_the_signatures(
    told, deliver, entries, signatories
):
    deliver()
    deliver(release="2026-05-31.1")
    told()
    (requested,), (first, second), (answered,) = map(entries, (REQUESTED, APPROVED, ANSWERED))
    statement = request_statement(requested.body, SUBJECT_ANSWER)
    for entry, person in ((requested, "rita"), (first, "aino"), (second, "bo")):
        key = signatories.people[person].public_key
        if entry is not requested:
            signs = approval_statement(sha256(statement), person, SUBJECT_ANSWER)
        else:
            signs = statement
        key.verify(bytes.fromhex(entry.body["signature"]), signs)
    said = {name: answered.body[name] for name in ("deliveries", "possible_deliveries")}
    assert said == {"deliveries": 1, "possible_deliveries": 0}
    assert (answered.body["unanswered"], answered.body["approvers"]) == (1, ["aino", "bo"])
    for entry in (requested, first, second, answered):
        assert entry.body["case_ref"] == "KEHA/7/2026"
        assert (entry.body["first_day"], entry.body["last_day"]) == ("2026-07-01", "2026-07-01")
        assert not {"product", "area", "organisation"} & entry.body.keys()


def test_a_curious_operator_learns_nothing_from_errors(ask, agree, tell, person):
    reference = ask()
    told = [_fault(tell, reference)]
    agree(reference, "aino")
    agree(reference, "bo")
    told.append(_fault(tell, reference, someone=person + 1))
    assert not any(_has_number(text, one) for text in told for one in (person, person + 1))


def test_a_curious_operator_learns_nothing_from_journal_or_logs(
    told, deliver, desk, office, person, rows_of, caplog
):
    caplog.set_level("DEBUG")
    deliver()
    told()
    desk.journal.close()
    pseudonym = rows_of(person)[0]["pseudonym"]
    folder = office.layout.journal.parent
    stored = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert b"subject.answered" in stored
    for text in (stored.decode("latin-1"), caplog.text):
        assert pseudonym not in text
        assert not _has_number(text, person)


def test_the_commitment_tells_nothing_to_whoever_knows_every_id(ask, entries, office, register):
    ask()
    ask()
    first, second = (each.body for each in entries(REQUESTED))
    assert first["commitment"] != second["commitment"]
    for one in office.ids(register):
        for text in (str(one), f"{first['subject_answer']}\x00{one}"):
            assert hashlib.sha256(text.encode()).hexdigest() != first["commitment"]


def test_the_journal_of_all_this_verifies(told, deliver, office, desk):
    deliver()
    told()
    desk.journal.close()
    store = SqliteJournal(office.layout.journal)
    try:
        assert verify_entries(store.salted()).problems == ()
    finally:
        store.close()


@pytest.mark.parametrize(
    "filters",
    [
        {"kind": "subject.requested"},
        {"case_ref": "KEHA/7/2026"},
        {"subject": "rita"},
        {"purpose_code": "audit"},
    ],
)
def test_an_auditor_finds_the_request(ask, desk, filters):
    reference = ask()
    found = desk.journal.search(read_reading(filters).query()).entries
    assert [entry.body["subject_answer"] for entry in found] == [reference]


def test_what_is_handed_over_names_the_recipient_and_nobody_who_read(
    told, deliver, desk, register, person, rows_of
):
    deliver()
    deliver(release="2026-05-31.1")
    deliver(outcome=Outcome.CLIENT_ABORT, whole=False, organisation="KU562")
    made = document(
        told(asked={"period": Period(date(2026, 6, 1), TODAY)}),
        case_ref="KEHA/7/2026",
        made=desk.clock.now(),
        registry=register.registry,
        policy=desk.policy,
    )
    assert [each["organisation"]["name"]["sv"] for each in made["deliveries"]] == [
        *("Orivesi", "Tammerfors"),
    ]
    assert [each["reason"] for each in made["unanswered"]] == ["before_journal", "release_not_kept"]
    texts = {language: answer_text(made, language) for language in LANGUAGES}
    assert "Tampere (KU837)" in texts["fi"]
    assert "1.7.2026: mahdollisesti luovutettu" in texts["fi"]
    assert "Tammerfors (KU837)" in texts["sv"]
    assert "2026-07-01: given; the transfer ended" in texts["en"]
    assert "2026-06-01 – 2026-06-30" in texts["en"]
    pseudonym = rows_of(person)[0]["pseudonym"]
    for text in (json.dumps(made), *texts.values()):
        assert not any(secret in text for secret in (READER, CLIENT, "issuer.example", pseudonym))
        assert not _has_number(text, person)


def test_no_delivery_and_an_unknown_person_are_said_in_words(told, deliver, desk, register):
    deliver()
    made = document(
        told(someone=999_999_999_999),
        case_ref="KEHA/7/2026",
        made=desk.clock.now(),
        registry=register.registry,
        policy=desk.policy,
    )
    text = answer_text(made, "fi")
    assert "Ei löytynyt luovutusta" in text
    assert "Tarkista" in text
    assert "Mihin ei voida vastata" not in text


def test_an_approver_reads_what_is_asked_and_signs_elsewhere(ask, office, monkeypatch):
    monkeypatch.setattr(pseudonyms_command, "SystemClock", lambda: office.clock)
    monkeypatch.setattr(pseudonyms_command, "operating_login", lambda: "aino")
    for name, text in office.environment.items():
        monkeypatch.setenv(name, text)
    reference = ask()

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["subject", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    shown = run("show", reference)
    assert "KEHA/7/2026" in shown
    assert "nobody yet" in shown
    statement = run("show", reference, "--statement-for", "aino")
    key = load_pem_private_key(office.key_file("aino").read_bytes(), password=None)
    signature = base64.b64encode(key.sign(statement.encode())).decode()
    assert "1 of 2" in run("approve", reference, "--as", "aino", "--signature", signature)
    assert "approved by\taino" in run("show", reference)


def test_an_answer_goes_to_no_folder_that_is_there(office, tmp_path, signer):
    with pytest.raises(BadParameter, match="new folder"):
        answer_command(office.settings, "0" * 16, "12", tmp_path, signer=signer("rita"))
    assert list(tmp_path.glob("*.txt")) == []


@pytest.mark.parametrize("step", ["request", "show", "approve", "answer"])
def test_help_teaches(step):
    shown = CliRunner().invoke(app, ["subject", step, "--help"])
    assert (shown.exit_code, "Usage:" in shown.output) == (0, True)


def test_every_code_has_words():
    assert subject_words.DISCLOSURES.keys() == {each.value for each in Disclosure}
    assert subject_words.OUTCOMES.keys() == {each.value for each in Ending}
    assert subject_words.REASONS.keys() == {each.value for each in (*Unknown, *Gap)}


def _fault(call, *arguments, **named) -> str:
    with pytest.raises(UpkeepRefused) as refused:
        call(*arguments, **named)
    return f"{refused.value!r} {refused.value.detail} {refused.value.reason}"


def _has_number(text: str, number: int) -> bool:
    return re.search(rf"(?<![0-9a-f]){number}(?![0-9a-f])", text) is not None
