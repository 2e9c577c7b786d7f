"""The warehouse in one DuckDB file, read only.

Contract SQL runs with the file system and the network switched off and the configuration locked,
so that a contract can reach nothing but the tables of this one file. Nothing is spilled to disk:
a query that outgrows its memory fails, instead of leaving personal data in a temporary file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from gateway.errors import WarehouseUnavailable
from gateway.ports import Stored, StoredRelation

# In this order: each statement could no longer be run after the next ones.
_CLOSING = (
    "SET temp_directory = ''",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_progress_bar = false",  # standard output is the command's own
    "SET explain_output = 'all'",  # an optimised plan may have left a table out
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)

# By their full names, which no function that somebody defined can stand in for.
_COLUMNS = """
SELECT schema_name, table_name, column_name, comment
FROM system.main.duckdb_columns() WHERE NOT internal ORDER BY table_oid, column_index
"""
_TABLES = """
SELECT schema_name, table_name, NULL, comment FROM system.main.duckdb_tables() WHERE NOT internal
UNION ALL
SELECT schema_name, view_name, sql, comment FROM system.main.duckdb_views() WHERE NOT internal
"""
_FUNCTIONS = "SELECT function_name FROM system.main.duckdb_functions() WHERE NOT internal"
# Ends of a plan that read nothing stored: constants, and what an earlier part has read.
_READING_NOTHING = {"DUMMY_SCAN", "CTE_SCAN", "REC_CTE_SCAN", "EXPRESSION_SCAN", "EXPRESSION_GET",
                    "COLUMN_DATA_SCAN", "DELIM_SCAN", "DELIM_GET", "CTE_REF", "EMPTY_RESULT",
                    "CHUNK_GET"}  # fmt: skip

# Faults of the SQL itself: their first line names tables and columns. Every other message may
# quote a value ("Could not convert string …"), so only its kind is told.
_SQL_FAULTS = (duckdb.ParserException, duckdb.CatalogException, duckdb.BinderException)


class DuckDbWarehouse:
    """`Warehouse` over a DuckDB file. One thread at a time."""

    def __init__(self, path: Path, *, memory_limit: str = "3GB", threads: int = 2) -> None:
        """Open the file. memory_limit: DuckDB's text, e.g. `3GB`. Raises WarehouseUnavailable."""
        if not path.is_file():
            raise WarehouseUnavailable("There is no warehouse at the configured path.")
        self._path = path
        self._opened = self._version()
        try:
            self._connection = duckdb.connect(
                str(path),
                read_only=True,
                config={"memory_limit": memory_limit, "threads": threads},
            )
            for closing in _CLOSING:
                self._connection.execute(closing)
        except duckdb.Error as error:
            raise WarehouseUnavailable(_why_not_open(error)) from error

    def latest_snapshot(self) -> date:
        """The newest day that the warehouse holds in full."""
        day = self.read("SELECT max(poimintapaiva) AS paiva FROM mylly.poiminta", {})
        newest = day.column("paiva")[0].as_py()
        if not isinstance(newest, date):
            raise WarehouseUnavailable("The warehouse does not say which day it holds.")
        return newest

    def fingerprint(self) -> str:
        """Size and time of the file and its snapshot row: cheap, and changes with every load."""
        _, size, mtime_ns = self._opened
        snapshot = self.read("SELECT * FROM mylly.poiminta ORDER BY ALL", {}).to_pylist()
        rows = ";".join(",".join(str(value) for value in row.values()) for row in snapshot)
        return f"duckdb|{size}|{mtime_ns}|{rows}"

    def read(self, sql: str, parameters: Mapping[str, Any]) -> pa.Table:
        """The result of one SELECT; parameters that the statement does not name are left out."""
        table = self._run("", sql, parameters)
        if self._version() != self._opened:
            # Read on, a release would be of the old content and be known by the new one's mark.
            raise WarehouseUnavailable("The warehouse was replaced while it was read; try again.")
        return table

    def stored(self) -> Stored:
        """Tables and views outside the engine's own, with the comments on them and their columns."""
        try:
            columns = self._connection.execute(_COLUMNS).fetchall()
            tables = self._connection.execute(_TABLES).fetchall()
            functions = self._connection.execute(_FUNCTIONS).fetchall()
        except duckdb.Error as error:
            raise WarehouseUnavailable(_why_not_read(error)) from error
        relations: dict[str, StoredRelation] = {}
        for schema, table, view, comment in tables:
            own = [row for row in columns if (row[0], row[1]) == (schema, table)]
            name = f"{schema}.{table}".lower()
            relations[name] = StoredRelation(
                name=name,
                columns=tuple(str(row[2]).lower() for row in own),
                view=view,
                comment=" ".join(text for text in (comment, *(row[3] for row in own)) if text),
            )
        return Stored(relations, frozenset(str(name).lower() for (name,) in functions))

    def tables_read(self, sql: str, parameters: Mapping[str, Any]) -> frozenset[str]:
        """From the engine's own plans of the statement, the one before optimisation included."""
        explained = self._run("EXPLAIN (FORMAT json) ", sql, parameters)
        plans = (json.loads(text) for text in explained.column("explain_value").to_pylist())
        return frozenset(name for plan in plans for root in plan for name in _ends(root))

    def _run(self, before: str, sql: str, parameters: Mapping[str, Any]) -> pa.Table:
        """One SELECT, or the plans of one, with those parameters that it names."""
        try:
            statements = self._connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise WarehouseUnavailable("A contract's SQL must be one SELECT.")
            named = statements[0].named_parameters
            bound = {name: value for name, value in parameters.items() if name in named}
            return self._connection.sql(before + sql, params=bound).to_arrow_table()
        except duckdb.Error as error:
            raise WarehouseUnavailable(_why_not_read(error)) from error

    def _version(self) -> tuple[int, int, int]:
        """inode, size, mtime_ns of what is at the path now."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise WarehouseUnavailable("The warehouse file has gone.") from error
        return (found.st_ino, found.st_size, found.st_mtime_ns)

    def close(self) -> None:
        self._connection.close()


def _ends(node: Mapping[str, Any]) -> Iterator[str]:
    """What the ends of a plan read: the tables by name, and whatever else by the engine's word."""
    table = node.get("extra_info", {}).get("Table")
    if table is not None:
        yield ".".join(str(table).lower().split(".")[-2:])
    elif not node.get("children") and node["name"] not in _READING_NOTHING:
        yield str(node["name"]).lower()
    for child in node.get("children", ()):
        yield from _ends(child)


def _why_not_open(error: duckdb.Error) -> str:
    message = str(error)
    if "lock on file" in message:
        return "The warehouse is locked by a process that writes to it; try again when it is done."
    if "not a valid DuckDB" in message or isinstance(error, duckdb.SerializationException):
        return "The warehouse is not a DuckDB file, or it is damaged."
    return f"The warehouse cannot be opened ({type(error).__name__})."


def _why_not_read(error: duckdb.Error) -> str:
    if isinstance(error, _SQL_FAULTS):
        return f"The SQL does not fit the warehouse: {str(error).splitlines()[0]}"
    if isinstance(error, duckdb.OutOfMemoryException):
        return "The SQL needs more memory than the warehouse connection is allowed."
    return f"The warehouse could not run the SQL ({type(error).__name__})."
