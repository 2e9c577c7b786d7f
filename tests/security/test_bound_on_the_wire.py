"""Bound tokens through the real server: what it makes of paths, repeated headers and its peer."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Iterator

import httpx2
import pytest

PUBLIC_URL = "https://gateway.test.invalid"
CUBE = "/v1/cubes/job-seekers/data"
CERTIFICATE = b"the server looks at nothing but its hash"


@pytest.fixture(scope="module")
def server(new_house, new_server) -> Iterator:
    """Behind a proxy on this machine: its peers are trusted."""
    server = new_server(new_house(), public_url=PUBLIC_URL, trusted_proxies=["127.0.0.1"])
    yield server
    server.stop()


def _token(server, **bound_to: str) -> str:
    header = server.house.bearer("municipality-bi", bound_to=bound_to)["Authorization"]
    return header.removeprefix("Bearer ")


def _get(server, path: str, token: str, *proofs: str) -> httpx2.Response:
    headers = [("Authorization", f"DPoP {token}"), *(("DPoP", proof) for proof in proofs)]
    return httpx2.get(server.base + path, headers=headers, timeout=30)


@pytest.mark.parametrize("path", [CUBE, f"{CUBE}?sex=1", CUBE.replace("-", "%2D")])
@pytest.mark.parametrize("htu", [CUBE, CUBE.replace("-", "%2d")])
def test_a_proof_fits_the_path_however_it_is_spelled(server, holder, path, htu):
    token = _token(server, jkt=holder.thumbprint)
    answer = _get(server, path, token, holder.proof(token, PUBLIC_URL + htu))
    assert answer.status_code == 200


def test_an_escaped_slash_is_no_slash(server, holder):
    token = _token(server, jkt=holder.thumbprint)
    answer = _get(server, "/v1%2Fme", token, holder.proof(token, f"{PUBLIC_URL}/v1/me"))
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_dpop_proof")
    answer = _get(server, "/v1%2Fme", token, holder.proof(token, f"{PUBLIC_URL}/v1%2fme"))
    assert (
        answer.status_code == 200
    )  # the router takes it for a slash; the proof was made for just that


def test_two_proofs_reach_the_gateway_as_two(server, holder):
    token = _token(server, jkt=holder.thumbprint)
    one, two = (holder.proof(token, f"{PUBLIC_URL}/v1/me") for _ in range(2))
    assert _get(server, "/v1/me", token, one, two).status_code == 401
    assert _get(server, "/v1/me", token, one).status_code == 200
    assert _get(server, "/v1/me", token, one).json()["code"] == "invalid_dpop_proof"


def test_a_certificate_comes_through_the_proxy_and_the_address_with_it(server):
    hashed = base64.urlsafe_b64encode(hashlib.sha256(CERTIFICATE).digest()).rstrip(b"=").decode()
    bearer = {"Authorization": f"Bearer {_token(server, **{'x5t#S256': hashed})}"}
    shown = {
        "Client-Cert": f":{base64.b64encode(CERTIFICATE).decode()}:",
        "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
    }
    assert httpx2.get(server.base + CUBE, headers=bearer).status_code == 401
    answer = httpx2.get(server.base + CUBE, headers=bearer | shown)
    assert answer.status_code == 200
    intent = next(
        entry.body
        for entry in server.house.entries()
        if entry.event_id == answer.headers["jakelu-receipt"]
    )
    assert (intent["auth_strength"], intent["proxies"]) == ("mtls", ["127.0.0.1"])


def test_a_request_target_with_a_host_in_it_moves_nothing(server, holder):
    """RFC 9112 section 3.2.2: a server takes the absolute form, and its host counts for nothing here."""
    token = _token(server, jkt=holder.thumbprint)
    statuses = []
    for htu in ("https://evil.invalid/v1/me", f"{PUBLIC_URL}/v1/me"):
        lines = (
            "GET http://evil.invalid/v1/me HTTP/1.1",
            "Host: evil.invalid",
            f"Authorization: DPoP {token}",
            f"DPoP: {holder.proof(token, htu)}",
            "Connection: close",
        )
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall("\r\n".join((*lines, "", "")).encode())
            statuses.append(connection.recv(12))
    assert statuses == [b"HTTP/1.1 401", b"HTTP/1.1 200"]
