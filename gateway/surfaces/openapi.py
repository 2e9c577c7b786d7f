"""The OpenAPI document of everything that is served; the same for every installation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from fastapi import FastAPI

from gateway.surfaces.auditor.export import router as export_routes
from gateway.surfaces.auditor.one_entry import router as entry_routes
from gateway.surfaces.auditor.routes import router as auditor_routes
from gateway.surfaces.auditor.summary import router as summary_routes
from gateway.surfaces.auditor.tree import router as tree_routes
from gateway.surfaces.delta_sharing.files import FILE_PATH
from gateway.surfaces.delta_sharing.names import FOLDER as DELTA_FOLDER
from gateway.surfaces.delta_sharing.paths import DELTA_PATHS
from gateway.surfaces.examples import show
from gateway.surfaces.open_paths import open_paths
from gateway.surfaces.openapi_tags import TAGS
from gateway.surfaces.problems import METADATA_PATH, PROBLEM_TYPE
from gateway.surfaces.public import METRICS_PATH, PUBLIC
from gateway.surfaces.pxweb.openapi import DATA_PATH, PXWEB_PATHS
from gateway.surfaces.pxweb.saved_openapi import SAVED_DATA_PATH, SAVED_PATHS
from gateway.surfaces.rest.catalog import CATALOG_PATH
from gateway.surfaces.rest.catalog import router as catalog_routes
from gateway.surfaces.rest.contract import CONTRACT_PATH
from gateway.surfaces.rest.contract import router as contract_routes
from gateway.surfaces.rest.deliveries import CHANGES_PATH
from gateway.surfaces.rest.hot_paths import HOT_PATHS
from gateway.surfaces.rest.keys import router as key_routes
from gateway.surfaces.rest.metadata import router as metadata_routes

VERSION = "1.0.0"
FASTAPI_ROUTERS = (
    metadata_routes,
    catalog_routes,
    contract_routes,
    auditor_routes,
    entry_routes,
    summary_routes,
    export_routes,
    tree_routes,
    key_routes,
)
_PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `code` never changes its meaning; `parameter` names the offending parameter.",
    "required": ["type", "code", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["about:blank", "Parameter error"]},
        "code": {"type": "string", "examples": ["area_out_of_scope"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {
            "type": ["string", "null"],
            "description": "This one occurrence, as the journal calls it too.",
        },
        "parameter": {"type": ["string", "null"]},
    },
}
_SECURITY = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "at+jwt",
        "description": f"An access token (RFC 9068); {METADATA_PATH} names the issuers. One that is bound to a "
        "certificate (RFC 8705) comes with it.",
    },
    "boundToken": {
        "type": "http",
        "scheme": "dpop",
        "description": "An access token that is bound to a key, with a proof for this request in the header "
        "`DPoP` (RFC 9449).",
    },
    "accessKey": {
        "type": "http",
        "scheme": "basic",
        "description": "An access key: its id as the user, its secret as the password (RFC 7617); or the secret "
        "as a bearer token. It opens the products that it was made for, and neither the journal nor keys.",
    },
    "signedAddress": {
        "type": "apiKey",
        "in": "query",
        "name": "sp",
        "description": "The signature of a file's address, which a query of Delta Sharing gives.",
    },
}
_NEGOTIATED = frozenset({CATALOG_PATH, CONTRACT_PATH})
_WITHOUT_KEYS = ("/v1/journal", "/v1/keys")
_REFUSALS = {
    "400": "The request is not understood; `parameter` names what is wrong.",
    "401": "A valid access token is required.",
    "403": "Refused, with the reason; journaled.",
    "404": "There is no such thing, or it is not listed to you.",
    "429": "A limit of the client; `RateLimit-Policy` tells the limits, `Retry-After` when to go on.",
    "503": "The journal, the state, the release or the issuer's keys cannot be used now; nothing was sent.",
}
_DELIVERY_REFUSALS = {
    "406": "The format is not available.",
    "416": "The range is outside the file.",
}
_KEY_REFUSALS = {"409": "There are too many keys, or the key can no longer be rotated."}
_BODY_REFUSALS = {"413": "The body is too large."}
# Clients of Delta Sharing send their bodies without a type too.
_TYPED_BODY_REFUSALS = {**_BODY_REFUSALS, "415": "The body is not JSON."}
_SHARING_REFUSALS = {
    "406": "The response format is not available.",
    "416": "The range is outside the file.",
}
_DELTA_ERROR = {
    "type": "object",
    "title": "DeltaError",
    "description": "An error as Delta Sharing clients read it; `errorCode` is the code of a problem.",
    "required": ["errorCode", "message"],
    "properties": {"errorCode": {"type": "string"}, "message": {"type": "string"}},
}


def openapi_document() -> dict[str, Any]:
    """OpenAPI 3.1 as a fresh dict, deterministic."""
    app = FastAPI(
        title="Jakelu",
        version=VERSION,
        summary="A secure data-distribution gateway for the Finnish employment services.",
        description=(
            "Published, versioned products only: rows of an employment area for its own authority, and "
            "statistical cubes. A caller may narrow a product, never widen it. Every delivery and every "
            "refusal is journaled before it is answered."
        ),
        contact={"name": "KEHA-keskus"},
        servers=[{"url": "/", "description": "The gateway that you read this at."}],
        openapi_tags=[dict(tag) for tag in TAGS],
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
    )
    for router in FASTAPI_ROUTERS:
        app.include_router(router)
    document = orjson.loads(orjson.dumps(app.openapi()))
    written = orjson.loads(orjson.dumps({**HOT_PATHS, **PXWEB_PATHS, **SAVED_PATHS, **DELTA_PATHS}))
    document["paths"] |= written | orjson.loads(orjson.dumps(open_paths()))
    document["paths"] = dict(sorted(document["paths"].items()))
    for path, operation in _operations(document):
        if path not in PUBLIC and path != METRICS_PATH:
            _guard(operation, path)
    _set_components(document)
    show(document)
    return document


def openapi_text() -> str:
    """The document as it is committed: indented JSON with a line feed at the end."""
    text = orjson.dumps(openapi_document(), option=orjson.OPT_INDENT_2)
    return f"{text.decode()}\n"


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def _guard(operation: dict[str, Any], path: str) -> None:
    """A token or a key, and the problems that it may come back with."""
    schemes = [name for name in _SECURITY if name not in _closed_schemes(path)]
    operation["security"] = [{name: []} for name in schemes]
    responses: dict[str, Any] = operation["responses"]
    responses.pop("422", None)
    is_shared = path.startswith(DELTA_FOLDER)
    refusals = _REFUSALS | (
        _DELIVERY_REFUSALS if path in {*HOT_PATHS, DATA_PATH, SAVED_DATA_PATH} else {}
    )
    if path in _NEGOTIATED:
        refusals = refusals | {"406": _DELIVERY_REFUSALS["406"]}
    if path == CHANGES_PATH:
        refusals = refusals | {"409": "The two releases cannot be compared."}
    refusals = refusals | (_SHARING_REFUSALS if is_shared else {})
    if "post" in operation["operationId"]:
        refusals = refusals | _KEY_REFUSALS
    if "requestBody" in operation:
        refusals = refusals | (_BODY_REFUSALS if is_shared else _TYPED_BODY_REFUSALS)
    for status, description in refusals.items():
        told = _delta_response if is_shared else _problem_response
        responses[status] = told(description)
    operation["responses"] = dict(sorted(responses.items()))


def _closed_schemes(path: str) -> frozenset[str]:
    """What does not open an address; a signed one is opened by its signature and by nothing else."""
    if path == FILE_PATH:
        return frozenset(_SECURITY) - {"signedAddress"}
    if path.startswith(_WITHOUT_KEYS):
        return frozenset({"accessKey", "signedAddress"})
    return frozenset({"signedAddress"})


def _problem_response(description: str) -> dict[str, Any]:
    return {"description": description, "content": {PROBLEM_TYPE: {"schema": _PROBLEM_REF}}}


def _delta_response(description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/DeltaError"}}}
    return {"description": description, "content": content}


def _set_components(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    schemas["DeltaError"] = _DELTA_ERROR
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = _SECURITY
