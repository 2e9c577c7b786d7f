"""Addresses that are spelled differently and mean the same (RFC 3986 sections 6.2.2 and 6.2.3)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_PORTS = {"http": 80, "https": 443}


def target_uri(address: str) -> str:
    """An http or https address in its one normal spelling, without query and fragment.

    Raises ValueError for anything else, and for an address with a user's name in it.
    """
    if not _VISIBLE.fullmatch(address):
        raise ValueError("not an address")
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or "\\" in address:
        raise ValueError("not an http address of a host")
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[parts.scheme]:
        place = f"{place}:{port}"
    return f"{parts.scheme}://{place}{_without_dots(_ESCAPE.sub(_unescaped, parts.path))}"


def _unescaped(escape: re.Match[str]) -> str:
    """`%2d` is `-`, for a hyphen never separates anything; `%2f` stays, for a slash does."""
    if escape[1] is None:
        raise ValueError("a per cent sign that escapes nothing")
    character = chr(int(escape[1], 16))
    return character if _UNRESERVED.fullmatch(character) else escape[0].upper()


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4, of an absolute path; the empty one is `/`."""
    kept: list[str] = []
    steps = path.split("/")[1:]
    for step in steps:
        if step == "..":
            kept = kept[:-1]
        elif step != ".":
            kept.append(step)
    if steps and steps[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
