"""The small house of the HTTP tests, with a signed journal, and names that there are in it."""

from __future__ import annotations

import functools
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.batch.journal_key import create_journal_key
from gateway.serving import openapi_document
from gateway.surfaces.examples import load_shown
from gateway.surfaces.ops.interface import examples_of
from gateway.surfaces.public import METRICS_PATH, PUBLIC

# Where the monitoring is.
NEAR = "127.0.0.1"
ORIGIN = "jakelu.example/v1/journal"
WHO_MAY = "who may"
NOTHING: Mapping[str, str] = MappingProxyType({})
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


@pytest.fixture(scope="session")
def filled_house(model_house, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """With two releases that can be compared; never opened, for the others are copies of it."""
    house = _HTTP.copied(model_house, tmp_path_factory.mktemp("filled") / "house")
    # Their pseudonyms were made with one key.
    told = {"areas": {area: {"pseudonyms": "a" * 64} for area in ("39", "40")}}
    for day in (_HTTP.date(2026, 5, 31), _HTTP.date(2026, 6, 30)):
        house.publish_rows(as_of=day, protection=told)
    return house


@pytest.fixture(scope="module")
def opened(filled_house, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Opens a copy of the house with a signed journal, until the tests of the file are through."""
    with ExitStack() as kept:

        def open_copy(**settings: Any) -> Any:
            house = _HTTP.copied(filled_house, tmp_path_factory.mktemp("tried") / "house")
            key = house.root / "journal" / "signing-key.pem"
            create_journal_key(key)
            kept.enter_context(house.open(journal_key_path=key, journal_origin=ORIGIN, **settings))
            return house

        yield open_copy


@pytest.fixture(scope="module")
def tried_house(opened) -> Any:
    return opened(peer=NEAR)


@pytest.fixture(scope="module")
def names(tried_house) -> Mapping[str, Mapping[str, str]]:
    """What the document cannot say by an example, for it is another in each house: by operation."""
    bearer = tried_house.bearer("municipality-bi")
    told = tried_house.client.post(f"{TABLE}/query", json={"version": 202606300001}, headers=bearer)
    signed = urlsplit(json.loads(told.text.splitlines()[2])["file"]["url"])
    return {"delta_sharing_file": dict(parse_qsl(signed.query))}


@dataclass(slots=True)
class ShownHouse:
    """A house that is asked with the document's own examples.

    keys: ids of those that were made. owned: what stands in the path of an operation, here alone.
    """

    house: Any
    names: Mapping[str, Mapping[str, str]]
    keys: set[str] = field(default_factory=set)
    owned: dict[str, dict[str, str]] = field(default_factory=dict)

    def ask(
        self,
        name: str,
        parameters: Mapping[str, Any],
        *,
        who: str | None = WHO_MAY,
        places: Mapping[str, str] = NOTHING,
        headers: Mapping[str, str] = NOTHING,
        content: bytes | None = None,
    ) -> Any:
        """An operation with the examples of its parameters that must be there, and with its own body.

        who: a persona, None for nobody. places: of the path, what is other than in its examples.
        """
        path, method, operation = _found(name)
        told = operation.get("parameters", ())
        query = {**_required(told, "query"), **self.names.get(name, {}), **parameters}
        bearer = self._bearer(path, name, who)
        if not set(_required(told, "path")) <= set(places):
            places = {**_required(told, "path"), **self._own_once(name), **places}
        for place, value in places.items():
            path = path.replace(f"{{{place}}}", value).replace(f"{{{place}:path}}", value)
        body = (
            {"content": content} if content is not None else {"json": load_shown(name).get("body")}
        )
        answer = self.house.client.request(
            method.upper(), path, params=query, headers={**headers, **bearer}, **body
        )
        if method == "delete" and answer.status_code < 400:
            self.owned.clear()  # what is deleted may have been another operation's too
        if path.startswith("/v1/keys") and answer.status_code == 201:
            self.keys.add(answer.json()["key"]["id"])
        return answer

    def _bearer(self, path: str, name: str, who: str | None) -> dict[str, str]:
        if who != WHO_MAY:
            return {} if who is None else self.house.bearer(who)
        if name in self.names or path in {*PUBLIC, METRICS_PATH}:
            return {}
        persona = next(known for begin, known in _WHO.items() if path.startswith(begin))
        return self.house.bearer(persona)

    def _own_once(self, name: str) -> dict[str, str]:
        if name not in self.owned:
            self.owned[name] = self._own(name)
        return self.owned[name]

    def _own(self, name: str) -> dict[str, str]:
        """What is another in each house: a key, a place in the journal."""
        if "__key__" in name:
            made = self.ask("create_key_v1_keys_post", {})
            return {"key": made.json()["key"]["id"]}
        if "savedqueries" in name and "create" not in name:
            return {"query": self.ask("pxweb_savedqueries_create", {}).json()["id"]}
        return {"seq": "1", "path": "0/000.p/1"} if "journal" in name else {}


_WHO = {"/v1/journal": "auditor", "/v1/keys": "key-administrator", "/": "municipality-bi"}


@functools.cache
def _found(name: str) -> tuple[str, str, dict]:
    return next(
        (path, method, operation)
        for path, methods in openapi_document()["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] == name
    )


def _required(parameters: Any, place: str) -> dict[str, str]:
    return {
        each["name"]: examples_of(each)[0]
        for each in parameters
        if each["in"] == place and each.get("required")
    }


@pytest.fixture(scope="session")
def asking() -> type[ShownHouse]:
    return ShownHouse


@pytest.fixture(scope="module")
def shown_house(tried_house, names) -> ShownHouse:
    """With a delivery, a refusal and a key, so that no list is empty whichever test comes first."""
    shown = ShownHouse(tried_house, names)
    shown.ask("rows", {})
    tried_house.get("ely-analyst", "/v1/rows/job-seeker-spells?area=39")
    shown.ask("create_key_v1_keys_post", {})
    return shown
