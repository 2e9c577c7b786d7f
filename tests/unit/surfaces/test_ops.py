from __future__ import annotations

import re
import shutil

import pytest

from gateway.errors import Unavailable
from gateway.surfaces.ops.health import Readiness


def failing() -> None:
    raise Unavailable("secret detail")


def passing() -> None:
    pass


def test_the_server_is_live_and_ready(house):
    assert house.client.get("/health/live").json() == {"status": "live"}
    ready = house.client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["checks"] == dict.fromkeys(("journal", "state", "releases"), True)
    assert ready.json()["issuers"] == {"https://issuer.demo.invalid": True}


def test_the_server_is_not_ready_without_its_releases(fresh_house):
    with fresh_house.open() as client:
        shutil.rmtree(fresh_house.releases_dir)
        answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["releases"] is False


def test_checks_run_once_in_a_while_however_often_somebody_asks():
    asked: list[int] = []
    readiness = Readiness({"one": lambda: asked.append(1)}, issuers={}, pause_seconds=60)
    assert [readiness.look().parts for _ in range(5)] == [{"one": True}] * 5
    assert len(asked) == 1


def test_a_failing_check_is_named_and_the_others_still_run():
    found = Readiness({"one": failing, "two": passing}, issuers={"a": passing}).look()
    assert found.parts == {"one": False, "two": True}
    assert not found.is_ready


@pytest.mark.parametrize(("down", "is_ready"), [((), True), (("b",), True), (("a", "b"), False)])
def test_one_issuer_whose_keys_can_be_read_is_enough_and_the_others_are_named(down, is_ready):
    issuers = {name: failing if name in down else passing for name in ("a", "b")}
    found = Readiness({"one": passing}, issuers=issuers).look()
    assert found.is_ready is is_ready
    assert found.issuers == {name: name not in down for name in ("a", "b")}


def test_without_any_issuer_nobody_could_be_served():
    assert not Readiness({"one": passing}, issuers={}).look().is_ready


def test_metrics_count_routes_deliveries_and_failures_and_nothing_else(fresh_house):
    with fresh_house.open() as client:
        fresh_house.get("municipality-bi", "/v1/rows/job-seeker-spells?area=39")
        fresh_house.get("municipality-bi", "/v1/rows/secret-name?area=39")
        client.get("/secret-path")
        text = fresh_house.metrics()
    assert 'jakelu_deliveries_total{outcome="complete"} 1.0' in text
    assert 'route="/v1/rows/{product}",status="404"' in text
    assert 'jakelu_authentication_failures_total{reason="unauthenticated"} 1.0' in text
    assert re.search(r"jakelu_delivered_bytes_total [1-9]", text)
    assert "secret" not in text
    assert "python_info" not in text


def test_clients_learn_who_issues_tokens(house):
    document = house.client.get("/.well-known/oauth-protected-resource").json()
    assert document["authorization_servers"] == ["https://issuer.demo.invalid"]
    assert document["bearer_methods_supported"] == ["header"]
    assert document["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA", "Ed25519"]
    assert document["dpop_bound_access_tokens_required"] is False
    assert document["tls_client_certificate_bound_access_tokens"] is False


def test_certificates_are_announced_where_a_trusted_proxy_can_tell_of_them(fresh_house):
    with fresh_house.open(trusted_proxies=["10.0.0.1"]) as client:
        document = client.get("/.well-known/oauth-protected-resource").json()
    assert document["tls_client_certificate_bound_access_tokens"] is True


def test_the_docs_page_loads_nothing_from_anywhere(house):
    answer = house.client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "<script" not in answer.text
    assert "script-src" not in policy
    assert not re.search(r"(src|href)='?https?:", answer.text)
    assert "/v1/rows/{product}" in answer.text
    assert 'lang="fi"' in answer.text


def test_the_docs_page_tells_every_operation_with_what_to_send_and_what_comes(house):
    page, document = house.client.get("/docs").text, house.client.get("/openapi.json").json()
    told = [each for methods in document["paths"].values() for each in methods.values()]
    for operation in told:
        assert page.count(f'id="{operation["operationId"]}"') == 1
    assert page.count('<pre class="command"><code>curl ') == len(told)
    needs = "-H &#34;Authorization: Bearer $TOKEN&#34; &#34;$JAKELU_URL"
    assert f"{needs}/v1/rows/job-seeker-spells&#34;" in page
    assert f"{needs}/v1/rows/job-seeker-spells/changes?from=2026-05-31.1&#34;" in page
    assert "curl -sS --fail-with-body &#34;$JAKELU_URL/health/live&#34;" in page
    assert "-d @body.json" in page
    assert "<code>area_out_of_scope</code>" in page
