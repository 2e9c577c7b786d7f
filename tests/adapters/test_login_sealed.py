"""Logins that began, as their browsers keep them: taken once, whole, in time and with their own state."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from gateway.adapters.login_sealed import SealedLogins
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_once import StoredOnce
from gateway.adapters.state_sealing import sealing_key
from gateway.ports import LoginAttempt

ATTEMPT = LoginAttempt("s" * 43, "n" * 43, "v" * 43, "/me")


class Clock:
    moment = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_time(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(tmp_path) -> Iterator[StateDatabase]:
    state = StateDatabase(tmp_path / "state.sqlite")
    yield state
    state.close()


@pytest.fixture
def key(state) -> bytes:
    return sealing_key(state, "login")


@pytest.fixture
def logins(state, key, clock) -> SealedLogins:
    return SealedLogins(key, StoredOnce(state, clock=clock), clock=clock)


def test_a_login_is_taken_once_by_all_processes_together(logins, clock, tmp_path):
    cookie = logins.begin(ATTEMPT)
    other = StateDatabase(tmp_path / "state.sqlite")
    try:
        once = StoredOnce(other, clock=clock)
        elsewhere = SealedLogins(sealing_key(other, "login"), once, clock=clock)
        assert elsewhere.take(ATTEMPT.state, cookie) == ATTEMPT
        assert elsewhere.take(ATTEMPT.state, cookie) is None
    finally:
        other.close()
    assert logins.take(ATTEMPT.state, cookie) is None
    assert logins.take(ATTEMPT.state, logins.begin(ATTEMPT)) is None  # the same one, sealed again


@pytest.mark.parametrize("another", ["", "t" * 43, "s" * 42, "s" * 44, "ä"])
def test_another_state_opens_nothing_and_uses_nothing_up(logins, another):
    cookie = logins.begin(ATTEMPT)
    assert logins.take(another, cookie) is None
    assert logins.take(ATTEMPT.state, cookie) == ATTEMPT


def test_ends_at_ten_minutes(logins, clock):
    early, late = logins.begin(ATTEMPT), logins.begin(LoginAttempt("t", "n", "v", "/me"))
    clock.pass_time(seconds=599)
    assert logins.take(ATTEMPT.state, early) == ATTEMPT
    clock.pass_time(seconds=1)
    assert logins.take("t", late) is None
    assert logins.take(ATTEMPT.state, early) is None


def test_whatever_is_altered_opens_nothing(logins):
    cookie = logins.begin(ATTEMPT)
    sealed = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        assert logins.take(ATTEMPT.state, base64.urlsafe_b64encode(altered).decode()) is None
        cut = base64.urlsafe_b64encode(sealed[:place]).decode()
        assert logins.take(ATTEMPT.state, cut) is None
    assert logins.take(ATTEMPT.state, cookie) == ATTEMPT


@pytest.mark.parametrize("cookie", ["", "A", "AAAA", "A" * 400, "A" * 5000, "ä" * 40, "=", "\x00"])
def test_what_was_never_sealed_opens_nothing(logins, cookie):
    assert logins.take(ATTEMPT.state, cookie) is None


def test_what_another_key_or_purpose_sealed_opens_nothing(logins, key, state, clock):
    foreign = SealedLogins(AESGCMSIV.generate_key(256), StoredOnce(state, clock=clock), clock=clock)
    assert logins.take(ATTEMPT.state, foreign.begin(ATTEMPT)) is None
    until = int(clock.now().timestamp()) + 60
    text = json.dumps({"attempt": asdict(ATTEMPT), "until": until}).encode()
    sealed = b"n" * 12 + AESGCMSIV(key).encrypt(b"n" * 12, text, b"jakelu something else")
    assert logins.take(ATTEMPT.state, base64.urlsafe_b64encode(sealed).decode()) is None


def test_the_key_is_made_once_and_another_for_each_purpose_and_state(state, key, tmp_path):
    assert len(key) == 32
    assert sealing_key(state, "login") == key
    assert sealing_key(state, "another") != key
    other = StateDatabase(tmp_path / "other.sqlite")
    assert sealing_key(other, "login") != key
    other.close()


def test_the_same_login_is_never_sealed_to_the_same_text(logins):
    assert len({logins.begin(ATTEMPT) for _ in range(20)}) == 20
