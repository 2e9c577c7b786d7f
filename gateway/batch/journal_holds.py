"""`jakelu journal hold`: entries that are kept although they have expired, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gateway.batch.journal_view import opened_journal, opened_store, said_filters
from gateway.batch.operating_login import operating_login
from gateway.errors import BadParameter
from gateway.journal.events import hold_lifted_body, hold_made_body
from gateway.journal.store import RuleBroken
from gateway.model.entry import Draft, Entry, EntryKind
from gateway.policy.hold_reasons import load_hold_reasons
from gateway.settings import SharedSettings
from gateway.surfaces.auditor.entries import UNKNOWN
from gateway.surfaces.auditor.parameters import read_reading
from gateway.upkeep.desk import checked_case

_PAGING = ("after", "limit")


def make_hold(
    settings: SharedSettings,
    *,
    reason: str,
    case_ref: str,
    parameters: Mapping[str, str],
    user: str | None = None,
) -> int:
    """The hold's number. parameters: filters, with the names that they have over HTTP; not none.
    user: the role in a PostgreSQL; None: the address's.

    A name that no entry has is refused: a mistyped hold would keep nothing, and nobody would know.
    Raises BadParameter, UnknownParameter, PolicyFault, JournalUnavailable.
    """
    reasons = load_hold_reasons(settings.policies_dir)
    if reason not in reasons:
        raise BadParameter(f"Choose one of {', '.join(sorted(reasons))}.", parameter="reason")
    if not parameters or any(name in parameters for name in _PAGING):
        raise BadParameter(
            "Say what is held, like organisation=KU837 or since=2026-01-01.", parameter="only"
        )
    reading, case = read_reading(parameters), checked_case(case_ref)
    with opened_journal(settings, user=user) as journal:
        filters = said_filters(reading.filters, journal)
        if unknown := [name for name, text in filters.items() if text == UNKNOWN]:
            raise BadParameter("No entry has this; check how it is written.", parameter=unknown[0])
        body = hold_made_body(operating_login(), reason=reason, case_ref=case, filters=filters)
        draft = journal.stamped(Draft(EntryKind.HOLD_MADE, body))
        return journal.store.make_hold(draft, reading.query()).seq


def lift_hold(settings: SharedSettings, hold: int, *, user: str | None = None) -> None:
    """user: as `make_hold`. Raises BadParameter when no such hold stands, JournalUnavailable."""
    with opened_journal(settings, user=user) as journal:
        body = hold_lifted_body(operating_login(), hold)
        try:
            journal.store.lift_hold(journal.stamped(Draft(EntryKind.HOLD_LIFTED, body)), hold)
        except RuleBroken:
            raise BadParameter(
                "No such hold stands; `jakelu journal hold list` prints those that do.",
                parameter="id",
            ) from None


def hold_lines(settings: SharedSettings) -> Iterable[str]:
    """One line for each hold that stands. Raises JournalUnavailable."""
    with opened_store(settings) as store:
        found: Sequence[Entry] = store.holds()
    return [_line(entry) for entry in found]


def _line(entry: Entry) -> str:
    body = entry.body or {}
    filters = " ".join(f"{name}={text}" for name, text in body["filters"].items())
    said = (entry.ts_utc, body["operator"], body["reason"], body["case_ref"], filters)
    return "\t".join((str(entry.seq), *said))
