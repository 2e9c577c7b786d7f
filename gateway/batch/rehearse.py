"""`jakelu publish --dry-run`: settings → warehouse → the report on a cube; no key, no journal, no release."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from typing import NoReturn

import typer

from gateway.adapters.warehouse_duckdb import DuckDbWarehouse
from gateway.batch.disclosure_json import rehearsal_json
from gateway.batch.disclosure_tables import print_rehearsal
from gateway.batch.progress import progress_bars
from gateway.batch.release_view import release_store
from gateway.batch.report_format import Format, is_json
from gateway.contracts import load_catalog
from gateway.errors import GatewayError, KeyFault
from gateway.model.product import Product
from gateway.organisations import load_registry
from gateway.ports import PseudonymDomain, Signature
from gateway.publishing.rehearsal import Rehearsal, rehearse
from gateway.publishing.services import PublishServices
from gateway.settings import BatchSettings


def rehearse_products(
    settings: BatchSettings,
    ids: Sequence[str],
    *,
    as_of: date | None,
    newest: int,
    form: Format,
) -> bool:
    """Print the report of each named cube, or of all. Returns whether every one could be published.

    newest: so many of the newest months, 0 for all. What fails is told in a line; the others go on.
    Raises WarehouseUnavailable, ContractFault, ProductNotFound before anything is read.
    """
    with reading_services(settings) as services, progress_bars() as bar:
        chosen: list[Product] = [services.catalog.find(one) for one in ids]
        chosen = chosen or [one for one in services.catalog.products if one.cube is not None]
        day = as_of or services.warehouse.latest_snapshot()
        outcomes: list[bool] = []
        for product in chosen:
            progress = bar(product.id)
            try:
                made = rehearse(
                    product, as_of=day, services=services, newest=newest, progress=progress
                )
            except GatewayError as fault:
                progress("refused", 1.0)
                typer.echo(
                    f"jakelu: {product.id}: {fault.title}. {fault.detail}".rstrip(), err=True
                )
                outcomes.append(False)
                continue
            progress("holds" if made.holds else "does not hold", 1.0)
            _print(made, form)
            outcomes.append(made.holds)
    return all(outcomes)


def _print(made: Rehearsal, form: Format) -> None:
    if is_json(form, sys.stdout):
        typer.echo(rehearsal_json(made))
    else:
        print_rehearsal(made)


@contextmanager
def reading_services(settings: BatchSettings) -> Generator[PublishServices]:
    """What reads the warehouse and the releases, and neither signs nor writes.

    Raises WarehouseUnavailable, ContractFault, KeyFault for the public key.
    """
    registry = load_registry()
    geography = registry.geography()
    catalog = load_catalog(settings.products_dir, registry_lists={geography.id: geography})
    warehouse = DuckDbWarehouse(
        settings.warehouse_path, memory_limit=settings.warehouse_memory_limit
    )
    try:
        yield PublishServices(
            catalog=catalog,
            registry=registry,
            warehouse=warehouse,
            keys=NoKeys(),
            releases=release_store(settings),
            journal_published=_never,
            policy_set_sha256="",
            build=version("jakelu"),
            processes=settings.processes or os.cpu_count() or 1,
            audit_seconds=settings.audit_seconds,
        )
    finally:
        warehouse.close()


class NoKeys:
    """A key ring without keys: who only reads needs none. Raises KeyFault at every use."""

    def epoch(self) -> str:
        _never()

    def epochs(self) -> tuple[str, ...]:
        _never()

    def domain_key(self, domain: PseudonymDomain, *, epoch: str | None = None) -> bytes:  # noqa: ARG002
        _never()

    def sign(self, message: bytes) -> Signature:  # noqa: ARG002
        _never()


def _never(*_: object) -> NoReturn:
    raise KeyFault("This command signs and publishes nothing.")
