"""The small house of the HTTP tests, with a signed journal, and names that there are in it."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.batch.journal_key import create_journal_key
from gateway.serving import openapi_document
from gateway.surfaces.examples import load_shown
from gateway.surfaces.public import METRICS_PATH, PUBLIC

ORIGIN = "jakelu.example/v1/journal"
TABLE = "/delta-sharing/shares/39/schemas/rows/tables/job-seeker-spells"


def _loaded(name: str, path: Path) -> ModuleType:
    """A module of the tests by its path: there are no packages of tests to import from."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_HTTP = _loaded("tried_house", Path(__file__).parents[1] / "unit" / "surfaces" / "conftest.py")
_SHORTENING = _loaded("shortening", Path(__file__).parent / "shortened.py")
model_house = _HTTP.model_house


@pytest.fixture(scope="session")
def shortening() -> ModuleType:
    """How an answer is shortened to an example."""
    return _SHORTENING


@pytest.fixture(scope="module")
def tried_house(model_house, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    house = _HTTP.copied(model_house, tmp_path_factory.mktemp("tried") / "house")
    # Two releases whose pseudonyms were made with one key, so that they can be compared.
    told = {"areas": {area: {"pseudonyms": "a" * 64} for area in ("39", "40")}}
    for day in (_HTTP.date(2026, 5, 31), _HTTP.date(2026, 6, 30)):
        house.publish_rows(as_of=day, protection=told)
    key = house.root / "journal" / "signing-key.pem"
    create_journal_key(key)
    with house.open(peer="127.0.0.1", journal_key_path=key, journal_origin=ORIGIN):
        yield house


@pytest.fixture(scope="module")
def names(tried_house) -> Mapping[str, Mapping[str, str]]:
    """What the document cannot say by an example, for it is another in each house: by operation."""
    bearer = tried_house.bearer("municipality-bi")
    told = tried_house.client.post(f"{TABLE}/query", json={"version": 202606300001}, headers=bearer)
    signed = urlsplit(json.loads(told.text.splitlines()[2])["file"]["url"])
    return {"delta_sharing_file": dict(parse_qsl(signed.query))}


@dataclass(slots=True)
class ShownHouse:
    """A house that is asked with the document's own examples. keys: ids of those that were made."""

    house: Any
    names: Mapping[str, Mapping[str, str]]
    keys: set[str] = field(default_factory=set)

    def ask(self, name: str, parameters: Mapping[str, Any]) -> Any:
        """An operation with the examples of its parameters that must be there, and with its own body."""
        path, method, operation = _found(name)
        told = operation.get("parameters", ())
        query = {**_required(told, "query"), **parameters, **self.names.get(name, {})}
        for place, value in {**_required(told, "path"), **self._own(name)}.items():
            path = path.replace(f"{{{place}}}", value).replace(f"{{{place}:path}}", value)
        answer = self.house.client.request(
            method.upper(), path, params=query, json=load_shown(name).get("body"),
            headers=self._bearer(path, name),
        )  # fmt: skip
        if path.startswith("/v1/keys") and answer.status_code == 201:
            self.keys.add(answer.json()["key"]["id"])
        return answer

    def _bearer(self, path: str, name: str) -> dict[str, str]:
        if name in self.names or path in {*PUBLIC, METRICS_PATH}:
            return {}
        persona = next(who for begin, who in _WHO.items() if path.startswith(begin))
        return self.house.bearer(persona)

    def _own(self, name: str) -> dict[str, str]:
        """What is another in each house: a key, a place in the journal."""
        if "__key__" in name:
            made = self.ask("create_key_v1_keys_post", {})
            return {"key": made.json()["key"]["id"]}
        if "savedqueries" in name and "create" not in name:
            return {"query": self.ask("pxweb_savedqueries_create", {}).json()["id"]}
        return {"seq": "1", "path": "0/000.p/1"} if "journal" in name else {}


_WHO = {"/v1/journal": "auditor", "/v1/keys": "key-administrator", "/": "municipality-bi"}


def _found(name: str) -> tuple[str, str, dict]:
    return next(
        (path, method, operation)
        for path, methods in openapi_document()["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] == name
    )


def _required(parameters: Any, place: str) -> dict[str, str]:
    return {
        each["name"]: each["example"] if "example" in each else each["schema"]["examples"][0]
        for each in parameters
        if each["in"] == place and each.get("required")
    }


@pytest.fixture(scope="module")
def shown_house(tried_house, names) -> ShownHouse:
    """With a delivery, a refusal and a key, so that no list is empty whichever test comes first."""
    shown = ShownHouse(tried_house, names)
    shown.ask("rows", {})
    tried_house.get("ely-analyst", "/v1/rows/job-seeker-spells?area=39")
    shown.ask("create_key_v1_keys_post", {})
    return shown
