"""The refusals of the API document were answered by a running gateway, wherever a request brings them about.

Each operation is asked wrongly in ways that fit all of them; `make examples` writes down what comes. What no request brings
about is rendered from the error tree (`gateway/surfaces/examples`): a new operation needs nothing here.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.serving import openapi_document
from gateway.surfaces.examples import load_shown

WHO_MAY, STRANGER, NOBODY = "who may", "koto-worker", None
# What is nowhere, and well formed.
NOWHERE = {"seq": "999999", "path": "0/999", "key": "k" * 12, "query": "0" * 32}
JSON_BODY = {"Content-Type": "application/json"}
BODY_BYTES = 200_000
TWO_REQUESTS = {kind: {"burst": 2} for kind in ("person", "service", "key", "auditor")}
KEYS_AND_ONE = 21


@dataclass(frozen=True, slots=True)
class Way:
    """A wrong request: what is other than in the right one. times: that it is sent; the last answer counts."""

    house: str = "near"
    who: str | None = WHO_MAY
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    is_elsewhere: bool = False
    times: int = 1


# By status, and those that say most before the others.
WAYS: Mapping[str, tuple[Way, ...]] = {
    "400": (Way(query={"no-such": "1"}),),
    "401": (Way(who=NOBODY), Way("far", who=NOBODY)),
    "403": (Way(query={"area": "40"}), Way(who=STRANGER), Way(who="municipality-bi")),
    "404": (Way(is_elsewhere=True), Way(who="auditor"), Way("far", who="municipality-bi")),
    "406": (
        Way(headers={"Accept": "image/png"}),
        Way(headers={"delta-sharing-capabilities": "responseformat=delta"}),
    ),
    "409": (
        Way(query={"from": "2026-06-30.1"}),
        Way(times=2),
        Way("far", times=KEYS_AND_ONE),
    ),
    "413": (Way(headers=JSON_BODY, content=b" " * BODY_BYTES),),
    "415": (Way(headers={"Content-Type": "text/plain"}, content=b"{}"),),
    "416": (
        Way(headers={"Range": "bytes=999999999-"}),
        Way(headers={"Range": "bytes=999999999-"}, query={"format": "parquet"}),
    ),
    "429": (Way("limited", times=3),),
    "503": (Way("locked"), Way("dark")),
}
OPERATIONS: Mapping[str, dict] = {
    operation["operationId"]: operation
    for methods in openapi_document()["paths"].values()
    for operation in methods.values()
    if any(status >= "400" for status in operation["responses"])
}


@pytest.fixture(scope="module")
def houses(opened, shown_house, asking) -> Iterator[Mapping[str, Any]]:
    """near: where everything is right. far: not where the monitoring is. locked: the journal cannot be written.

    dark: the keys of the issuer cannot be read, and there are no releases.
    """
    locked, dark = opened(intent_timeout_seconds=0.02), opened()
    (dark.root / "issuer" / "jwks.json").unlink()
    shutil.rmtree(dark.releases_dir)
    found = {
        "far": opened(),
        "limited": opened(limits=TWO_REQUESTS),
        "locked": locked,
        "dark": dark,
    }
    with closing(sqlite3.connect(locked.journal_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield {"near": shown_house} | {name: asking(house, {}) for name, house in found.items()}
        other.execute("ROLLBACK")


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_shown_of_refusals_is_what_is_answered(houses, campaign, shortening, name):
    answers = {
        status: found
        for status in OPERATIONS[name]["responses"]
        if status >= "400" and (found := _recorded(houses, shortening, name, status))
    }
    shown = load_shown(name)
    kept = {status: told for status, told in shown.get("answers", {}).items() if status < "400"}
    committed = {
        status: told for status, told in shown.get("answers", {}).items() if status >= "400"
    }
    if campaign.writes_examples:
        shortening.write(name, shown | {"answers": {**kept, **answers}})
    else:
        told = _codes(committed), shortening.form(committed)
        assert (_codes(answers), shortening.form(answers)) == told, "run: make examples"


def _recorded(houses: Mapping[str, Any], shortening: Any, name: str, status: str) -> dict[str, Any]:
    """By media type, from the first way that brings the status about; empty where none does."""
    for way in WAYS[status]:
        answer = _asked(houses, name, way)
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if str(answer.status_code) == status:
            assert media_type in OPERATIONS[name]["responses"][status]["content"], (name, status)
            return {media_type: shortening.shortened(answer.text, media_type, keys=set())}
    return {}


def _asked(houses: Mapping[str, Any], name: str, way: Way) -> Any:
    house = houses[way.house]
    told = [each for each in OPERATIONS[name].get("parameters", ()) if each["in"] == "path"]
    places = {}
    if way.is_elsewhere:
        # The last of a path is what the operation is about.
        places = {each["name"]: NOWHERE.get(each["name"], "none") for each in told[-1:]}
    elif way.house != "near":
        # There nobody gets so far that it must be there.
        places = {each["name"]: each.get("example", "0") for each in told}
    query = {**load_shown(name).get("query", {}), **way.query}
    for _ in range(way.times):
        answer = house.ask(
            name, query, who=way.who, places=places, headers=way.headers, content=way.content
        )
    return answer


def _codes(answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        status: told.get("code", told.get("errorCode"))
        for status, found in answers.items()
        for told in found.values()
    }
