"""The cube encoders by format name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gateway.encoding.cube_tables import (
    encode_arrow,
    encode_csv,
    encode_csv_excel,
    encode_parquet,
)
from gateway.encoding.heading import Heading
from gateway.encoding.jsonstat import encode_json_stat
from gateway.encoding.workbook import encode_xlsx
from gateway.model.cube import Cube

CubeEncoder = Callable[[Cube, Heading], bytes]

CUBE_ENCODERS: Mapping[str, CubeEncoder] = MappingProxyType(
    {
        "json-stat2": encode_json_stat,
        "csv": encode_csv,
        "csv-excel": encode_csv_excel,
        "arrow": encode_arrow,
        "parquet": encode_parquet,
        "xlsx": encode_xlsx,
    }
)
