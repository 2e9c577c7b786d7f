"""The lines of an answer about a table: protocol, metadata and its one file."""

from __future__ import annotations

from typing import Any

import orjson

from gateway.delivery.plan import RowsPlan
from gateway.model.product import ColumnType, Product
from gateway.model.release import DeliveredColumn
from gateway.surfaces.delta_sharing.names import SCHEMA, id_of, version_of

# As Parquet has them (`gateway.releases.layout.ARROW_TYPES`).
_TYPES = {
    ColumnType.STRING: "string",
    ColumnType.INTEGER: "long",
    ColumnType.NUMBER: "double",
    ColumnType.DATE: "date",
    ColumnType.BOOLEAN: "boolean",
}


def share_document(area: str) -> dict[str, Any]:
    return {"name": area, "id": id_of(area)}


def schema_document(area: str) -> dict[str, Any]:
    return {"name": SCHEMA, "share": area}


def table_document(area: str, product: Product) -> dict[str, Any]:
    return {
        "name": product.id,
        "schema": SCHEMA,
        "share": area,
        "shareId": id_of(area),
        "id": id_of(area, product.id),
    }


def table_lines(plan: RowsPlan, product: Product) -> list[dict[str, Any]]:
    """What every answer about a table begins with."""
    return [
        {"protocol": {"minReaderVersion": 1}},
        {
            "metaData": {
                "id": id_of(plan.area, plan.manifest.product),
                "name": plan.manifest.title.fi,
                "description": product.description.fi,
                "format": {"provider": "parquet"},
                "schemaString": _schema(plan),
                "partitionColumns": [],
                "configuration": {},
                "version": version_of(plan.manifest.release),
                "numFiles": 1,
            }
        },
    ]


def file_line(plan: RowsPlan, *, url: str, size: int, until_ms: int) -> dict[str, Any]:
    """Without statistics: the smallest and the largest value of a column are values of persons."""
    return {
        "file": {
            "url": url,
            "id": plan.etag.strip('"'),
            "partitionValues": {},
            "size": size,
            "version": version_of(plan.manifest.release),
            "expirationTimestamp": until_ms,
        }
    }


def _schema(plan: RowsPlan) -> str:
    """The columns that the file has, no others."""
    columns = plan.manifest.columns
    fields = [_field(each) for each in columns if plan.columns is None or each.name in plan.columns]
    return orjson.dumps({"type": "struct", "fields": fields}).decode()


def _field(column: DeliveredColumn) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": _TYPES[ColumnType(column.type)],
        "nullable": True,
        "metadata": {"comment": column.label.fi},
    }
