"""GET /v1/catalog: the products that are listed to the caller, as other catalogues read them (DCAT-AP 3)."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gateway.delivery.admission import listed_products
from gateway.encoding.formats import JSON, Format
from gateway.model.label import Label
from gateway.organisations.registry import Registry
from gateway.surfaces.representation import represent
from gateway.surfaces.rest.dcat import Listed, catalog_document
from gateway.surfaces.rest.dcat_doors import Doors
from gateway.surfaces.rest.metadata import Asking, House

router = APIRouter()

CATALOG_PATH = "/v1/catalog"
PUBLISHER = "KEHA"  # by its code in the registry
_JSON_LD = Format("json-ld", "application/ld+json", ".jsonld", ("application/ld+json",))
_FORMATS = {each.name: each for each in (_JSON_LD, JSON)}
_OBJECT = {"schema": {"type": "object", "description": "A dcat:Catalog."}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The catalogue.",
        "content": {each.media_type: _OBJECT for each in _FORMATS.values()},
    },
    304: {"description": "Nothing is new."},
}


class CatalogParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: str | None = Field(
        None,
        description="The same text as one media type or the other; without it `Accept` decides.",
        json_schema_extra={"enum": list(_FORMATS)},
        examples=["json-ld"],
    )


@router.get(CATALOG_PATH, tags=["products"], response_class=Response, responses=_ANSWERS)
def catalog(
    request: Request,
    caller: Asking,
    house: House,
    parameters: Annotated[CatalogParameters, Query()],
) -> Response:
    """The products that are listed to you as a catalogue of DCAT-AP 3, in JSON-LD with its context inline."""
    doors: Doors = request.app.state.doors
    listed = [Listed(each, house.releases.list(each.id)) for each in listed_products(caller, house)]
    return represent(
        request,
        catalog_document(listed, publisher=_publisher(house.registry), doors=doors),
        formats=_FORMATS,
        encoders=dict.fromkeys(_FORMATS, orjson.dumps),
        asked=parameters.format,
    )


def _publisher(registry: Registry) -> Label:
    keeper = registry.find(PUBLISHER)
    if keeper is None:
        raise LookupError("the registry has no publisher of this catalogue")
    return keeper.label
