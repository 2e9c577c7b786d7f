"""The gate against plain counts of persons per combination, on random small slices."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import combinations

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
    Sensitive,
    Transformation,
)
from gateway.protection.anonymity import anonymise
from gateway.protection.told import Told

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


# --- l, and what is known from elsewhere -----------------------------------------------------

SECRET = replace(quasi("plan"), levels=(), transformation=Transformation.KEEP,
                 sensitive=Sensitive("it tells", ()))  # fmt: skip
SECRET_ROW = st.tuples(ROW, st.sampled_from(["work", "help", "study", None]))
ORDERS = st.permutations(["municipality", "age", "sex", "plan"]).map(tuple)


def gate_with_secret(rows, rules, told=()):
    known, plans = zip(*rows, strict=True) if rows else ((), ())
    persons, municipality, age, sex = zip(*known, strict=True) if known else ((), (), (), ())
    table = pa.table(
        {
            "row": pa.array(range(len(rows)), type=pa.int64()),
            "municipality": pa.array(municipality, type=pa.string()),
            "age": pa.array(age, type=pa.int64()),
            "sex": pa.array(sex, type=pa.string()),
            "plan": pa.array(plans, type=pa.string()),
        }
    )
    ids = np.array(persons, dtype=np.int64) + 1000
    return anonymise(table, persons=ids, columns=(*COLUMNS, SECRET), rules=rules, told=told)


def told_of_everybody(lines, persons, least):
    """The combinations of which fewer than `least` plans cover every person who has one to be seen."""
    people = defaultdict(lambda: defaultdict(set))
    for line, person in zip(lines, persons, strict=True):
        if line["plan"] != "*":
            people[line["municipality"], line["age"], line["sex"]][person].add(line["plan"])
    plans = ("work", "help", "study")
    covers = [set(c) for size in range(1, least) for c in combinations(plans, size)]
    return [
        key
        for key, seen in people.items()
        if any(all(had & cover for had in seen.values()) for cover in covers)
    ]


@settings(deadline=None, max_examples=50)
@given(
    rows=st.lists(SECRET_ROW, max_size=60),
    rules=RULES,
    order=ORDERS,
    least=st.integers(2, 3),
)
def test_no_published_combination_tells_a_sensitive_value_of_everybody(rows, rules, order, least):
    rules = replace(rules, suppress_order=order, diversity=least)
    try:
        result = gate_with_secret(rows, rules)
    except ReleaseRefused:
        return
    lines = result.table.to_pylist()
    if not lines:
        return
    persons = [known[0] for known, _ in rows]
    assert told_of_everybody(lines, persons, least) == []
    behind = persons_behind(result, [known for known, _ in rows])
    assert min(map(len, behind.values())) == result.report["k_reached"] >= rules.k
    hidden = ("municipality", "age", "sex") if result.report["columns_withheld"] else (
        "municipality", "age", "sex", "plan")  # fmt: skip
    touched = sum(any(line[name] == "*" for name in hidden) for line in lines)
    assert touched == result.report["suppressed"]["rows"]
    assert touched <= rules.maximum_suppressed_share * len(lines)


@settings(deadline=None, max_examples=50)
@given(
    before=st.lists(SECRET_ROW, min_size=1, max_size=60),
    after=st.lists(SECRET_ROW, min_size=1, max_size=60),
    rules=RULES,
    order=ORDERS,
)
def test_the_next_release_gives_nothing_that_the_one_before_hides(before, after, rules, order):
    rules = replace(rules, suppress_order=order)
    try:
        first = gate_with_secret(before, rules)
        ids = np.array([known[0] for known, _ in before], dtype=np.int64) + 1000
        told = Told(
            ids if first.table.num_rows else ids[:0],
            first.table,
            first.report["levels"],
            "*",
            frozenset({"plan"}),
        )
        second = gate_with_secret(after, rules, [told])
    except ReleaseRefused:
        return
    if not (first.table.num_rows and second.table.num_rows):
        return
    for column in COLUMNS:
        names = [level.name for level in column.levels]
        was, now = (names.index(r.report["levels"][column.name]) for r in (first, second))
        assert now >= was
    then = {known[0]: line for (known, _), line in reversed(list(zip(before, first.table.to_pylist(), strict=True)))}  # fmt: skip
    lines = [
        (then.get(known[0], {}), known[0], line)
        for (known, _), line in zip(after, second.table.to_pylist(), strict=True)
    ]
    for name in ("municipality", "age", "sex"):
        one_value = len({line[name] for _, _, line in lines} - {"*"}) <= 1
        assert one_value or all(now[name] == "*" for was, _, now in lines if was.get(name) == "*")
    hidden = {known[0] for (known, _), line in zip(before, first.table.to_pylist(), strict=True)
              if line["plan"] == "*"}  # fmt: skip
    alike = defaultdict(lambda: defaultdict(set))
    for was, person, now in lines:
        if person in hidden and now["plan"] != "*":
            alike[was["municipality"], was["age"], was["sex"]][person].add(now["plan"])
    for people in alike.values():  # of those it was hidden of, no one value is had by all
        assert not set.intersection(*people.values()) - {None}
