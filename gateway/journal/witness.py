"""A witness as the journal sees it: another organisation's program that looks at every checkpoint.

What a witness merely says is nobody's proof: it may be broken, hostile, or somebody else on the way to it. Its
cosignature counts, and so does a checkpoint that our own key has signed. Whatever else it answers
means that it has not cosigned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.errors import JournalForked, WitnessUnavailable
from gateway.journal.checkpoint import cosignatures, opened_by
from gateway.journal.note import VerifierKey, read_signatures
from gateway.journal.proofs import growth_proof
from gateway.journal.store import KeptCheckpoint, KeptCosignature, TreeStore
from gateway.journal.tiles import subtrees_of
from gateway.journal.tree import root_of
from gateway.model.days import utc_text


@dataclass(frozen=True, slots=True)
class Conflict:
    """size: of the checkpoint that the witness cosigned last, another one than was said."""

    size: int


@dataclass(frozen=True, slots=True)
class Refused:
    """It says that the checkpoint does not extend the one that it cosigned last."""


class Witness(Protocol):
    """C2SP tlog-witness."""

    @property
    def key(self) -> VerifierKey: ...

    def add_checkpoint(self, request: str) -> str | Conflict | Refused:
        """The signature lines of its answer. Raises WitnessUnavailable."""
        ...

    def last_checkpoint(self, origin: str) -> str | None:
        """The note that it cosigned last, None when it shows none. Raises WitnessUnavailable."""
        ...


def cosign(
    kept: KeptCheckpoint, witness: Witness, store: TreeStore, *, keys: Sequence[VerifierKey]
) -> None:
    """Have the witness see a checkpoint, and keep its word. keys: which sign or have signed this log.

    Raises JournalForked, WitnessUnavailable, JournalUnavailable.
    """
    answer = witness.add_checkpoint(_request(kept, _remembered(witness, store), store))
    if isinstance(answer, Conflict) and answer.size <= kept.size:  # it remembers another size
        answer = witness.add_checkpoint(_request(kept, answer.size, store))
    if isinstance(answer, str):
        store.keep_cosignature(_kept(kept, answer, witness.key))
        return
    shown = witness.last_checkpoint(keys[0].name)
    if shown is not None:
        check_shown(shown, keys, store)
    raise WitnessUnavailable("It says that it has seen another journal, and shows nothing of it.")


def check_shown(note: str, keys: Sequence[VerifierKey], store: TreeStore) -> None:
    """Compare the journal, as it is now, with a checkpoint that is shown to us.

    Only what one of our keys signed says anything. Raises JournalForked, when the two together prove that
    this journal is not the one that was signed; JournalUnavailable.
    """
    try:
        shown = opened_by(note, keys)
    except ValueError:
        return
    if shown.size > store.head().size:
        raise JournalForked("it has fewer entries than were signed and shown to a witness")
    try:
        root = root_of(shown.size, subtrees_of(store.hashes))
    except LookupError:
        raise JournalForked("its tree has a hole") from None
    if root != shown.root:
        raise JournalForked("its entries are not those that were signed and shown to a witness")


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
