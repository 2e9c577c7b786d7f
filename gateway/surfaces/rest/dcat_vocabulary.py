"""The vocabularies of the catalogue: terms of DCAT-AP 3, and what the EU's authority tables call our values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gateway.encoding.formats import (
    ARROW,
    CSV,
    CSV_EXCEL,
    HTML,
    JSON_PX,
    JSON_STAT,
    PARQUET,
    XLSX,
    Format,
)
from gateway.encoding.heading import LANGUAGES
from gateway.model.label import Label
from gateway.model.product import Classification

Node = Mapping[str, object]

_AUTHORITY = "http://publications.europa.eu/resource/authority"
_IANA = "https://www.iana.org/assignments/media-types"

_PREFIXES: Mapping[str, str] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_TEXTS = ("dcterms:title", "dcterms:description", "dcat:keyword", "foaf:name", "skos:prefLabel")
_MOMENTS = ("dcterms:issued", "dcterms:modified")
_DAYS = ("dcat:startDate", "dcat:endDate")


def _context() -> Mapping[str, object]:
    """Whole and inline, so that nobody has to fetch anything to read the catalogue."""
    by_language = {"@container": "@language"}
    return {
        **_PREFIXES,
        **{name: {"@id": name, **by_language} for name in _TEXTS},
        **{name: {"@id": name, "@type": "xsd:dateTime"} for name in _MOMENTS},
        **{name: {"@id": name, "@type": "xsd:date"} for name in _DAYS},
    }


CONTEXT = MappingProxyType(_context())

_FREQUENCIES = {
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "yearly": "ANNUAL",
}
# Cubes that are not public go to several kinds of authorities, each by its own rights; rows to one area's alone.
_ACCESS_RIGHTS = {
    Classification.PUBLIC: "PUBLIC",
    Classification.INTERNAL: "RESTRICTED",
    Classification.CONFIDENTIAL: "NON_PUBLIC",
    Classification.RESTRICTED: "NON_PUBLIC",
}
_LANGUAGE_CODES = {"fi": "FIN", "sv": "SWE", "en": "ENG"}
# Only what the table has: it knows no Arrow and no NDJSON.
_FILE_TYPES: Mapping[Format, str] = {
    PARQUET: "PARQUET",
    CSV: "CSV",
    CSV_EXCEL: "CSV",
    JSON_STAT: "JSON",
    XLSX: "XLSX",
    JSON_PX: "JSON",
    HTML: "HTML",
}
# Only what IANA has registered: NDJSON is not.
_REGISTERED = frozenset({PARQUET, ARROW, CSV, CSV_EXCEL, JSON_STAT, XLSX, JSON_PX, HTML})
_THEME = Label("Väestö ja yhteiskunta", "Befolkning och samhälle", "Population and society")
_THEMES = Label("Tietoaineiston aihe", "Datatema", "Data theme")

FINLAND: Node = {"@id": f"{_AUTHORITY}/country/FIN", "@type": "dcterms:Location"}
THEMES: Node = {
    "@id": f"{_AUTHORITY}/data-theme",
    "@type": "skos:ConceptScheme",
    "dcterms:title": {each: _THEMES.in_language(each) for each in LANGUAGES},
}
POPULATION_AND_SOCIETY: Node = {
    "@id": f"{_AUTHORITY}/data-theme/SOCI",
    "@type": "skos:Concept",
    "skos:prefLabel": {each: _THEME.in_language(each) for each in LANGUAGES},
}


def texts(label: Label) -> Mapping[str, str]:
    """A text in every language, as a language map."""
    return {each: label.in_language(each) for each in LANGUAGES}


def languages() -> Sequence[Node]:
    return [
        {
            "@id": f"{_AUTHORITY}/language/{_LANGUAGE_CODES[each]}",
            "@type": "dcterms:LinguisticSystem",
        }
        for each in LANGUAGES
    ]


def frequency(cadence: str) -> Node:
    """cadence: of a contract; its closed list is that of `_FREQUENCIES`."""
    return {
        "@id": f"{_AUTHORITY}/frequency/{_FREQUENCIES[cadence]}",
        "@type": "dcterms:Frequency",
    }


def access_rights(classification: Classification) -> Node:
    return {
        "@id": f"{_AUTHORITY}/access-right/{_ACCESS_RIGHTS[classification]}",
        "@type": "dcterms:RightsStatement",
    }


def format_terms(form: Format) -> Node:
    """The file type and the media type of a format, each where its register has it."""
    told: dict[str, object] = {}
    if form in _FILE_TYPES:
        told["dcterms:format"] = {
            "@id": f"{_AUTHORITY}/file-type/{_FILE_TYPES[form]}",
            "@type": "dcterms:MediaTypeOrExtent",
        }
    if form in _REGISTERED:
        plain = form.media_type.partition(";")[0]
        told["dcat:mediaType"] = {"@id": f"{_IANA}/{plain}", "@type": "dcterms:MediaType"}
    return told
