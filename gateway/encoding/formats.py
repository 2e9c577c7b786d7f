"""The formats of the two kinds: names for `?format=`, media types, file name endings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# Part of every encoded answer's ETag: raise it when any encoder's bytes change.
ENCODING_VERSION = "5"


@dataclass(frozen=True, slots=True)
class Format:
    """One representation. media_type: as sent.

    accepted: as `Accept` may name it, without parameters; none where only `?format=` chooses it.
    is_compressed: inside, so that a content coding would save nothing. has_words: whether it always has
    titles and labels, in one language.
    """

    name: str
    media_type: str
    suffix: str
    accepted: tuple[str, ...]
    is_compressed: bool = False
    has_words: bool = False


PARQUET = Format(
    "parquet",
    "application/vnd.apache.parquet",
    ".parquet",
    ("application/vnd.apache.parquet", "application/parquet", "application/x-parquet"),
    is_compressed=True,
)
ARROW = Format(
    "arrow",
    "application/vnd.apache.arrow.stream",
    ".arrows",
    ("application/vnd.apache.arrow.stream",),
)
CSV = Format("csv", "text/csv; charset=utf-8; header=present", ".csv", ("text/csv",))
# The same media type as CSV, so a header could not tell the two apart.
CSV_EXCEL = Format("csv-excel", CSV.media_type, ".csv", ())
NDJSON = Format(
    "ndjson",
    "application/x-ndjson",
    ".ndjson",
    ("application/x-ndjson", "application/ndjson", "application/jsonl"),
)
JSON_STAT = Format(
    "json-stat2",
    "application/json",
    ".json",
    ("application/json", "application/vnd.json-stat+json"),
    has_words=True,
)
XLSX = Format(
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xlsx",
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
    is_compressed=True,
    has_words=True,
)
# What PxWebApi 2 has beside: by these names alone, for two of the media types say too little.
PX = Format("px", "application/octet-stream", ".px", ("application/octet-stream",))
JSON_PX = Format("json-px", "application/json", ".json", ("application/json",))
JSON = Format("json", "application/json", ".json", ("application/json",))
HTML = Format("html", "text/html; charset=utf-8", ".html", ("text/html",), has_words=True)


def _by_name(*formats: Format) -> Mapping[str, Format]:
    return MappingProxyType({each.name: each for each in formats})


# The first of each is what a client gets that has no wish.
ROW_FORMATS = _by_name(PARQUET, CSV, ARROW, NDJSON, CSV_EXCEL)
CUBE_FORMATS = _by_name(JSON_STAT, CSV, ARROW, PARQUET, CSV_EXCEL, XLSX)
