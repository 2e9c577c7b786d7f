"""Where a release keeps its files, and the Arrow type of every logical type.

    <product>/<as-of>.<n>/manifest.json
                         /area=<code>/part-0.parquet     rows: one slice per employment area
                         /cube.arrow  /cube.parquet      cube: dense arrays, long table

Names that begin with a dot (a release being written, the writer's lock) are not releases.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow as pa

from gateway.errors import BadParameter
from gateway.model.field_metadata import of_column
from gateway.model.product import Column, ColumnType
from gateway.model.release import ReleaseId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MANIFEST = "manifest.json"
CUBE_ARROW = "cube.arrow"
CUBE_PARQUET = "cube.parquet"
STAGING_PREFIX = ".staging-"
WRITER_LOCK = ".writer-lock"
MUNICIPALITY = "municipality"  # the column of a slice by which a caller may narrow it
PSEUDONYMS = "pseudonyms"  # in an area's protection report: the fingerprint of the key behind them
MUNICIPALITIES = "municipalities"  # in an area's protection report: the codes that column holds

PRODUCT_PATTERN = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
FILE_PATTERN = re.compile(r"(?:area=[0-9]{2}/)?[a-z0-9]+(?:[.-][a-z0-9]+)*")

ARROW_TYPES: Mapping[ColumnType, pa.DataType] = MappingProxyType(
    {
        ColumnType.STRING: pa.string(),
        ColumnType.INTEGER: pa.int64(),
        ColumnType.NUMBER: pa.float64(),
        ColumnType.DATE: pa.date32(),
        ColumnType.BOOLEAN: pa.bool_(),
    }
)


def slice_path(area: str) -> str:
    """The path of one area's slice, relative to its release."""
    return f"area={area}/part-0.parquet"


def is_product_name(name: str) -> bool:
    """Whether a folder name may be a product's: lower case words joined by hyphens."""
    return len(name) <= 100 and PRODUCT_PATTERN.fullmatch(name) is not None


def is_file_path(path: str) -> bool:
    """Whether a manifest may name this path: no `..`, no dot-file, at most one `area=NN` folder."""
    return len(path) <= 200 and FILE_PATTERN.fullmatch(path) is not None and path != MANIFEST


def find_release_id(folder: str) -> ReleaseId | None:
    """The release that a folder name stands for, or None for any other name."""
    try:
        return ReleaseId.parse(folder)
    except BadParameter:
        return None


def slice_schema(columns: Iterable[Column]) -> pa.Schema:
    """The exact schema of a slice: the contract's delivered columns, in the contract's order, each
    with its titles.
    """
    return pa.schema(
        [
            pa.field(column.name, ARROW_TYPES[column.type], metadata=of_column(column))
            for column in columns
            if column.is_delivered
        ]
    )
