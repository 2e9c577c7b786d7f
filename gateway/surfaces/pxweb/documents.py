"""What PxWebApi 2 tells about the service, its tables and its code lists; nothing here is a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.encoding.formats import JSON_STAT
from gateway.encoding.heading import LANGUAGES
from gateway.limits.allowance import Allowance
from gateway.model.product import AxisRole, Product
from gateway.model.release import Manifest
from gateway.surfaces.pxweb.reading import DATA_FORMATS
from gateway.surfaces.pxweb.selection import DATA_CELLS_MAX, Meant
from gateway.surfaces.pxweb.variables import Codelist, Kind, Value, Variable

PREFIX = "/pxweb/api/v2"
API_VERSION = "2.0.0"
_LANGUAGE_NAMES = {"fi": "suomi", "sv": "svenska", "en": "English"}
_CITATIONS = {
    "fi": "Lähde: Jakelu; mainitse taulukko ja julkaisu (extension.jakelu.release).",
    "sv": "Källa: Jakelu; ange tabellen och utgåvan (extension.jakelu.release).",
    "en": "Source: Jakelu; name the table and the release (extension.jakelu.release).",
}
_TIME_UNITS = {"month": "Monthly", "year": "Annual", "quarter": "Quarterly"}


@dataclass(frozen=True, slots=True)
class Table:
    """A cube that is listed to the caller. manifest, variables: of its newest release, when that can be read."""

    product: Product
    manifest: Manifest | None
    variables: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class Links:
    """public_url: our address as clients see it, without a slash at the end."""

    public_url: str

    def to(self, path: str, rel: str, language: str) -> dict[str, str]:
        href = f"{self.public_url}{PREFIX}{path}"
        mark = "&" if "?" in path else "?"
        return {"rel": rel, "hreflang": language, "href": f"{href}{mark}lang={language}"}

    def of_table(self, product: str, language: str) -> list[dict[str, str]]:
        path = f"/tables/{product}"
        others = [each for each in LANGUAGES if each != language]
        return [
            self.to(path, "self", language),
            *(self.to(path, "alternate", each) for each in others),
            self.to(f"{path}/metadata", "metadata", language),
            self.to(f"{path}/data?outputFormat=json-stat2", "data", language),
        ]


def config_document(allowance: Allowance, version: str) -> dict[str, Any]:
    """allowance: of the caller's class."""
    return {
        "apiVersion": API_VERSION,
        "appVersion": version,
        "languages": [{"id": each, "label": _LANGUAGE_NAMES[each]} for each in LANGUAGES],
        "defaultLanguage": LANGUAGES[0],
        "maxDataCells": DATA_CELLS_MAX,
        "maxCallsPerTimeWindow": min(allowance.requests_per_minute, allowance.burst),
        "timeWindow": 60,
        "license": "As the contract of each table says.",
        "sourceReferences": [{"language": each, "text": _CITATIONS[each]} for each in LANGUAGES],
        "defaultDataFormat": JSON_STAT.name,
        "dataFormats": list(DATA_FORMATS),
        "features": [],
    }


def table_item(table: Table, language: str, links: Links) -> dict[str, Any]:
    """A table in the list. What only a release knows is null where there is none that can be read."""
    product, manifest = table.product, table.manifest
    time = next((each for each in table.variables if each.kind is Kind.TIME), None)
    periods = sorted(each.code for each in time.values) if time else []
    title = product.title.in_language(language)
    return {
        "id": product.id,
        "label": title,
        "description": product.description.in_language(language),
        "sortCode": product.id,
        "updated": None if manifest is None else manifest.created_utc,
        "firstPeriod": periods[0] if periods else None,
        "lastPeriod": periods[-1] if periods else None,
        "category": "public" if product.is_public else "internal",
        "variableNames": _variable_names(table, language),
        "discontinued": False,
        "source": ", ".join(product.sources),
        "subjectCode": product.id,
        "timeUnit": _time_unit(product),
        "paths": [[{"id": product.id, "label": title, "sortCode": product.id}]],
        "links": links.of_table(product.id, language),
    }


def page_document(
    tables: Sequence[dict[str, Any]], number: int, size: int, *, language: str, links: Links
) -> dict[str, Any]:
    """One page of tables. number: from 1; size: as many as asked for."""
    pages = -(-len(tables) // size) if tables else 0
    first = (number - 1) * size
    near = {"previous": number - 1, "next": number + 1, "last": pages}
    return {
        "language": language,
        "tables": list(tables[first : first + size]),
        "page": {
            "pageNumber": number,
            "pageSize": size,
            "totalElements": len(tables),
            "totalPages": pages,
            "links": [
                links.to(f"/tables?pageNumber={page}&pageSize={size}", rel, language)
                for rel, page in near.items()
                if 1 <= page <= pages and page != number
            ],
        },
        "links": [links.to("/tables", "self", language)],
    }


def selection_document(
    product: str, meant: Meant, *, language: str, links: Links
) -> dict[str, Any]:
    """What is delivered to whoever selects nothing."""
    return {
        "language": language,
        "selection": [
            {
                "variableCode": each.name,
                "valueCodes": []
                if each.name in meant.eliminated
                else [each.values[i].code for i in meant.kept[each.name]],
                "codelist": None,
            }
            for each in meant.variables
        ],
        "placement": {"heading": list(meant.heading), "stub": list(meant.stub)},
        "links": [
            links.to(f"/tables/{product}/defaultselection", "self", language),
            links.to(f"/tables/{product}/data", "data", language),
        ],
    }


def codelist_document(
    codelist: Codelist, variable: Variable, *, language: str, links: Links
) -> dict[str, Any]:
    values = [variable.values[i] for i in codelist.kept]
    members = codelist.members or [(each.code,) for each in values]
    return {
        "id": codelist.id,
        "label": codelist.label.in_language(language),
        "language": language,
        "languages": list(LANGUAGES),
        "type": "Aggregation" if codelist.is_aggregation else "Valueset",
        "elimination": variable.is_eliminable,
        "eliminationValueCode": variable.total,
        "values": [
            _code(value, inner, language) for value, inner in zip(values, members, strict=True)
        ],
        "links": [links.to(f"/codelists/{codelist.id}", "self", language)],
    }


def _code(value: Value, members: Sequence[str], language: str) -> dict[str, Any]:
    label = value.label.in_language(language)
    return {"code": value.code, "label": label, "valueMap": list(members)}


def _variable_names(table: Table, language: str) -> list[str]:
    if table.variables:
        return [each.label.in_language(language) for each in table.variables]
    cube = table.product.cube
    return [each.label.in_language(language) for each in cube.dimensions] if cube else []


def _time_unit(product: Product) -> str:
    dimensions = product.cube.dimensions if product.cube else ()
    levels = [each.levels for each in dimensions if each.role is AxisRole.TIME]
    return next((_TIME_UNITS.get(each[-1], "Other") for each in levels if each), "Other")
