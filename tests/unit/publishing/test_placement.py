from __future__ import annotations

import pyarrow as pa

from gateway.organisations import load_registry
from gateway.publishing.placement import NOWHERE, Unplaced, place

REGISTRY = load_registry()


def abolished() -> str:
    """A code that was abolished since 2024 and leads to another one."""
    codes = (f"{n:03}" for n in range(1000))
    return next(c for c in codes if REGISTRY.current_municipality(c) not in {None, c})


def test_a_row_goes_to_the_area_of_its_municipality():
    placed = place(pa.array(["837", "091", "980", "837"]), REGISTRY)
    names = [placed.areas[i] for i in placed.area]
    assert names == [REGISTRY.area_of(code) for code in ("837", "091", "980", "837")]
    assert names[0] == "39"
    assert placed.areas == tuple(sorted(REGISTRY.areas))
    assert not placed.unplaced
    assert placed.succeeded == 0


def test_an_abolished_code_leads_to_its_successor():
    old = abolished()
    placed = place(pa.chunked_array([[old], ["837", old]]), REGISTRY)
    new = REGISTRY.current_municipality(old)
    assert placed.municipality.to_pylist() == [new, "837", new]
    assert placed.areas[placed.area[0]] == REGISTRY.area_of(new)
    assert placed.succeeded == 2
    assert not placed.unplaced


def test_rows_without_an_area_are_counted_by_reason_and_go_nowhere():
    placed = place(pa.array([None, "478", "999", "", "000x", "478"]), REGISTRY)
    assert (placed.area == NOWHERE).all()
    assert placed.unplaced == {Unplaced.MISSING: 2, Unplaced.NO_AREA: 2, Unplaced.UNKNOWN: 2}


def test_no_rows_are_no_trouble():
    placed = place(pa.chunked_array([], type=pa.string()), REGISTRY)
    assert len(placed.area) == 0
    assert not placed.unplaced
