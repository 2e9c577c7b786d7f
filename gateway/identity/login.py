"""Login → session → Caller, for people in a browser.

    begin: state, nonce and PKCE, bound to the browser → the provider
    finish: the provider's answer → tokens → a session of its own
    recognise: the session's claims → Caller, anew at every request

A session holds claims, never tokens: what they give is decided on each day by the same rules as a token's.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import InvalidToken, LoginRefused
from gateway.identity.reasons import LoginFault, TokenFault
from gateway.identity.tokens import TokenChecks
from gateway.journal.append import Journal
from gateway.journal.body import Origin, session_body
from gateway.model.caller import Caller
from gateway.model.entry import Draft, EntryKind
from gateway.ports import BegunLogins, LoginAttempt, LoginProvider, SessionStore

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Begun:
    """address: where the browser goes; cookie: the login, which the browser keeps meanwhile."""

    address: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Callback:
    """What the provider sends back through the browser; each parameter at most once."""

    state: str | None
    code: str | None = field(repr=False)
    issuer: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Finished:
    """session: the new session's secret; page: where the browser was going."""

    session: str = field(repr=False)
    page: str


@dataclass(frozen=True, slots=True)
class Logins:
    """Everything that happens to a session. Safe to use from many threads.

    recognise: verified claims → the caller on this day.
    """

    provider: LoginProvider
    attempts: BegunLogins
    sessions: SessionStore
    tokens: TokenChecks
    recognise: Callable[[Mapping[str, Any]], Caller]
    journal: Journal

    def begin(self, page: str, *, language: str) -> Begun:
        """Raises IssuerUnavailable."""
        attempt = LoginAttempt(
            state=secrets.token_urlsafe(_SECRET_BYTES),
            nonce=secrets.token_urlsafe(_SECRET_BYTES),
            verifier=secrets.token_urlsafe(_SECRET_BYTES),
            page=page,
        )
        address = self.provider.address(attempt, language=language)
        return Begun(address, self.attempts.begin(attempt))

    def finish(
        self, callback: Callback, *, cookie: str | None, old: str | None, origin: Origin
    ) -> Finished:
        """A session, journaled before it exists. cookie: the login that the browser kept; old: the
        session that it had, which ends.

        Raises LoginRefused, IssuerUnavailable, StateUnavailable, JournalUnavailable, EntryRefused.
        """
        attempt = self.attempts.take(callback.state or "", cookie or "")
        if attempt is None:
            raise LoginRefused(LoginFault.STATE)
        self.provider.check_issuer(callback.issuer)  # RFC 9207: of refusals, too
        if callback.error is not None:
            raise LoginRefused(LoginFault.PROVIDER)
        if not callback.code:
            raise LoginRefused(LoginFault.CALLBACK)
        claims = self._claims(attempt, callback.code)
        caller = self.recognise(claims)
        if old is not None:
            self.end(old, origin=origin)
        self.journal.append(Draft(EntryKind.SESSION_BEGAN, session_body(caller, origin=origin)))
        return Finished(self.sessions.begin(claims), attempt.page)

    def caller(self, session: str | None) -> Caller | None:
        """Who asks; None without a living session. Raises StateUnavailable."""
        claims = self.sessions.find(session) if session else None
        return None if claims is None else self._recognised(claims)

    def end(self, session: str, *, origin: Origin) -> None:
        """Raises StateUnavailable, JournalUnavailable; the session has ended all the same."""
        claims = self.sessions.end(session)
        caller = None if claims is None else self._recognised(claims)
        if caller is not None:
            self.journal.append(Draft(EntryKind.SESSION_ENDED, session_body(caller, origin=origin)))

    def _recognised(self, claims: Mapping[str, Any]) -> Caller | None:
        """None when claims that an earlier version kept can no longer be read."""
        try:
            return self.recognise(claims)
        except InvalidToken:
            return None

    def _claims(self, attempt: LoginAttempt, code: str) -> Mapping[str, Any]:
        """The claims that are kept, under the gateway's own names."""
        redeemed = self.provider.redeem(attempt, code)
        try:
            verified = self.tokens.verifier.verify(redeemed.access_token)
            read = self.tokens.read(verified)
        except InvalidToken as fault:
            raise LoginRefused(str(fault.reason)) from None
        if "cnf" in verified:  # nobody shows here that the token is theirs
            raise LoginRefused(str(TokenFault.BOUND))
        if (read.iss, read.sub) != (redeemed.issuer, redeemed.subject):
            raise LoginRefused(LoginFault.SUBJECT)
        if read.client_id != redeemed.client_id:  # what was issued to others is not ours to keep
            raise LoginRefused(LoginFault.CLIENT)
        return read.model_dump(mode="json", exclude_none=True)
