"""Settings → adapters → one ASGI application that closes what it opened."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from starlette.types import ASGIApp

from gateway.adapters.clock import SystemClock
from gateway.adapters.state_allowances import StoredBuckets
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_keys import StoredAccessKeys
from gateway.adapters.state_saved import StoredSavedQueries
from gateway.adapters.state_sealing import sealing_key
from gateway.errors import ReleaseDamaged
from gateway.identity import authenticate
from gateway.identity.access_keys import AccessKeys
from gateway.identity.file_addresses import FileAddresses
from gateway.identity.key_desk import KeyDesk
from gateway.identity.key_grants import House
from gateway.journal.failures import AuthFailures
from gateway.journal.limited import LimitedClients
from gateway.limits.failures import FailedLogins
from gateway.limits.pace import Pace
from gateway.ports import Clock
from gateway.serving.callers import open_flushed, portal_of, token_checks_of, verifiers_of
from gateway.serving.services import open_services
from gateway.settings import ServeSettings
from gateway.surfaces.application import Lifespan, Operations, Roads, build_application
from gateway.surfaces.auditor.long_readings import LongReadings
from gateway.surfaces.auditor.pages.routes import BESIDE, AuditPages
from gateway.surfaces.delta_sharing.files import caller_of_address
from gateway.surfaces.delta_sharing.names import FILES, FOLDER
from gateway.surfaces.delta_sharing.problems import DELTA_ERROR
from gateway.surfaces.html.threads import BoundedThreads, PortalThreads
from gateway.surfaces.ops.health import Readiness
from gateway.surfaces.ops.metrics import Metrics
from gateway.surfaces.ops.routes import Protection
from gateway.surfaces.pacing import Pacing
from gateway.surfaces.proxies import TrustedProxies
from gateway.surfaces.public import Monitoring
from gateway.surfaces.security import NO_PEOPLE, Gate, SignedAddresses
from gateway.surfaces.state_threads import StateThreads
from gateway.surfaces.streaming import Sender

ROAD_THREADS = 64  # they mostly wait for the journal's next commit
IDENTITY_THREADS = 8
STATE_THREADS = 4  # the state has one writer at a time
READING_THREADS = 4
EXPORT_THREADS = 2  # of the journal: they hold up nobody's delivery
LOGIN_THREADS = 8  # and as many for the pages: both may wait for the identity provider
WAITING_FOR_LOGIN_MAX = 32


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


def _application(settings: ServeSettings, clock: Clock, opened: ExitStack) -> ASGIApp:
    verifiers = verifiers_of(settings, clock)
    state = StateDatabase(settings.state)
    opened.callback(state.close)
    services = open_services(settings, clock, state, opened)
    flushed = open_flushed(settings, opened)
    key_store = StoredAccessKeys(flushed)
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
    state_threads = StateThreads(_threads(STATE_THREADS, opened))
    tokens = token_checks_of(settings, clock, verifiers=verifiers, state=state)
    count_failure = _both(metrics.count_failure, failures.count)
    portal = portal_of(
        settings,
        services,
        state,
        tokens=tokens,
        count_failure=count_failure,
        threads=PortalThreads(_bounded_threads(opened), _bounded_threads(opened)),
        beside=BESIDE,
    )
    readings = LongReadings(
        services.tolls,
        Sender(
            threads=_threads(EXPORT_THREADS, opened),
            idle_timeout_seconds=settings.send_idle_timeout_seconds,
            observe=lambda _: None,  # the metrics tell of deliveries
        ),
        limited.count,
    )
    audit = AuditPages(services, _bounded_threads(opened), readings)
    addresses = FileAddresses(
        key=sealing_key(state, "file_addresses"),
        keys=keys,
        registry=services.registry,
        roles=services.policy.roles,
        clock=clock,
        lifetime=timedelta(seconds=settings.file_address_seconds),
    )
    gate = Gate(
        authenticate=partial(
            authenticate,
            tokens=tokens,
            registry=services.registry,
            roles=services.policy.roles,
            clock=clock,
            keys=keys,
        ),
        use_up=tokens.proofs.use_up,
        threads=_threads(IDENTITY_THREADS, opened),
        state=state_threads,
        pacing=Pacing(
            limits=settings.limits,
            requests=Pace(StoredBuckets(state, clock=clock), clock=clock),
            failed=FailedLogins(settings.limits.failed_logins_per_minute, clock=clock),
            # An honest login takes two requests, and an address is shared by many.
            logins=FailedLogins(4 * settings.limits.failed_logins_per_minute, clock=clock),
            state=state_threads,
            count_refusal=limited.count,
        ),
        count_failure=count_failure,
        observe=metrics.observe,
        public_url=str(settings.public_url).rstrip("/"),
        proxies=TrustedProxies(settings.trusted_proxies),
        monitoring=Monitoring(settings.metrics_networks),
        people=portal.people() if portal else NO_PEOPLE,
        signed=SignedAddresses(FILES, partial(caller_of_address, addresses)),
        shapes={f"{FOLDER}/": DELTA_ERROR},
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
        Roads(
            services,
            desk,
            StoredSavedQueries(flushed),
            addresses,
            _threads(ROAD_THREADS, opened),
            sender,
            readings,
        ),
        gate,
        Operations(Readiness(checks, issuers=issuers), metrics, protection),
        pages=(*portal.routes(), *audit.routes()) if portal else (),
        lifespan=_closing(opened),
    )


def _check_releases(releases_dir: Path) -> None:
    """Raises ReleaseDamaged when the folder cannot be read."""
    if not os.access(releases_dir, os.R_OK | os.X_OK):
        raise ReleaseDamaged("The releases cannot be read.")


def _threads(count: int, opened: ExitStack) -> ThreadPoolExecutor:
    threads = ThreadPoolExecutor(count)
    opened.callback(threads.shutdown, wait=False, cancel_futures=True)
    return threads


def _bounded_threads(opened: ExitStack) -> BoundedThreads:
    most = LOGIN_THREADS + WAITING_FOR_LOGIN_MAX
    return BoundedThreads(_threads(LOGIN_THREADS, opened), most=most)


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
