"""Composition root of the serve road: settings → adapters → ASGI application → Granian.

Knows only this side's adapters: no warehouse, no pseudonym key, no signing key.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import logging.config
import multiprocessing
import os
import socket
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from starlette.types import ASGIApp

from gateway.adapters.cedar import CedarEngine
from gateway.adapters.clock import SystemClock
from gateway.adapters.dpop import DpopProofs
from gateway.adapters.issuers import Issuers
from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.adapters.login_credential import load_login_credential
from gateway.adapters.login_oidc import OidcLogin
from gateway.adapters.oidc import OidcTokenVerifier
from gateway.adapters.releases_files import ReleaseFiles
from gateway.adapters.state_allowances import StoredBuckets, StoredBytes, StoredPlaces
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_keys import StoredAccessKeys
from gateway.adapters.state_logins import StoredLogins
from gateway.adapters.state_once import StoredOnce
from gateway.adapters.state_sessions import StoredSessions
from gateway.contracts import Catalog, load_catalog
from gateway.delivery.encoded import EncodedCache
from gateway.delivery.rulings import Rulings
from gateway.delivery.services import Services
from gateway.delivery.shelf import CubeShelf
from gateway.errors import GatewayError, KeyFault, ReleaseDamaged, SettingsFault
from gateway.identity import TokenChecks, authenticate, caller_of_session
from gateway.identity.access_keys import AccessKeys
from gateway.identity.claims import ClaimNames
from gateway.identity.key_desk import KeyDesk
from gateway.identity.key_grants import House
from gateway.identity.login import Logins
from gateway.journal.append import Journal
from gateway.journal.events import policy_body
from gateway.journal.failures import AuthFailures
from gateway.journal.limited import LimitedClients
from gateway.journal.recovery import recover
from gateway.journal.seal import BootIdentity, new_boot
from gateway.limits.allowance import Limits
from gateway.limits.failures import FailedLogins
from gateway.limits.pace import Pace
from gateway.limits.places import PLACE_SECONDS, Places
from gateway.limits.spending import Spending
from gateway.limits.tolls import Tolls
from gateway.model.entry import Draft, EntryKind
from gateway.organisations.registry import load_registry
from gateway.policy import Policy, load_policy
from gateway.ports import Clock
from gateway.settings import ServeSettings
from gateway.surfaces.application import Lifespan, Operations, Roads, build_application
from gateway.surfaces.openapi import openapi_document, openapi_text
from gateway.surfaces.ops.health import Readiness
from gateway.surfaces.ops.metrics import Metrics
from gateway.surfaces.ops.routes import Protection
from gateway.surfaces.pacing import Pacing
from gateway.surfaces.portal.routes import Portal
from gateway.surfaces.proxies import TrustedProxies
from gateway.surfaces.security import NO_PEOPLE, Gate
from gateway.surfaces.streaming import Sender

__all__ = ["create_app", "openapi_document", "openapi_text", "run"]

ROAD_THREADS = 64  # they mostly wait for the journal's next commit
IDENTITY_THREADS = 8
READING_THREADS = 4
SHUTDOWN_SECONDS = 10
_LOG = logging.getLogger("jakelu.serving")


def create_app(settings: ServeSettings, *, clock: Clock | None = None) -> ASGIApp:
    """Open everything that serving needs, and give the application that closes it at its end.

    Raises GatewayError when a contract, a policy, a key or the journal is not fit to serve with.
    """
    opened = ExitStack()
    try:
        return _application(settings, clock or SystemClock(), opened)
    except BaseException:
        opened.close()
        raise


def run(settings: ServeSettings) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsFault."""
    if settings.workers > 1:
        raise SettingsFault(
            "The embedded journal (SQLite) serves one worker; set workers to 1.",
            parameter="workers",
        )
    _check_port_is_free(settings)
    server = Granian(
        "gateway.serving:create_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        websockets=False,
        # Granian keeps a limited number of connections, and only in this mode does one that says
        # nothing end: HTTP/2 and the guessing between the two have no timeout for it.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=max(1, round(settings.header_timeout_seconds * 1000))
        ),
        workers_kill_timeout=SHUTDOWN_SECONDS,
        log_access=False,  # it would write query strings
    )
    try:
        server.serve(target_loader=partial(_load, settings), wrap_loader=False)
    except RuntimeError as fault:  # how Granian says that it cannot listen
        raise SettingsFault(
            f"{settings.host}:{settings.port} cannot be listened on ({fault}).", parameter="port"
        ) from fault


def _check_port_is_free(settings: ServeSettings) -> None:
    """Granian shares its port with whoever else shares it, which would split one gateway in two."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as fault:
            raise SettingsFault(
                f"{settings.host}:{settings.port} cannot be listened on ({fault.strerror}). "
                "Stop what listens there, or choose another --port.",
                parameter="port",
            ) from fault


def _load(settings: ServeSettings) -> ASGIApp:
    """The application of one worker process, or one clear line and the end of the process."""
    _end_with_parent()
    _configure_logging()
    try:
        return create_app(settings)
    except GatewayError as fault:
        print(f"jakelu: {fault.title}. {fault.detail}".rstrip(), file=sys.stderr)  # noqa: T201
        sys.exit(1)


def _end_with_parent() -> None:
    """A worker whose parent was killed would go on serving, and hold its intents open."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _configure_logging() -> None:
    """One line an event on stderr, in UTC: identifiers, counts, durations."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "format": "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s",
                    "datefmt": "%Y-%m-%dT%H:%M:%S",
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"level": "INFO", "handlers": ["stderr"]},
        }
    )


def _application(settings: ServeSettings, clock: Clock, opened: ExitStack) -> ASGIApp:
    verifiers = _verifiers(settings, clock)
    state = StateDatabase(settings.state_file)
    opened.callback(state.close)
    services = _services(settings, clock, state, opened)
    key_store = _key_store(settings, opened)
    keys = AccessKeys(
        key_store,
        registry=services.registry,
        roles=services.policy.roles,
        clock=clock,
        later=_threads(1, opened).submit,
    )
    failures = AuthFailures(services.journal, clock=clock).start()
    opened.callback(failures.close)
    limited = LimitedClients(services.journal, clock=clock).start()
    opened.callback(limited.close)
    metrics = Metrics()
    identity_threads = _threads(IDENTITY_THREADS, opened)
    tokens = _token_checks(settings, clock, verifiers=verifiers, state=state)
    count_failure = _both(metrics.count_failure, failures.count)
    portal = _portal(settings, services, state, tokens=tokens, count_failure=count_failure)
    gate = Gate(
        authenticate=partial(
            authenticate,
            tokens=tokens,
            registry=services.registry,
            roles=services.policy.roles,
            clock=clock,
            keys=keys,
        ),
        threads=identity_threads,
        pacing=Pacing(
            limits=settings.limits,
            requests=Pace(StoredBuckets(state, clock=clock), clock=clock),
            failed=FailedLogins(settings.limits.failed_logins_per_minute, clock=clock),
            threads=identity_threads,
            count_refusal=limited.count,
        ),
        count_failure=count_failure,
        observe=metrics.observe,
        public_url=str(settings.public_url).rstrip("/"),
        proxies=TrustedProxies(settings.trusted_proxies),
        people=portal.people() if portal else NO_PEOPLE,
    )
    sender = Sender(
        threads=_threads(READING_THREADS, opened),
        idle_timeout_seconds=settings.send_idle_timeout_seconds,
        observe=metrics.observe_finished,
    )
    checks = {
        "journal": services.journal.check,
        "state": state.check,
        "releases": partial(_check_releases, settings.releases_dir),
    }
    issuers = {issuer: verifier.check for issuer, verifier in verifiers.items()}
    protection = Protection(gate.public_url, tuple(issuers), bool(settings.trusted_proxies))
    house = House(services.catalog, services.policy, services.registry)
    desk = KeyDesk(key_store, services.journal, house, clock, forget=keys.forget)
    return build_application(
        Roads(services, desk, _threads(ROAD_THREADS, opened), sender),
        gate,
        Operations(Readiness(checks, issuers=issuers), metrics, protection),
        pages=portal.routes() if portal else (),
        lifespan=_closing(opened),
    )


def _portal(
    settings: ServeSettings,
    services: Services,
    state: StateDatabase,
    *,
    tokens: TokenChecks,
    count_failure: Callable[[str], None],
) -> Portal | None:
    """The pages for people, where the settings say at whom they log in. Raises KeyFault, SettingsFault."""
    if settings.login_issuer is None or settings.login_client_id is None:
        return None
    provider = OidcLogin(
        issuer=settings.login_issuer,
        client_id=settings.login_client_id,
        credential=load_login_credential(settings.login_key_path, settings.login_secret_path),
        public_url=str(settings.public_url).rstrip("/"),
        clock=services.clock,
    )
    logins = Logins(
        provider=provider,
        attempts=StoredLogins(state, clock=services.clock),
        sessions=StoredSessions(
            state,
            clock=services.clock,
            idle=timedelta(seconds=settings.session_idle_seconds),
            absolute=timedelta(seconds=settings.session_seconds),
        ),
        verifier=tokens.verifier,
        names=tokens.names.get(settings.login_issuer, ClaimNames()),
        recognise=partial(
            caller_of_session,
            registry=services.registry,
            roles=services.policy.roles,
            clock=services.clock,
        ),
        journal=services.journal,
    )
    return Portal(logins, services, count_failure)


def _key_store(settings: ServeSettings, opened: ExitStack) -> StoredAccessKeys:
    """Over connections of their own: a change of keys is on the disk before it is told."""
    state = StateDatabase(settings.state_file, is_flushed=True)
    opened.callback(state.close)
    return StoredAccessKeys(state)


def _services(
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
    journal = _open_journal(settings, clock, identity=identity, opened=opened)
    switches = [name for name, is_on in asdict(policy.switches).items() if is_on]
    journal.append(Draft(EntryKind.POLICY_LOADED, policy_body(policy.sha256, switches)))
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
    settings: ServeSettings, clock: Clock, *, identity: BootIdentity, opened: ExitStack
) -> Journal:
    """The journal, after the intents of dead processes are closed."""
    store = SqliteJournal(settings.journal_path, busy_seconds=settings.intent_timeout_seconds)
    journal = Journal(
        store, clock=clock, identity=identity, timeout_seconds=settings.intent_timeout_seconds
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


def _verifiers(settings: ServeSettings, clock: Clock) -> Mapping[str, OidcTokenVerifier]:
    return {
        each.issuer: OidcTokenVerifier(
            issuer=each.issuer,
            audience=each.audience,
            jwks=each.jwks,
            clock=clock,
            algorithms=each.algorithms,
        )
        for each in settings.issuers
    }


def _token_checks(
    settings: ServeSettings,
    clock: Clock,
    *,
    verifiers: Mapping[str, OidcTokenVerifier],
    state: StateDatabase,
) -> TokenChecks:
    return TokenChecks(
        verifier=Issuers(verifiers),
        proofs=DpopProofs(StoredOnce(state, clock=clock), clock=clock),
        names={each.issuer: each.claims for each in settings.issuers},
    )


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


def _check_releases(releases_dir: Path) -> None:
    """Raises ReleaseDamaged when the folder cannot be read."""
    if not os.access(releases_dir, os.R_OK | os.X_OK):
        raise ReleaseDamaged("The releases cannot be read.")


def _threads(count: int, opened: ExitStack) -> ThreadPoolExecutor:
    threads = ThreadPoolExecutor(count)
    opened.callback(threads.shutdown, wait=False, cancel_futures=True)
    return threads


def _both(one: Callable[[str], None], other: Callable[[str], None]) -> Callable[[str], None]:
    def each(reason: str) -> None:
        one(reason)
        other(reason)

    return each


def _closing(opened: ExitStack) -> Lifespan:
    @asynccontextmanager
    async def lifespan(_: object) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await asyncio.to_thread(opened.close)

    return lifespan
