"""`jakelu pseudonym`: settings → adapters → the upkeep of pseudonyms."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from gateway.adapters.cedar import CedarEngine
from gateway.adapters.clock import SystemClock
from gateway.adapters.keys_private_file import create_private
from gateway.adapters.warehouse_duckdb import DuckDbWarehouse
from gateway.batch.operating_login import operating_login
from gateway.batch.pseudonyms_keys import Keys, has_epochs, make_keys, open_keys
from gateway.batch.publish import open_journal
from gateway.batch.release_view import release_store
from gateway.contracts import load_catalog
from gateway.errors import BadParameter, ContractFault
from gateway.journal.pseudonym_body import rotated_body
from gateway.model.entry import Draft, EntryKind
from gateway.model.product import Product
from gateway.organisations import load_registry
from gateway.policy.loading import load_policy
from gateway.ports import Warehouse
from gateway.publishing.extract import extract_rows
from gateway.publishing.family import family_purpose
from gateway.settings import BatchSettings
from gateway.upkeep.crosswalk import Crosswalked, CrosswalkRequest, make_crosswalk
from gateway.upkeep.desk import Desk, Register, checked_epoch_name
from gateway.upkeep.rotation import rotate


def init_keys(settings: BatchSettings, epoch: str) -> tuple[Keys, bool]:
    """The key ring of an installation, made where it is missing; whether its first epoch begins now.

    Where one is there already nothing changes, whatever epoch is given. The entry is first, as in a
    rotation. Raises KeyFault, SettingsFault, JournalUnavailable.
    """
    with open_desk(settings) as desk:
        is_first = not has_epochs(settings)
        if is_first:
            body = rotated_body(
                desk.operator, epoch=checked_epoch_name(epoch), epoch_before=None, new_root=True
            )
            desk.journal.append(Draft(EntryKind.PSEUDONYM_ROTATED, body))
        return make_keys(settings, epoch), is_first


def rotate_epoch(settings: BatchSettings, epoch: str, *, compromised: bool) -> str:
    """Start an epoch; the one before it. Raises what `rotate` raises."""
    with open_desk(settings) as desk:
        return rotate(epoch, compromised=compromised, keys=open_keys(settings), desk=desk)


def crosswalk(settings: BatchSettings, asked: CrosswalkRequest, out: Path) -> Crosswalked:
    """Make a crosswalk and write it to a new file of mode 0600. Raises what `make_crosswalk` raises."""
    _check_new(out)

    def write(content: bytes) -> None:
        try:
            is_new = create_private(out, content)
        except OSError as fault:
            raise _unwritable(fault.strerror) from fault
        if not is_new:
            raise _unwritable("a file is there")

    with open_desk(settings) as desk, open_register(settings) as register:
        return make_crosswalk(asked, write, desk=desk, register=register)


@contextmanager
def open_desk(settings: BatchSettings) -> Generator[Desk]:
    """The journal and the policies, and who is at the keyboard. Raises PolicyFault, JournalUnavailable."""
    policy = load_policy(settings.policies_dir, engine_from=CedarEngine)
    journal = open_journal(settings.journal, config_hash=policy.sha256)
    try:
        yield Desk(journal, policy, SystemClock(), operating_login())
    finally:
        journal.close()


@contextmanager
def open_register(settings: BatchSettings) -> Generator[Register]:
    """Keys, releases and the warehouse. Raises KeyFault, ContractFault, WarehouseUnavailable."""
    registry = load_registry()
    geography = registry.geography()
    catalog = load_catalog(settings.products_dir, registry_lists={geography.id: geography})
    with ExitStack() as opened:
        warehouse = DuckDbWarehouse(
            settings.warehouse_path, memory_limit=settings.warehouse_memory_limit
        )
        opened.callback(warehouse.close)
        yield Register(
            keys=open_keys(settings),
            releases=release_store(settings),
            catalog=catalog,
            registry=registry,
            person_ids=lambda product, day: _person_ids(product, day, warehouse),
            pseudonym_purpose=lambda product: family_purpose(product, catalog),
        )


def _person_ids(product: Product, day: date, warehouse: Warehouse) -> NDArray[np.int64]:
    """The distinct internal ids of a product's extract, and no other column of it."""
    if product.rows is None:
        raise ContractFault(f"{product.id} has no persons.")
    spec = replace(product.rows, columns=())
    table = extract_rows(product, spec, as_of=day, warehouse=warehouse)
    ids = pc.call_function("unique", [table.column(spec.person).drop_null()])
    return ids.cast("int64").to_numpy(zero_copy_only=False)


def _check_new(out: Path) -> None:
    """Before anything is journaled. Raises BadParameter."""
    if out.exists():
        raise _unwritable("a file is there")
    if not out.parent.is_dir():
        raise _unwritable("its folder is missing")


def _unwritable(reason: str | None) -> BadParameter:
    return BadParameter(f"The table cannot be written: {reason}.", parameter="out")
