"""GET /v1/products/{id}/contract: what a reader is told of a contract (Open Data Contract Standard v3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
import yaml
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gateway.contracts.told_contract import told_contract
from gateway.delivery.admission import find_listed
from gateway.encoding.formats import JSON, Format
from gateway.surfaces.representation import represent
from gateway.surfaces.rest.dcat_doors import Doors, data_address
from gateway.surfaces.rest.metadata import Asking, From, House, ProductId

router = APIRouter()

CONTRACT_PATH = "/v1/products/{product}/contract"
_YAML = Format(
    "yaml",
    "application/yaml",
    ".yaml",
    ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"),
)
_FORMATS = {each.name: each for each in (_YAML, JSON)}
_OBJECT = {"schema": {"type": "object", "description": "A data contract of ODCS v3."}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The contract.",
        "content": {each.media_type: _OBJECT for each in _FORMATS.values()},
    },
    304: {"description": "Nothing is new."},
}


class ContractParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: str | None = Field(
        None,
        description="YAML or JSON; without it `Accept` decides, and without a wish it is YAML.",
        json_schema_extra={"enum": list(_FORMATS)},
        examples=["yaml"],
    )


@router.get(CONTRACT_PATH, tags=["products"], response_class=Response, responses=_ANSWERS)
def contract(
    product: ProductId,
    request: Request,
    caller: Asking,
    house: House,
    origin: From,
    parameters: Annotated[ContractParameters, Query()],
) -> Response:
    """The contract of one product as its readers are told it: terms, columns and known faults of the sources."""
    doors: Doors = request.app.state.doors
    found = find_listed(caller, product, origin=origin, services=house)
    return represent(
        request,
        told_contract(found, address=data_address(found, doors)),
        formats=_FORMATS,
        encoders={"yaml": _yaml, "json": orjson.dumps},
        asked=parameters.format,
    )


def _yaml(document: Mapping[str, object]) -> bytes:
    return yaml.dump(
        document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, encoding="utf-8"
    )
