from __future__ import annotations

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from gateway.errors import ContractFault, NegativeCount, ReleaseRefused
from gateway.model.label import Label
from gateway.model.product import (
    AxisRole,
    CubeSpec,
    Dimension,
    DisclosureRules,
    Dominance,
    Measure,
    MeasureKind,
)
from gateway.organisations import load_registry
from gateway.publishing.cube_axes import release_axis
from gateway.publishing.cube_leaves import leaves_of
from gateway.publishing.months import month_codes

LABEL = Label("a", "b", "c")
REGISTRY = load_registry()
PLACES = Dimension(
    "geography",
    LABEL,
    AxisRole.GEO,
    "kunta",
    ("country", "region", "evk", "area", "municipality"),
    code_list="geography",
    residual="KUXXX",
)
AREAS = replace(PLACES, levels=("country", "area"), residual="TAXXX")
MONTHS = Dimension("month", LABEL, AxisRole.TIME, "kuukausi", ("month",), months=24)


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        (date(2026, 6, 30), "2026M06"),
        (date(2026, 6, 29), "2026M05"),
        (date(2026, 1, 30), "2025M12"),
        (date(2026, 1, 31), "2026M01"),
        (date(2026, 12, 31), "2026M12"),
        (date(2024, 2, 28), "2024M01"),
        (date(2024, 2, 29), "2024M02"),
    ],
)
def test_months_end_on_or_before_the_day(as_of, last):
    codes = month_codes(as_of, 24, level="month")
    assert len(codes) == 24
    assert codes[-1].code == last


def test_months_go_back_over_the_turn_of_the_year_and_have_names():
    codes = month_codes(date(2026, 1, 31), 3, level="month")
    assert [code.code for code in codes] == ["2025M11", "2025M12", "2026M01"]
    assert codes[-1].label == Label("tammikuu 2026", "januari 2026", "January 2026")
    with pytest.raises(ContractFault):
        month_codes(date(2026, 1, 31), 0, level="month")


def test_months_have_no_sum(house, spells, day):
    axis = release_axis(spells, MONTHS, as_of=day, services=house.services)
    assert len(axis.codes) == 24
    assert axis.lines == ()
    assert axis.total is None


def test_a_geography_that_ends_at_areas_sums_up_with_what_is_outside_them(house, spells, day):
    axis = release_axis(spells, AREAS, as_of=day, services=house.services)
    assert [code.code for code in axis.codes][:2] == ["SSS", "TA01"]
    assert axis.codes[-1].code == "TAXXX"
    assert len(axis.codes) == 47
    assert axis.total == 0
    (line,) = axis.lines
    assert (line.parent, set(line.children)) == (0, set(range(1, 47)))


def test_a_dimension_may_take_its_codes_from_sql(house, spells, day):
    services = Dimension(
        "service",
        LABEL,
        AxisRole.CLASS,
        "palvelu",
        ("total", "service"),
        codes_sql="SELECT * FROM (VALUES ('SSS','K','A','T','total',NULL), "
        "('TVK','k','a','t','service','SSS'), ('VALM','v','w','p','service','SSS')) AS c",
    )
    axis = release_axis(spells, services, as_of=day, services=house.services)
    assert [code.code for code in axis.codes] == ["SSS", "TVK", "VALM"]
    assert axis.lines[0].children == (1, 2)
    with pytest.raises(ContractFault, match="need code"):
        release_axis(
            spells, replace(services, codes_sql="SELECT 1"), as_of=day, services=house.services
        )


def test_a_residual_that_is_no_code_is_a_fault_outside_geography(house, spells, day):
    stray = replace(AREAS, role=AxisRole.CLASS)
    with pytest.raises(ContractFault, match="residual"):
        release_axis(spells, stray, as_of=day, services=house.services)
    with pytest.raises(ContractFault, match="no codes"):
        release_axis(spells, replace(AREAS, code_list=None), as_of=day, services=house.services)


def spec(*dimensions: Dimension) -> CubeSpec:
    measures = (
        Measure("finished", LABEL, LABEL, MeasureKind.COUNT, 0, column="n"),
        Measure(
            "mean_income",
            LABEL,
            LABEL,
            MeasureKind.MEAN,
            0,
            column="eur",
            of=("finished",),
            dominance=Dominance(10, 5, "n", "top", "next", "test"),
        ),
    )
    return CubeSpec("", dimensions, measures, (), (), DisclosureRules(5, "test"))


def leaves(house, spells, day, table, *dimensions):
    axes = [release_axis(spells, d, as_of=day, services=house.services) for d in dimensions]
    placed = leaves_of(pa.table(table), spec(*dimensions), axes, registry=REGISTRY)
    names = [
        tuple(axis.codes[place].code for axis, place in zip(axes, row, strict=True))
        for row in placed.counts.positions.T
    ]
    return placed, names


def money(rows):
    return {name: [0.0] * rows for name in ("eur", "top", "next")}


def abolished() -> str:
    codes = (f"{n:03}" for n in range(1000))
    return next(c for c in codes if REGISTRY.current_municipality(c) not in {None, c})


def test_rows_find_their_leaves_and_what_is_unknown_goes_to_the_residual(house, spells, day):
    old = abolished()
    table = {
        "kunta": ["837", old, None, "999", "478", "MK06"],
        "kuukausi": ["2026M06"] * 5 + ["2024M07"],
        "n": [1, 2, 3, 4, 5, 6],
        "eur": [1.5, 0.0, 0.0, 0.0, 0.0, 0.0],
        "top": [1.5, 0.0, 0.0, 0.0, 0.0, 0.0],
        "next": [0.0] * 6,
    }
    placed, names = leaves(house, spells, day, table, PLACES, MONTHS)
    current = f"KU{REGISTRY.current_municipality(old)}"
    assert [name[0] for name in names] == ["KU837", current, "KUXXX", "KUXXX", "KU478", "KUXXX"]
    assert placed.unknown == {"geography": 3}
    assert placed.counts.counts["finished"].tolist() == [1, 2, 3, 4, 5, 6]
    assert placed.sums["mean_income"].sums.tolist() == [150, 0, 0, 0, 0, 0]
    assert placed.sums["mean_income"].contributors.tolist() == [1, 2, 3, 4, 5, 6]


def test_a_municipality_is_counted_in_its_area_where_the_geography_ends_there(house, spells, day):
    table = {"kunta": ["837", "478", None, "999"], "n": [1] * 4, **money(4)}
    placed, names = leaves(house, spells, day, table, AREAS)
    assert [name[0] for name in names] == ["TA39", "TAXXX", "TAXXX", "TAXXX"]
    assert placed.unknown == {"geography": 3}


def test_a_row_without_a_place_refuses_the_release(house, spells, day):
    table = {"kuukausi": ["2026M07"], "n": [1], **money(1)}
    with pytest.raises(ReleaseRefused, match="month"):
        leaves(house, spells, day, table, MONTHS)


def test_numbers_that_are_none_refuse_the_release_without_being_quoted(house, spells, day):
    for numbers in ([None], ["secret"]):
        table = {"kuukausi": ["2026M06"], "n": numbers, **money(1)}
        with pytest.raises(ReleaseRefused) as refused:
            leaves(house, spells, day, table, MONTHS)
        assert "secret" not in str(refused.value)


def test_refuses_a_mean_without_a_rule_and_amounts_that_are_negative(house, spells, day):
    table = {"kuukausi": ["2026M06"], "n": [1], "eur": [-5.0], "top": [0.0], "next": [0.0]}
    with pytest.raises(NegativeCount):
        leaves(house, spells, day, table, MONTHS)
    unruled = spec(MONTHS)
    bare = replace(unruled, measures=tuple(replace(m, dominance=None) for m in unruled.measures))
    axes = [release_axis(spells, MONTHS, as_of=day, services=house.services)]
    with pytest.raises(ContractFault, match="no dominance rule"):
        leaves_of(pa.table(table), bare, axes, registry=REGISTRY)
