"""A saved query as it is sent, kept and told: a request for data, and nothing of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from gateway.encoding.heading import LANGUAGES
from gateway.errors import BadParameter
from gateway.surfaces.pxweb.documents import Links, selection_document
from gateway.surfaces.pxweb.reading import Parameters, VariablesSelection
from gateway.surfaces.pxweb.selection import Meant
from gateway.surfaces.pxweb.variables import Codelist
from gateway.surfaces.pxweb.words import NO_LANGUAGE, said

FOLDER = "/savedqueries"
# What the address of a run may say anew.
_OF_THE_RUN = ("lang", "outputformat", "outputformatparams")


class SavedRequest(BaseModel):
    """A query to save. `id` is given by the gateway, and ignored here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str | None = None
    table: str = Field(alias="tableId")
    language: str
    selection: VariablesSelection
    format: str | None = Field(None, alias="outputFormat")
    format_params: tuple[str, ...] | None = Field(None, alias="outputFormatParams")
    release: str | None = None
    as_of: str | None = None

    def checked_language(self) -> str:
        """Raises BadParameter."""
        language = self.language.strip().casefold()
        if language not in LANGUAGES:
            error = BadParameter("Choose fi, sv or en.", parameter="language")
            raise said(NO_LANGUAGE, error)
        return language

    def kept(self) -> str:
        """As JSON, the same text for the same query."""
        values = self.model_dump(by_alias=True, exclude={"id"}, exclude_none=True)
        return orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()

    def body(self) -> bytes:
        """As the body of a POST for data."""
        return orjson.dumps(self.selection.model_dump(by_alias=True, exclude_none=True))

    def parameters(self, given: Mapping[str, str]) -> Parameters:
        """Those of a request for data. given: of the address, by their names in small letters.

        An empty one says nothing. Parameters of a format go with it: another format has its own.
        """
        plain = {"lang": self.language}
        own = {
            "outputformat": self.format,
            "outputformatparams": ",".join(self.format_params or ()) or None,
            "release": self.release,
            "as_of": self.as_of,
        }
        plain |= {name: text for name, text in own.items() if text is not None}
        said_anew = {
            name: text for name, text in given.items() if text.strip() or name not in _OF_THE_RUN
        }
        if "outputformat" in said_anew:
            plain.pop("outputformatparams", None)
        return Parameters(plain | said_anew, {}, {})


def read_kept(text: str) -> SavedRequest:
    return SavedRequest.model_validate_json(text)


def saved_document(
    query_id: str, request: SavedRequest, *, language: str, links: Links
) -> dict[str, Any]:
    return {
        "language": language,
        "id": query_id,
        "savedQuery": {"id": query_id, **orjson.loads(request.kept())},
        "links": _links(query_id, request.table, "self", language, links),
    }


def saved_selection_document(
    query_id: str,
    table: str,
    meant: Meant,
    *,
    lists: Mapping[str, Codelist],
    language: str,
    links: Links,
) -> dict[str, Any]:
    """What the query selects today: expressions are codes here."""
    document = selection_document(table, meant, language=language, links=links)
    for each in document["selection"]:
        codelist = lists.get(each["variableCode"])
        each["codelist"] = None if codelist is None else codelist.id
    document["links"] = _links(query_id, table, "describedby", language, links)
    return document


def _links(
    query_id: str, table: str, rel: str, language: str, links: Links
) -> Sequence[dict[str, str]]:
    """rel: what the query itself is to the document."""
    path = f"{FOLDER}/{query_id}"
    return [
        links.to(path, rel, language),
        links.to(f"{path}/data", "data", language),
        links.to(f"{path}/selection", "selection", language),
        links.to(f"/tables/{table}", "table", language),
    ]
