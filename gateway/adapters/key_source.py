"""Where the issuer's JWK set is read from: an https address, an http address on loopback, a file."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from gateway.adapters.issuer_keys import KeysUnreadable
from gateway.adapters.loopback import is_loopback
from gateway.errors import SettingsFault

DOCUMENT_BYTES_MAX = 256 * 1024
FETCH_SECONDS_MAX = 5.0


def key_source(jwks: str) -> Callable[[], bytes]:
    """A function that reads the JWK set anew; it raises KeysUnreadable.

    Raises SettingsFault for an address that an attacker on the network could answer.
    """
    if "://" not in jwks:
        path = Path(jwks)
        return lambda: _read_file(path)
    if not is_safe_address(jwks):
        raise SettingsFault(
            "Give an https address, an http address on loopback, or a file, without credentials.",
            parameter="jwks",
        )
    return lambda: read_address(jwks)


def is_safe_address(text: str) -> bool:
    """Whether nobody on the network can answer in its place: https, or http on loopback."""
    try:
        address = urlsplit(text)
        host, _ = address.hostname or "", address.port  # both are parsed only when asked for
    except ValueError:
        return False
    is_unheard = address.scheme == "https" or (address.scheme == "http" and is_loopback(host))
    return is_unheard and host != "" and address.username is None


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            document = file.read(DOCUMENT_BYTES_MAX + 1)
    except OSError as fault:
        raise KeysUnreadable(f"the file cannot be read ({type(fault).__name__})") from None
    return _bounded(document)


def read_address(address: str) -> bytes:
    """One GET: no redirect, no proxy or credentials from the environment, bounded in time and size."""
    deadline = time.monotonic() + FETCH_SECONDS_MAX
    document = b""
    try:
        with (
            httpx2.Client(trust_env=False, timeout=FETCH_SECONDS_MAX) as client,
            client.stream("GET", address, headers={"Accept-Encoding": "identity"}) as response,
        ):
            if response.status_code != 200:
                raise KeysUnreadable(f"the issuer answered {response.status_code}")
            for chunk in response.iter_raw():
                document = _bounded(document + chunk)
                if time.monotonic() > deadline:
                    raise KeysUnreadable("the issuer is too slow")
    except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as fault:
        raise KeysUnreadable(f"the issuer does not answer ({type(fault).__name__})") from None
    return document


def _bounded(document: bytes) -> bytes:
    if len(document) > DOCUMENT_BYTES_MAX:
        raise KeysUnreadable("the JWK set is too long")
    return document
