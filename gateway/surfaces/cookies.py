"""The cookies of people's browsers: one for the session, one for a login that has begun.

`__Host-` (RFC 6265bis section 4.1.3.2) keeps another host of the same site from setting them. Browsers
take such cookies from https, and from http on loopback, which they trust as much (Safari does not).
"""

from __future__ import annotations

from starlette.types import Scope

from gateway.surfaces.inbound import headers

SESSION = "__Host-jakelu"
LOGIN = "__Host-jakelu-login"
LOGIN_SECONDS = 600
_FLAGS = "Path=/; Secure; HttpOnly; SameSite=Lax"


def find_cookie(scope: Scope, name: str) -> str | None:
    """The value of a cookie; None when it is absent or repeated, for then it is not known whose it is."""
    pairs = (
        pair.strip().partition("=")
        for line in headers(scope, b"cookie")
        for pair in line.split(";")
    )
    values = [value for found, _, value in pairs if found == name]
    return values[0] if len(values) == 1 else None


def session_cookie(secret: str) -> str:
    """Lives as long as the browser; the server ends it sooner."""
    return f"{SESSION}={secret}; {_FLAGS}"


def login_cookie(sealed: str) -> str:
    return f"{LOGIN}={sealed}; {_FLAGS}; Max-Age={LOGIN_SECONDS}"


def no_cookie(name: str) -> str:
    """Makes the browser forget it."""
    return f"{name}=; {_FLAGS}; Max-Age=0"
