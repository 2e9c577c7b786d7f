"""docs/api.md names every error code that a caller can meet, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from gateway import errors
from gateway.errors import GatewayError

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
# What only the publish road, the command line and the pages for people raise, and what stands above others
# in the tree.
ELSEWHERE = {
    "contract_fault",
    "csrf_refused",
    "epoch_used",
    "journal_forked",
    "key_fault",
    "login_refused",
    "login_required",
    "negative_count",
    "policy_fault",
    "release_refused",
    "settings_fault",
    "too_many_requests",
    "too_many_waiting",
    "unavailable",
    "upkeep_refused",
    "warehouse_unavailable",
    "witness_unavailable",
}


def test_the_page_lists_the_codes_of_the_serve_road():
    text = PAGE.read_text(encoding="utf-8").partition("## Problems")[2]
    listed = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", text.partition("| Status")[2]))
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    codes = {each.code for each in classes if issubclass(each, GatewayError)}
    assert listed == codes - ELSEWHERE
