"""A witness as the journal sees it: another organisation's program that looks at every checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from gateway.errors import JournalForked, WitnessUnavailable
from gateway.journal.checkpoint import cosignatures
from gateway.journal.note import VerifierKey, read_signatures
from gateway.journal.proofs import growth_proof
from gateway.journal.store import KeptCheckpoint, KeptCosignature, TreeStore
from gateway.model.days import utc_text


@dataclass(frozen=True, slots=True)
class Conflict:
    """size: of the checkpoint that the witness cosigned last, another one than was said."""

    size: int


class Witness(Protocol):
    """C2SP tlog-witness."""

    @property
    def key(self) -> VerifierKey: ...

    def add_checkpoint(self, request: str) -> str | Conflict:
        """The signature lines of its answer. Raises WitnessUnavailable; JournalForked, when it says so."""
        ...


def cosign(kept: KeptCheckpoint, witness: Witness, store: TreeStore) -> None:
    """Have the witness see a checkpoint, and keep its word.

    Raises JournalForked, WitnessUnavailable, JournalUnavailable.
    """
    answer = witness.add_checkpoint(_request(kept, _remembered(witness, store), store))
    if isinstance(answer, Conflict):  # it remembers another size than we do
        if answer.size > kept.size:
            raise JournalForked(f"{witness.key.name} has seen more entries than it has")
        answer = witness.add_checkpoint(_request(kept, answer.size, store))
    if isinstance(answer, Conflict):
        raise WitnessUnavailable("It remembers another size each time.")
    store.keep_cosignature(_kept(kept, answer, witness.key))


def _remembered(witness: Witness, store: TreeStore) -> int:
    """How far the witness came, as the store remembers it: 0 when it never answered."""
    known = store.newest_cosignatures()
    return max((each.size for each in known if each.witness == witness.key.name), default=0)


def _request(kept: KeptCheckpoint, old: int, store: TreeStore) -> str:
    try:
        return growth_proof(min(old, kept.size), replace(kept, cosignatures=()), store)
    except LookupError:
        raise JournalForked("its tree has a hole") from None


def _kept(kept: KeptCheckpoint, lines: str, key: VerifierKey) -> KeptCosignature:
    try:
        found = cosignatures(kept.text, read_signatures(lines), [key])
    except ValueError as fault:
        raise WitnessUnavailable(f"Its answer: {fault}.") from None
    if not found:
        raise WitnessUnavailable("Its answer has no cosignature by its key.")
    newest = max(found, key=lambda each: each.at)
    return KeptCosignature(kept.size, key.name, newest.signature.line(), utc_text(newest.at))
