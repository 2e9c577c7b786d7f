"""`jakelu journal verify` and `export`: the journal of this machine, entry by entry and as a tree."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.postgres_url import PostgresUrl
from gateway.batch.journal_key import verifier_keys
from gateway.batch.new_folder import new_folder
from gateway.batch.operating_login import operating_login
from gateway.batch.publish import open_journal
from gateway.errors import BadParameter, JournalUnavailable
from gateway.journal.append import Journal
from gateway.journal.checkpoint import Checkpoint, opened_by
from gateway.journal.events import exported_body
from gateway.journal.export import Exported, export_found, export_whole, newest_checkpoint
from gateway.journal.note import VerifierKey
from gateway.journal.store import DurableStore
from gateway.journal.verify import verify_entries
from gateway.journal.verify_tree import verify_tree
from gateway.model.entry import Draft, EntryKind
from gateway.settings import JournalSettings, SharedSettings
from gateway.surfaces.auditor.entries import declared
from gateway.surfaces.auditor.parameters import Filters, read_reading

_COMMAND = "0" * 64  # a command has no configuration of its own that an entry could name


def verify_journal(
    settings: SharedSettings, keys: tuple[VerifierKey, ...] = ()
) -> tuple[tuple[str, ...], int, int]:
    """The problems as lines, how many entries there are, and how many of them have expired.

    keys: that checkpoints are signed with.

    Raises JournalUnavailable.
    """
    with opened_store(settings) as store:
        tree = verify_tree(store, keys)
        found = verify_entries(store.salted())
    return (
        (*(str(problem) for problem in found.problems), *tree.problems),
        found.entries,
        found.expired,
    )


def export_journal(
    settings: JournalSettings,
    folder: Path,
    *,
    kept: Path | None = None,
    parameters: Mapping[str, str],
) -> Exported:
    """Write an export into a new folder; it is whole or not there.

    kept: a checkpoint that the auditor has; the export begins behind it. parameters: filters, with the
    names that they have over HTTP. Who exports what is durable in the journal before anything is written.
    Raises BadParameter, UnknownParameter, NotSignedYet, JournalUnavailable, KeyFault.
    """
    if folder.exists():
        raise BadParameter("It is there already; name a new folder.", parameter="folder")
    if kept is not None and parameters:
        raise BadParameter(
            "An export behind a checkpoint is a whole one; leave the filters out.",
            parameter="after_checkpoint",
        )
    first = 1 if kept is None else _read_checkpoint(kept, verifier_keys(settings)).size + 1
    reading = read_reading(parameters)
    with opened_journal(settings) as journal, new_folder(folder, parameter="folder") as draft:
        store = journal.store
        filters = said_filters(reading.filters, journal)
        checkpoint = newest_checkpoint(store)
        body = exported_body(operating_login(), filters=filters, first=first, size=checkpoint.size)
        journal.append(Draft(EntryKind.JOURNAL_EXPORTED, body))
        if parameters:
            return export_found(store, draft, checkpoint, reading.query(), filters=filters)
        return export_whole(store, draft, checkpoint, first=first)


def said_filters(filters: Filters, journal: Journal) -> dict[str, str]:
    """Those that are said, as the journal may hold them."""
    return {name: text for name, text in declared(filters, journal).items() if text is not None}


def _read_checkpoint(path: Path, keys: tuple[VerifierKey, ...]) -> Checkpoint:
    """Raises BadParameter."""
    try:
        return opened_by(path.read_text(encoding="utf-8"), keys)
    except (OSError, ValueError) as fault:
        raise BadParameter(
            f"{path.name} is no checkpoint of this journal ({fault}).", parameter="after_checkpoint"
        ) from None


@contextmanager
def opened_store(settings: SharedSettings, *, user: str | None = None) -> Generator[DurableStore]:
    """To read. user: the role in a PostgreSQL; None: the address's. Raises JournalUnavailable."""
    store = open_journal_store(_existing(settings, user))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened_journal(settings: SharedSettings, *, user: str | None = None) -> Generator[Journal]:
    """To write, too. user: the role in a PostgreSQL; None: the address's. Raises JournalUnavailable."""
    with open_journal(_existing(settings, user), config_hash=_COMMAND) as journal:
        yield journal


def _existing(settings: SharedSettings, user: str | None) -> Path | PostgresUrl:
    """A file is not made by whoever only wants to read it. Raises JournalUnavailable."""
    where = settings.journal
    if isinstance(where, Path) and not where.is_file():
        raise JournalUnavailable("There is no journal at journal_path.")
    if isinstance(where, PostgresUrl) and user is not None:
        return where.as_user(user)
    return where
