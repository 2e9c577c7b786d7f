"""The metrics tell why tokens were refused: they are for the monitoring, and for everybody else no address."""

from __future__ import annotations

import pytest

LOOPBACK, STRANGER = "127.0.0.1", "203.0.113.9"
PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


def looks_like_nothing(house, headers: dict[str, str] | None = None) -> bool:
    """Whether the metrics are answered as an address that is not there, by each verb and whatever token."""
    tokens = (
        ({}, 401),
        (house.bearer("municipality-bi"), 404),
        ({"Authorization": "Bearer x"}, 401),
    )
    for token, status in tokens:
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            metrics, nothing = (
                house.client.request(method, path, headers=token | (headers or {}))
                for path in ("/metrics", "/metricz")
            )
            assert nothing.status_code == status
            if _told(metrics) != _told(nothing):
                return False
    return True


def _told(answer) -> tuple[int, dict, set[str]]:
    """What an answer says of its address: all but the name of the request."""
    is_problem = answer.headers["content-type"] == "application/problem+json"
    problem = answer.json() if is_problem and answer.content else {"text": answer.text}
    return answer.status_code, problem | {"instance": None}, set(answer.headers)


@pytest.mark.parametrize("peer", [LOOPBACK, "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_the_machine_itself_reads_the_metrics_without_a_token(fresh_house, peer):
    with fresh_house.open(peer=peer) as client:
        assert "jakelu_requests" in client.get("/metrics").text
        assert client.head("/metrics").status_code == 200
        assert not looks_like_nothing(fresh_house)


@pytest.mark.parametrize("peer", [STRANGER, "10.0.0.1", "2001:db8::1", "testclient"])
def test_to_everybody_else_the_metrics_are_an_address_that_is_not_there(fresh_house, peer):
    with fresh_house.open(peer=peer):
        assert looks_like_nothing(fresh_house)


def test_a_proxy_that_nobody_trusts_is_not_the_machine_itself(fresh_house):
    """Behind one on this machine everybody's connection comes from loopback."""
    with fresh_house.open(peer=LOOPBACK):
        for name in PASSED_ON:
            assert looks_like_nothing(fresh_house, {name: STRANGER})
            assert looks_like_nothing(fresh_house, {name: ""})
        assert looks_like_nothing(fresh_house, dict.fromkeys(PASSED_ON, LOOPBACK))


def test_behind_a_trusted_proxy_the_client_counts_and_not_what_it_says(fresh_house):
    changes = {"trusted_proxies": [LOOPBACK], "metrics_networks": ["192.0.2.0/28"]}
    with fresh_house.open(peer=LOOPBACK, **changes) as client:
        monitor = {"X-Forwarded-For": "192.0.2.7", "Via": "1.1 proxy"}
        assert "jakelu_requests" in client.get("/metrics", headers=monitor).text
        for forwarded in (STRANGER, f"192.0.2.7, {STRANGER}", LOOPBACK, "", "unknown"):
            assert looks_like_nothing(fresh_house, {"X-Forwarded-For": forwarded})


@pytest.mark.parametrize(
    ("peer", "is_served"), [("192.0.2.7", True), ("192.0.2.16", False), (LOOPBACK, False)]
)
def test_the_monitoring_is_in_its_networks_and_nowhere_else(fresh_house, peer, is_served):
    with fresh_house.open(peer=peer, metrics_networks=["192.0.2.0/28"]):
        assert looks_like_nothing(fresh_house) is not is_served


def test_without_a_network_nobody_reads_the_metrics(fresh_house):
    with fresh_house.open(peer=LOOPBACK, metrics_networks=[]):
        assert looks_like_nothing(fresh_house)
