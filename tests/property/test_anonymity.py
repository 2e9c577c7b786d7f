"""The k gate against a plain count of persons per combination, on random small slices."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ReleaseRefused
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


def quasi(name, *levels):
    return Column(
        name=name,
        source=name,
        type=ColumnType.STRING,
        label=TEXT,
        description=TEXT,
        classification=Classification.CONFIDENTIAL,
        transformation=Transformation.GENERALISE,
        lineage=(),
        levels=(*levels, ALL),
    )


POOLED = Level("large", LevelKind.POOL_SMALL, minimum_persons=4, pooled_code="MUU")
COLUMNS = (
    quasi("municipality", Level("as is", LevelKind.KEEP), POOLED),
    quasi(
        "age",
        Level("ten", LevelKind.BANDS, bounds=(30, 40)),
        Level("two", LevelKind.BANDS, bounds=(40,)),
    ),
    quasi("sex", Level("as is", LevelKind.KEEP)),
)
LADDER = (
    LadderStep("age", "two"),
    LadderStep("municipality", "large"),
    LadderStep("age", "all"),
    LadderStep("municipality", "all"),
    LadderStep("sex", "all"),
)

ROW = st.tuples(
    st.integers(0, 14),  # person: some have several rows, and the rows may differ
    st.sampled_from(["837", "049", "091", None]),
    st.one_of(st.none(), st.integers(20, 50)),
    st.sampled_from(["1", "2", None]),
)
SLICES = st.lists(ROW, max_size=60)
RULES = st.builds(
    AnonymityRules,
    k=st.integers(1, 6),
    ladder=st.integers(0, len(LADDER)).map(lambda steps: LADDER[:steps]),
    suppress_order=st.permutations(["municipality", "age", "sex"]).flatmap(
        lambda names: st.integers(0, 3).map(lambda count: tuple(names[:count]))
    ),
    maximum_suppressed_share=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
)


def gate(rows, rules):
    persons, municipality, age, sex = zip(*rows, strict=True) if rows else ((), (), (), ())
    table = pa.table(
        {
            "row": pa.array(range(len(rows)), type=pa.int64()),
            "municipality": pa.array(municipality, type=pa.string()),
            "age": pa.array(age, type=pa.int64()),
            "sex": pa.array(sex, type=pa.string()),
        }
    )
    ids = np.array(persons, dtype=np.int64) + 1000
    return anonymise(table, persons=ids, columns=COLUMNS, rules=rules)


def persons_behind(result, rows):
    """combination → distinct persons, counted one row at a time."""
    behind = defaultdict(set)
    for line in result.table.to_pylist():
        behind[line["municipality"], line["age"], line["sex"]].add(rows[line["row"]][0])
    return behind


@settings(deadline=None, max_examples=50)
@given(rows=SLICES, rules=RULES)
def test_every_published_combination_has_k_persons_or_the_slice_is_refused(rows, rules):
    people = {row[0] for row in rows}
    try:
        result = gate(rows, rules)
    except ReleaseRefused:
        assert len(people) >= rules.k
        return
    report = result.report
    if len(people) < rules.k:
        assert result.table.num_rows == 0
        assert report["withheld_below_k"] == {"rows": len(rows)}
        return
    behind = persons_behind(result, rows)
    assert result.table.num_rows == report["rows_published"] == len(rows)
    assert min(map(len, behind.values())) == report["k_reached"] >= rules.k


@settings(deadline=None, max_examples=50)
@given(rows=SLICES, rules=RULES)
def test_the_report_counts_what_was_suppressed_and_stays_within_the_share(rows, rules):
    try:
        result = gate(rows, rules)
    except ReleaseRefused:
        return
    lines = result.table.to_pylist()
    names = ("municipality", "age", "sex")
    stars = {name: sum(line[name] == "*" for line in lines) for name in names}
    touched = sum(any(line[name] == "*" for name in names) for line in lines)
    suppressed = result.report["suppressed"]

    if lines:
        assert suppressed["by_column"] == stars
        assert suppressed["rows"] == touched
        assert touched <= rules.maximum_suppressed_share * len(lines)


@settings(deadline=None, max_examples=25)
@given(rows=SLICES, rules=RULES)
def test_the_same_slice_gives_the_same_table_and_report(rows, rules):
    try:
        first = gate(rows, rules)
    except ReleaseRefused:
        with pytest.raises(ReleaseRefused):
            gate(rows, rules)
        return
    second = gate(rows, rules)
    assert first.table.equals(second.table)
    assert first.report == second.report


@settings(deadline=None, max_examples=25)
@given(rows=SLICES, k=st.integers(1, 6))
def test_a_ladder_that_ends_with_all_columns_at_all_never_refuses(rows, k):
    rules = AnonymityRules(k, LADDER, (), maximum_suppressed_share=0.0)

    result = gate(rows, rules)

    published = result.report["rows_published"]
    assert published == (len(rows) if len({row[0] for row in rows}) >= k else 0)
