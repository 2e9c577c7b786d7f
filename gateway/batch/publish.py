"""`jakelu publish`: settings → adapters → the publish road, product by product."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path

import typer

from gateway.adapters.cedar import CedarEngine
from gateway.adapters.clock import SystemClock
from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.postgres_url import PostgresUrl
from gateway.adapters.warehouse_duckdb import DuckDbWarehouse
from gateway.batch.progress import progress_bars
from gateway.batch.pseudonyms_keys import open_publishing_keys
from gateway.batch.release_view import release_store
from gateway.contracts import load_catalog
from gateway.errors import GatewayError
from gateway.journal.append import Journal
from gateway.journal.events import release_body
from gateway.journal.seal import new_boot
from gateway.model.days import utc_text
from gateway.model.entry import Draft, EntryKind
from gateway.model.product import Product
from gateway.model.release import Manifest
from gateway.organisations import load_registry
from gateway.policy.loading import load_policy
from gateway.publishing.cube_links import leaders_first
from gateway.publishing.road import publish
from gateway.publishing.services import PublishServices
from gateway.releases.manifest import canonical_bytes
from gateway.settings import BatchSettings


def publish_products(settings: BatchSettings, ids: Sequence[str], *, as_of: date | None) -> bool:
    """Publish the named products, or all. One that fails is told in a line; the others go on.

    as_of: None means the newest day of the warehouse. Returns whether all of them succeeded.
    Raises WarehouseUnavailable, KeyFault, ContractFault, PolicyFault, JournalUnavailable,
    ProductNotFound before anything is made.
    """
    with _services(settings) as services, progress_bars() as bar:
        chosen = [services.catalog.find(one) for one in ids] or list(services.catalog.products)
        day = as_of or services.warehouse.latest_snapshot()
        outcomes = [_publish_one(one, day, services, bar) for one in leaders_first(chosen)]
        return all(outcomes)


def _publish_one(
    product: Product,
    day: date,
    services: PublishServices,
    bar: Callable[[str], Callable[[str, float], None]],
) -> bool:
    progress = bar(product.id)
    try:
        made = publish(
            product,
            as_of=day,
            services=services,
            created_utc=utc_text(SystemClock().now()),
            progress=progress,
        )
    except GatewayError as fault:
        progress("refused", 1.0)
        typer.echo(f"jakelu: {product.id}: {fault.title}. {fault.detail}".rstrip(), err=True)
        return False
    said = "unchanged" if made.reused else "published"
    progress(f"{made.release} {said}", 1.0)
    typer.echo(f"{product.id}\t{made.release}\t{said}")
    return True


@contextmanager
def _services(settings: BatchSettings) -> Generator[PublishServices]:
    registry = load_registry()
    geography = registry.geography()
    policy = load_policy(settings.policies_dir, engine_from=CedarEngine)
    warehouse = DuckDbWarehouse(
        settings.warehouse_path, memory_limit=settings.warehouse_memory_limit
    )
    journal = open_journal(settings.journal, config_hash=policy.sha256)
    try:
        yield PublishServices(
            catalog=load_catalog(settings.products_dir, registry_lists={geography.id: geography}),
            registry=registry,
            warehouse=warehouse,
            keys=open_publishing_keys(settings),
            releases=release_store(settings),
            journal_published=lambda manifest: _journal_published(journal, manifest),
            policy_set_sha256=policy.sha256,
            build=version("jakelu"),
            processes=settings.processes or os.cpu_count() or 1,
            audit_seconds=settings.audit_seconds,
            newest_months=settings.newest_months,
            keep_limits=settings.keep_limits,
        )
    finally:
        journal.close()
        warehouse.close()


def open_journal(where: Path | PostgresUrl, *, config_hash: str) -> Journal:
    """The journal as this process writes it. Raises JournalUnavailable."""
    identity = new_boot(replica=platform.node(), build=version("jakelu"), config_hash=config_hash)
    return Journal(open_journal_store(where), clock=SystemClock(), identity=identity)


def _journal_published(journal: Journal, manifest: Manifest) -> None:
    digest = hashlib.sha256(canonical_bytes(manifest)).hexdigest()
    journal.append(
        Draft(EntryKind.RELEASE_PUBLISHED, release_body(manifest, manifest_sha256=digest))
    )
