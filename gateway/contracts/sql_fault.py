"""What is wrong with a piece of contract SQL, and where in its text."""

from __future__ import annotations


class SqlFault(Exception):
    """offset: in the SQL text, from 0."""

    def __init__(self, message: str, remedy: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.offset = offset
