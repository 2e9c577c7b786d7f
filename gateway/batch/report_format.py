"""How a report is printed: tables for people, JSON for programs."""

from __future__ import annotations

from typing import Literal, TextIO

Format = Literal["auto", "table", "json"]


def is_json(form: Format, out: TextIO) -> bool:
    """Unless it is said, tables on a terminal, and JSON into a pipe or a file."""
    return form == "json" or (form == "auto" and not out.isatty())
