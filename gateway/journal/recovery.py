"""At start: close the intents that dead processes left open."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.journal.append import Journal
from gateway.journal.body import unknown_completion_body
from gateway.journal.events import recovery_body
from gateway.model.entry import Draft, EntryKind

MOST_AT_ONCE = 1000  # a commit of this many takes a fraction of the journal's timeout


def recover(journal: Journal) -> int:
    """Close the intents of dead boots as `unknown`, with one `recovery` entry; how many.

    The closings and the entry that tells of them are one transaction: a process that is killed here
    has closed none, and the next start does it. (More intents than one commit takes are closed by
    several, each with its own `recovery` entry.) Boots that live, of this process or of others, keep
    their intents. Raises JournalUnavailable.
    """
    with journal.store.recovering() as living:
        intents = list(journal.store.orphans(living))
        for start in range(0, len(intents), MOST_AT_ONCE):
            _close(journal, intents[start : start + MOST_AT_ONCE])
    return len(intents)


def _close(journal: Journal, intents: Sequence[int]) -> None:
    closings = [
        Draft(EntryKind.COMPLETION, unknown_completion_body(seq), intent_seq=seq) for seq in intents
    ]
    journal.append_together([*closings, Draft(EntryKind.RECOVERY, recovery_body(intents))])
