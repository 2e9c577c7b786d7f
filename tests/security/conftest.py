"""The attacks go through the same small real house as the HTTP tests, which live beside it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

_SURFACES = Path(__file__).parents[1] / "unit" / "surfaces"


def _loaded(name: str, path: Path) -> ModuleType:
    """A module of the tests by its path: there are no packages of tests to import from."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_HTTP = _loaded("attacked_house", _SURFACES / "conftest.py")
_SERVER = _loaded("attacked_server", _SURFACES / "test_server.py")

model_house = _HTTP.model_house
house = _HTTP.house
fresh_house = _HTTP.fresh_house


@pytest.fixture(scope="module")
def attacked_server(model_house, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """Granian in a process of its own, with a slice that takes a while to send."""
    house = _HTTP.copied(model_house, tmp_path_factory.mktemp("attacked") / "house")
    house.publish_rows(as_of=_HTTP.date(2026, 7, 1), areas=("39",), noise_bytes=_HTTP.BIG_BYTES)
    server = _SERVER.Server(house, header_timeout_seconds=1.0).wait_until_ready()
    yield server
    server.stop()
