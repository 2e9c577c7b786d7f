"""Which digests a client wants (RFC 9530 section 4); SHA-256 is the one that there is."""

from __future__ import annotations

import re

_MEMBER = re.compile(r"[a-z][a-z0-9_-]*=(?:10|[0-9])")
SHA_256 = "sha-256"


def is_wanted(header: str | None, *, unasked: bool) -> bool:
    """Whether `Want-Repr-Digest` or `Want-Content-Digest` asks for SHA-256; 0 means not acceptable.

    unasked: the answer when the field is absent, or is no dictionary of preferences and so ignored
    (RFC 9651 section 4.2).
    """
    members = [] if header is None else [text.strip() for text in header.split(",")]
    if not members or not all(_MEMBER.fullmatch(member) for member in members):
        return unasked
    preferences = dict(member.split("=") for member in members)
    return int(preferences.get(SHA_256, "0")) > 0
