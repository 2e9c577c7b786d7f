"""Errors in the words of PxWebApi 2, which its clients show to people; code and status stay ours."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from gateway.errors import (
    BadRequest,
    GatewayError,
    MissingParameter,
    NotFound,
    ProductNotFound,
    Spoken,
    TooManyCells,
    UnknownDimension,
    UnknownValue,
    WrongKind,
)

TYPE = "Parameter error"
NO_CODELIST = "Non-existent codelist"
ILLEGAL_EXPRESSION = "Illegal selection expression"
ILLEGAL_PLACEMENT = "Illegal placement selection"
NO_FORMAT = "Unsupported output format"
NO_LANGUAGE = "Unsupported language"
_TITLES: Mapping[type[GatewayError], str] = MappingProxyType(
    {
        UnknownDimension: "Non-existent variable",
        UnknownValue: "Non-existent value",
        MissingParameter: "Missing selection for mandantory variable",  # as PxWeb spells it
        ProductNotFound: "Non-existent table",
        WrongKind: "Non-existent table",
        TooManyCells: "Too many cells selected",
    }
)
E = TypeVar("E", bound=GatewayError)


def said(title: str, error: E) -> E:
    """The error with PxWeb's title."""
    error.spoken = Spoken(TYPE, title)
    return error


def in_words(error: E) -> E:
    """The error as PxWeb says it; what is no fault of the request stays as it is."""
    if error.spoken is None and isinstance(error, BadRequest | NotFound):
        said(_TITLES.get(type(error), error.title), error)
    return error
