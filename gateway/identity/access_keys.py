"""Access key → Caller: known, its own secret, not revoked, not expired, from where it may come.

The caller of the gateway is told of none of these which failed; a closed set of reasons goes to the
journal and the metrics.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import re
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.errors import InvalidToken, StateUnavailable
from gateway.identity.key_networks import is_from
from gateway.identity.key_text import PREFIX, KeyText, read_key_text
from gateway.identity.reasons import TokenFault
from gateway.model.access_key import ENDING, AccessKey, KeyLimits, KeyState
from gateway.model.caller import AuthStrength, Caller, HeldRole, RoleSource
from gateway.model.days import helsinki_day
from gateway.policy.roles import RoleTable
from gateway.policy.vocabulary import DATA_PERMISSIONS
from gateway.ports import AccessKeyStore, Clock

if TYPE_CHECKING:
    from gateway.organisations import Registry

ISSUER = "jakelu"  # what the journal says for `iss`: the gateway itself made the key
REMEMBERED_SECONDS = 1.0  # a revocation is seen by every process within this
REMEMBERED_MAX = 1024
USE_NOTED_SECONDS = 60.0
_KEY = re.compile(rf"(?i:bearer) +({PREFIX}.*)", re.DOTALL)
_BASIC = re.compile(r"(?i:basic) +([A-Za-z0-9+/]{1,1024}={0,2})")
_NOBODY = bytes(32)  # the digest that an unknown key is compared with, so that it takes as long
_LOG = logging.getLogger("jakelu.keys")


def presented_key(authorization: str | None) -> KeyText | None:
    """The key in an `Authorization` header; None when it holds none.

    `Bearer <key>`, or for programs that know only names and passwords `Basic` (RFC 7617) with the
    key's id as the user and the key as the password. Raises InvalidToken for what is meant to be a key
    and cannot be one.
    """
    if authorization is None:
        return None
    if found := _KEY.fullmatch(authorization):
        return _read(found[1])
    if (found := _BASIC.fullmatch(authorization)) is None:
        return None
    try:
        user, _, password = base64.b64decode(found[1], validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if not password.startswith(PREFIX):
        return None
    key = _read(password)
    if user != key.id:
        raise InvalidToken(TokenFault.ACCESS_KEY_MALFORMED)
    return key


def _read(text: str) -> KeyText:
    key = read_key_text(text)
    if key is None:
        raise InvalidToken(TokenFault.ACCESS_KEY_MALFORMED)
    return key


class AccessKeys:
    """The keys of a process. Safe to use from many threads.

    later: does something soon, on another thread: noting a use must hold up no delivery. age: seconds
    on a clock that never goes back.
    """

    def __init__(
        self,
        store: AccessKeyStore,
        *,
        registry: Registry,
        roles: RoleTable,
        clock: Clock,
        later: Callable[[Callable[[], None]], object],
        age: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._registry = registry
        self._roles = roles
        self._clock = clock
        self._later = later
        self._age = age
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, AccessKey]] = {}
        self._noted: dict[str, float] = {}

    def caller(self, presented: KeyText, client_address: str | None) -> Caller:
        """Who a key stands for, now and from this address. Raises InvalidToken, StateUnavailable."""
        key, now = self._find(presented.id), self._clock.now()
        # In constant time, and for an unknown key as well: how long it takes tells nothing.
        is_own = hmac.compare_digest(presented.digest(), _NOBODY if key is None else key.digest)
        if key is None:
            raise InvalidToken(TokenFault.ACCESS_KEY_UNKNOWN)
        if not is_own:
            raise InvalidToken(TokenFault.ACCESS_KEY_WRONG)
        return self._checked(key, client_address, now)

    def caller_of_address(self, key_id: str, client_address: str | None) -> Caller:
        """Who a key stands for that got a signed address, as long as the key itself would be accepted.

        Raises InvalidToken, StateUnavailable.
        """
        key = self._find(key_id)
        if key is None:
            raise InvalidToken(TokenFault.ACCESS_KEY_UNKNOWN)
        return self._checked(key, client_address, self._clock.now())

    def _checked(self, key: AccessKey, client_address: str | None, now: datetime) -> Caller:
        """Raises InvalidToken."""
        match key.state(now):
            case KeyState.REVOKED:
                raise InvalidToken(TokenFault.ACCESS_KEY_REVOKED)
            case KeyState.EXPIRED:
                raise InvalidToken(TokenFault.ACCESS_KEY_EXPIRED)
            case KeyState.ACTIVE | KeyState.ROTATED:
                pass
        if not is_from(client_address, key.networks):
            raise InvalidToken(TokenFault.ACCESS_KEY_NETWORK)
        caller = self._caller(key)
        self._note_use(key.id)
        return caller

    def forget(self, key_id: str) -> None:
        """After a change in this process: its next request looks again."""
        with self._lock:
            self._known.pop(key_id, None)

    def _find(self, key_id: str) -> AccessKey | None:
        """A key that is not there is not remembered: one that is made works at once."""
        now = self._age()  # before the reading, so that it is never thought younger than it is
        with self._lock:
            read = self._known.get(key_id)
        if read is not None and now - read[0] < REMEMBERED_SECONDS:
            return read[1]
        key = self._store.find(key_id)
        with self._lock:
            if key is None:
                self._known.pop(key_id, None)
                return None
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            self._known[key_id] = (now, key)
        return key

    def _caller(self, key: AccessKey) -> Caller:
        """Organisation, scope and permissions are those of today, not of the day the key was made."""
        now = self._clock.now()
        today = helsinki_day(now)
        organisation = self._registry.find(key.organisation)
        if organisation is None or not organisation.is_valid(today):
            raise InvalidToken(TokenFault.ACCESS_KEY_ORGANISATION)
        held = held_by_key(key.roles)
        return Caller(
            issuer=ISSUER,
            subject=key.service_account,
            client_id=key.id,
            token_id=key.id,
            strength=AuthStrength.KEY,
            organisation_claim=key.organisation,
            organisation=organisation,
            scope=self._registry.scope(organisation.code, today),
            roles=held,
            # Whatever its roles come to give: a key never reads the journal and never manages keys.
            permissions=self._roles.permissions_of(held) & DATA_PERMISSIONS,
            key=KeyLimits(
                id=key.id,
                products=frozenset(key.products),
                expires_at=key.expires_at,
                is_ending=key.expires_at - now <= ENDING,
            ),
            until=key.expires_at,
        )

    def _note_use(self, key_id: str) -> None:
        age = self._age()
        with self._lock:
            last = self._noted.get(key_id)
            if last is not None and age - last < USE_NOTED_SECONDS:
                return
            if len(self._noted) >= REMEMBERED_MAX:
                self._noted.clear()
            self._noted[key_id] = age
        at = self._clock.now()

        def note() -> None:
            try:
                self._store.mark_used(key_id, at)
            except StateUnavailable:
                _LOG.warning("the use of access key %s could not be noted", key_id)

        self._later(note)


def held_by_key(roles: tuple[str, ...]) -> tuple[HeldRole, ...]:
    """`source:role` texts as roles."""
    return tuple(
        HeldRole(RoleSource(source), role)
        for source, _, role in (text.partition(":") for text in roles)
    )
