"""Extracted rows with a person and a place: what slices are cut from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from gateway.model.product import Product, RowsSpec
from gateway.publishing.extract import extract_rows
from gateway.publishing.placement import Placement, place
from gateway.publishing.services import PublishServices


@dataclass(frozen=True, slots=True)
class Placed:
    """Rows by source name, still identified, and where each belongs.

    without_person: rows left out, as they cannot be counted by persons.
    """

    table: pa.Table
    placement: Placement
    without_person: int


def placed_rows(
    product: Product, spec: RowsSpec, *, as_of: date, services: PublishServices
) -> Placed:
    """Raises WarehouseUnavailable, ContractFault."""
    table = extract_rows(product, spec, as_of=as_of, warehouse=services.warehouse)
    table, without_person = _identified(table, spec)
    placement = place(table.column(spec.municipality), services.registry)
    return Placed(_with_current_municipality(table, spec, placement), placement, without_person)


def _identified(table: pa.Table, spec: RowsSpec) -> tuple[pa.Table, int]:
    """The rows that have a person, and how many have none: those cannot be counted by persons."""
    identified = table.filter(table.column(spec.person).is_valid())
    return identified, table.num_rows - identified.num_rows


def _with_current_municipality(table: pa.Table, spec: RowsSpec, placement: Placement) -> pa.Table:
    place = table.schema.get_field_index(spec.municipality)
    return table.set_column(place, spec.municipality, placement.municipality)
