"""The axes of one release: a dimension's codes as they are on its as-of date."""

from __future__ import annotations

from datetime import date

from gateway.errors import ContractFault
from gateway.model.codes import Code
from gateway.model.cube import Axis
from gateway.model.label import Label
from gateway.model.product import AxisRole, Dimension, Product
from gateway.protection.axes import axis_from_codes
from gateway.publishing.extract import read_sql
from gateway.publishing.months import month_codes
from gateway.publishing.services import PublishServices

OUTSIDE_AREAS = Label(
    fi="Työllisyysalueiden ulkopuolella tai tuntematon",
    sv="Utanför sysselsättningsområdena eller okänd",
    en="Outside the employment areas or unknown",
)


def release_axis(
    product: Product, dimension: Dimension, *, as_of: date, services: PublishServices
) -> Axis:
    """The axis of a dimension, from its code list, its SQL or the calendar. Raises ContractFault."""
    return axis_from_codes(dimension, _codes(product, dimension, as_of=as_of, services=services))


def _codes(
    product: Product, dimension: Dimension, *, as_of: date, services: PublishServices
) -> tuple[Code, ...]:
    if dimension.months is not None:
        return month_codes(as_of, dimension.months, level=dimension.levels[-1])
    if dimension.codes_sql is not None:
        return _codes_by_sql(product, dimension, as_of=as_of, services=services)
    if dimension.code_list is not None:
        codes = services.catalog.code_list(dimension.code_list).codes
        return with_residual(codes, dimension)
    raise ContractFault(f"{product.id}: the dimension {dimension.name} has no codes.")


def with_residual(codes: tuple[Code, ...], dimension: Dimension) -> tuple[Code, ...]:
    """The code list, or where the residual is no code of it, the dimension's own part of it.

    A geography that ends at employment areas counts everything outside them in one code, so that
    the areas and that code make up the country: Åland and unknown municipalities have no code of
    their own there.
    """
    if dimension.residual is None or any(code.code == dimension.residual for code in codes):
        return codes
    if dimension.role is not AxisRole.GEO:
        raise ContractFault(f"The residual of {dimension.name} is not a code of its list.")
    kept = tuple(code for code in codes if code.level in dimension.levels)
    known = {code.code for code in kept}
    own = tuple(
        Code(code.code, code.label, code.level, tuple(p for p in code.parents if p in known))
        for code in kept
    )
    whole = tuple(code.code for code in own if code.level == dimension.levels[0])
    return (*own, Code(dimension.residual, OUTSIDE_AREAS, dimension.levels[-1], whole))


def _codes_by_sql(
    product: Product, dimension: Dimension, *, as_of: date, services: PublishServices
) -> tuple[Code, ...]:
    """Rows of code, fi, sv, en, level and parent (null at the top), in the order of display."""
    sql = dimension.codes_sql or ""
    table = read_sql(product, sql, as_of=as_of, warehouse=services.warehouse)
    if table.num_columns != 6:
        raise ContractFault(
            f"{product.id}: the codes of {dimension.name} need code, fi, sv, en, level and parent."
        )
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return tuple(
        Code(code, Label(fi, sv, en), level, (parent,) if parent else ())
        for code, fi, sv, en, level, parent in rows
    )
