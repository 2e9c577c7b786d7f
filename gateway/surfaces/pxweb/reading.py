"""Requests of PxWebApi 2, read strictly: names of parameters, variables and codes in any case."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from gateway.encoding.formats import CSV, HTML, JSON_PX, JSON_STAT, PARQUET, PX, XLSX, Format
from gateway.encoding.heading import LANGUAGES
from gateway.errors import BadParameter, RepeatedParameter, UnknownParameter
from gateway.surfaces.json_body import read_body
from gateway.surfaces.pxweb.expressions import split_expressions
from gateway.surfaces.pxweb.selection import Wanted
from gateway.surfaces.pxweb.words import NO_FORMAT, NO_LANGUAGE, said

# Our own, as on /v1/cubes/{id}/data: which release, and for what.
OWN = ("release", "as_of", "purpose")
DATA_FORMATS = {each.name: each for each in (JSON_STAT, CSV, PX, XLSX, HTML, JSON_PX, PARQUET)}
_OF_VARIABLE = re.compile(r"(valuecodes|codelist|outputvalues)\[([^\[\]]+)\]", re.IGNORECASE)
_JSON = "application/json"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VariableSelection(_Strict):
    variable_code: str = Field(alias="variableCode")
    value_codes: tuple[str, ...] = Field((), alias="valueCodes")
    codelist: str | None = Field(None, validation_alias=AliasChoices("codelist", "codeList"))


class Placement(_Strict):
    heading: tuple[str, ...] | None = None
    stub: tuple[str, ...] | None = None


class VariablesSelection(_Strict):
    """The body of a POST for data."""

    selection: tuple[VariableSelection, ...] = ()
    placement: Placement | None = None


@dataclass(frozen=True, slots=True)
class Parameters:
    """The query: plain parameters by their name in small letters, and those of a variable by its name."""

    plain: Mapping[str, str]
    value_codes: Mapping[str, tuple[str, ...]]
    codelists: Mapping[str, str]

    @property
    def language(self) -> str:
        """Raises BadParameter."""
        language = self.plain.get("lang", "").strip() or LANGUAGES[0]
        if language.casefold() not in LANGUAGES:
            error = BadParameter("Choose fi, sv or en.", parameter="lang")
            raise said(NO_LANGUAGE, error)
        return language.casefold()

    def number(self, name: str) -> int | None:
        """A whole number from 1. Raises BadParameter."""
        text = self.plain.get(name.casefold())
        if text is None:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
            raise BadParameter("Give a whole number from 1.", parameter=name)
        return int(text)

    def names(self, name: str) -> tuple[str, ...] | None:
        text = self.plain.get(name)
        if text is None:
            return None
        return tuple(each.strip() for each in text.split(",") if each.strip())


def read_parameters(given: Mapping[str, str], *, known: Collection[str]) -> Parameters:
    """known: names of plain parameters; `valuecodes` and `codelist` among them allow those of variables.

    Raises UnknownParameter, RepeatedParameter, BadParameter.
    """
    plain: dict[str, str] = {}
    value_codes: dict[str, tuple[str, ...]] = {}
    codelists: dict[str, str] = {}
    allowed = {each.casefold() for each in known}
    for name, text in given.items():
        found = _OF_VARIABLE.fullmatch(name)
        kind = found[1].casefold() if found else name.casefold()
        if kind == "outputvalues":  # gone from the specification; clients still send it
            continue
        if kind not in allowed or (found is None) != (kind not in {"valuecodes", "codelist"}):
            raise UnknownParameter(f"The parameters here are {', '.join(known)}.", parameter=name)
        if found is None:
            _set(plain, kind, text, name)
        elif kind == "codelist":
            _set(codelists, found[2].casefold(), text, name)
        else:
            parts = split_expressions(text, parameter=name) if text.strip() else ()
            _set(value_codes, found[2].casefold(), parts, name)
    return Parameters(plain, value_codes, codelists)


def read_wanted(parameters: Parameters, body: bytes, *, media_type: str | None) -> Wanted:
    """The selection of a GET, or of a POST; some clients put `codelist[…]` in the address of a POST.

    Raises WrongMediaType, BadRequest, BadParameter, UnknownParameter, MissingParameter, RepeatedParameter.
    """
    heading, stub = parameters.names("heading"), parameters.names("stub")
    if not body:
        return Wanted(parameters.value_codes, parameters.codelists, heading, stub)
    sent = read_body(body, VariablesSelection, media_type=media_type or _JSON)
    expressions = dict(parameters.value_codes)
    codelists = dict(parameters.codelists)
    for each in sent.selection:
        name = each.variable_code.casefold()
        _set(expressions, name, each.value_codes, "selection")
        if each.codelist:
            codelists[name] = each.codelist
    if sent.placement is not None:
        heading, stub = sent.placement.heading, sent.placement.stub
    return Wanted(expressions, codelists, heading, stub)


def read_format(parameters: Parameters) -> Format:
    """By `outputFormat` alone: `Accept` chooses nothing here. Raises BadParameter."""
    name = parameters.plain.get("outputformat", "").strip() or JSON_STAT.name
    found = DATA_FORMATS.get(name.casefold())
    if found is None:
        detail = f"The formats here are {', '.join(DATA_FORMATS)}."
        raise said(NO_FORMAT, BadParameter(detail, parameter="outputFormat"))
    return found


def _set(found: dict, key: str, value: object, name: str) -> None:  # type: ignore[type-arg]
    if key in found:
        raise RepeatedParameter("Give it once, in one spelling.", parameter=name)
    found[key] = value
