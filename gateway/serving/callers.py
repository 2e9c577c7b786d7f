"""Who asks: tokens of several issuers, access keys, and people who log in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import timedelta
from functools import partial

from gateway.adapters.dpop import DpopProofs
from gateway.adapters.issuers import Issuers
from gateway.adapters.login_credential import load_login_credential
from gateway.adapters.login_oidc import OidcLogin
from gateway.adapters.login_sealed import SealedLogins
from gateway.adapters.oidc import OidcTokenVerifier
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_once import StoredOnce
from gateway.adapters.state_sealing import sealing_key
from gateway.adapters.state_sessions import StoredSessions
from gateway.delivery.services import Services
from gateway.identity import TokenChecks, caller_of_session
from gateway.identity.login import Logins
from gateway.identity.voices import Voice
from gateway.ports import Clock
from gateway.settings import ServeSettings
from gateway.surfaces.beside import Beside
from gateway.surfaces.html.threads import PortalThreads
from gateway.surfaces.portal.routes import Portal


def verifiers_of(settings: ServeSettings, clock: Clock) -> Mapping[str, OidcTokenVerifier]:
    """issuer → who verifies its tokens. Raises SettingsFault."""
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


def token_checks_of(
    settings: ServeSettings,
    clock: Clock,
    *,
    verifiers: Mapping[str, OidcTokenVerifier],
    state: StateDatabase,
) -> TokenChecks:
    """What tokens of all issuers, and proofs of their holders, are checked with."""
    return TokenChecks(
        verifier=Issuers(verifiers),
        proofs=DpopProofs(StoredOnce(state, clock=clock), clock=clock),
        names={each.issuer: each.claims for each in settings.issuers},
        voices={
            each.issuer: Voice(frozenset(each.organisations), frozenset(each.role_sources))
            for each in settings.issuers
        },
    )


def open_flushed(settings: ServeSettings, opened: ExitStack) -> StateDatabase:
    """The state over connections of their own, on which a change is on the disk before it is told."""
    state = StateDatabase(settings.state, is_flushed=True)
    opened.callback(state.close)
    return state


def portal_of(
    settings: ServeSettings,
    services: Services,
    state: StateDatabase,
    *,
    tokens: TokenChecks,
    count_failure: Callable[[str], None],
    threads: PortalThreads,
    beside: Beside,
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
        attempts=SealedLogins(
            sealing_key(state, "login"),
            StoredOnce(state, clock=services.clock),
            clock=services.clock,
        ),
        sessions=StoredSessions(
            state,
            clock=services.clock,
            idle=timedelta(seconds=settings.session_idle_seconds),
            absolute=timedelta(seconds=settings.session_seconds),
        ),
        tokens=tokens,
        recognise=partial(
            caller_of_session,
            registry=services.registry,
            roles=services.policy.roles,
            clock=services.clock,
        ),
        journal=services.journal,
    )
    return Portal(logins, services, count_failure, threads, beside)
