"""CSV text, and the guard against cells that a spreadsheet would run.

Decision: every text in a release is a code, a pseudonym or a mark, so none should begin a formula;
one that does anyway (`=`, `+`, `@`, tab, carriage return, or `-` before anything but a whole number)
gets an apostrophe in front, as OWASP advises. The age band `-24` stays as it is: `-` and digits are
a number to every spreadsheet, and the codes of CSV and of the other formats must be the same.
One that looks guarded already gets one apostrophe more, so that no two texts become the same cell.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

_RUNS = r"^'*(?:[=+@\t\r\n]|-(?:$|[^0-9]|[0-9]+[^0-9]))"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a table are written out. has_bom: before the header line, and nowhere else."""

    separator: str
    line_end: str
    has_decimal_comma: bool
    has_bom: bool


# RFC 4180 with line feeds: comma, point as the decimal sign.
PLAIN = Dialect(",", "\n", has_decimal_comma=False, has_bom=False)
# What a Finnish (and a Swedish) Excel takes a .csv for when it is opened with a double click.
EXCEL = Dialect(";", "\r\n", has_decimal_comma=True, has_bom=True)


def unrun(text: str) -> str:
    """The text with the same guard, for tables that are written cell by cell."""
    return f"'{text}" if re.match(_RUNS, text) else text


def csv_bytes(
    table: pa.Table | pa.RecordBatch, *, include_header: bool, dialect: Dialect = PLAIN
) -> bytes:
    """UTF-8, ISO dates, empty for null; a text that needs them has quotes, an empty one too."""
    import polars as pl  # takes 0.4 s: not before somebody wants it

    frame: Any = pl.from_arrow(table)
    kinds = (pl.String, pl.Categorical, pl.Enum)
    texts = [name for name, kind in frame.schema.items() if isinstance(kind, kinds)]
    guarded = frame.with_columns(
        pl.when(pl.col(name).cast(pl.String).str.contains(_RUNS))
        .then(pl.concat_str(pl.lit("'"), pl.col(name).cast(pl.String)))
        .otherwise(pl.col(name).cast(pl.String))
        .alias(name)
        for name in texts
    )
    sink = io.BytesIO()
    guarded.write_csv(
        sink,
        include_header=include_header,
        include_bom=include_header and dialect.has_bom,
        separator=dialect.separator,
        line_terminator=dialect.line_end,
        decimal_comma=dialect.has_decimal_comma,
    )
    return sink.getvalue()
