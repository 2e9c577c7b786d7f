"""Signs the tree over all entries: off the road of requests, by one process at a time.

    head → consistent with what was signed last → sign → keep → each witness cosigns → keep

A tree that is not consistent is never signed. Whoever can write the database can make it so; the log
is then forked, and this process serves nothing more.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.errors import JournalForked, WitnessUnavailable
from gateway.journal.checkpoint import Checkpoint, log_key, opened_by, signed
from gateway.journal.note import VerifierKey
from gateway.journal.store import KeptCheckpoint, TreeStore
from gateway.journal.tiles import subtrees_of
from gateway.journal.tree import Frontier, consistency_proof, is_consistent
from gateway.journal.witness import Witness, cosign
from gateway.ports import Clock, NoteSigner

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Signing:
    """origin: the log's name; earlier: keys that signed before this one. Not for two threads at once."""

    store: TreeStore
    origin: str
    signer: NoteSigner
    clock: Clock
    witnesses: Sequence[Witness] = ()
    earlier: Sequence[VerifierKey] = ()
    _seen: int = 0  # the largest size that this process knows to be signed

    def step(self) -> None:
        """Sign what is new, unless another process is at it, and have the witnesses see it.

        Raises JournalForked, JournalUnavailable, KeyFault.
        """
        with self.store.leading() as leads:
            if not leads:
                return
            kept = self._signed()
            if kept is not None:
                for witness in self.witnesses:
                    self._witness(witness, kept)

    def _signed(self) -> KeptCheckpoint | None:
        """The newest checkpoint, made now if there are newer entries; None for an empty journal."""
        last, head = self.store.checkpoint(), self.store.head()
        if max(self._seen, last.size if last else 0) > head.size:
            raise JournalForked("it has fewer entries than were signed")
        if last is not None:
            self._check(last, head)
        if last is None or last.size < head.size:
            if head.size == 0:
                return None
            checkpoint = Checkpoint(self.origin, head.size, head.root())
            last = KeptCheckpoint(head.size, str(signed(checkpoint, self.signer)))
            self.store.keep_checkpoint(last, self.clock.now())
        self._seen = last.size
        return last

    def _check(self, last: KeptCheckpoint, head: Frontier) -> None:
        """Proof before signature: the tree of now continues the tree that was signed."""
        old = self._opened(last.note)
        try:
            proof = consistency_proof(old.size, head.size, subtrees_of(self.store.hashes))
        except LookupError:
            raise JournalForked("its tree has a hole") from None
        if not is_consistent(old.size, old.root, head.size, head.root(), proof):
            raise JournalForked("its entries are not those that were signed")

    def _opened(self, note: str) -> Checkpoint:
        try:
            return opened_by(note, self._keys())
        except ValueError:
            raise JournalForked(
                "its last checkpoint is not signed by the journal's key under its origin"
            ) from None

    def _keys(self) -> tuple[VerifierKey, ...]:
        return log_key(self.origin, self.signer.public_key()), *self.earlier

    def _witness(self, witness: Witness, kept: KeptCheckpoint) -> None:
        """One that does not cosign is asked again: the newest cosignature's age tells of it."""
        try:
            cosign(kept, witness, self.store, keys=self._keys())
        except WitnessUnavailable as fault:
            _log.warning("witness %s: %s", witness.key.name, fault.detail)
