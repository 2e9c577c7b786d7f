"""What is read and opened at start, for the road of a request."""

from __future__ import annotations

import hashlib
import logging
import socket
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gateway.adapters.cedar import CedarEngine
from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.releases_files import ReleaseFiles
from gateway.adapters.state_allowances import StoredBytes, StoredPlaces
from gateway.adapters.state_database import StateDatabase
from gateway.contracts import Catalog, load_catalog
from gateway.delivery.encoded import EncodedCache
from gateway.delivery.rulings import Rulings
from gateway.delivery.services import Services
from gateway.delivery.shelf import CubeShelf
from gateway.errors import KeyFault
from gateway.journal.append import Journal
from gateway.journal.events import policy_body
from gateway.journal.recovery import recover
from gateway.journal.seal import BootIdentity, new_boot
from gateway.journal.store import DurableStore
from gateway.limits.allowance import Limits
from gateway.limits.places import PLACE_SECONDS, Places
from gateway.limits.spending import Spending
from gateway.limits.tolls import Tolls
from gateway.model.entry import Draft, EntryKind
from gateway.organisations.registry import load_registry
from gateway.policy import Policy, load_policy
from gateway.ports import Clock
from gateway.serving.log import Log, log_of
from gateway.settings import ServeSettings

_LOG = logging.getLogger("jakelu.serving")


def open_services(
    settings: ServeSettings, clock: Clock, state: StateDatabase, opened: ExitStack
) -> Services:
    """What is read at start; the journal is opened last, and announces the policies."""
    registry = load_registry()
    lists = {"geography": registry.geography()}
    catalog = load_catalog(settings.products_dir, registry_lists=lists, runs_sql=False)
    policy = load_policy(settings.policies_dir, engine_from=CedarEngine)
    public_key = _public_key(settings.release_public_key_path)
    releases = ReleaseFiles(settings.releases_dir, public_keys=(public_key,))
    identity = new_boot(
        replica=socket.gethostname(),
        build=_build(),
        config_hash=_config_hash(settings, policy, catalog),
    )
    store = open_journal_store(settings.journal, busy_seconds=settings.intent_timeout_seconds)
    log = log_of(settings, store, clock)
    journal = _open_journal(settings, clock, store=store, log=log, identity=identity, opened=opened)
    switches = [name for name, is_on in asdict(policy.switches).items() if is_on]
    journal.append(Draft(EntryKind.POLICY_LOADED, policy_body(policy.sha256, switches)))
    log.start(opened)
    return Services(
        catalog=catalog,
        registry=registry,
        policy=policy,
        rulings=Rulings(policy),
        releases=releases,
        journal=journal,
        clock=clock,
        cubes=CubeShelf(releases),
        encoded=EncodedCache(),
        tolls=_tolls(settings.limits, clock, state, opened),
        witnessed=log.witnessed,
    )


def _tolls(limits: Limits, clock: Clock, state: StateDatabase, opened: ExitStack) -> Tolls:
    """Places and bytes, with their thread."""
    places = Places(
        StoredPlaces(state, clock=clock, seconds=PLACE_SECONDS), pool=limits.extract_places
    )
    tolls = Tolls(limits, places, Spending(StoredBytes(state, clock=clock), clock=clock)).start()
    opened.callback(tolls.close)
    return tolls


def _open_journal(
    settings: ServeSettings,
    clock: Clock,
    *,
    store: DurableStore,
    log: Log,
    identity: BootIdentity,
    opened: ExitStack,
) -> Journal:
    """The journal, after the intents of dead processes are closed."""
    journal = Journal(
        store,
        clock=clock,
        identity=identity,
        gate=log.gate,
        timeout_seconds=settings.intent_timeout_seconds,
    )
    opened.callback(journal.close)
    closed = recover(journal)
    if closed:
        _LOG.warning("%d intents of an earlier process are closed as unknown", closed)
    return journal


def _public_key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFault(
            "The public key of releases cannot be read; set release_public_key_path."
        ) from error


def _config_hash(settings: ServeSettings, policy: Policy, catalog: Catalog) -> str:
    """What this process was started with: settings, policies and contracts."""
    contracts = sorted(product.contract_sha256 for product in catalog.products)
    parts = [settings.model_dump_json(), policy.sha256, *contracts]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _build() -> str:
    try:
        return version("jakelu")
    except PackageNotFoundError:
        return "source"
