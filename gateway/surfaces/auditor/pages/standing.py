"""How the journal stands: signed up to where, seen by whom, and what that means in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.journal.append import Journal
from gateway.journal.store import KeptCheckpoint
from gateway.journal.witnessed import Seen, Witnessed
from gateway.model.days import utc_text
from gateway.ports import Clock
from gateway.surfaces.auditor.pages.times import Moment, duration


@dataclass(frozen=True, slots=True)
class WitnessLine:
    """at, age and size: of the newest statement that it proves; None for none."""

    name: str
    at: Moment | None = None
    age: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """level: good, care or alarm. sentence: a name of a text. unsigned: entries after the checkpoint."""

    level: str
    sentence: str
    checkpoint: KeptCheckpoint | None
    signed: Moment | None
    unsigned: int
    witnesses: tuple[WitnessLine, ...]


def standing_of(journal: Journal, witnessed: Witnessed, clock: Clock) -> Standing:
    """Of this moment; it tells of nobody, so it is not journaled. Raises JournalUnavailable."""
    checkpoint = journal.store.checkpoint()
    seen = witnessed.seen()
    level, sentence = _meaning(checkpoint, seen, witnessed, clock)
    size = journal.store.head().size
    return Standing(
        level=level,
        sentence=sentence,
        checkpoint=checkpoint,
        signed=None if checkpoint is None else Moment.of(checkpoint.signed_utc or ""),
        unsigned=size - (0 if checkpoint is None else checkpoint.size),
        witnesses=tuple(_line(name, found, clock) for name, found in seen.items()),
    )


def _meaning(
    checkpoint: KeptCheckpoint | None,
    seen: Mapping[str, Seen | None],
    witnessed: Witnessed,
    clock: Clock,
) -> tuple[str, str]:
    if witnessed.fault is not None:
        return "alarm", "status_forked"
    if checkpoint is None:
        return "care", "status_unsigned"
    if not seen:
        return "care", "status_signed"
    since = clock.now() - witnessed.most_age
    lately = [each for each in seen.values() if each is not None and each.at > since]
    if len(lately) < witnessed.needed:
        return "alarm", "status_late"
    return "good", "status_witnessed"


def _line(name: str, found: Seen | None, clock: Clock) -> WitnessLine:
    if found is None:
        return WitnessLine(name)
    moment = Moment.of(utc_text(found.at))
    return WitnessLine(name, moment, duration(clock.now() - found.at), found.size)
