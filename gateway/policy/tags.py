"""Team and expert tags (tiimitägit) in products: which there are, and what a delivery can be cut to."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.model.caller import Caller
from gateway.model.product import Column, ColumnType, Product, Transformation

EXPERT = "expert"
_TAGS = {
    "team_tag": "team",
    "tiimitagi": "team",
    "expert_tag": EXPERT,
    "asiantuntijatagi": EXPERT,
}


def tags_of(product: Product) -> frozenset[str]:
    """`team` and `expert`, when a delivered column or a dimension tells one team or expert."""
    found: set[str] = set()
    for column in product.rows.columns if product.rows else ():
        found.update(_of_column(column))
    for dimension in product.cube.dimensions if product.cube else ():
        found.update(_of_names(dimension.name, dimension.column))
    return frozenset(found)


def is_expert_name(column: str) -> bool:
    """Whether a column of this name holds expert tags, by its name alone."""
    return _TAGS.get(column) == EXPERT


def expert_column(product: Product) -> str | None:
    """The delivered column by which rows can be cut to one expert; None when there is none.

    It holds the tags as they are, and no other delivered column tells of experts.
    """
    columns = product.rows.columns if product.rows else ()
    telling = [column for column in columns if EXPERT in _of_column(column)]
    if len(telling) != 1:
        return None
    (column,) = telling
    is_plain = column.transformation is Transformation.KEEP and column.type is ColumnType.STRING
    return column.name if is_plain else None


def own_tag(caller: Caller, product: Product) -> str | None:
    """The tag that a delivery of rows is cut to: the caller's own, where the product has a column for it.

    Never what a request names: as the organisation decides the area, the token decides the tag.
    """
    return caller.expert_tag if expert_column(product) is not None else None


def _of_column(column: Column) -> Iterator[str]:
    if column.is_delivered:
        last = (lineage.rpartition(".")[2] for lineage in column.lineage)
        yield from _of_names(column.name, column.source, *last)


def _of_names(*names: str) -> Iterator[str]:
    return (_TAGS[name] for name in names if name in _TAGS)
