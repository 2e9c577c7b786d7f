"""What the journal makes of a draft before it reaches a store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from gateway.errors import EntryRefused
from gateway.journal.body import Asked, Origin, access_body, completion_body
from gateway.journal.seal import BootIdentity, Seal, new_boot
from gateway.model.caller import Caller
from gateway.model.entry import Completion, Draft, EntryKind, Outcome
from gateway.model.ruling import Action, Permit
from gateway.ports import Clock


@pytest.fixture
def seal(boot: BootIdentity) -> Seal:
    return Seal(boot, b"k" * 32)


def test_the_token_id_and_the_address_are_not_in_the_body(
    seal: Seal, draft: Callable[..., Draft], clock: Clock
) -> None:
    stamped = seal.stamped(draft(), clock.now())
    text = str(stamped.body)
    assert "jti-1" not in text
    assert "192.0.2.7" not in text
    assert stamped.address is not None
    expected = hashlib.sha256(bytes.fromhex(stamped.address.salt) + b"192.0.2.7").hexdigest()
    assert stamped.body["client_address_commitment"] == expected


def test_the_same_token_is_recognised_within_one_journal_only(
    seal: Seal, boot: BootIdentity, draft: Callable[..., Draft], clock: Clock
) -> None:
    first, second = (seal.stamped(draft(), clock.now()).body for _ in range(2))
    other = Seal(boot, b"o" * 32).stamped(draft(), clock.now()).body
    assert first["token_jti_hmac"] == second["token_jti_hmac"] != other["token_jti_hmac"]
    assert first["client_address_commitment"] != second["client_address_commitment"]


def test_the_envelope_says_when_and_by_which_process(
    seal: Seal, draft: Callable[..., Draft], clock: Clock
) -> None:
    stamped = seal.stamped(draft(), clock.now())
    assert stamped.ts_utc == stamped.body["ts_utc"] == "2026-06-30T05:00:00.000Z"
    assert stamped.boot_id == stamped.body["boot_id"] == "boot-1"
    assert (stamped.body["v"], stamped.body["kind"]) == (1, "access.intent")
    event = UUID(stamped.event_id)
    assert event.version == 7
    assert event.int >> 80 == int(clock.now().timestamp() * 1000)


def test_refuses_a_subject_that_is_an_identity_code(
    seal: Seal, caller: Caller, draft: Callable[..., Draft], clock: Clock
) -> None:
    with pytest.raises(EntryRefused, match="sub"):
        seal.stamped(draft(replace(caller, subject="010190-999R")), clock.now())


def test_refuses_an_address_that_is_none(
    seal: Seal, caller: Caller, permit: Permit, clock: Clock
) -> None:
    body = access_body(
        caller, Asked(Action.READ_CUBE), ruling=permit, origin=Origin(client_address="pc.example")
    )
    with pytest.raises(EntryRefused, match="client_address"):
        seal.stamped(Draft(EntryKind.INTENT, body), clock.now())


def test_no_address_and_no_token_id_stay_null(
    seal: Seal, caller: Caller, permit: Permit, clock: Clock
) -> None:
    body = access_body(caller, Asked(Action.READ_CUBE), ruling=permit, origin=Origin())
    stamped = seal.stamped(Draft(EntryKind.INTENT, {**body, "token_jti": None}), clock.now())
    assert stamped.address is None
    assert stamped.body["client_address_commitment"] is None
    assert stamped.body["token_jti_hmac"] is None


def test_refuses_fields_of_the_envelope_in_a_draft(
    seal: Seal, draft: Callable[..., Draft], clock: Clock
) -> None:
    forged = draft()
    with pytest.raises(ValueError, match="seq"):
        seal.stamped(replace(forged, body={**forged.body, "seq": 1}), clock.now())


def test_only_a_completion_names_an_intent_and_it_names_one(
    seal: Seal, draft: Callable[..., Draft], clock: Clock
) -> None:
    end = completion_body(7, Completion(Outcome.COMPLETE, 200, 1, 1, None, 1.0))
    for wrong in (
        replace(draft(), intent_seq=7),
        Draft(EntryKind.COMPLETION, end),
        Draft(EntryKind.COMPLETION, end, intent_seq=8),
    ):
        with pytest.raises(ValueError, match="intent"):
            seal.stamped(wrong, clock.now())


def test_every_start_has_another_boot_id() -> None:
    one, two = (new_boot(replica="r", build="b", config_hash="c") for _ in range(2))
    assert one.boot_id != two.boot_id
