"""That a column has the type that its transformation gives, and its codes a label."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.checks.anonymity import band_codes
from gateway.contracts.code_list_file import Lists
from gateway.contracts.contract import Contract
from gateway.contracts.faults import Fault
from gateway.model.product import ColumnType, Transformation

_TYPES = {
    Transformation.MONTH: ColumnType.DATE,
    Transformation.YEAR: ColumnType.DATE,
    Transformation.TRUNCATE: ColumnType.STRING,
    Transformation.BANDS: ColumnType.STRING,
    Transformation.ROUND: ColumnType.NUMBER,
}


def check_transformations(contract: Contract, lists: Lists) -> Iterator[Fault]:
    rows = contract.product.rows
    for column, spec in zip(
        contract.columns, rows.columns if rows else (), strict=rows is not None
    ):
        wanted = _TYPES.get(spec.transformation, spec.type)
        if spec.type is not wanted:
            message = f"`{spec.name}` is not of the type that `{spec.transformation}` gives."
            path = (*column.place, "logicalType")
            yield contract.fault(path, message, f"Write `logicalType: {wanted}`.")
        listed = lists.codes.get(spec.code_list or "")
        if spec.bounds and listed is not None:
            known = {code.code for code in listed.codes}
            for code in sorted(set(band_codes(spec.bounds)) - known):
                message = f"`{spec.name}` gives the code `{code}`, which has no label."
                remedy = f"Add it to products/codelists/{spec.code_list}.yaml."
                yield contract.fault((*column.terms_place, "bounds"), message, remedy)
