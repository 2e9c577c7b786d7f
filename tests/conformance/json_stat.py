"""The rules of a JSON-stat 2.0 dataset (https://json-stat.org/full/), read from the format's own page.

`faults` tells what is wrong with a document; nothing is wrong with one that has none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_ROOT = frozenset(
    {
        "version", "class", "href", "label", "source", "updated", "id", "size", "role", "dimension",
        "value", "status", "note", "link", "extension",
    }
)  # fmt: skip
_DIMENSION = frozenset({"label", "class", "category", "href", "note", "link", "extension"})
_CATEGORY = frozenset({"index", "label", "child", "coordinates", "unit", "note"})
_ROLES = frozenset({"time", "geo", "metric"})
_POSITIONS = frozenset({"start", "end"})
# What Date.parse of ECMA-262 must take, as the format demands of `updated`.
_MOMENT = re.compile(
    r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
    r"(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?"
)


def faults(document: Mapping[str, Any], *, has_values: bool = True) -> list[str]:
    """What the format does not allow. has_values: False for metadata, which is a dataset with none to tell."""
    found = list(_root(document))
    if found:  # what is beneath could not be read
        return found
    names, sizes = document["id"], document["size"]
    found += _roles(document.get("role", {}), names)
    roles = document.get("role", {})
    for name, size in zip(names, sizes, strict=True):
        its_roles = {role for role, ids in roles.items() if name in ids}
        found += [
            f"{name}: {told}" for told in _dimension(document["dimension"][name], size, its_roles)
        ]
    if has_values:
        found += _values(document["value"], math.prod(sizes))
        found += _status(document.get("status", {}), math.prod(sizes))
    elif document["value"] or "status" in document:
        found.append("metadata tells of cells")
    return found


def _root(document: Mapping[str, Any]) -> Iterator[str]:
    if document.get("version") != "2.0" or document.get("class") != "dataset":
        yield "it is no dataset of version 2.0"
    if unknown := document.keys() - _ROOT:
        yield f"unknown: {sorted(unknown)}"
    for name in ("label", "source", "href"):
        if not isinstance(document.get(name, ""), str):
            yield f"{name} is no text"
    if "updated" in document and not _is_moment(document["updated"]):
        yield "updated is no ISO 8601 date that ECMA-262 reads"
    if "value" not in document:
        yield "there is no value"
    yield from _shape(document)
    yield from _common(document)


def _shape(document: Mapping[str, Any]) -> Iterator[str]:
    names, sizes = document.get("id"), document.get("size")
    if not _are_texts(names) or not names or len(set(names)) != len(names):
        yield "id is no list of different names"
    elif not isinstance(sizes, list) or len(sizes) != len(names):
        yield "size does not go with id"
    elif not all(_is_count(each) for each in sizes):
        yield "size has something else than numbers of categories"
    dimensions = document.get("dimension")
    if not isinstance(dimensions, dict) or (_are_texts(names) and set(dimensions) != set(names)):
        yield "dimension has not the names of id"


def _roles(roles: object, names: Sequence[str]) -> Iterator[str]:
    if not isinstance(roles, dict) or not roles.keys() <= _ROLES:
        yield "role has something else than time, geo and metric"
        return
    for role, ids in roles.items():
        if not _are_texts(ids) or not set(ids) <= set(names) or len(set(ids)) != len(ids):
            yield f"role.{role} is no list of dimensions"


def _dimension(dimension: object, size: int, roles: set[str]) -> Iterator[str]:
    if not isinstance(dimension, dict) or not dimension.keys() <= _DIMENSION:
        yield "it has something else than a dimension has"
        return
    yield from _common(dimension)
    if not isinstance(dimension.get("label", ""), str):
        yield "label is no text"
    category = dimension.get("category")
    if not isinstance(category, dict) or not category.keys() <= _CATEGORY:
        yield "category is missing, or has something else than a category has"
        return
    codes = _codes(category)
    if codes is None:
        yield "index is neither a list of different codes nor each code's place from 0"
        return
    if len(codes) != size:
        yield "size is not the number of categories"
    yield from _labels(category, codes)
    yield from _relations(category, codes)
    if "unit" in category:
        yield from _units(category["unit"], codes, roles)
    if "coordinates" in category:
        yield from _coordinates(category["coordinates"], codes, roles)


def _codes(category: Mapping[str, Any]) -> list[str] | None:
    """In their order; None when the index is none. It may be left out of a dimension with one category."""
    index = category.get("index")
    if index is None:
        labels = category.get("label")
        return list(labels) if isinstance(labels, dict) and len(labels) == 1 else None
    if isinstance(index, list):
        return index if _are_texts(index) and len(set(index)) == len(index) else None
    if not isinstance(index, dict) or not all(_is_count(each) for each in index.values()):
        return None
    in_order = sorted(index, key=lambda code: index[code])
    return in_order if [index[code] for code in in_order] == list(range(len(index))) else None


def _labels(category: Mapping[str, Any], codes: Sequence[str]) -> Iterator[str]:
    labels = category.get("label", {})
    if not isinstance(labels, dict) or not labels.keys() <= set(codes):
        yield "label has something else than codes"
    elif not _are_texts(list(labels.values())):
        yield "a label is no text"
    notes = category.get("note", {})
    if not isinstance(notes, dict) or not notes.keys() <= set(codes):
        yield "note of categories is not by code"
    elif not all(_are_texts(each) for each in notes.values()):
        yield "a note of a category is no list of texts"


def _relations(category: Mapping[str, Any], codes: Sequence[str]) -> Iterator[str]:
    children = category.get("child", {})
    if not isinstance(children, dict) or not children.keys() <= set(codes):
        yield "child is not by code"
    elif not all(_are_texts(each) and set(each) <= set(codes) for each in children.values()):
        yield "child names something else than codes"


def _units(units: object, codes: Sequence[str], roles: set[str]) -> Iterator[str]:
    if "metric" not in roles:
        yield "unit in a dimension that is no metric"
    if not isinstance(units, dict) or not units.keys() <= set(codes):
        yield "unit is not by code"
        return
    for unit in units.values():
        if not isinstance(unit, dict) or not _is_count(unit.get("decimals")):
            yield "a unit without decimals"
        elif unit.get("position", "end") not in _POSITIONS:
            yield "the position of a unit is neither start nor end"
        elif not _are_texts([unit.get(name, "") for name in ("label", "symbol", "base")]):
            yield "a unit's text is none"


def _coordinates(places: object, codes: Sequence[str], roles: set[str]) -> Iterator[str]:
    if "geo" not in roles:
        yield "coordinates in a dimension that is no place"
    if not isinstance(places, dict) or not places.keys() <= set(codes):
        yield "coordinates are not by code"
    elif not all(
        isinstance(each, list) and len(each) == 2 and all(_is_number(number) for number in each)
        for each in places.values()
    ):
        yield "coordinates are not longitude and latitude"


def _values(values: object, cells: int) -> Iterator[str]:
    if isinstance(values, dict):
        if not all(_is_place(key, cells) for key in values):
            yield "value has a key that is no cell"
        values = list(values.values())
    elif not isinstance(values, list) or len(values) != cells:
        yield "value has not as many cells as size says"
        return
    if not all(each is None or _is_number(each) for each in values):
        yield "a value is neither a number nor null"


def _status(status: object, cells: int) -> Iterator[str]:
    if isinstance(status, dict):
        if not all(_is_place(key, cells) for key in status):
            yield "status has a key that is no cell"
        if not _are_texts(list(status.values())):
            yield "a status is no text"
    elif isinstance(status, list):
        if len(status) not in {1, cells} or not all(
            s is None or isinstance(s, str) for s in status
        ):
            yield "status is neither one text nor one for each cell"
    elif not isinstance(status, str):
        yield "status is neither a text, a list nor an object"


def _common(node: Mapping[str, Any]) -> Iterator[str]:
    """What the dataset and its dimensions may have alike."""
    if not _are_texts(node.get("note", [])):
        yield "note is no list of texts"
    if not isinstance(node.get("extension", {}), dict):
        yield "extension is no object"
    links = node.get("link", {})
    if not isinstance(links, dict) or not all(
        isinstance(each, list) and all(isinstance(one, dict) for one in each)
        for each in links.values()
    ):
        yield "link has no lists of objects by relation"


def _is_moment(text: object) -> bool:
    return isinstance(text, str) and _MOMENT.fullmatch(text) is not None


def _are_texts(texts: object) -> bool:
    return isinstance(texts, list) and all(isinstance(each, str) for each in texts)


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0


def _is_number(number: object) -> bool:
    return (
        isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
    )


def _is_place(key: str, cells: int) -> bool:
    return re.fullmatch(r"0|[1-9][0-9]*", key) is not None and int(key) < cells
