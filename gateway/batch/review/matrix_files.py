"""`jakelu policy matrix`: print the matrix, write it beside the policies, or say that it has drifted.

The files are for people: they are no policy, and `gateway.policy.policy_files` neither reads nor hashes
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from gateway.batch.review.house import load_house
from gateway.batch.review.matrix import compute_matrix
from gateway.batch.review.matrix_text import csv_text, markdown
from gateway.errors import PolicyFault

FILES = {"fi": "matrix.fi.md", "sv": "matrix.sv.md", "csv": "matrix.csv"}
Which = Literal["fi", "sv", "csv"]


def matrix_text(products_dir: Path, policies_dir: Path, which: Which) -> str:
    """The matrix in one language, or as CSV. Raises PolicyFault, ContractFault."""
    return _texts(products_dir, policies_dir)[which]


def write_matrix(products_dir: Path, policies_dir: Path) -> tuple[Path, ...]:
    """Compute it and write its files; gives their paths. Raises PolicyFault, ContractFault."""
    written: list[Path] = []
    for which, text in _texts(products_dir, policies_dir).items():
        path = policies_dir / FILES[which]
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return tuple(written)


def check_matrix(products_dir: Path, policies_dir: Path) -> None:
    """Raises PolicyFault, with the remedy, when a file is not what the policies and products give."""
    drifted = [
        FILES[which]
        for which, text in _texts(products_dir, policies_dir).items()
        if _read(policies_dir / FILES[which]) != text
    ]
    if drifted:
        raise PolicyFault(
            f"{', '.join(drifted)}: not what the policies, roles and products give now. "
            "Run `jakelu policy matrix --write`, and have the change reviewed."
        )


def _texts(products_dir: Path, policies_dir: Path) -> Mapping[str, str]:
    house = load_house(products_dir, policies_dir)
    matrix = compute_matrix(house)
    return {
        "fi": markdown(house, matrix, "fi"),
        "sv": markdown(house, matrix, "sv"),
        "csv": csv_text(house, matrix),
    }


def _read(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return None
