"""The demo's publish half: a synthetic warehouse, keys, an issuer, and every product published."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gateway.adapters.clock import SystemClock
from gateway.adapters.demo_issuer import create_issuer, issue
from gateway.adapters.keys_file_create import create_keys
from gateway.adapters.warehouse_duckdb import DuckDbWarehouse
from gateway.batch.demo_layout import DemoLayout
from gateway.batch.journal_key import create_journal_key
from gateway.batch.progress import Report, progress_bars
from gateway.batch.publish import publish_products
from gateway.errors import KeyFault, ReleaseRefused, WarehouseUnavailable
from gateway.settings import SETTINGS_FILE, load_batch_settings
from gateway.synthetic.warehouse import generate

AS_OF = date(2026, 6, 30)
SEED = 20260630


def build_demo(directory: Path, *, scale: float) -> None:
    """Everything up to published releases; what is already built is kept. Raises ReleaseRefused."""
    prepare_demo(directory, scale=scale)
    layout = DemoLayout(directory)
    settings = load_batch_settings({SETTINGS_FILE: str(layout.publish_settings)})
    if not publish_products(settings, [], as_of=None):
        raise ReleaseRefused("The demo's products could not all be published; see above.")


def prepare_demo(directory: Path, *, scale: float) -> None:
    """The folders, the warehouse, the keys, the issuer and the settings files."""
    layout = DemoLayout(directory)
    layout.private.mkdir(parents=True, exist_ok=True)
    layout.private.chmod(0o700)
    for folder in (layout.releases, layout.journal.parent):
        folder.mkdir(exist_ok=True)
    if not _holds(layout.warehouse, scale):
        with progress_bars() as bar:
            _build_warehouse(
                layout.warehouse, scale=scale, report=bar(f"warehouse, scale {scale:g}")
            )
    create_keys(layout.keys, epoch=str(AS_OF.year), public_key_path=layout.public_key)
    create_issuer(layout.issuer)
    create_journal_key(layout.journal_key)
    layout.write_settings()


def demo_token(persona: str, directory: Path, *, minutes: int) -> str:
    """An access token of the demo's issuer. Raises BadParameter, KeyFault."""
    layout = DemoLayout(directory)
    if not layout.issuer.is_dir():
        raise KeyFault(
            f"There is no demo in {directory}: run `jakelu demo` first, or name it with --dir."
        )
    now = SystemClock().now()
    return issue(persona, folder=layout.issuer, now=now, lifetime_seconds=minutes * 60)


def _build_warehouse(path: Path, *, scale: float, report: Report) -> None:
    generate(path, scale=scale, seed=SEED, as_of=AS_OF, progress=report)


def _holds(path: Path, scale: float) -> bool:
    """Whether an earlier run has built this very warehouse."""
    try:
        warehouse = DuckDbWarehouse(path)
    except WarehouseUnavailable:
        return False
    try:
        row = warehouse.read("SELECT siemen, skaala, poimintapaiva FROM mylly.poiminta", {})
    except WarehouseUnavailable:
        return False
    finally:
        warehouse.close()
    return row.to_pylist() == [{"siemen": SEED, "skaala": scale, "poimintapaiva": AS_OF}]
