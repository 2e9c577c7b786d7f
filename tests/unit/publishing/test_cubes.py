from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from gateway.errors import ReleaseRefused
from gateway.model.cube import Axis, Cube, Lattice, Line, Status
from gateway.model.product import (
    AxisRole,
    CubeSpec,
    DisclosureRules,
    MeasureKind,
)
from gateway.publishing import cube_audit
from gateway.publishing.cube_gate import check_cube_cells
from gateway.publishing.road import publish
from gateway.releases.cube_file import load_cube

CREATED = "2026-07-01T03:00:00.000Z"


@pytest.fixture
def release(house, seekers, day):
    manifest = publish(seekers, as_of=day, services=house.services, created_utc=CREATED).manifest
    return manifest, house.releases / seekers.id / str(manifest.release)


def value(cube: Cube, measure: str, *codes: str) -> tuple[float, int]:
    names = [m.name for m in cube.measures]
    place = tuple(axis.position()[code] for axis, code in zip(cube.axes, codes, strict=True))
    at = (names.index(measure), *place)
    return float(cube.values[at]), int(cube.status[at])


def test_a_cube_release_has_the_dense_cube_and_the_long_table(release):
    manifest, folder = release
    assert [file.path for file in manifest.files] == ["cube.arrow", "cube.parquet"]
    cube = load_cube(folder / "cube.arrow")
    assert [axis.name for axis in cube.axes] == ["geography", "sex"]
    assert [m.name for m in cube.measures] == ["seekers", "mean_age", "young", "share_young"]
    assert [(c.name, c.type) for c in manifest.columns] == [
        ("geography", "string"),
        ("sex", "string"),
        ("seekers", "integer"),
        ("mean_age", "number"),
        ("young", "integer"),
        ("share_young", "number"),
    ]
    assert pq.read_metadata(folder / "cube.parquet").num_rows == manifest.files[1].rows


def test_the_whole_country_is_everybody_unknown_municipalities_and_aland_included(release):
    cube = load_cube(release[1] / "cube.arrow")
    assert value(cube, "seekers", "SSS", "SSS") == (600.0, Status.PUBLISHED)
    regions = [c.code for c in cube.axes[0].codes if c.level == "region"]
    parts = [value(cube, "seekers", code, "SSS")[0] for code in [*regions, "KUXXX"]]
    assert np.nansum(parts) == 600.0


def test_a_mean_and_a_share_are_of_their_counts(release):
    cube = load_cube(release[1] / "cube.arrow")
    ages = [18 + i * 7 % 45 for i in range(600)]
    assert value(cube, "mean_age", "SSS", "SSS")[0] == round(sum(ages) / 600)
    young = sum(age < 25 for age in ages)
    assert value(cube, "young", "SSS", "SSS")[0] == young
    assert value(cube, "share_young", "SSS", "SSS")[0] == round(100 * young / 600, 1)


def test_a_mean_of_nobody_is_no_value_and_not_suppressed(release):
    cube = load_cube(release[1] / "cube.arrow")
    shown, status = value(cube, "mean_age", "KU005", "SSS")
    assert np.isnan(shown)
    assert status == Status.PUBLISHED


def test_the_report_tells_the_rules_and_what_they_do_not_cover(release):
    report = release[0].protection
    assert report["threshold"] == 5
    assert report["not_covered"]
    assert [part["measure"] for part in report["derived"]] == ["mean_age", "share_young"]
    assert report["leaf_rows_with_unknown_value"] == {"geography": 10}
    assert report["source_faults"][0]["rule"] == "missing-municipality"


def test_equal_inputs_give_equal_cubes(release, house, seekers, day):
    changed = replace(seekers, version="2.0.0")
    again = publish(changed, as_of=day, services=house.services, created_utc=CREATED).manifest
    assert [f.sha256 for f in again.files] == [f.sha256 for f in release[0].files]


def test_a_protector_that_hides_too_little_refuses_the_release(house, seekers, day, monkeypatch):
    from gateway.protection import suppression

    def careless(lattice, rules, **_):
        return suppression.protect(lattice, replace(rules, threshold=0))

    monkeypatch.setattr(cube_audit, "protect", careless)
    strict = replace(
        seekers, cube=replace(seekers.cube, disclosure=DisclosureRules(200, "everything is small"))
    )
    with pytest.raises(ReleaseRefused, match="under the threshold"):
        publish(strict, as_of=day, services=house.services, created_utc=CREATED)
    assert {p.name for p in (house.releases / seekers.id).iterdir()} == {".writer-lock"}


# --- the gate, on cubes of four cells: a total and its three parts ----------------------------


@pytest.fixture
def spec(seekers) -> CubeSpec:
    counts = tuple(m for m in seekers.cube.measures if m.kind is MeasureKind.COUNT)
    return replace(seekers.cube, measures=counts)


def small(seekers, whole: list[int], part: list[int], hidden: set[tuple[int, int]]):
    """Two measures, `young` a part of `seekers`, over one axis; and the cells that are hidden."""
    codes = tuple(code_of(seekers, name) for name in ("SSS", "A", "B", "C"))
    axis = Axis("place", seekers.title, AxisRole.CLASS, codes, (Line(0, (1, 2, 3)),), 0)
    seen = np.array([whole, part])
    counts = np.concatenate([seen, seen[:1] - seen[1:]])
    lattice = Lattice(
        (axis,),
        ("seekers", "young", "seekers-young"),
        counts,
        (Line(0, (1, 2)),),
        frozenset({2}),
        np.ones((3, 4), dtype=bool),
    )
    status = np.zeros((2, 4), dtype=np.uint8)
    for place in hidden:
        status[place] = Status.SUPPRESSED
    values = np.where(status == 0, seen.astype(float), np.nan)
    measures = tuple(m for m in seekers.cube.measures if m.kind is MeasureKind.COUNT)
    return Cube((axis,), measures, values, status), lattice


def code_of(seekers, name: str):
    from gateway.model.codes import Code

    return Code(name, seekers.title, "total" if name == "SSS" else "part")


def gate(seekers, spec, whole, part, hidden) -> None:
    cube, lattice = small(seekers, whole, part, hidden)
    check_cube_cells(cube, lattice, spec, product=seekers)


def test_the_gate_passes_what_gives_nothing_back(seekers, spec):
    gate(seekers, spec, [60, 20, 20, 20], [30, 10, 10, 10], set())
    gate(seekers, spec, [61, 3, 28, 30], [30, 0, 15, 15], {(0, 1), (0, 2)})


@pytest.mark.parametrize(
    ("whole", "part", "hidden", "told"),
    [
        ([53, 3, 20, 30], [30, 0, 15, 15], set(), "under the threshold"),
        ([53, 3, 20, 30], [30, 0, 15, 15], {(0, 1)}, "subtraction"),
        ([34, 2, 2, 30], [15, 0, 0, 15], {(0, 1), (0, 2)}, "subtraction"),
        ([60, 20, 20, 20], [30, 10, 10, 10], {(0, 0)}, "subtraction"),
        ([60, 20, 20, 20], [48, 18, 15, 15], set(), "subtraction"),
    ],
    ids=["shown", "one of a line", "small sum", "hidden total", "small difference of measures"],
)
def test_the_gate_refuses_what_one_line_gives_back(seekers, spec, whole, part, hidden, told):
    with pytest.raises(ReleaseRefused, match=told):
        gate(seekers, spec, whole, part, hidden)


def test_the_gate_refuses_values_that_were_not_counted(seekers, spec):
    cube, lattice = small(seekers, [60, 20, 20, 20], [30, 10, 10, 10], set())
    cube.values[0, 1] = 21.0
    with pytest.raises(ReleaseRefused, match="not what was counted"):
        check_cube_cells(cube, lattice, spec, product=seekers)


def test_the_gate_refuses_a_combination_that_is_not_published(seekers, spec):
    cube, lattice = small(seekers, [60, 20, 20, 20], [30, 10, 10, 10], set())
    closed = replace(lattice, designed=lattice.designed & np.array([True, True, True, False]))
    with pytest.raises(ReleaseRefused, match="not published"):
        check_cube_cells(cube, closed, spec, product=seekers)


def test_the_gate_refuses_other_measures(seekers, spec):
    cube, lattice = small(seekers, [60, 20, 20, 20], [30, 10, 10, 10], set())
    with pytest.raises(ReleaseRefused, match="other axes or measures"):
        check_cube_cells(replace(cube, measures=()), lattice, spec, product=seekers)


@pytest.mark.parametrize(("count", "hides"), [(9, False), (20, True)])
def test_the_gate_refuses_a_mean_of_too_few_or_of_a_hidden_count(seekers, count, hides):
    hidden = {(0, 1), (0, 2)} if hides else set()
    cube, lattice = small(seekers, [40 + count, count, 20, 20], [20, 0, 10, 10], hidden)
    mean = next(m for m in seekers.cube.measures if m.kind is MeasureKind.MEAN)
    wide = Cube(
        cube.axes,
        (*cube.measures, mean),
        np.concatenate([cube.values, [[30.0, 30.0, np.nan, 30.0]]]),
        np.concatenate([cube.status, np.zeros((1, 4), dtype=np.uint8)]),
    )
    spec = replace(seekers.cube, measures=wide.measures)
    with pytest.raises(ReleaseRefused, match="too few"):
        check_cube_cells(wide, lattice, spec, product=seekers)
