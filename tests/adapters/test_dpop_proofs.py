"""The ProofVerifier port: a proof counts once, for however many processes share the state."""

from __future__ import annotations

import base64
import hashlib
import json
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from gateway.adapters.dpop import DpopProofs
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_once import StoredOnce
from gateway.errors import InvalidProof, StateUnavailable
from gateway.identity.reasons import TokenFault
from gateway.ports import Target

NOW = datetime(2026, 6, 30, 5, 0, tzinfo=UTC)
URL, TOKEN = "https://gateway.test.invalid/v1/me", "a.b.c"
PROOFS = 40


class FixedClock:
    def now(self) -> datetime:
        return NOW


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def proof(key: ECKey, jti: str) -> str:
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    claims = {
        "jti": jti,
        "htm": "GET",
        "htu": URL,
        "iat": int(NOW.timestamp()),
        "ath": b64(hashlib.sha256(TOKEN.encode()).digest()),
    }
    text = ".".join(b64(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{b64(JWSRegistry.algorithms['ES256'].sign(text.encode(), key))}"


def verifier(path: Path) -> DpopProofs:
    return DpopProofs(StoredOnce(StateDatabase(path), clock=FixedClock()), clock=FixedClock())


def _present(path, proofs, thumbprint, start, taken) -> None:
    """One serving process that is shown every proof."""
    target = Target("GET", URL, TOKEN, thumbprint)
    proofs_of_process = verifier(path)
    start.wait()
    for number, text in enumerate(proofs):
        try:
            proofs_of_process.use_up(proofs_of_process.check(text, target))
            taken.put(number)
        except InvalidProof as refused:
            taken.put(refused.reason)


def test_of_two_processes_that_are_shown_a_proof_one_takes_it(tmp_path):
    key = ECKey.generate_key("P-256")
    proofs = [proof(key, f"p-{number}") for number in range(PROOFS)]
    context = multiprocessing.get_context("spawn")
    start, taken = context.Barrier(2), context.Queue()
    arguments = (tmp_path / "state.sqlite", proofs, key.thumbprint(), start, taken)
    processes = [context.Process(target=_present, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    told = [taken.get(timeout=60) for _ in range(2 * PROOFS)]
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0]
    assert told.count(TokenFault.PROOF_REPLAYED) == PROOFS
    assert sorted(each for each in told if isinstance(each, int)) == list(range(PROOFS))
    assert taken.empty()


def test_without_a_memory_no_proof_is_taken(tmp_path):
    class Forgetful:
        def use(self, kind: str, digest: bytes, *, until: datetime) -> bool:
            raise StateUnavailable

    key = ECKey.generate_key("P-256")
    proofs = DpopProofs(Forgetful(), clock=FixedClock())
    good = proofs.check(proof(key, "p"), Target("GET", URL, TOKEN, key.thumbprint()))
    with pytest.raises(StateUnavailable):
        proofs.use_up(good)


def test_only_a_good_proof_is_written_down(tmp_path):
    class Watched:
        def __init__(self) -> None:
            self.until: list[datetime] = []

        def use(self, kind: str, digest: bytes, *, until: datetime) -> bool:
            assert len(digest) == 32
            self.until.append(until)
            return True

    key, watched = ECKey.generate_key("P-256"), Watched()
    proofs = DpopProofs(watched, clock=FixedClock())
    good = Target("GET", URL, TOKEN, key.thumbprint())
    for wrong in (
        Target("HEAD", URL, TOKEN, key.thumbprint()),
        Target("GET", URL + "/x", TOKEN, key.thumbprint()),
        Target("GET", URL, "d.e.f", key.thumbprint()),
        Target("GET", URL, TOKEN, "A" * 43),
    ):
        with pytest.raises(InvalidProof):
            proofs.check(proof(key, "p"), wrong)
    found = proofs.check(proof(key, "p"), good)
    assert watched.until == []
    proofs.use_up(found)
    assert [moment.timestamp() - NOW.timestamp() for moment in watched.until] == [60]
