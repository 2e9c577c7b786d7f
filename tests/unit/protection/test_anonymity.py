from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from gateway.errors import ContractFault, ReleaseRefused
from gateway.model.label import Label
from gateway.model.product import (
    AnonymityRules,
    Classification,
    Column,
    ColumnType,
    LadderStep,
    Level,
    LevelKind,
    Transformation,
)
from gateway.protection.anonymity import anonymise

TEXT = Label("", "", "")
ALL = Level("all", LevelKind.ALL)
KEEP = Level("as is", LevelKind.KEEP)


def quasi(name, *levels):
    return Column(
        name=name,
        source=f"raw_{name}",
        type=ColumnType.STRING,
        label=TEXT,
        description=TEXT,
        classification=Classification.CONFIDENTIAL,
        transformation=Transformation.GENERALISE,
        lineage=(),
        levels=levels,
    )


SEX = quasi("sex", KEEP, ALL)
AGE = quasi("age", Level("ten", LevelKind.BANDS, bounds=(30, 40)), ALL)


def rules_with(*ladder, k=3, order=("age", "sex"), share=0.5):
    return AnonymityRules(k, tuple(LadderStep(*step) for step in ladder), order, share)


def slice_of(*groups):
    """A table of (age, sex) combinations, each with so many persons of one row."""
    ages = [age for age, _, count in groups for _ in range(count)]
    sexes = [sex for _, sex, count in groups for _ in range(count)]
    return pa.table({"age": pa.array(ages, pa.int64()), "sex": pa.array(sexes, pa.string())})


def gate(table, rules, persons=None, columns=(AGE, SEX)):
    ids = np.arange(table.num_rows) if persons is None else np.array(persons)
    return anonymise(table, persons=ids, columns=columns, rules=rules)


def combinations(result):
    lines = result.table.to_pylist()
    return {(line["age"], line["sex"]): lines.count(line) for line in lines}


def test_a_slice_with_k_everywhere_stays_at_its_finest_level():
    result = gate(slice_of((25, "1", 3), (35, "2", 4)), rules_with(("age", "all")))

    assert combinations(result) == {("-29", "1"): 3, ("30-39", "2"): 4}
    assert result.report["k_reached"] == 3
    assert result.report["steps"] == []
    assert result.report["levels"] == {"age": "ten", "sex": "as is"}


def test_goes_one_step_coarser_when_too_many_rows_are_below_k():
    table = slice_of((25, "1", 2), (35, "1", 2), (45, "2", 3))

    result = gate(table, rules_with(("age", "all"), share=0.2))

    assert combinations(result) == {("SSS", "1"): 4, ("SSS", "2"): 3}
    assert result.report["at_first"] == {"rows_below_k": 4, "rows_below_l": 0}
    assert result.report["steps"] == [
        {"column": "age", "level": "all", "rows_altered": 7, "rows_below_k": 0, "rows_below_l": 0}
    ]
    assert result.report["rows_generalised"] == 7


def test_suppresses_the_first_column_of_the_order_where_that_is_enough():
    table = slice_of((25, "1", 10), (35, "1", 2), (45, "1", 2), (35, "2", 5))

    result = gate(table, rules_with())

    assert combinations(result) == {("-29", "1"): 10, ("*", "1"): 4, ("30-39", "2"): 5}
    assert result.report["suppressed"] == {
        "rows": 4,
        "share": pytest.approx(4 / 19),
        "by_column": {"age": 4, "sex": 0},
    }


def test_takes_the_smallest_other_combination_in_when_the_suppressed_group_is_small_itself():
    table = slice_of((25, "1", 10), (35, "1", 1), (45, "2", 4))

    result = gate(table, rules_with())

    assert combinations(result) == {("-29", "1"): 10, ("*", "*"): 5}


def test_columns_that_the_order_does_not_name_are_suppressed_last():
    table = slice_of((25, "1", 10), (35, "1", 2), (45, "2", 2))

    result = gate(table, rules_with(order=("sex",)))

    assert combinations(result) == {("-29", "1"): 10, ("*", "*"): 4}


def test_counts_persons_and_not_rows():
    result = gate(
        slice_of((25, "1", 4), (35, "2", 4)),
        rules_with(share=1.0),
        persons=[1, 1, 2, 2, 3, 4, 5, 6],
    )

    assert combinations(result) == {("*", "*"): 8}
    assert result.report["persons"] == 6


def test_a_slice_of_fewer_than_k_persons_is_published_empty_and_counted():
    result = gate(slice_of((25, "1", 5)), rules_with(), persons=[1, 1, 1, 2, 2])

    assert result.table.num_rows == 0
    assert result.table.schema.field("age").type == pa.string()
    assert result.report["withheld_below_k"] == {"rows": 5}
    assert result.report["persons"] is None


def test_an_empty_slice_is_published_empty():
    result = gate(slice_of(), rules_with())

    assert result.table.num_rows == 0
    assert result.report["rows"] == 0


def test_refuses_when_the_ladder_ends_and_too_much_would_be_suppressed():
    with pytest.raises(ReleaseRefused, match=r"20\.0 %"):
        gate(slice_of((25, "1", 8), (35, "1", 2)), rules_with(share=0.1))


def test_refuses_when_suppression_itself_takes_more_rows_than_the_share():
    table = slice_of((25, "1", 10), (35, "1", 1), (45, "2", 4))

    with pytest.raises(ReleaseRefused):
        gate(table, rules_with(share=0.1))
    assert combinations(gate(table, rules_with(("age", "all"), share=0.1))) == {
        ("SSS", "1"): 11,
        ("SSS", "2"): 4,
    }


def test_other_columns_and_the_order_of_rows_stay_as_they_were():
    table = slice_of((25, "1", 3), (35, "2", 3)).add_column(
        0, "spell", pa.array([9, 8, 7, 6, 5, 4])
    )

    result = gate(table, rules_with())

    assert result.table.column_names == ["spell", "age", "sex"]
    assert result.table.column("spell").to_pylist() == [9, 8, 7, 6, 5, 4]


def test_the_report_is_json_and_speaks_of_trajectories():
    report = gate(slice_of((25, "1", 3)), rules_with()).report

    assert json.loads(json.dumps(report)) == report
    assert any("trajectories" in sentence for sentence in report["limits"])


def test_a_slice_without_quasi_identifiers_has_one_combination():
    result = gate(slice_of((25, "1", 3)), rules_with(order=()), columns=())

    assert result.report["k_reached"] == 3


def test_refuses_a_ladder_or_an_order_that_names_no_quasi_identifier():
    with pytest.raises(ContractFault):
        gate(slice_of((25, "1", 2), (35, "1", 2)), rules_with(("age", "century"), share=0.0))
    with pytest.raises(ContractFault):
        gate(slice_of((25, "1", 3)), rules_with(order=("name",)))


def test_refuses_a_value_that_looks_suppressed():
    with pytest.raises(ContractFault):
        gate(slice_of((25, "*", 3)), rules_with())


def test_refuses_persons_that_are_not_one_for_each_row():
    with pytest.raises(ValueError, match="one person"):
        gate(slice_of((25, "1", 3)), rules_with(), persons=[1, 2])


def test_counts_the_same_when_combinations_are_too_many_for_one_number(monkeypatch):
    table = slice_of((25, "1", 10), (35, "1", 2), (45, "1", 2), (35, "2", 5))
    plain = gate(table, rules_with())
    monkeypatch.setattr("gateway.protection.rows_slice._LARGEST_CODE", 4)

    assert gate(table, rules_with()).table.equals(plain.table)


def test_refuses_a_k_of_nobody_and_a_slice_that_lacks_a_column():
    with pytest.raises(ContractFault):
        gate(slice_of((25, "1", 3)), rules_with(k=0))
    with pytest.raises(ContractFault):
        gate(slice_of((25, "1", 3)).drop_columns(["sex"]), rules_with())
