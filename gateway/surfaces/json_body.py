"""A JSON body as a strict document: one reading of it, no member that is not known."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.encoding.strict_json import read_object
from gateway.errors import (
    BadParameter,
    BadRequest,
    GatewayError,
    MissingParameter,
    UnknownParameter,
    WrongMediaType,
)

JSON = "application/json"
D = TypeVar("D", bound=BaseModel)


def read_body(content: bytes, document: type[D], *, media_type: str | None) -> D:
    """The document in a body. Its size is limited by the guard.

    media_type: the `Content-Type`. Raises WrongMediaType, BadRequest, and UnknownParameter,
    MissingParameter or BadParameter with the name of the member; never with what it holds.
    """
    if (media_type or "").partition(";")[0].strip().lower() != JSON:
        raise WrongMediaType(f"Send the body as `Content-Type: {JSON}`.")
    try:
        values = read_object(content)
    except ValueError:
        raise BadRequest("The body is not one JSON object in UTF-8, each member once.") from None
    try:
        return document.model_validate(values)
    except ValidationError as fault:
        raise _told(fault) from None


def body_schema(document: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """What the OpenAPI document says of the body."""
    schema = {"schema": document.model_json_schema()}
    return {"requestBody": {"required": required, "content": {JSON: schema}}}


def _told(fault: ValidationError) -> GatewayError:
    first = fault.errors(include_url=False, include_input=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else None
    match first["type"]:
        case "extra_forbidden":
            return UnknownParameter("See /docs for the members here.", parameter=name)
        case "missing":
            return MissingParameter("See /docs for the members here.", parameter=name)
        case _:
            return BadParameter("See /docs for its values.", parameter=name)
