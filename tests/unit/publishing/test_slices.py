from __future__ import annotations

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gateway.contracts import Catalog
from gateway.errors import ReleaseRefused
from gateway.model.product import ColumnType
from gateway.protection.pseudonym import pseudonyms
from gateway.publishing.gate import Reached, check_slice, smallest_group
from gateway.publishing.slices import AreaRows, protect_slice, write_slice
from gateway.releases.layout import slice_schema

KEY = bytes(range(32))
NO_LISTS = Catalog((), {})


def rows(count: int = 200) -> AreaRows:
    table = pa.table(
        {
            "henkilo_id": pa.array([1000 + i // 2 for i in range(count)], pa.int64()),
            "kotikunta": ["837" if i % 3 else "980" for i in range(count)],
            "ika": pa.array([18 + i // 2 % 40 for i in range(count)], pa.int32()),
            "sukupuoli": ["1" if i // 2 % 2 else "2" for i in range(count)],
            "alkupvm": pa.array([date(2026, 1 + i % 6, 1 + i % 28) for i in range(count)]),
            "jakso": pa.array([i % 4 for i in range(count)], pa.int32()),
        }
    )
    return AreaRows("39", table)


def test_a_slice_has_exactly_the_delivered_columns_in_the_contracts_order(spells):
    protected = protect_slice(rows(), spells.rows, key=KEY)
    assert protected.table.schema.equals(slice_schema(spells.rows.columns))
    assert "identity_code" not in protected.table.column_names
    assert protected.table.num_rows == 200


def test_dates_are_delivered_as_the_first_of_their_month(spells):
    started = protect_slice(rows(), spells.rows, key=KEY).table.column("started").to_pylist()
    assert {day.day for day in started} == {1}


def test_persons_have_the_pseudonym_of_the_area(spells):
    given = protect_slice(rows(), spells.rows, key=KEY).table.column("pseudonym").to_pylist()
    ids = rows().table.column("henkilo_id").combine_chunks().to_numpy()
    assert sorted(given) == sorted(pseudonyms(ids, KEY).to_pylist())
    other = protect_slice(rows(), spells.rows, key=KEY[::-1]).table.column("pseudonym")
    assert not set(given) & set(other.to_pylist())


def test_the_order_of_the_source_leaves_no_trace(spells):
    one = protect_slice(rows(), spells.rows, key=KEY).table
    turned = AreaRows("39", rows().table.take(list(range(199, -1, -1))))
    assert protect_slice(turned, spells.rows, key=KEY).table.equals(one)
    order = one.column("pseudonym").to_pylist()
    assert order == sorted(order)


def test_an_area_of_few_persons_is_delivered_as_an_empty_slice(spells, tmp_path):
    protected = protect_slice(rows(8), spells.rows, key=KEY)
    assert protected.table.num_rows == 0
    write_slice(tmp_path / "part.parquet", protected.table)
    assert checked(tmp_path, spells, protected.report["levels"]) == Reached(0, None)


def test_a_value_that_does_not_fit_its_column_refuses_the_release_without_quoting_it(spells):
    spec = replace(
        spells.rows,
        columns=tuple(
            replace(c, type=ColumnType.INTEGER, source="kotikunta") if c.name == "spell" else c
            for c in spells.rows.columns
        ),
    )
    dirty = rows()
    place = dirty.table.schema.get_field_index("kotikunta")
    table = dirty.table.set_column(place, "kotikunta", pa.array(["secret"] * 200))
    with pytest.raises(ReleaseRefused, match="spell") as refused:
        protect_slice(AreaRows("39", table), spec, key=KEY)
    assert "secret" not in str(refused.value)


def checked(tmp_path, spells, levels):
    path = tmp_path / "part.parquet"
    return check_slice(path, spells.rows, product=spells, catalog=NO_LISTS, levels=levels)


def written(tmp_path, spells, table: pa.Table, levels=None):
    pq.write_table(table, tmp_path / "part.parquet")
    return checked(
        tmp_path, spells, levels or protect_slice(rows(), spells.rows, key=KEY).report["levels"]
    )


def test_the_gate_recounts_k_on_what_was_written(spells, tmp_path):
    table = protect_slice(rows(), spells.rows, key=KEY).table
    reached = written(tmp_path, spells, table)
    assert reached == Reached(smallest_group(table, spells.rows), None)
    assert reached.k >= 5


def test_the_gate_refuses_a_combination_of_too_few_persons(spells, tmp_path):
    table = protect_slice(rows(), spells.rows, key=KEY).table
    sexes = table.column("sex").to_pylist()
    rare = table.set_column(3, "sex", pa.array(["9", *sexes[1:]]))
    with pytest.raises(ReleaseRefused, match="does not reach k"):
        written(tmp_path, spells, rare)


def test_the_gate_counts_persons_and_not_rows(spells, tmp_path):
    table = protect_slice(rows(), spells.rows, key=KEY).table
    one_person = table.set_column(0, "pseudonym", pa.array(["A" * 26] * 200))
    with pytest.raises(ReleaseRefused, match="does not reach k"):
        written(tmp_path, spells, one_person)


@pytest.mark.parametrize("fault", ["extra", "missing", "order", "type"])
def test_the_gate_refuses_other_columns_than_the_contract_delivers(spells, tmp_path, fault):
    table = protect_slice(rows(), spells.rows, key=KEY).table
    changed = {
        "extra": lambda: table.append_column("identity_code", pa.array(["x"] * 200)),
        "missing": lambda: table.drop_columns(["spell"]),
        "order": lambda: table.select(table.column_names[::-1]),
        "type": lambda: table.set_column(5, "spell", table.column("spell").cast(pa.int32())),
    }[fault]()
    with pytest.raises(ReleaseRefused, match="other columns"):
        written(tmp_path, spells, changed)


@pytest.mark.parametrize("value", [None, "1000", "a" * 26, "A" * 25, "A" * 26 + "\n"])
def test_the_gate_refuses_what_is_no_pseudonym(spells, tmp_path, value):
    table = protect_slice(rows(), spells.rows, key=KEY).table
    names = table.column("pseudonym").to_pylist()
    broken = table.set_column(0, "pseudonym", pa.array([value, *names[1:]]))
    with pytest.raises(ReleaseRefused, match="missing values" if value is None else "no pseudonym"):
        written(tmp_path, spells, broken)


def test_the_gate_refuses_a_value_given_twice_in_a_unique_column(spells, tmp_path):
    table = protect_slice(rows(), spells.rows, key=KEY).table
    columns = tuple(replace(c, unique=c.name == "spell") for c in spells.rows.columns)
    strict = replace(spells, rows=replace(spells.rows, columns=columns))
    with pytest.raises(ReleaseRefused, match="twice"):
        written(tmp_path, strict, table)


def test_the_gate_refuses_a_product_without_a_pseudonym_to_count_by(spells):
    table = protect_slice(rows(), spells.rows, key=KEY).table
    unnamed = replace(spells.rows, columns=spells.rows.columns[1:])
    with pytest.raises(ReleaseRefused, match="no pseudonym"):
        smallest_group(table, unnamed)
