"""What a combination would tell of everybody in it, and what is done about it, in the contract's order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gateway.errors import ContractFault
from gateway.model.label import Label
from gateway.model.product import (
    AnonymityRules,
    Classification,
    Column,
    ColumnType,
    LadderStep,
    Level,
    LevelKind,
    Sensitive,
    Transformation,
)
from gateway.protection.anonymity import anonymise
from gateway.protection.told import Told

TEXT = Label("", "", "")
KEEP, ALL = Level("as is", LevelKind.KEEP), Level("all", LevelKind.ALL)


def column(name, how=Transformation.KEEP, **more):
    return Column(
        name, name, ColumnType.STRING, TEXT, TEXT, Classification.CONFIDENTIAL, how, (), **more
    )


AGE = column("age", Transformation.GENERALISE, levels=(KEEP, ALL))
SEX = column("sex", Transformation.GENERALISE, levels=(KEEP, ALL))
PLAN = column("plan", sensitive=Sensitive("it tells", ("course",)))
COURSE = column("course")
COLUMNS = (AGE, SEX, PLAN, COURSE)


def rules(*ladder, order=("age", "sex", "plan"), share=0.5, least=2, k=3):
    return AnonymityRules(
        k, tuple(LadderStep(*step) for step in ladder), order, share, diversity=least
    )


def slice_of(*groups):
    """(age, sex, plans): one person of one row for each plan."""
    rows = [(age, sex, plan) for age, sex, plans in groups for plan in plans]
    ages, sexes, plans = zip(*rows, strict=True)
    courses = [None if plan is None else f"course of {plan}" for plan in plans]
    return pa.table({"age": ages, "sex": sexes, "plan": plans, "course": courses})


def gate(table, rules, persons=None, columns=COLUMNS, told=()):
    ids = np.arange(table.num_rows) if persons is None else np.array(persons)
    return anonymise(table, persons=ids, columns=columns, rules=rules, told=told)


def shown(result, name="plan"):
    lines = result.table.to_pylist()
    return [(line["age"], line["sex"], line[name]) for line in lines]


MIXED = ("young", "1", ["work", "help", "work"])
ALIKE = ("old", "1", ["help", "help", "help"])


def test_a_slice_that_tells_nothing_of_everybody_stays_as_it_is():
    result = gate(slice_of(MIXED, ("old", "1", ["help", "work", "work"])), rules(("age", "all")))
    assert result.report["steps"] == []
    assert (result.report["l"], result.report["l_reached"]) == (2, 2)
    assert "*" not in result.table.column("plan").to_pylist()


def test_goes_one_step_coarser_when_too_many_rows_tell_of_everybody():
    result = gate(slice_of(MIXED, ALIKE), rules(("age", "all"), share=0.2))
    assert {line[0] for line in shown(result)} == {"SSS"}
    assert result.report["at_first"] == {"rows_below_k": 0, "rows_below_l": 3}
    assert result.report["suppressed"]["rows"] == 0


def test_hides_a_known_value_first_when_the_contract_says_so():
    table = slice_of(MIXED, ALIKE, ("old", "2", ["work"] * 3))
    result = gate(table, rules(order=("sex", "age", "plan"), share=0.7))
    assert shown(result)[3:] == [("old", "*", "help")] * 3 + [("old", "*", "work")] * 3
    assert result.report["suppressed"]["by_column"] == {"age": 0, "sex": 6, "plan": 0}


def test_what_was_hidden_in_vain_is_shown_again():
    table = slice_of(MIXED, ALIKE, ("old", "2", ["work", "help", "help"]))
    result = gate(table, rules(order=("sex", "age", "plan")))
    # Without its sex and its age the combination is as alike as before.
    assert shown(result)[3:6] == [("old", "1", "*")] * 3
    assert result.report["suppressed"]["by_column"] == {"age": 0, "sex": 0, "plan": 3}


def test_hides_the_sensitive_value_first_when_the_contract_says_so_and_what_would_tell_it():
    result = gate(slice_of(MIXED, ALIKE), rules(order=("plan", "age", "sex")))
    assert shown(result)[3:] == [("old", "1", "*")] * 3
    assert shown(result, "course")[3:] == [("old", "1", "*")] * 3
    assert result.report["suppressed"] == {
        "rows": 3,
        "share": 0.5,
        "by_column": {"age": 0, "sex": 0, "plan": 3},
    }


def test_withholds_the_column_when_the_ladder_ends_and_too_much_would_be_hidden():
    result = gate(slice_of(MIXED, ALIKE), rules(order=("plan",), share=0.4))
    assert set(result.table.column("plan").to_pylist()) == {"*"}
    assert result.report["columns_withheld"] == ["plan"]
    assert result.report["suppressed"]["rows"] == 0


def test_a_value_that_everybody_has_among_others_is_told_of_everybody():
    table = slice_of(("old", "1", ["help", "work", "help", "study", "help"]), MIXED)
    persons = [1, 1, 2, 2, 3, 4, 5, 6]
    result = gate(table, rules(order=("plan", "age", "sex"), share=0.7), persons=persons)
    assert [line[2] for line in shown(result)[:5]] == ["*"] * 5


def test_a_missing_value_tells_nothing_but_leaves_room_for_doubt():
    nothing = ("old", "1", [None, None, None])
    doubt = ("mid", "1", ["help", "help", None])
    result = gate(slice_of(MIXED, nothing, doubt), rules(order=("plan", "age", "sex")))
    assert "*" not in result.table.column("plan").to_pylist()


def test_a_column_in_which_the_whole_slice_is_alike_is_withheld_and_no_suppression():
    table = slice_of(("young", "1", ["help"] * 4), ("old", "2", ["help"] * 4))
    result = gate(table, rules(share=0.0))
    assert set(result.table.column("plan").to_pylist()) == {"*"}
    assert set(result.table.column("course").to_pylist()) == {"*"}
    assert result.report["columns_withheld"] == ["plan"]
    assert result.report["suppressed"]["rows"] == 0
    assert result.report["l_reached"] is None


def test_l_of_three_wants_three_values():
    table = slice_of(("young", "1", ["a", "b", "c"]), ("old", "1", ["a", "b", "a"]))
    result = gate(table, rules(order=("plan", "age", "sex"), least=3))
    assert [line[2] for line in shown(result)] == ["a", "b", "c", "*", "*", "*"]
    assert result.report["l_reached"] == 3


HIDDEN_BEFORE = Told(
    np.array([0, 1, 2, 9]),
    pa.table({"age": ["old"] * 4, "sex": ["1"] * 4, "plan": ["*"] * 4}),
    {"age": "as is", "sex": "as is"},
    "*",
    frozenset({"plan"}),
)


def test_what_was_hidden_of_persons_who_were_alike_stays_hidden_while_they_are():
    """A newcomer makes the combination mixed, and one of those who were alike has left."""
    table = slice_of(("old", "1", ["help", "help", "help", "work"]), MIXED)
    order = rules(order=("plan", "age", "sex"), share=0.9)
    result = gate(table, order, told=[HIDDEN_BEFORE])
    # Hidden with them is the newcomer, who would be alone in what can be seen.
    assert [line[2] for line in shown(result)[:4]] == ["*"] * 4
    assert "*" not in gate(table, order).table.column("plan").to_pylist()


def test_a_column_that_must_stay_hidden_of_too_many_is_withheld_and_the_ladder_is_spared():
    table = slice_of(("old", "1", ["help", "help", "help", "work"]), MIXED)
    order = rules(("age", "all"), order=("plan", "age", "sex"), share=0.1)
    result = gate(table, order, told=[HIDDEN_BEFORE])
    assert result.report["columns_withheld"] == ["plan"]
    assert result.report["steps"] == []


def test_what_was_hidden_is_told_when_they_are_no_longer_alike():
    table = slice_of(("old", "1", ["help", "work", "help", "work"]), MIXED)
    result = gate(table, rules(order=("plan", "age", "sex"), share=0.9), told=[HIDDEN_BEFORE])
    assert "*" not in result.table.column("plan").to_pylist()


def test_a_combination_that_is_known_from_elsewhere_is_looked_at_as_well():
    """Here the five are one combination; elsewhere three of them are known to be old."""
    table = slice_of(("SSS", "1", ["help", "help", "help", "work", "work"]))
    elsewhere = Told(
        np.arange(5),
        pa.table({"age": ["old"] * 3 + ["young"] * 2, "sex": ["1"] * 5}),
        {"age": "as is", "sex": "as is"},
        "*",
    )
    coarse = replace(AGE, levels=(KEEP, ALL))
    result = gate(
        table,
        rules(order=("plan", "age", "sex"), share=1.0),
        columns=(coarse, SEX, PLAN, COURSE),
        told=[elsewhere],
    )
    assert [line[2] for line in shown(result)] == ["*"] * 5
    more = Told(
        np.array([0, 1, 2, 3, 4, 8, 9]),
        pa.table({"age": ["old"] * 3 + ["young"] * 2 + ["old", "young"], "sex": ["1"] * 7}),
        elsewhere.levels,
        "*",
    )
    # Two more are known there who have no row here: then not everybody has the value.
    result = gate(table, rules(order=("plan", "age", "sex"), share=1.0), told=[more])
    assert "*" not in [line[2] for line in shown(result)]


def test_a_level_gets_no_finer_than_it_was_told_at():
    table = slice_of(MIXED, ("old", "1", ["help", "work", "work"]))
    before = Told(
        np.arange(6),
        pa.table({"age": ["SSS"] * 6, "sex": ["1"] * 6}),
        {"age": "all", "sex": "as is"},
        "*",
    )
    result = gate(table, rules(("age", "all"), k=1), told=[before])
    assert result.report["levels"] == {"age": "all", "sex": "as is"}


def test_refuses_sensitive_columns_that_cannot_be_hidden():
    table = slice_of(MIXED)
    number = replace(PLAN, type=ColumnType.INTEGER)
    with pytest.raises(ContractFault, match="holds text"):
        gate(table, rules(), columns=(AGE, SEX, number, COURSE))
    known = replace(PLAN, sensitive=Sensitive("it tells", ("age",)))
    with pytest.raises(ContractFault, match="can be suppressed"):
        gate(table, rules(), columns=(AGE, SEX, known, COURSE))
    with pytest.raises(ContractFault, match="value of its own"):
        gate(slice_of(("old", "1", ["*", "a", "b"])), rules())
    with pytest.raises(ContractFault, match="l at least 2"):
        gate(table, rules(least=1))
