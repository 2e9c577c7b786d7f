"""`jakelu journal prune`: what the settings and the contracts let go is taken."""

from __future__ import annotations

from datetime import date

from gateway.adapters.clock import SystemClock
from gateway.batch.journal_view import opened_journal, opened_store
from gateway.batch.operating_login import operating_login
from gateway.contracts import load_catalog
from gateway.errors import BadParameter, JournalUnavailable, SettingsFault
from gateway.journal.pruning import Tally, batches, prune
from gateway.journal.retention import Retention
from gateway.journal.store import RuleBroken
from gateway.model.days import helsinki_day
from gateway.organisations import load_registry
from gateway.settings import RetentionSettings


def rehearse_pruning(
    settings: RetentionSettings, *, day: date | None = None, user: str | None = None
) -> Tally:
    """What would go on a day, which may be to come; nothing is written. Raises as `prune_journal`."""
    cutoffs = load_retention(settings).cutoffs(day or _today())
    found = Tally()
    with opened_store(settings, user=user) as store:
        for batch in batches(store, cutoffs):
            found.add(batch)
    return found


def prune_journal(
    settings: RetentionSettings, *, day: date | None = None, user: str | None = None
) -> Tally:
    """Take what has expired on a day that is not to come; None: today in Finland.

    user: the role in a PostgreSQL; None: the address's.

    Raises BadParameter, JournalUnavailable, SettingsFault, ContractFault.
    """
    retention, today = load_retention(settings), _today()
    if day is not None and day > today:
        raise BadParameter(
            "Nothing expires before its day; --dry-run tells what will.", parameter="on"
        )
    with opened_journal(settings, user=user) as journal:
        try:
            taken = prune(journal, retention, day or today, operator=operating_login())
        except RuleBroken:
            raise JournalUnavailable(
                "A hold or another pruning came between; what was taken is in the journal. Run it again."
            ) from None
        if not journal.store.scrub():
            raise JournalUnavailable(
                "Bodies are taken, but the journal's log may still show them while somebody reads. "
                "Run it again."
            )
    return taken


def load_retention(settings: RetentionSettings) -> Retention:
    """Of settings and contracts. Raises ContractFault, SettingsFault."""
    geography = load_registry().geography()
    catalog = load_catalog(
        settings.products_dir, registry_lists={geography.id: geography}, runs_sql=False
    )
    stated = {each.id: each.journal_retention_days for each in catalog.products}
    products = {product: days for product, days in stated.items() if days is not None}
    floor = settings.journal_retention_floor_days
    if below := sorted(product for product, days in products.items() if days < floor):
        raise SettingsFault(
            f"The contract of {below[0]} keeps entries for less than journal_retention_floor_days; "
            "lengthen its journal_retention_days, or lower the floor.",
            parameter="journal_retention_floor_days",
        )
    return Retention(
        entry_days=settings.journal_retention_days,
        address_days=settings.journal_address_days,
        kind_days=settings.journal_retention_days_by_kind,
        product_days=products,
    )


def _today() -> date:
    return helsinki_day(SystemClock().now())
