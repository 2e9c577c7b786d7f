"""Re-identification: two approvers and the requester, each with a login and a key; then one id."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.errors import BadParameter, JournalUnavailable, NotFound, UpkeepRefused
from gateway.journal.pseudonym_body import approved_body
from gateway.journal.verify import verify_entries
from gateway.model.entry import Draft, EntryKind
from gateway.ports import PseudonymDomain
from gateway.surfaces.auditor.parameters import read_reading
from gateway.upkeep.approvals import Signer
from gateway.upkeep.dossier import load_dossier
from gateway.upkeep.procedure import REIDENTIFICATION
from gateway.upkeep.reidentification import (
    ReidentificationRequest,
    about_again,
    answer,
    approve,
    request,
)
from gateway.upkeep.statements import (
    approval_statement,
    request_statement,
    sha256,
    signed,
)

ASKED = ReidentificationRequest(
    area="39",
    product="job-seeker-spells",
    release="2026-06-30.1",
    epoch="2026",
    case_ref="KEHA/7/2026",
    purpose="audit",
    legal_basis="L906-2019-17",
)
DOMAIN = PseudonymDomain("39", "employment", "employment-service-management")
REQUESTED = EntryKind.REIDENTIFICATION_REQUESTED
APPROVED = EntryKind.REIDENTIFICATION_APPROVED
ANSWERED = EntryKind.REIDENTIFICATION_ANSWERED
REFUSED = EntryKind.PSEUDONYM_REFUSED


@pytest.fixture
def pseudonym(office) -> str:
    return min(office.held("39"))


@pytest.fixture
def ask(pseudonym, signatories, desk, register, signer):
    """`ask()`: rita's request; its id."""

    def asking(text=pseudonym, who=None, at=desk, **changed) -> str:
        return request(
            replace(ASKED, **changed),
            text,
            signer=who or signer("rita"),
            signatories=signatories,
            desk=at,
            register=register,
        )

    return asking


@pytest.fixture
def agree(signatories, at, signer):
    """`agree(reference, "aino")`: with aino's login and key."""

    def agreeing(reference, person, *, login=None, key=None):
        return approve(
            reference,
            signer=signer(person, key),
            signatories=signatories,
            desk=at(login or person),
        )

    return agreeing


@pytest.fixture
def tell(pseudonym, signatories, desk, register, signer):
    """`tell(reference)`: the answer, to rita."""

    def telling(reference, text=pseudonym, who=None, at=desk, **changed):
        given = {"signatories": signatories, "register": register, **changed}
        return answer(reference, text, signer=who or signer("rita"), desk=at, **given)

    return telling


def test_two_approvals_give_the_internal_id_and_nothing_else(
    ask, agree, tell, office, register, pseudonym, plain_pseudonym
):
    reference = ask()
    assert agree(reference, "aino") == ("aino",)
    assert agree(reference, "bo") == ("aino", "bo")
    found = tell(reference)
    assert type(found) is int
    assert found in office.ids(register)
    assert plain_pseudonym(found, register.keys.domain_key(DOMAIN)) == pseudonym


def test_each_step_is_an_entry_with_a_signature_that_an_auditor_can_check(
    ask, agree, tell, desk, entries, signatories
):
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    tell(reference)
    (requested,), approved, (answered,) = entries(REQUESTED), entries(APPROVED), entries(ANSWERED)
    body = requested.body
    statement = request_statement(body, REIDENTIFICATION)
    _check(signatories.people["rita"].public_key, body, statement)
    assert [each.body["sub"] for each in approved] == ["aino", "bo"]
    for each in approved:
        person = each.body["sub"]
        _check(
            signatories.people[person].public_key,
            each.body,
            approval_statement(sha256(statement), person, REIDENTIFICATION),
        )
    assert (answered.body["approvers"], answered.body["found"]) == (["aino", "bo"], True)
    for entry in (requested, *approved, answered):
        assert entry.body["reidentification"] == reference
        assert entry.body["case_ref"] == "KEHA/7/2026"
        assert (entry.body["purpose"], entry.body["legal_basis"]) == ("audit", "L906-2019-17")
        assert entry.body["areas_requested"] == ["39"]
    assert [e.body["areas_granted"] for e in (requested, *approved, answered)][-1] == ["39"]
    assert {str(e.body["areas_granted"]) for e in (requested, *approved)} == {"[]"}


def test_neither_pseudonym_nor_id_is_in_the_journals_bytes(ask, agree, tell, office, pseudonym):
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    found = tell(reference)
    folder = office.layout.journal.parent
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert reference.encode() in written
    assert pseudonym.encode() not in written
    assert str(found).encode() not in written


def test_the_commitment_tells_nothing_to_whoever_holds_the_slice(ask, entries, office, pseudonym):
    ask()
    ask()
    one, other = (entry.body["commitment"] for entry in entries(REQUESTED))
    assert one != other, "two requests about one person cannot be linked by it"
    references = [entry.body["reidentification"] for entry in entries(REQUESTED)]
    for text in office.held("39"):
        for guess in (text, *(f"{reference}\x00{text}" for reference in references)):
            assert hashlib.sha256(guess.encode()).hexdigest() not in {one, other}
            assert hmac.digest(b"", guess.encode(), "sha256").hex() not in {one, other}


def test_the_answer_is_journaled_before_it_is_given(ask, agree, tell, desk):
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    desk.journal.close()
    with pytest.raises(JournalUnavailable):
        tell(reference)


def test_the_answer_is_given_once(ask, agree, tell, entries):
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    tell(reference)
    assert _refusal(tell, reference) == "answered"
    assert _refusal(agree, reference, "eero") == "answered"
    assert len(entries(ANSWERED)) == 1


@pytest.mark.parametrize("approvers", [(), ("aino",)])
def test_less_than_two_approvals_give_nothing(ask, agree, tell, entries, approvers):
    reference = ask()
    for person in approvers:
        agree(reference, person)
    assert _refusal(tell, reference) == "approvals_missing"
    assert entries(ANSWERED) == []
    assert entries(REFUSED)[-1].body["action"] == "reidentify.answer"


def test_one_person_with_the_shell_cannot_approve_twice(ask, agree, tell, entries):
    reference = ask()
    agree(reference, "aino")
    assert _refusal(agree, reference, "aino") == "approved_before"
    assert _refusal(agree, reference, "bo", login="aino") == "other_login"
    assert _refusal(agree, reference, "bo", login="aino", key="aino") == "other_login"
    assert _refusal(agree, reference, "bo", key="aino") == "other_key"
    assert _refusal(tell, reference) == "approvals_missing"
    assert [each.body["refusal"] for each in entries(REFUSED)] == [
        *("approved_before", "other_login", "other_login", "other_key", "approvals_missing")
    ]
    assert {each.body["operator"] for each in entries(REFUSED)[:3]} == {"aino"}


@pytest.mark.parametrize("person", ["rita", "stranger", ""])
def test_who_may_not_approve_does_not(ask, agree, entries, person):
    reference = ask()
    assert _refusal(agree, reference, person, login="rita") == "not_entitled"
    (entry,) = entries(REFUSED)
    assert entry.body["sub"] == ("rita" if person == "rita" else None), "what is typed is no code"
    assert entry.body["operator"] == "rita"


def test_nobody_approves_a_request_of_their_own(ask, at, signer, signatories, agree):
    both = replace(signatories.people["rita"], may=frozenset({"request", "approve"}))
    everyone = replace(signatories, people={**signatories.people, "rita": both})
    reference = ask()
    with pytest.raises(UpkeepRefused) as refused:
        approve(reference, signer=signer("rita"), signatories=everyone, desk=at("rita"))
    assert refused.value.reason == "own_request"


def test_an_approval_after_the_persons_entitlement_ended_does_not_count(
    ask, agree, tell, signatories
):
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    people = {name: who for name, who in signatories.people.items() if name != "bo"}
    fewer = replace(signatories, people=people)
    assert _refusal(tell, reference, signatories=fewer) == "approvals_missing"


def test_a_request_runs_out(ask, agree, tell, office):
    reference = ask()
    agree(reference, "aino")
    office.clock.pass_by(hours=71, minutes=59)
    agree(reference, "bo")
    office.clock.pass_by(minutes=1)
    assert _refusal(tell, reference) == "run_out"
    assert _refusal(agree, reference, "eero") == "run_out"


def test_only_the_requester_is_answered(ask, agree, tell, at, signer, signatories):
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    assert _refusal(tell, reference, who=signer("eero"), at=at("eero")) == "not_entitled"
    assert _refusal(tell, reference, at=at("aino")) == "other_login"
    assert _refusal(tell, reference, who=signer("rita", "aino")) == "other_key"


def test_approvals_are_of_one_pseudonym(ask, agree, tell, office, pseudonym, entries):
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    another = max(office.held("39"))
    assert another != pseudonym
    assert _refusal(tell, reference, another) == "other_pseudonym"
    assert entries(ANSWERED) == []


def test_approvals_of_one_request_are_none_of_another(ask, agree, tell):
    first, second = ask(), ask()
    agree(first, "aino")
    agree(second, "bo")
    assert _refusal(tell, first) == "approvals_missing"
    assert _refusal(tell, second) == "approvals_missing"


def test_entries_that_somebody_wrote_into_the_journal_approve_nothing(
    ask, agree, tell, desk, signatories, signer, at
):
    reference, other = ask(), ask()
    agree(reference, "aino")
    agree(other, "bo")
    dossier = load_dossier(reference, desk.journal, REIDENTIFICATION)
    copied = load_dossier(other, desk.journal, REIDENTIFICATION)
    about = about_again(dossier, operator="bo", subject="bo")
    of_another = copied.approvals[0]
    wrong = signed(
        approval_statement(dossier.request_sha256, "bo", REIDENTIFICATION),
        signatories.people["aino"],
        signer("aino").sign,
    )
    for signature in (of_another["signature"], wrong.signature, "00" * 64, "00"):
        proof = replace(wrong, signature=signature)
        body = approved_body(about, proof, reidentification=reference, epoch="2026")
        desk.journal.append(Draft(APPROVED, body))
    assert _refusal(tell, reference) == "approvals_missing"


def test_a_request_that_was_changed_in_the_journal_is_none(ask, agree, desk, signatories, signer):
    dossier = load_dossier(ask(), desk.journal, REIDENTIFICATION)
    for name, text in (("commitment", "0" * 64), ("case_ref", "KEHA/8/2026"), ("sub", "aino")):
        changed = replace(dossier, request={**dossier.request, name: text}, approvals=())
        with pytest.raises(UpkeepRefused) as refused:
            changed.check_open(signatories, now=desk.clock.now(), today=desk.today())
        assert refused.value.reason == "not_requested"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"purpose": "service-planning", "legal_basis": "L380-2023"}, "purpose_refused"),
        ({"area": "40"}, "not_in_the_slice"),
        ({"text": "A" * 26}, "not_in_the_slice"),
    ],
)
def test_refuses_a_request_that_nobody_may_make_and_tells_the_journal(
    ask, entries, changed, reason
):
    assert _refusal(ask, **changed) == reason
    (entry,) = entries(REFUSED)
    assert (entry.body["action"], entry.body["refusal"]) == ("reidentify.request", reason)
    assert entries(REQUESTED) == []


def test_refuses_a_requester_without_the_duty_the_login_or_the_key(ask, signer, at, entries):
    assert _refusal(ask, who=signer("aino"), at=at("aino")) == "not_entitled"
    assert _refusal(ask, at=at("bo")) == "other_login"
    assert _refusal(ask, who=signer("rita", "bo")) == "other_key"
    assert len(entries(REFUSED)) == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "not a pseudonym"},
        {"text": "010101-900C"},
        {"text": ""},
        {"case_ref": "urgent"},
        {"epoch": "1999"},
        {"purpose": "curiosity"},
        {"legal_basis": "L380-2023"},
    ],
)
def test_what_cannot_be_meant_comes_into_no_entry(ask, entries, changed):
    with pytest.raises(BadParameter):
        ask(**changed)
    assert entries(REFUSED) == entries(REQUESTED) == []


def test_an_unknown_request_is_not_found(agree, tell):
    for call in (lambda: agree("0" * 16, "aino"), lambda: tell("0" * 16)):
        with pytest.raises(NotFound):
            call()


def test_a_person_who_left_the_register_is_told_as_such_and_journaled(
    ask, agree, tell, entries, register
):
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    others = replace(register, person_ids=lambda *_: np.array([1, 2, 3]))
    assert tell(reference, register=others) is None
    assert entries(ANSWERED)[0].body["found"] is False


def test_a_pseudonym_of_an_earlier_epoch_is_traced_with_its_own_key(
    ask, agree, tell, office, register
):
    register.keys.start_epoch("2027", new_root=True)
    reference = ask()
    agree(reference, "aino")
    agree(reference, "bo")
    assert tell(reference) in office.ids(register)


def test_a_signature_made_on_another_machine_approves(ask, signatories, at, desk, signer):
    reference = ask()
    dossier = load_dossier(reference, desk.journal, REIDENTIFICATION)
    statement = approval_statement(dossier.request_sha256, "aino", REIDENTIFICATION)
    assert json.loads(statement)["sub"] == "aino"
    made = signer("aino").sign(statement)
    elsewhere = Signer("aino", lambda _: made)
    assert approve(reference, signer=elsewhere, signatories=signatories, desk=at("aino")) == (
        "aino",
    )


def test_the_journal_of_all_this_verifies(ask, agree, tell, office, desk):
    reference = ask()
    agree(reference, "aino")
    _refusal(agree, reference, "aino")
    agree(reference, "bo")
    tell(reference)
    desk.journal.close()
    store = SqliteJournal(office.layout.journal)
    try:
        assert verify_entries(store.salted()).problems == ()
    finally:
        store.close()


def _refusal(call, *arguments, **named) -> str:
    with pytest.raises(UpkeepRefused) as refused:
        call(*arguments, **named)
    return refused.value.reason


def _check(key: Ed25519PublicKey, body, statement: bytes) -> None:
    """As an auditor would, from the entry and policies/approvers.yaml alone."""
    assert body["statement_sha256"] == sha256(statement)
    key.verify(bytes.fromhex(body["signature"]), statement)


@pytest.mark.parametrize(
    "filters",
    [
        {"kind": "reidentification.requested"},
        {"area": "39"},
        {"product": "job-seeker-spells"},
        {"subject": "rita"},
        {"purpose_code": "audit"},
    ],
)
def test_an_auditor_finds_the_request(ask, desk, filters):
    reference = ask()
    found = desk.journal.search(read_reading(filters).query()).entries
    assert [entry.body["reidentification"] for entry in found] == [reference]
