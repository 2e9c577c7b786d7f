"""The contract as its readers are told it: a contract of the standard, and nothing that is not for them."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

ROOT = Path(__file__).parents[3]
PRODUCTS = sorted(path.stem for path in (ROOT / "products").glob("*.yaml"))
CALLER = "municipality-bi"


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Validator:
    """The official JSON Schema, which comes with the package of the standard."""
    text = files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    return jsonschema_rs.validator_for(json.loads(text))


def told(house, product: str) -> dict:
    answer = house.get(CALLER, f"/v1/products/{product}/contract", accept="application/json")
    assert answer.status_code == 200, answer.text
    return answer.json()


def file_of(product: str) -> dict:
    text = (ROOT / "products" / f"{product}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def ours(element: dict) -> dict:
    (property_,) = element["customProperties"]
    assert property_["property"] == "jakelu"
    return property_["value"]


def texts_of(value: object) -> set[str]:
    """Every text in a document, keys too."""
    match value:
        case dict():
            return set(value).union(*map(texts_of, value.values()))
        case list():
            return set().union(*map(texts_of, value))
        case str():
            return {value}
        case _:
            return set()


@pytest.mark.parametrize("product", PRODUCTS)
def test_it_is_a_contract_of_the_standard(house, schema, product):
    document = told(house, product)
    assert [error.message for error in schema.iter_errors(document)] == []
    assert OpenDataContractStandard.model_validate(document).id == product


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_is_told_is_what_the_file_says(house, product):
    document, file = told(house, product), file_of(product)
    for name in ("id", "version", "kind", "status", "slaProperties"):
        assert document[name] == file[name]
    (told_table,), (table,) = document["schema"], file["schema"]
    assert told_table["name"] == table["name"]
    delivered = [each for each in table["properties"] if ours(each).get("transformation") != "drop"]
    for each, column in zip(told_table["properties"], delivered, strict=True):
        assert (each["name"], each["logicalType"]) == (column["name"], column["logicalType"])
        assert each["classification"] == column["classification"]
        assert each["required"] == column.get("required", False)
        assert ours(each)["label"] == ours(column)["label"]
    known = {each["name"] for each in told_table["quality"]}
    assert known == {each["name"] for each in table.get("quality", ())}
    for name in ("title", "purposes", "legal_bases", "sources", "classification"):
        assert ours(document)[name] == ours(file)[name]


@pytest.mark.parametrize("product", PRODUCTS)
def test_no_sql_no_source_column_and_no_rule_of_protection_is_told(house, product):
    document, file = told(house, product), file_of(product)
    text = json.dumps(document, ensure_ascii=False)
    assert not re.search(r"\b(SELECT|FROM|WHERE|JOIN)\b", text)
    for column in file["schema"][0]["properties"]:
        for source in column["transformSourceObjects"]:
            assert source not in text
            assert source.rpartition(".")[0] not in text
    keys = texts_of(document)
    secret = {
        *("extract", "query", "codes_sql", "transformSourceObjects", "transformDescription"),
        *("anonymity", "ladder", "suppress_order", "transformation", "source"),
        *("disclosure", "threshold", "outsider_width", "insider_width", "coalition", "limits"),
        *("least_persons", "nestings", "dominance", "minimum_n", "round_to", "column", "family"),
        *("listed_to", "sensitive", "journal_retention_days"),
    }
    assert not keys & secret


def test_the_list_of_what_is_told_is_closed(house):
    """A term that is told from tomorrow on is written here first."""
    rows, cube = told(house, "job-seeker-spells"), told(house, "job-seekers")
    standard = {
        *("apiVersion", "kind", "id", "name", "version", "status", "description", "servers"),
        *("customProperties", "slaProperties", "schema"),
    }
    terms = {
        *("product_kind", "title", "description", "definition_version", "contract_sha256"),
        *("sources", "audience", "classification", "personal_data", "purposes", "legal_bases"),
        "required_permission",
    }
    for document, more in ((rows, set()), (cube, {"combinations"})):
        assert set(document) == standard
        assert set(ours(document)) == terms | more
        assert set(document["schema"][0]) == {"name", "physicalType", "properties", "quality"}
        for fault in document["schema"][0]["quality"]:
            assert set(fault) == {"name", "type", "description", "customProperties"}
            assert set(ours(fault)) == {"description", "handling"}
    for column in rows["schema"][0]["properties"]:
        assert set(ours(column)) <= {"label", "description", "code_list"}
    for column in cube["schema"][0]["properties"]:
        known = {"label", "role", "levels", "code_list", "unit", "kind", "decimals"}
        assert set(ours(column)) <= known


def test_yaml_and_json_say_the_same(house):
    path = "/v1/products/job-seekers/contract"
    written = house.get(CALLER, path)
    assert written.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(written.content) == told(house, "job-seekers")
    assert b"&id" not in written.content  # no anchors: a reader sees every value where it stands
    assert house.get(CALLER, f"{path}?format=json").json() == told(house, "job-seekers")
    assert house.get(CALLER, path, accept="text/html, */*;q=0.1").content == written.content


def test_another_form_is_refused(house):
    answer = house.get(CALLER, "/v1/products/job-seekers/contract", accept="application/xml")
    assert (answer.status_code, answer.json()["code"]) == (406, "format_not_available")
    assert "application/yaml" in answer.json()["detail"]


def test_an_unchanged_contract_is_not_sent_again(house):
    path = "/v1/products/vacancies/contract"
    tag = house.get(CALLER, path).headers["etag"]
    again = house.get(CALLER, path, if_none_match=f'"other", {tag}')
    assert (again.status_code, again.content) == (304, b"")
    assert house.get(CALLER, path, if_none_match=tag, accept="application/json").status_code == 200


def test_a_contract_tells_where_its_product_is_fetched(house):
    for product, path in (
        ("job-seekers", "/v1/cubes/job-seekers/data"),
        ("job-seeker-spells", "/v1/rows/job-seeker-spells"),
    ):
        (server,) = told(house, product)["servers"]
        assert server["location"].endswith(path)
        assert house.get(CALLER, path).status_code == 200


def test_a_contract_that_is_not_listed_is_not_there_and_the_refusal_is_journaled(house):
    answers = [
        house.get("stranger", f"/v1/products/{product}/contract")
        for product in ("job-seekers", "no-such-thing")
    ]
    problems = [answer.json() | {"instance": ""} for answer in answers]
    assert problems[0] == problems[1]
    assert (problems[0]["status"], problems[0]["code"]) == (404, "product_not_found")
    assert [entry.kind for entry in house.entries()[-2:]] == ["access.denied"] * 2
    before = len(house.entries())
    assert told(house, "job-seekers")
    assert len(house.entries()) == before
