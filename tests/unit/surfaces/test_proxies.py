from __future__ import annotations

import ipaddress

import pytest

from gateway.surfaces.proxies import TrustedProxies, Way

CLIENT, OTHER = "198.51.100.7", "203.0.113.9"
NEAR, FAR = "10.0.3.1", "10.0.4.7"
PROXIES = TrustedProxies(
    tuple(ipaddress.ip_network(text) for text in ("10.0.3.0/28", "10.0.4.7", "fd00:3::/64"))
)


@pytest.mark.parametrize("forwarded", [(), (OTHER,), (NEAR,), ("x",), (OTHER, NEAR)])
@pytest.mark.parametrize("peer", [CLIENT, "10.0.3.16", "127.0.0.1", "::1"])
def test_a_strangers_word_is_not_taken(peer, forwarded):
    assert PROXIES.way(peer, forwarded) == Way(peer)


@pytest.mark.parametrize(
    "peer", [None, "", "testclient", "/run/jakelu.sock", "10.0.3", "0x0a000301"]
)
def test_a_peer_without_an_address_has_none_and_tells_none(peer):
    assert PROXIES.way(peer, (CLIENT,)) == Way(None)


def test_nobody_is_a_proxy_by_default():
    assert TrustedProxies().way(NEAR, (CLIENT,)) == Way(NEAR)


@pytest.mark.parametrize(
    ("forwarded", "passed"),
    [
        ((CLIENT,), (NEAR,)),
        ((f"{OTHER}, {CLIENT}",), (NEAR,)),
        ((OTHER, CLIENT), (NEAR,)),
        ((f"junk, {CLIENT}",), (NEAR,)),
        ((f"{NEAR}, {CLIENT}",), (NEAR,)),
        ((f"{CLIENT}, {FAR}",), (FAR, NEAR)),
        ((CLIENT, FAR), (FAR, NEAR)),
        ((f"{OTHER},{CLIENT}\t,  {FAR} ,10.0.3.2",), (FAR, "10.0.3.2", NEAR)),
        ((f"{CLIENT}, fd00:3::2",), ("fd00:3::2", NEAR)),
        ((f"::ffff:{CLIENT}, ::ffff:{FAR}",), (FAR, NEAR)),
    ],
)
def test_the_right_most_address_that_is_no_proxy_is_the_clients(forwarded, passed):
    assert PROXIES.way(NEAR, forwarded) == Way(CLIENT, passed)


@pytest.mark.parametrize(
    "forwarded",
    [
        (),
        ("",),
        (",",),
        (f"{CLIENT},",),
        (f"{CLIENT}, junk",),
        (CLIENT, ""),
        (f"{CLIENT}, junk, {FAR}",),
        (f"for={CLIENT}",),
        ("unknown",),
        ("198.51.100.07",),
        ("198.51.100.7/32",),
        (FAR,),
        (f"{FAR}, {NEAR}",),
    ],
)
def test_without_a_readable_address_of_a_client_it_is_nobodys(forwarded):
    assert PROXIES.way(NEAR, forwarded) == Way(None, (NEAR,))


@pytest.mark.parametrize("told", [f"{CLIENT}:4711", "[2001:db8::7]:443", "2001:db8::7"])
def test_a_port_beside_the_address_is_left_out(told):
    client = "2001:db8::7" if "db8" in told else CLIENT
    assert PROXIES.way(NEAR, (told,)) == Way(client, (NEAR,))


def test_an_address_of_version_4_is_the_same_in_a_coat_of_version_6():
    assert PROXIES.way(f"::ffff:{NEAR}", (CLIENT,)) == Way(CLIENT, (NEAR,))
    assert PROXIES.way(f"::ffff:{CLIENT}", ()) == Way(CLIENT)


def test_the_zone_of_an_address_is_nobodys_word():
    way = PROXIES.way(NEAR, ("2001:db8::1%whatever",))
    assert way.client == "2001:db8::1"
