"""What clients of the last release send and read goes on to work with the current document."""

from __future__ import annotations

import json
from pathlib import Path

import openapi_breaks

FOLDER = Path(__file__).parents[2] / "openapi"


def test_nothing_breaks_for_clients_of_the_last_release():
    released, current = (
        openapi_breaks.load_document(str(FOLDER / name))
        for name in ("released.json", "openapi.json")
    )
    assert openapi_breaks.find_breaks(released, current) == []


def test_a_road_that_is_gone_from_the_document_would_be_seen():
    released = openapi_breaks.load_document(str(FOLDER / "released.json"))
    current = json.loads((FOLDER / "openapi.json").read_text(encoding="utf-8"))
    del current["paths"]["/v1/me"]
    current["components"]["schemas"]["ProductDocument"]["properties"].pop("kind")
    found = {each.code for each in openapi_breaks.find_breaks(released, current)}
    assert found == {"path-removed", "answer-property"}
