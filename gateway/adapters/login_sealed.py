"""Logins that have begun: each lives in a sealed cookie of its own browser, and is taken once.

Anybody may begin a login, so a beginning costs no place that others need. What the cookie holds nobody
reads or alters: AES-256 in GCM-SIV (RFC 8452), where nonces that meet by chance do no harm. The key is
the deployment's; it opens neither sessions nor data.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from gateway.ports import Clock, LoginAttempt, ReplayStore

LIFETIME = timedelta(minutes=10)
COOKIE_CHARACTERS_MAX = 2048  # what is longer was not sealed here
PURPOSE = b"jakelu login attempt 1"  # another number when another version seals something else
_KIND = "login"
_NONCE_BYTES = 12


class SealedLogins:
    """The BegunLogins port. key: 32 bytes, the same for all processes."""

    def __init__(self, key: bytes, once: ReplayStore, *, clock: Clock) -> None:
        self._cipher = AESGCMSIV(key)
        self._once = once
        self._clock = clock

    def begin(self, attempt: LoginAttempt) -> str:
        until = int((self._clock.now() + LIFETIME).timestamp())
        nonce = os.urandom(_NONCE_BYTES)
        text = json.dumps({"attempt": asdict(attempt), "until": until}).encode()
        sealed = nonce + self._cipher.encrypt(nonce, text, PURPOSE)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def take(self, state: str, cookie: str) -> LoginAttempt | None:
        found = self._open(cookie)
        if found is None:
            return None
        attempt, until = found
        if until <= self._clock.now():
            return None
        if not hmac.compare_digest(state.encode(), attempt.state.encode()):
            return None
        digest = hashlib.sha256(attempt.state.encode()).digest()
        return attempt if self._once.use(_KIND, digest, until=until) else None

    def _open(self, cookie: str) -> tuple[LoginAttempt, datetime] | None:
        """None for what was not sealed with this key for this purpose."""
        if len(cookie) > COOKIE_CHARACTERS_MAX:
            return None
        try:
            sealed = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
            text = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], PURPOSE)
        except (InvalidTag, ValueError):
            return None
        found = json.loads(text)
        return LoginAttempt(**found["attempt"]), datetime.fromtimestamp(found["until"], UTC)
