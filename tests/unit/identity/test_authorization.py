from __future__ import annotations

import pytest

from gateway.errors import InvalidToken, Unauthenticated
from gateway.identity.authorization import Scheme, only_header, read_authorization
from gateway.identity.reasons import TokenFault


def test_no_header_asks_for_a_token():
    with pytest.raises(Unauthenticated) as refused:
        read_authorization(only_header([]))
    assert refused.value.status == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_takes_the_bearer_scheme_in_any_case(scheme):
    read = (Scheme.BEARER, "a.b-c_.d~+/==")
    assert read_authorization(f"{scheme} a.b-c_.d~+/==") == read


@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP"])
def test_takes_the_dpop_scheme_in_any_case(scheme):
    assert read_authorization(f"{scheme} a.b.c") == (Scheme.DPOP, "a.b.c")


@pytest.mark.parametrize(
    "header", ["", " ", "Basic aWQ6cw==", "DPoP2 a.b.c", "Bearer2 a", "a.b.c", "ä x"]
)
def test_another_scheme_is_no_credential(header):
    with pytest.raises(Unauthenticated):
        read_authorization(header)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Bearer a b",
        "Bearer a, Bearer b",
        "Bearer a,b",
        "Bearer a\n",
        "Bearer a\x00",
        'Bearer "a"',
        "Bearer ä",
        "Bearer =",
        "Bearer a=b",
        "DPoP",
        "DPoP a b",
        "DPoP a, Bearer a",
    ],
)
def test_a_header_holds_exactly_one_token(header):
    with pytest.raises(InvalidToken) as refused:
        read_authorization(header)
    assert refused.value.reason == TokenFault.MALFORMED_HEADER
    assert refused.value.scheme == header.split(" ")[0].strip()


def test_two_headers_are_refused_even_when_they_agree():
    with pytest.raises(InvalidToken) as refused:
        only_header(["Bearer a", "Bearer a"])
    assert refused.value.reason == TokenFault.REPEATED_HEADER
