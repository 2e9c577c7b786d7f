"""The language of a page, and the cookie of a session."""

from __future__ import annotations

import pytest

from gateway.journal.body import Origin
from gateway.surfaces.cookies import find_cookie
from gateway.surfaces.html.reasons import REASONS
from gateway.surfaces.html.rendering import language_of
from gateway.surfaces.html.texts import SHARED
from gateway.surfaces.inbound import Inbound, keep_inbound
from gateway.surfaces.portal.texts import TEXTS


def scope(*headers: tuple[bytes, bytes], **parameters: str) -> dict:
    asked = {"type": "http", "headers": list(headers)}
    keep_inbound(asked, Inbound(Origin(), parameters))
    return asked


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "fi"),
        ("sv-FI,sv;q=0.9,en;q=0.8", "sv"),
        ("de, en;q=0.5, sv;q=0.4", "en"),
        ("de", "fi"),
        ("sv;q=0, en;q=0.1", "en"),
        ("en;q=much, sv;q=0.1", "sv"),
        ("SV", "sv"),
        (";;,,q=1", "fi"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_likes_best(accepted, language):
    assert language_of(scope((b"accept-language", accepted.encode()))) == language


def test_the_address_outweighs_the_browser_and_an_unknown_language_does_not():
    swedish = (b"accept-language", b"sv")
    assert language_of(scope(swedish, lang="en")) == "en"
    assert language_of(scope(swedish, lang="de")) == "sv"


def test_every_text_is_there_in_every_language():
    for label in (*SHARED.values(), *TEXTS.values(), *REASONS.values()):
        assert label.fi
        assert label.sv
        assert label.en


@pytest.mark.parametrize(
    "cookies",
    [[], [b"__Host-jakelu-login=x"], [b"__Host-jakelu=x; __Host-jakelu=y"]],
)
def test_a_session_cookie_that_is_absent_or_given_twice_is_none(cookies):
    assert find_cookie(scope(*((b"cookie", each) for each in cookies)), "__Host-jakelu") is None


def test_a_session_cookie_is_found_among_others_and_over_several_headers():
    sent = scope((b"cookie", b"a=1; __Host-jakelu=x"), (b"cookie", b"b=2"))
    assert find_cookie(sent, "__Host-jakelu") == "x"
    sent = scope((b"cookie", b"__Host-jakelu=x"), (b"cookie", b"__Host-jakelu=y"))
    assert find_cookie(sent, "__Host-jakelu") is None
