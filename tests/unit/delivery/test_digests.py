from __future__ import annotations

import pytest

from gateway.delivery.digests import is_wanted


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ("sha-256=1", True),
        ("sha-512=3, sha-256=10", True),
        ("sha-256=0", False),
        ("sha-512=10", False),
    ],
)
def test_sha_256_is_told_where_it_is_wanted(sent, wanted):
    assert is_wanted(sent, unasked=not wanted) is wanted


@pytest.mark.parametrize("sent", [None, "", "sha-256", "sha-256=11", "SHA-256=1", "sha-256=1;x"])
@pytest.mark.parametrize("unasked", [True, False])
def test_a_field_that_is_no_list_of_preferences_is_ignored(sent, unasked):
    assert is_wanted(sent, unasked=unasked) is unasked
