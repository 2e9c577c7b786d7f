"""The warehouse in one DuckDB file, read only.

Contract SQL runs with the file system and the network switched off and the configuration locked,
so that a contract can reach nothing but the tables of this one file. Nothing is spilled to disk:
a query that outgrows its memory fails, instead of leaving personal data in a temporary file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from gateway.errors import WarehouseUnavailable

# In this order: each statement could no longer be run after the next ones.
_CLOSING = (
    "SET temp_directory = ''",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_progress_bar = false",  # standard output is the command's own
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)

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
        try:
            statements = self._connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise WarehouseUnavailable("A contract's SQL must be one SELECT.")
            named = statements[0].named_parameters
            bound = {name: value for name, value in parameters.items() if name in named}
            table = self._connection.sql(sql, params=bound).to_arrow_table()
        except duckdb.Error as error:
            raise WarehouseUnavailable(_why_not_read(error)) from error
        if self._version() != self._opened:
            # Read on, a release would be of the old content and be known by the new one's mark.
            raise WarehouseUnavailable("The warehouse was replaced while it was read; try again.")
        return table

    def _version(self) -> tuple[int, int, int]:
        """inode, size, mtime_ns of what is at the path now."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise WarehouseUnavailable("The warehouse file has gone.") from error
        return (found.st_ino, found.st_size, found.st_mtime_ns)

    def close(self) -> None:
        self._connection.close()


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
