"""Unmodified clients of PxWebApi 2 against the running server, with an access key in the address."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import requests
from pxweb import PxApi
from pyjstat import pyjstat

TABLE = "job-seekers"
KEY = {
    "service_account": "statistics",
    "products": [TABLE],
    "roles": ["heti:tilastokuutiot"],
}


def _server_class() -> type:
    """There are no packages of tests to import from."""
    spec = importlib.util.spec_from_file_location(
        "pxweb_server", Path(__file__).with_name("test_server.py")
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.Server


@pytest.fixture(scope="module")
def served(model_house, tmp_path_factory) -> Iterator:
    """A small house with a key; the address of its server holds the key."""
    root = tmp_path_factory.mktemp("pxweb") / "house"
    copied = sys.modules[type(model_house).__module__].copied
    server = _server_class()(copied(model_house, root)).wait_until_ready()
    try:
        administrator = server.house.bearer("key-administrator")
        made = httpx2.post(f"{server.base}/v1/keys", json=KEY, headers=administrator).json()
        key = f"{made['key']['id']}:{made['secret']}"
        server.px = f"http://{key}@127.0.0.1:{server.port}/pxweb/api/v2"
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def api(served) -> Iterator[PxApi]:
    api = PxApi(served.px, language="en", disable_cache=True)
    yield api
    api._client.session.close()


def own(served, query: str) -> dict:
    return served.get(f"/v1/cubes/{TABLE}/data?{query}").json()


def test_pxwebpy_lists_the_tables(api):
    assert [each["id"] for each in api.all_tables()] == [TABLE, "vacancies"]
    assert api.get_config()["defaultLanguage"] == "fi"
    assert [each["id"] for each in api.get_paths()] == [TABLE, "vacancies"]
    assert [each["id"] for each in api.search(query="seekers")["tables"]] == [TABLE]


def test_pxwebpy_reads_variables_and_code_lists(api):
    variables = api.get_table_variables(TABLE)
    assert variables["sex"]["elimination"] is True
    name = next(each["id"] for each in variables["geography"]["codelists"])
    assert api.get_code_list(name)["values"]


def test_pxwebpy_gets_the_values_of_our_own_interface(api, served):
    found = api.get_table_data(
        TABLE,
        value_codes={"geography": ["KU837", "SSS"], "month": "2026M06", "measure": "unemployed"},
        show="code",
    )
    told = own(served, "geography=SSS,KU837&month=2026M06&measure=unemployed")
    areas = list(told["dimension"]["geography"]["category"]["index"])
    assert {row["Area"]: row["value"] for row in found} == dict(
        zip(areas, told["value"], strict=True)
    )
    assert [row["Area"] for row in found] == ["KU837", "SSS"]


def test_pxwebpy_gets_the_default_selection(api):
    assert len(api.get_table_data(TABLE)) > 1


def test_pxwebpy_expands_wildcards_within_a_code_list(api):
    found = api.get_table_data(
        TABLE,
        value_codes={"geography": "*", "month": "2026M06", "measure": "unemployed"},
        code_list={"geography": f"vs_{TABLE}_geography_municipality"},
        show="code",
    )
    assert [row["Area"] for row in found] == ["KU837", "KU536"]


def test_pxwebpy_fetches_the_whole_table_in_parts(api, monkeypatch):
    whole = api.get_table_data_all(TABLE)
    monkeypatch.setitem(api._client.configuration, "maxDataCells", 500)
    parts = api.get_table_data_all(TABLE)
    rows = [sorted((key, str(value)) for key, value in row.items()) for row in whole]
    split = [sorted((key, str(value)) for key, value in row.items()) for row in parts]
    assert len(whole) > 500
    assert sorted(rows) == sorted(split)


def test_pxwebpy_is_told_what_was_wrong(api):
    with pytest.raises(requests.HTTPError, match="Non-existent value"):
        api.get_table_data(TABLE, value_codes={"measure": "unemployed", "month": "1999M01"})


@pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")
def test_pyjstat_reads_a_table_with_its_suppressed_cells(served):
    query = "valuecodes[geography]=*&valuecodes[sex]=*&valuecodes[month]=*&valuecodes[measure]=*"
    frame = pyjstat.Dataset.read(f"{served.px}/tables/{TABLE}/data?{query}").write("dataframe")
    told = own(served, "geography=*&sex=*&month=*")
    assert len(frame) == len(told["value"])
    assert frame["value"].isna().sum() == told["value"].count(None) > 0
    assert frame["value"].sum() == pytest.approx(sum(each or 0 for each in told["value"]))
