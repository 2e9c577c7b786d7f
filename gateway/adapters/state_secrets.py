"""Secrets that a browser holds: 256 random bits, of which the state database keeps only the hash."""

from __future__ import annotations

import hashlib
import re
import secrets

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    """256 random bits as base64url."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> bytes | None:
    """The SHA-256 of a secret; None for what is no secret of ours.

    A plain hash is enough: nobody guesses 256 bits, whether by trying or from the hash.
    """
    return hashlib.sha256(secret.encode()).digest() if _SECRET.fullmatch(secret) else None
