"""The API document is held to Spectral's OpenAPI ruleset and to our own habits (`tests/spectral`)."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPECTRAL = ROOT / "tests" / "spectral"
RULES = SPECTRAL / "ruleset.yaml"
PROGRAM = SPECTRAL / "node_modules" / ".bin" / "spectral"
LINT_SECONDS = 60


def missing_tools() -> str | None:
    if shutil.which("node") is None:
        return "Node.js is not installed"
    return None if PROGRAM.exists() else "Spectral is not installed; run `make provider`"


@pytest.fixture(scope="module")
def lint(needs, tmp_path_factory) -> Callable[[dict], list[dict]]:
    """What the rules find in a document, hints too."""
    needs(missing_tools())
    folder = tmp_path_factory.mktemp("linted")

    def found(document: dict) -> list[dict]:
        path, results = folder / "openapi.json", folder / "results.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        asked = ["-r", RULES, "-F", "hint", "-f", "json", "-o", results, "--quiet"]
        done = subprocess.run(
            [PROGRAM, "lint", path, *asked],
            capture_output=True,
            text=True,
            check=False,
            timeout=LINT_SECONDS,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        )
        assert done.returncode in {0, 1}, done.stderr  # 2: it could not read what it was given
        told = json.loads(results.read_text(encoding="utf-8"))
        assert bool(told) == bool(done.returncode)
        return told

    return found


@pytest.fixture(scope="module")
def document() -> dict:
    return json.loads((ROOT / "openapi" / "openapi.json").read_text(encoding="utf-8"))


def test_the_linter_finds_nothing_in_the_document(lint, document):
    assert [f"{each['code']} {each['path']}" for each in lint(document)] == []


def test_each_rule_of_our_own_sees_what_it_is_for(lint, document):
    """So that a rule whose path matches nothing is not taken for one that is kept."""
    broken = copy.deepcopy(document)
    paths = broken["paths"]
    me = paths["/v1/me"]["get"]
    me["operationId"] = "Me-v1"
    me["summary"] = "Who am I."
    del me["responses"]["429"]
    del me["security"]
    me["responses"]["403"]["content"] = {"application/json": {}}
    paths["/v1/Things"] = paths["/health/live"]
    product = paths["/v1/products/{product}"]["get"]["parameters"][0]
    del product["schema"]["examples"]
    search = paths["/v1/journal/entries"]["get"]["parameters"][0]
    search["name"] = "sinceDay"
    broken["components"]["schemas"]["Problem"]["properties"]["errorCode"] = {"type": "string"}
    ours = set(
        re.findall(r"^  (jakelu-[a-z-]+):$", RULES.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert len(ours) == 9
    assert ours <= {each["code"] for each in lint(broken)}


def test_the_ruleset_of_spectral_is_among_the_rules(lint, document):
    broken = copy.deepcopy(document)
    broken["paths"]["/v1/me"]["get"]["tags"] = ["nowhere"]
    broken["paths"]["/v1/products"]["get"]["operationId"] = broken["paths"]["/v1/me"]["get"][
        "operationId"
    ]
    codes = {each["code"] for each in lint(broken)}
    assert {"operation-tag-defined", "operation-operationId-unique"} <= codes
