"""Talking to HashiCorp Vault over its HTTP API: one call at a time, bounded, and silent in its faults.

The token comes from a private file (a Vault Agent's sink, or an operator's), or from an AppRole
login. It lives in this process's memory only, and is sent to the configured address only: no
redirect, no proxy and no credential of the environment is followed.
"""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx2

from gateway.adapters.loopback import is_loopback
from gateway.adapters.private_file import read_private_file
from gateway.encoding.strict_json import read_object
from gateway.errors import KeyFault, SettingsFault

REQUEST_SECONDS = 5.0
ANSWER_BYTES = 256 * 1024
PAUSES_SECONDS = (0.2, 0.8)  # between three tries
_PASSING = frozenset({412, 429, 500, 502, 503, 504})
_SECRET = re.compile(r"[!-~]{1,4096}")
_SAID = {
    400: "refused the request as it is; check the names and types of its keys",
    403: "denied it; check the token and its policy",
    404: "has nothing there; check the mounts and the names of its keys",
    429: "is asked too often",
    503: "is sealed or not ready",
}


@dataclass(frozen=True, slots=True)
class VaultAccess:
    """Where Vault is and how to log in: either token_path, or role_id with secret_id_path.

    ca_path: PEM of a private certificate authority, None for the system's. The mounts are those of
    the transit and kv (version 2) engines.
    """

    address: str
    token_path: Path | None = None
    role_id: str | None = field(default=None, repr=False)
    secret_id_path: Path | None = None
    ca_path: Path | None = None
    transit_mount: str = "transit"
    kv_mount: str = "kv"


class VaultHttp:
    """One Vault. pause: sleeps so many seconds between tries."""

    __slots__ = ("_access", "_base", "_pause", "_tls", "_token")

    def __init__(self, access: VaultAccess, *, pause: Callable[[float], None] = time.sleep) -> None:
        """Nothing is sent yet. Raises SettingsFault for an address that others could listen to."""
        self._base = _checked_address(access.address)
        self._access = access
        self._tls = _trusted(access.ca_path)
        self._pause = pause
        self._token: str | None = None

    def read(self, path: str) -> Mapping[str, Any]:
        """`data` of a GET. Raises KeyFault."""
        found = self.find(path)
        if found is None:
            _refuse(path, 404)
        return found

    def find(self, path: str) -> Mapping[str, Any] | None:
        """`data` of a GET, None where there is nothing (404). Raises KeyFault."""
        status, document = self._call("GET", path)
        return None if status == HTTPStatus.NOT_FOUND else _data(path, status, document)

    def write(
        self, path: str, body: Mapping[str, Any], *, is_repeatable: bool = True
    ) -> Mapping[str, Any]:
        """`data` of a POST. is_repeatable: sending it twice does no harm. Raises KeyFault."""
        status, document = self._call("POST", path, body, is_repeatable=is_repeatable)
        return _data(path, status, document)

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        is_repeatable: bool = True,
    ) -> tuple[int, Mapping[str, Any]]:
        """One answer, after a new login where the token has run out."""
        has_kept = self._token is not None
        answer = self._asked(method, path, body, is_repeatable=is_repeatable)
        if answer[0] == HTTPStatus.FORBIDDEN and has_kept:
            self._token = None  # denied before anything was done, so asking again repeats nothing
            answer = self._asked(method, path, body, is_repeatable=is_repeatable)
        return answer

    def _asked(
        self, method: str, path: str, body: Mapping[str, Any] | None, *, is_repeatable: bool
    ) -> tuple[int, Mapping[str, Any]]:
        if self._token is None:
            self._token = self._logged_in()
        return self._tried(method, path, body, is_repeatable=is_repeatable)

    def _tried(
        self, method: str, path: str, body: Mapping[str, Any] | None, *, is_repeatable: bool
    ) -> tuple[int, Mapping[str, Any]]:
        pauses = PAUSES_SECONDS if is_repeatable else ()
        for pause in pauses:
            try:
                status, document = self._sent(method, path, body)
            except _NoAnswer:
                status, document = 0, {}
            if status not in _PASSING and status != 0:
                return status, document
            self._pause(pause)
        try:
            return self._sent(method, path, body)
        except _NoAnswer as fault:
            raise KeyFault(f"Vault does not answer ({fault}).") from None

    def _sent(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> tuple[int, Mapping[str, Any]]:
        """Status and JSON object. Raises _NoAnswer, whose text names a class of faults only."""
        headers = {"X-Vault-Request": "true", "Accept-Encoding": "identity"}
        if self._token is not None:
            headers["X-Vault-Token"] = self._token
        content = None if body is None else json.dumps(body).encode()
        deadline = time.monotonic() + REQUEST_SECONDS
        answer = b""
        try:
            with (
                httpx2.Client(trust_env=False, timeout=REQUEST_SECONDS, verify=self._tls) as client,
                client.stream(
                    method, f"{self._base}/v1/{path}", headers=headers, content=content
                ) as response,
            ):
                for chunk in response.iter_raw():
                    answer += chunk
                    if len(answer) > ANSWER_BYTES or time.monotonic() > deadline:
                        raise _NoAnswer("too long or too slow")
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as fault:
            raise _NoAnswer(type(fault).__name__) from None
        try:
            return response.status_code, read_object(answer) if answer else {}
        except ValueError:
            if response.status_code == HTTPStatus.OK:
                raise _NoAnswer("not JSON") from None
            return response.status_code, {}

    def _logged_in(self) -> str:
        if self._access.token_path is not None:
            return _secret(self._access.token_path)
        if self._access.role_id is None or self._access.secret_id_path is None:
            raise KeyFault("There is no way to log in to Vault: name a token file or an AppRole.")
        body = {"role_id": self._access.role_id, "secret_id": _secret(self._access.secret_id_path)}
        status, document = self._tried("POST", "auth/approle/login", body, is_repeatable=True)
        if status != HTTPStatus.OK:
            _refuse("the AppRole login", status)
        auth = document.get("auth")
        token = auth.get("client_token") if isinstance(auth, dict) else None
        if not isinstance(token, str) or _SECRET.fullmatch(token) is None:
            raise KeyFault("Vault's answer to the AppRole login has no token.")
        return token

    def __repr__(self) -> str:
        return f"VaultHttp({self._base!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("tokens are not pickled")


class _NoAnswer(Exception):
    """No whole answer came; the text names a class of faults only."""


def _data(path: str, status: int, document: Mapping[str, Any]) -> Mapping[str, Any]:
    if status == HTTPStatus.NO_CONTENT:
        return {}
    data = document.get("data")
    if status != HTTPStatus.OK or not isinstance(data, dict):
        _refuse(path, status)
    return data


def _refuse(path: str, status: int) -> NoReturn:
    """Never Vault's own words: they may quote what was sent."""
    said = _SAID.get(status, f"answered {status}")
    raise KeyFault(f"Vault {said} ({path}).")


def _secret(path: Path) -> str:
    text = read_private_file(path).decode("ascii", "replace").strip()
    if _SECRET.fullmatch(text) is None:
        raise KeyFault(f"{path.name} does not hold one word.")
    return text


def _trusted(ca_path: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca_path is None else str(ca_path))
    except OSError:
        raise SettingsFault(
            "The file that vault_ca_path names is no readable PEM.", parameter="vault_ca_path"
        ) from None


def _checked_address(address: str) -> str:
    """The address without a slash at its end: https, or http on this machine."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port  # both are parsed only when asked for
    except ValueError:
        parts, host = urlsplit(""), ""
    is_private = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    is_plain = parts.username is None and not parts.query and not parts.fragment
    if not host or not is_private or not is_plain or parts.path.strip("/"):
        raise SettingsFault(
            "Give Vault's address as https://host:port (http only on loopback), without a path "
            "and without credentials.",
            parameter="vault_address",
        )
    return address.rstrip("/")
