"""The issuer's public keys: read from an address or a file, cached, and forgotten when withdrawn."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from joserfc.util import base64_to_int

from gateway.encoding.strict_json import read_object
from gateway.errors import IssuerUnavailable
from gateway.ports import Clock

PublicKey = ECKey | OKPKey | RSAKey
KEYS_MAX = 100
RSA_BITS_MIN = 2048
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_log = logging.getLogger(__name__)


class KeysUnreadable(Exception):
    """The issuer's keys could not be fetched or are not a JWK set; the text holds no key material."""


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A verification key. thumbprint: RFC 7638, so that a key id given to another key is noticed."""

    key: PublicKey
    thumbprint: str


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """For how long fetched keys are trusted, and how often the issuer may be asked."""

    fresh: timedelta = timedelta(minutes=5)
    stale: timedelta = timedelta(hours=1)
    unknown_key_pause: timedelta = timedelta(seconds=30)
    failure_pause: timedelta = timedelta(seconds=5)


class IssuerKeys:
    """The cached JWK set of one issuer; safe to use from many threads.

    fetch: gives the bytes of the JWK set, or raises KeysUnreadable. At most one thread fetches at a
    time; while it does, others go on with keys that are not too old.
    """

    def __init__(
        self,
        fetch: Callable[[], bytes],
        *,
        clock: Clock,
        policy: KeyPolicy = KeyPolicy(),
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._policy = policy
        self._keys: Mapping[str, IssuerKey] = {}
        self._fetched: datetime | None = None
        self._asked: datetime | None = None
        self._failed = False
        self._fetching = threading.Lock()

    def find(self, key_id: str) -> IssuerKey | None:
        """The key with this id, None when the issuer has no such key.

        Raises IssuerUnavailable when the keys are older than `stale` and cannot be fetched.
        """
        self._keep_young(lambda: self._should_ask() or self._should_ask_for(key_id))
        return self._keys.get(key_id)

    def check(self) -> None:
        """Raises IssuerUnavailable when no token could be verified now."""
        self._keep_young(self._should_ask)

    def _keep_young(self, should_ask: Callable[[], bool]) -> None:
        if should_ask() and self._fetching.acquire(blocking=not self._are_usable()):
            try:
                if should_ask():  # another thread may have fetched while this one waited
                    self._refresh()
            finally:
                self._fetching.release()
        if not self._are_usable():
            pause = int(self._policy.failure_pause.total_seconds())
            raise IssuerUnavailable("Try again in a moment.", retry_after_seconds=pause)

    def _are_usable(self) -> bool:
        return self._is_within(self._fetched, self._policy.stale)

    def _should_ask(self) -> bool:
        is_pausing = self._failed and self._is_within(self._asked, self._policy.failure_pause)
        return not is_pausing and not self._is_within(self._fetched, self._policy.fresh)

    def _should_ask_for(self, key_id: str) -> bool:
        return key_id not in self._keys and not self._is_within(
            self._asked, self._policy.unknown_key_pause
        )

    def _refresh(self) -> None:
        self._asked = self._clock.now()
        try:
            self._keys = read_key_set(self._fetch())
        except KeysUnreadable as fault:
            self._failed = True
            _log.warning("the issuer's keys cannot be read: %s", fault)
        else:
            self._failed = False
            self._fetched = self._asked

    def _is_within(self, since: datetime | None, age: timedelta) -> bool:
        # A clock that was set back makes the keys old, never eternally young.
        return since is not None and timedelta(0) <= self._clock.now() - since < age


def read_key_set(document: bytes) -> Mapping[str, IssuerKey]:
    """key id → key, for the asymmetric signature keys of a JWK set (RFC 7517).

    A key that is private, symmetric, weak, without `use: sig` or with a repeated id is left out and
    named in the log. Raises KeysUnreadable when the document is no JWK set.
    """
    try:
        members = read_object(document)["keys"]
    except (ValueError, KeyError):
        raise KeysUnreadable("not a JWK set") from None
    if not isinstance(members, list) or len(members) > KEYS_MAX:
        raise KeysUnreadable("`keys` is not a list, or it is too long")
    usable = [member for member in members if _is_usable(member)]
    ids = Counter(member["kid"] for member in usable)
    keys = {member["kid"]: _import(member) for member in usable if ids[member["kid"]] == 1}
    if left_out := len(members) - sum(1 for key in keys.values() if key):
        _log.warning("%d keys of the issuer's JWK set are not used", left_out)
    return {kid: key for kid, key in keys.items() if key}


def _is_usable(member: object) -> bool:
    return (
        isinstance(member, dict)
        and member.get("kty") in ("EC", "OKP", "RSA")
        and member.get("use") == "sig"
        and isinstance(member.get("kid"), str)
        and member["kid"] != ""
        and (member["kty"] != "OKP" or member.get("crv") == "Ed25519")
        and not _PRIVATE_MEMBERS & member.keys()
    )


def _import(member: dict[str, Any]) -> IssuerKey | None:
    try:
        # Asked before the import, because the library only warns of a short modulus.
        if member["kty"] == "RSA" and base64_to_int(member["n"]).bit_length() < RSA_BITS_MIN:
            return None
        key = JWKRegistry.import_key(member)
        thumbprint = key.thumbprint()
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(key, ECKey | OKPKey | RSAKey) or key.is_private:
        return None
    return IssuerKey(key, thumbprint)
