"""The small house of the HTTP tests, with a signed journal, and names that there are in it."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.batch.journal_key import create_journal_key

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
model_house = _HTTP.model_house


@pytest.fixture(scope="module")
def tried_house(model_house, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    house = _HTTP.copied(model_house, tmp_path_factory.mktemp("tried") / "house")
    house.publish_rows(as_of=_HTTP.date(2026, 5, 31))
    key = house.root / "journal" / "signing-key.pem"
    create_journal_key(key)
    with house.open(peer="127.0.0.1", journal_key_path=key, journal_origin=ORIGIN):
        yield house


@pytest.fixture(scope="module")
def names(tried_house) -> Mapping[str, Mapping[str, str]]:
    """What the document cannot say by an example, for it is another in each house: by operation."""
    bearer = tried_house.bearer("municipality-bi")
    told = tried_house.client.post(f"{TABLE}/query", json={}, headers=bearer)
    signed = urlsplit(json.loads(told.text.splitlines()[2])["file"]["url"])
    return {"delta_sharing_file": dict(parse_qsl(signed.query))}
