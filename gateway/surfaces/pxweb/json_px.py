"""A table as the JSON of PxWebApi 1: a row per combination of codes, with its measures as texts beside."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from gateway.encoding.heading import Heading
from gateway.encoding.jsonstat import provenance
from gateway.model.cube import Cube
from gateway.surfaces.pxweb.dataset import arranged
from gateway.surfaces.pxweb.dots import NOBODY
from gateway.surfaces.pxweb.grid import cell_text
from gateway.surfaces.pxweb.selection import Meant
from gateway.surfaces.pxweb.variables import Kind

ROWS_AT_ONCE = 1000


def encode_json_px(cube: Cube, heading: Heading, meant: Meant) -> bytes:
    """The document, UTF-8. Keys are codes in the order of stub and heading; the measures are columns
    wherever they were placed, for the format has no other way.
    """
    shown, language = meant.shown, heading.language
    place = next(i for i, each in enumerate(shown) if each.kind is Kind.METRIC)
    keys = [each for each in shown if each.kind is not Kind.METRIC]
    width = len(shown[place].values)
    values, status = (
        np.moveaxis(arranged(each, cube, meant), place, -1).reshape(-1, width)
        for each in (cube.values, cube.status)
    )
    units = {each.name: each.unit.in_language(language) for each in cube.measures}
    columns: list[dict[str, Any]] = [
        {
            "code": each.name,
            "text": each.label.in_language(language),
            "type": "t" if each.kind is Kind.TIME else "d",
        }
        for each in keys
    ]
    columns += [
        {
            "code": each.code,
            "text": each.label.in_language(language),
            "type": "c",
            "unit": units[each.code],
        }
        for each in shown[place].values
    ]
    codes = product(*([each.code for each in one.values] for one in keys))
    told = {
        "updated": heading.created_utc,
        "label": heading.title.in_language(language),
        "source": ", ".join(heading.sources),
        "jakelu": provenance(heading),
    }
    rows = (
        {"key": key, "values": _texts(cells, marks)}
        for key, cells, marks in zip(codes, values, status, strict=True)
    )
    return orjson.dumps(
        {
            "columns": columns,
            "comments": [],
            "data": orjson.Fragment(_list_of(rows)),
            "metadata": [told],
        }
    )


def _list_of(rows: Iterator[dict[str, Any]]) -> bytes:
    """A JSON list, written some rows at a time: all of them as objects would take many times their bytes."""
    parts = iter(lambda: list(islice(rows, ROWS_AT_ONCE)), [])
    return b"[" + b",".join(orjson.dumps(part)[1:-1] for part in parts) + b"]"


def _texts(cells: NDArray[np.float64], marks: NDArray[np.uint8]) -> list[str]:
    told = zip(cells.tolist(), marks.tolist(), strict=True)
    return [cell_text(value, mark, nobody=NOBODY) for value, mark in told]
