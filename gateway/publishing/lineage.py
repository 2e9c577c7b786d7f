"""The Income Register ban at publication, the second of its three places.

Laki tulotietojärjestelmästä 53/2018 13 §: Income Register data is never delivered as rows. The
contract check looks for it first; here it is looked for again, in what is about to be run.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.errors import IncomeRegisterRowsRefused
from gateway.model.product import INCOME_REGISTER, Product


def check_income_register(product: Product) -> None:
    """Refuse a rows product that touches the Income Register anywhere.

    Its sources, the lineage of every column (dropped ones too) and the whole text of its SQL are
    searched, comments and literals included. Raises IncomeRegisterRowsRefused.
    """
    if product.rows is None:
        return
    for place, text in _texts(product):
        if INCOME_REGISTER in text.casefold():
            raise IncomeRegisterRowsRefused(
                f"{product.id}: {place} names {INCOME_REGISTER}, which may only be used in a cube."
            )


def _texts(product: Product) -> Iterator[tuple[str, str]]:
    for source in product.sources:
        yield "a source", source
    if product.rows is not None:
        yield "the extract", product.rows.extract
        for column in product.rows.columns:
            for origin in (*column.lineage, column.source):
                yield f"the column {column.name}", origin
    for rule in product.dirt:
        yield f"the quality rule {rule.name}", rule.count_sql
