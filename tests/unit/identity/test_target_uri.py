from __future__ import annotations

import pytest

from gateway.identity.target_uri import target_uri


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("https://a.invalid", "https://a.invalid/"),
        ("https://a.invalid/", "https://a.invalid/"),
        ("HTTPS://A.Invalid/Path", "https://a.invalid/Path"),
        ("https://a.invalid:443/x", "https://a.invalid/x"),
        ("https://a.invalid:/x", "https://a.invalid/x"),
        ("http://a.invalid:80/x", "http://a.invalid/x"),
        ("http://a.invalid:443/x", "http://a.invalid:443/x"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://[2001:DB8::A]/x", "http://[2001:db8::a]/x"),
        ("https://a.invalid/x?y=1#z", "https://a.invalid/x"),
        ("https://a.invalid/%41%7e%2d%5F%2E", "https://a.invalid/A~-_."),
        ("https://a.invalid/a%2fb%c3%a4", "https://a.invalid/a%2Fb%C3%A4"),
        ("https://a.invalid/%252e", "https://a.invalid/%252e"),
        ("https://a.invalid/a/./b/../c", "https://a.invalid/a/c"),
        ("https://a.invalid/a/b/..", "https://a.invalid/a/"),
        ("https://a.invalid/a/.", "https://a.invalid/a/"),
        ("https://a.invalid/../../a", "https://a.invalid/a"),
        ("https://a.invalid/%2e%2e/a", "https://a.invalid/a"),
        ("https://a.invalid//a//", "https://a.invalid//a//"),
    ],
)
def test_an_address_has_one_normal_spelling(address, normal):
    assert target_uri(address) == normal
    assert target_uri(normal) == normal


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/x",
        "a.invalid/x",
        "ftp://a.invalid/x",
        "https:///x",
        "https:a.invalid/x",
        "https://:443/x",
        "https://user@a.invalid/x",
        "https://@a.invalid/x",
        "https://a.invalid\\x",
        "https://a.invalid:x/",
        "https://a.invalid:65536/",
        "https://[::1/x",
        "https://a.invalid/%",
        "https://a.invalid/%4",
        "https://a.invalid/%4g",
        "https://a.invalid/a b",
        "https://a.invalid/\t",
        "https://a.invalid/ä",
    ],
)
def test_refuses_what_is_no_address_of_ours(address):
    with pytest.raises(ValueError):  # noqa: PT011 - the text is the standard library's
        target_uri(address)
