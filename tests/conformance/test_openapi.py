"""The committed OpenAPI document is the one that the code makes, and it tells what is served."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.serving import openapi_document, openapi_text
from gateway.surfaces.public import METRICS_PATH, PUBLIC

COMMITTED = Path(__file__).parents[2] / "openapi" / "openapi.json"
NAMES_THAT_STAY = {
    "/v1/me",
    "/v1/catalog",
    "/v1/products",
    "/v1/products/{product}",
    "/v1/products/{product}/contract",
    "/v1/products/{product}/releases",
    "/v1/rows/{product}",
    "/v1/rows/{product}/changes",
    "/v1/cubes/{product}",
    "/v1/cubes/{product}/data",
    "/v1/journal/entries",
    "/v1/journal/entries/{seq}",
    "/v1/journal/entries/{seq}/proof",
    "/v1/journal/summary",
    "/v1/journal/export",
    "/v1/journal/checkpoint",
    "/v1/journal/consistency",
    "/v1/journal/tile/{path}",
    "/v1/keys",
    "/v1/keys/{key}",
    "/v1/keys/{key}/rotate",
    "/pxweb/api/v2/config",
    "/pxweb/api/v2/tables",
    "/pxweb/api/v2/tables/{product}",
    "/pxweb/api/v2/tables/{product}/metadata",
    "/pxweb/api/v2/tables/{product}/defaultselection",
    "/pxweb/api/v2/tables/{product}/data",
    "/pxweb/api/v2/codelists/{codelist}",
    "/pxweb/api/v2/savedqueries",
    "/pxweb/api/v2/savedqueries/{query}",
    "/pxweb/api/v2/savedqueries/{query}/data",
    "/pxweb/api/v2/savedqueries/{query}/selection",
    "/delta-sharing/shares",
    "/delta-sharing/shares/{share}",
    "/delta-sharing/shares/{share}/schemas",
    "/delta-sharing/shares/{share}/all-tables",
    "/delta-sharing/shares/{share}/schemas/{schema}/tables",
    "/delta-sharing/shares/{share}/schemas/{schema}/tables/{table}/version",
    "/delta-sharing/shares/{share}/schemas/{schema}/tables/{table}/metadata",
    "/delta-sharing/shares/{share}/schemas/{schema}/tables/{table}/query",
    "/delta-sharing/files/{share}/{table}/{release}",
}


@pytest.fixture(scope="module")
def document() -> dict:
    return openapi_document()


def test_the_committed_document_has_not_drifted():
    assert COMMITTED.read_text(encoding="utf-8") == openapi_text(), (
        "run: jakelu openapi > openapi/openapi.json"
    )


def test_the_document_is_the_same_each_time(document):
    assert openapi_document() == document
    assert json.loads(openapi_text()) == document


def test_every_name_that_stays_is_in_it(document):
    assert set(document["paths"]) == NAMES_THAT_STAY | PUBLIC | {METRICS_PATH}


def test_every_guarded_route_demands_a_token_and_tells_its_problems(document):
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if path in PUBLIC:
                assert operation["security"] == []
                continue
            if path == METRICS_PATH:  # no token opens it
                assert operation["security"] == []
                assert {"200", "401", "404"} == set(operation["responses"])
                continue
            if path.startswith("/delta-sharing/files/"):
                assert operation["security"] == [{"signedAddress": []}]
                continue
            takes_keys = not path.startswith(("/v1/journal", "/v1/keys"))
            schemes = ["accessToken", "boundToken", *(["accessKey"] if takes_keys else [])]
            assert operation["security"] == [{scheme: []} for scheme in schemes]
            assert {"400", "401", "403", "404", "429", "503"} <= set(operation["responses"])
            for status in ("400", "401", "403", "404", "429", "503"):
                (form,) = operation["responses"][status]["content"].items()
                is_shared = path.startswith("/delta-sharing/")
                told = ("application/json", "DeltaError")
                told = told if is_shared else ("application/problem+json", "Problem")
                schema = {"$ref": f"#/components/schemas/{told[1]}"}
                assert (form[0], form[1]["schema"]) == (told[0], schema)


def test_every_operation_and_parameter_is_described(document):
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            if path not in PUBLIC | {METRICS_PATH}:
                assert operation["description"], path
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    assert parameter.get("description"), (path, parameter["name"])


def test_operation_ids_are_unique(document):
    ids = [
        each["operationId"] for methods in document["paths"].values() for each in methods.values()
    ]
    assert len(ids) == len(set(ids))


def test_every_reference_points_to_something(document):
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]
    assert "HTTPValidationError" not in text


def test_the_hot_routes_list_every_parameter_that_they_read(document):
    from gateway.delivery.requests import CHANGES_PARAMETERS, CUBE_PARAMETERS, ROWS_PARAMETERS

    def names(path: str) -> set[str]:
        parameters = document["paths"][path]["get"]["parameters"]
        return {each["name"] for each in parameters if each["in"] == "query"}

    assert names("/v1/rows/{product}") == set(ROWS_PARAMETERS)
    assert names("/v1/rows/{product}/changes") == set(CHANGES_PARAMETERS)
    assert names("/v1/cubes/{product}/data") == {*CUBE_PARAMETERS, "measure", "dimensions"}
