"""A new epoch: pseudonyms in releases made from now on are new ones, nothing delivered changes."""

from __future__ import annotations

from gateway.errors import EpochUsed, UpkeepRefused
from gateway.journal.pseudonym_body import About, rotated_body
from gateway.model.entry import Draft, EntryKind
from gateway.ports import RotatingKeys
from gateway.upkeep.desk import Desk, checked_epoch_name


def rotate(epoch: str, *, compromised: bool, keys: RotatingKeys, desk: Desk) -> str:
    """Start an epoch and give the one before it. compromised: it hangs on a root made now.

    The entry is durable first. Killed between the two, the entry stands and the epoch has not begun:
    no release was made under it, and the same command run again writes a second entry and begins it.
    Raises BadParameter, UpkeepRefused (journaled), KeyFault, JournalUnavailable.
    """
    checked_epoch_name(epoch)
    before = keys.epoch()
    with desk.journaling_refusals(
        "rotate", About(desk.operator, desk.operator), epochs=(before, None)
    ):
        if epoch in keys.epochs():
            raise UpkeepRefused(EpochUsed.code, "An epoch begins once: give a name never used.")
    body = rotated_body(desk.operator, epoch=epoch, epoch_before=before, new_root=compromised)
    desk.journal.append(Draft(EntryKind.PSEUDONYM_ROTATED, body))
    keys.start_epoch(epoch, new_root=compromised)
    return before
