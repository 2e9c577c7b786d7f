from __future__ import annotations

import base64
import json

import pytest

from gateway.errors import InvalidToken, Unauthenticated
from gateway.surfaces.inbound import caller_of
from gateway.surfaces.public import PUBLIC

ME = "/v1/me"


def _unsigned(token: str, **header: str) -> str:
    """The token with another header, and no signature."""
    _, payload, _ = token.split(".")
    text = json.dumps({"alg": "none", "typ": "at+jwt", **header}).encode()
    return f"{base64.urlsafe_b64encode(text).decode().rstrip('=')}.{payload}."


@pytest.fixture
def tokens(house) -> dict[str, str]:
    def token(**claims: object) -> str:
        return house.bearer("municipality-bi", **claims)["Authorization"].removeprefix("Bearer ")

    good = token()
    return {
        "malformed": "not.a.token",
        "cut": good[:-10],
        "tampered": f"{good[:-4]}AAAA",
        "expired": token(lifetime_seconds=-60),
        "another audience": token(audience="somebody-else"),
        "another issuer": token(issuer="https://elsewhere.invalid"),
        "no algorithm": _unsigned(good),
    }


KINDS = (
    "malformed",
    "cut",
    "tampered",
    "expired",
    "another audience",
    "another issuer",
    "no algorithm",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_is_not_valid_is_refused_without_the_reason(house, tokens, kind):
    answer = house.client.get(ME, headers={"Authorization": f"Bearer {tokens[kind]}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="jakelu", error="invalid_token",')
    assert "/.well-known/oauth-protected-resource" in challenge
    assert answer.json()["detail"] == InvalidToken.remedy


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic aTpz"}, {"Authorization": ""}])
def test_no_token_is_refused_with_the_way_to_one(house, headers):
    answer = house.client.get(ME, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith(
        'Bearer realm="jakelu", resource_metadata='
    )


def test_a_token_in_the_address_is_no_token(house, tokens):
    assert house.client.get(f"{ME}?access_token={tokens['cut']}").status_code == 401


def test_two_authorization_headers_are_refused(house):
    bearer = house.bearer("municipality-bi")["Authorization"]
    headers = [("Authorization", bearer), ("Authorization", bearer)]
    assert house.client.get(ME, headers=headers).status_code == 401


def test_without_a_token_what_exists_and_what_does_not_look_alike(house):
    answers = [
        house.client.get(path) for path in (ME, "/v1/nothing", "/docs/", "/admin", "/metrics/")
    ]
    assert {answer.status_code for answer in answers} == {401}


def test_every_route_that_is_not_on_the_public_list_demands_a_caller(house):
    """A new route is guarded unless somebody adds it to the list, and to this test."""
    guides = ("power-bi", "excel", "qlik", "r", "python", "duckdb", "curl", "delta-sharing")
    assert {
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/docs",
        "/docs/api",
        "/docs/pull",
        "/docs/clients",
        *(f"/docs/clients/{name}" for name in guides),
        "/.well-known/oauth-protected-resource",
    } == PUBLIC
    document = house.client.get("/openapi.json").json()
    for path in document["paths"]:
        status = house.client.get(path.replace("{", "").replace("}", "")).status_code
        refusal = 403 if path.startswith("/delta-sharing/files/") else 401  # it needs a signature
        assert status == (200 if path in PUBLIC else refusal), path


def test_a_caller_is_not_invented_on_a_public_route(house):
    with pytest.raises(Unauthenticated):
        caller_of({"type": "http"})


@pytest.mark.parametrize("path", [*sorted(PUBLIC), ME, "/nowhere"])
def test_every_answer_has_the_security_headers(house, path):
    headers = house.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "access-control-allow-origin" not in headers
    assert "cache-control" in headers


def test_the_request_has_one_name_in_the_answer_and_the_problem(house):
    answer = house.client.get(ME)
    assert answer.json()["instance"] == f"urn:uuid:{answer.headers['jakelu-request']}"


def test_failed_authentication_is_counted_not_journaled_one_by_one(fresh_house):
    with fresh_house.open() as client:
        before = len(fresh_house.entries())
        for _ in range(20):
            client.get(ME)
            client.get(ME, headers={"Authorization": "Bearer a.b.c"})
        assert len(fresh_house.entries()) == before
    failed = [entry.body for entry in fresh_house.entries() if entry.kind == "auth.failed"]
    assert len(failed) == 1
    assert failed[0]["counts"]["unauthenticated"] == 20
    assert sum(failed[0]["counts"].values()) == 40


def test_a_fault_of_ours_tells_nothing(house, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("secret value 4711")

    monkeypatch.setattr("gateway.surfaces.rest.metadata.explain", broken)
    answer = house.get("municipality-bi", ME)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "4711" not in answer.text
    assert "4711" not in caplog.text
    assert "RuntimeError" in caplog.text


def test_a_fault_on_the_road_tells_nothing_either(house, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("secret value 4711")

    monkeypatch.setattr("gateway.delivery.deliver.plan_cube", broken)
    answer = house.get("municipality-bi", "/v1/cubes/job-seekers/data")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "4711" not in answer.text + caplog.text


def test_the_log_has_routes_and_not_what_was_asked(house, caplog):
    caplog.set_level("INFO")
    token = house.bearer("municipality-bi")["Authorization"]
    house.client.get("/v1/cubes/job-seekers/data?geography=KU837", headers={"Authorization": token})
    lines = [r.getMessage() for r in caplog.records if r.name == "jakelu.requests"]
    assert any("/v1/cubes/{product}/data 200" in line for line in lines)
    for needle in ("KU837", "geography", token[-20:], "testclient"):
        assert not any(needle in line for line in lines)


def test_a_web_socket_is_closed(house):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), house.client.websocket_connect(ME):
        pass


def test_an_answer_that_was_never_begun_is_a_500(house, monkeypatch):
    def broken(_: object) -> None:
        raise ValueError("secret value 4711")

    monkeypatch.setattr("gateway.surfaces.answers._caching", broken)
    answer = house.get("municipality-bi", "/v1/cubes/job-seekers/data")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    intent = [entry for entry in house.entries() if entry.kind == "access.intent"][-1]
    completion = house.closed(intent.event_id)
    assert (completion["outcome"], completion["http_status"]) == ("server_error", 500)
