"""Attacks on tokens that are bound to a certificate, and on the word of proxies: over HTTP.

After RFC 8705 section 3 and RFC 9440 section 4; see docs/identity.md.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from starlette.testclient import TestClient

from gateway.identity.reasons import TokenFault

PUBLIC_URL = "https://gateway.test.invalid"
ME, ROWS = "/v1/me", "/v1/rows/job-seeker-spells"
PROXY, FAR_PROXY, STRANGER = "10.0.3.1", "10.0.4.7", "192.0.2.66"
TRUSTED = ["10.0.3.0/28", "10.0.4.7", "fd00:3::/64"]
PERSONA = "municipality-bi"


def certificate(name: str) -> bytes:
    """A self-signed certificate in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(Encoding.DER)


MINE, THEIRS = certificate("client.test.invalid"), certificate("thief.test.invalid")


def told_in(der: bytes) -> str:
    """As RFC 9440 writes it."""
    return f":{base64.b64encode(der).decode()}:"


def thumbprint(der: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


class Door:
    """A gateway that is reached through one peer."""

    def __init__(self, house, client: TestClient) -> None:
        self.house, self.client = house, client

    def token(self, **bound_to: str) -> str:
        header = self.house.bearer(PERSONA, bound_to=bound_to or None)["Authorization"]
        return header.removeprefix("Bearer ")

    def bound(self, der: bytes = MINE) -> str:
        return self.token(**{"x5t#S256": thumbprint(der)})

    def knock(self, token: str, *headers: tuple[str, str], path: str = ME, scheme: str = "Bearer"):
        return self.client.get(path, headers=[("Authorization", f"{scheme} {token}"), *headers])

    def show(self, token: str, *values: str):
        return self.knock(token, *(("Client-Cert", value) for value in values))


def opened(house, peer: str, **changes: object):
    settings = {"public_url": PUBLIC_URL, "trusted_proxies": TRUSTED} | changes
    return house.open(peer=peer, **settings)


@pytest.fixture(scope="module")
def door(new_house) -> Iterator[Door]:
    """Behind the trusted proxy."""
    house = new_house()
    with opened(house, PROXY) as client:
        yield Door(house, client)


@pytest.fixture
def told(door, refusals):
    return refusals(door.client)


def refused(told, answer, reason: TokenFault, scheme: str = "Bearer") -> None:
    told.check(answer, code="invalid_token", scheme=scheme, reason=reason)


# --- the certificate -----------------------------------------------------------------------------


def test_the_holder_of_the_certificate_is_let_in(door):
    token = door.bound()
    for _ in range(2):
        assert door.show(token, told_in(MINE)).status_code == 200


def test_an_ordinary_token_is_good_with_any_certificate_and_none(door):
    token = door.token()
    assert door.show(token, told_in(THEIRS)).status_code == 200
    assert door.show(token).status_code == 200


def test_a_stolen_bound_token_is_refused_without_the_certificate(door, told):
    refused(told, door.show(door.bound()), TokenFault.CERTIFICATE_MISSING)


def test_a_stolen_bound_token_is_refused_with_the_thiefs_certificate(door, told):
    refused(told, door.show(door.bound(), told_in(THEIRS)), TokenFault.CERTIFICATE_WRONG)


@pytest.mark.parametrize(
    "der",
    [MINE + THEIRS, THEIRS + MINE, MINE + b"\0", MINE[:-1], b"\0" + MINE, MINE + MINE, b"0"],
)
def test_a_chain_a_prefix_and_an_addition_are_another_certificate(door, told, der):
    refused(told, door.show(door.bound(), told_in(der)), TokenFault.CERTIFICATE_WRONG)


def test_the_right_certificate_anywhere_but_in_its_header_is_none(door, told):
    token, mine = door.bound(), told_in(MINE)
    for name in (
        "Client-Cert-Chain",
        "Client_Cert",
        "X-Client-Cert",
        "X-SSL-Client-Cert",
        "X-Forwarded-Client-Cert",
        "Ssl-Client-Cert",
    ):
        refused(told, door.knock(token, (name, mine)), TokenFault.CERTIFICATE_MISSING)
        answer = door.knock(token, ("Client-Cert", told_in(THEIRS)), (name, mine))
        refused(told, answer, TokenFault.CERTIFICATE_WRONG)


def test_two_certificates_are_refused_whichever_is_right(door, told):
    token, mine, theirs = door.bound(), told_in(MINE), told_in(THEIRS)
    for pair in ((mine, theirs), (theirs, mine), (mine, mine)):
        refused(told, door.show(token, *pair), TokenFault.CERTIFICATE_REPEATED)
        refused(told, door.show(token, ", ".join(pair)), TokenFault.CERTIFICATE_MALFORMED)


@pytest.mark.parametrize(
    "value",
    [
        "",
        ":",
        "::",
        "x",
        base64.b64encode(MINE).decode(),
        f'"{base64.b64encode(MINE).decode()}"',
        told_in(MINE)[:-1],
        told_in(MINE) + ";a=1",
        told_in(MINE).replace("=", "") + "=",
        told_in(MINE)[:9] + " " + told_in(MINE)[9:],
        told_in(MINE)[:9] + "-" + told_in(MINE)[10:],
        told_in(MINE)[:9] + "!" + told_in(MINE)[9:],
        ":AAAAA:",
        ":%2D:",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_what_is_no_byte_sequence_is_refused_for_every_token(door, told, value):
    for token in (door.bound(), door.token()):
        refused(told, door.show(token, value), TokenFault.CERTIFICATE_MALFORMED)


@pytest.mark.parametrize(
    "hashed",
    ["", "A" * 42, thumbprint(MINE) + "=", thumbprint(MINE)[:-1] + "+"],
    ids=["empty", "short", "padded", "of another alphabet"],
)
def test_a_binding_that_is_no_hash_lets_nobody_in(door, told, hashed):
    token = door.token(**{"x5t#S256": hashed})
    refused(told, door.show(token, told_in(MINE)), TokenFault.BINDING_MALFORMED)


@pytest.mark.parametrize("name", ["x5t", "x5t#S512", "X5T#S256"])
def test_a_binding_of_another_kind_lets_nobody_in(door, told, name):
    token = door.token(**{name: thumbprint(MINE)})
    refused(told, door.show(token, told_in(MINE)), TokenFault.BINDING_UNKNOWN)


# --- who may tell of it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "peer", [STRANGER, "10.0.3.16", "10.0.4.8", "127.0.0.1", "::1", "fd00:4::1", "testclient", ""]
)
def test_a_certificate_from_anybody_but_a_trusted_proxy_is_refused(new_house, refusals, peer):
    house = new_house()
    with opened(house, peer) as client:
        door, told = Door(house, client), refusals(client)
        spoofed = ("X-Forwarded-For", PROXY)
        for token in (door.bound(), door.token()):
            for headers in ((), (spoofed,)):
                answer = door.knock(token, ("Client-Cert", told_in(MINE)), *headers)
                refused(told, answer, TokenFault.CERTIFICATE_UNTRUSTED)
        refused(told, door.show(door.bound()), TokenFault.CERTIFICATE_MISSING)
        assert door.show(door.token()).status_code == 200


def test_nobody_is_a_trusted_proxy_unless_the_settings_say_so(new_house, refusals):
    house = new_house()
    with opened(house, PROXY, trusted_proxies=[]) as client:
        door, told = Door(house, client), refusals(client)
        answer = door.show(door.bound(), told_in(MINE))
        refused(told, answer, TokenFault.CERTIFICATE_UNTRUSTED)


@pytest.mark.parametrize("peer", ["10.0.3.14", "::ffff:10.0.3.14", "10.0.4.7", "fd00:3::9"])
def test_every_trusted_proxy_may_tell(new_house, peer):
    house = new_house()
    with opened(house, peer) as client:
        door = Door(house, client)
        assert door.show(door.bound(), told_in(MINE)).status_code == 200


def test_a_connection_without_an_address_is_nobodys_proxy(new_house):
    house = new_house()
    with opened(house, PROXY) as client:
        application = client.app

        async def nameless(scope, receive, send):
            await application({**scope, "client": None}, receive, send)

        socket = TestClient(nameless, raise_server_exceptions=False)
        door = Door(house, socket)
        assert door.show(door.bound(), told_in(MINE)).status_code == 401
        assert door.show(door.token(), told_in(MINE)).status_code == 401
        answer = door.knock(door.token(), ("X-Forwarded-For", "198.51.100.7"))
        assert answer.status_code == 200


# --- bound both ways -----------------------------------------------------------------------------


def test_a_token_bound_both_ways_needs_both(door, told, holder):
    token = door.token(jkt=holder.thumbprint, **{"x5t#S256": thumbprint(MINE)})
    mine, theirs = ("Client-Cert", told_in(MINE)), ("Client-Cert", told_in(THEIRS))
    proof = ("DPoP", holder.proof(token, PUBLIC_URL + ME))
    answer = door.knock(token, proof, scheme="DPoP")
    refused(told, answer, TokenFault.CERTIFICATE_MISSING, scheme="DPoP")
    answer = door.knock(token, proof, theirs, scheme="DPoP")
    refused(told, answer, TokenFault.CERTIFICATE_WRONG, scheme="DPoP")
    refused(told, door.knock(token, mine), TokenFault.BOUND)
    refused(told, door.knock(token, mine, proof), TokenFault.BOUND)
    answer = door.knock(token, mine, scheme="DPoP")
    told.check(answer, code="invalid_dpop_proof", scheme="DPoP", reason=TokenFault.PROOF_MISSING)
    # none of the refusals used up the proof
    assert door.knock(token, mine, proof, scheme="DPoP").status_code == 200


# --- the address in the journal ------------------------------------------------------------------


def test_the_journal_has_the_address_that_trusted_proxies_tell(new_house):
    seen = _delivered_from(
        new_house(),
        peer=PROXY,
        forwarded=("203.0.113.9, 198.51.100.7", FAR_PROXY),
        certificate_told=True,
    )
    assert seen == ("198.51.100.7", [FAR_PROXY, PROXY], "mtls")


def test_a_stranger_cannot_choose_the_address_in_the_journal(new_house):
    seen = _delivered_from(
        new_house(), peer=STRANGER, forwarded=("203.0.113.9",), certificate_told=False
    )
    assert seen == (STRANGER, [], "bearer")


def _delivered_from(house, *, peer, forwarded, certificate_told):
    """Address, proxies and strength of a delivery; the address as the journal keeps it beside the entry."""
    with opened(house, peer) as client:
        door = Door(house, client)
        token = door.bound() if certificate_told else door.token()
        headers = [("X-Forwarded-For", value) for value in forwarded]
        if certificate_told:
            headers.append(("Client-Cert", told_in(MINE)))
        assert door.knock(token, *headers, path=f"{ROWS}?area=39").status_code == 200
    body = next(entry.body for entry in house.entries() if entry.kind == "access.intent")
    with contextlib.closing(sqlite3.connect(house.journal_path)) as journal:
        [(address,)] = journal.execute("SELECT DISTINCT address FROM addresses").fetchall()
    return address, body["proxies"], body["auth_strength"]


def test_the_journal_tells_the_reasons_the_caller_is_not_told(new_house, caplog):
    caplog.set_level("DEBUG")
    house = new_house()
    with opened(house, PROXY) as client:
        door = Door(house, client)
        token = door.bound()
        answers = [
            door.show(token),
            door.show(token, told_in(THEIRS)),
            door.show(token, "x"),
            door.show(token, told_in(MINE), told_in(MINE)),
        ]
    assert len({(each.status_code, each.json()["detail"]) for each in answers}) == 1
    entries = house.entries()
    failed = [entry.body["counts"] for entry in entries if entry.kind == "auth.failed"]
    assert failed == [
        {
            "certificate_missing": 1,
            "certificate_wrong": 1,
            "certificate_header_malformed": 1,
            "certificate_header_repeated": 1,
        }
    ]
    logged = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("http")
    )
    for secret in (token, told_in(MINE)[1:60], thumbprint(MINE)):
        assert secret not in logged + str([entry.body for entry in entries])
