"""The last look: every promise of a contract is checked on the written file, by code of its own."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from gateway.contracts import Catalog
from gateway.errors import ReleaseRefused
from gateway.model.label import Label
from gateway.model.product import (
    AnonymityRules,
    Classification,
    Column,
    ColumnType,
    Level,
    LevelKind,
    Rounding,
    RowsSpec,
    Sensitive,
    Transformation,
)
from gateway.publishing.gate import smallest_cover, smallest_group
from gateway.publishing.gate_columns import check_column

TEXT = Label("", "", "")
STRING, DATE, NUMBER = ColumnType.STRING, ColumnType.DATE, ColumnType.NUMBER
NO_LISTS = Catalog((), {})


def column(name, how, kind=STRING, **more):
    return Column(name, name, kind, TEXT, TEXT, Classification.CONFIDENTIAL, how, (), **more)


LEVELS = (
    Level("bands", LevelKind.BANDS, bounds=(25, 50)),
    Level("groups", LevelKind.GROUPS, groups={"FI": "HOME"}, otherwise="AWAY"),
    Level("digits", LevelKind.TRUNCATE, length=2),
    Level("code", LevelKind.KEEP),
    Level("all", LevelKind.ALL, pooled_code="SSS"),
)
AGE = column("age", Transformation.GENERALISE, levels=LEVELS)
PLAN = column("plan", Transformation.KEEP, sensitive=Sensitive("it tells", ("course",)))
COURSE = column("course", Transformation.KEEP)
PERSON = column("person", Transformation.PSEUDONYM)
SPEC = RowsSpec(
    "", "", "", "", (PERSON, AGE, PLAN, COURSE), AnonymityRules(2, (), ("age", "plan"), 0.5)
)


def check(values, column, level=None, kind=None):
    given = pa.chunked_array([pa.array(values, kind)])
    check_column(given, column, spec=SPEC, catalog=NO_LISTS, level=level)


MONTHS = column("started", Transformation.MONTH, DATE)
YEARS = column("started", Transformation.YEAR, DATE)
EUROS = column("euros", Transformation.ROUND, NUMBER, rounding=Rounding(0.1, -1.0, 1.0))
DAYS = column("days", Transformation.BANDS, bounds=(30, 90))
DIGITS = column("job", Transformation.TRUNCATE, length=2)


@pytest.mark.parametrize(
    ("values", "column", "level"),
    [
        ([date(2026, 6, 1), None], MONTHS, None),
        ([date(2026, 1, 1), None], YEARS, None),
        ([0.1 * 3, -1.0, 1.0, None, 0.7000000000000001], EUROS, None),
        (["-29", "30-89", "90-", "X"], DAYS, None),
        (["25", "5", None], DIGITS, None),
        (["-24", "25-49", "50-", "X", "*"], AGE, "bands"),
        (["HOME", "AWAY", "X", "*"], AGE, "groups"),
        (["25", "X", "*"], AGE, "digits"),
        (["anything", "*"], AGE, "code"),
        (["SSS", "*"], AGE, "all"),
        (["help", None, "*"], PLAN, None),
        (["K00001", None, "*"], COURSE, None),
    ],
)
def test_takes_what_has_the_form_of_its_column(values, column, level):
    check(values, column, level)


@pytest.mark.parametrize(
    ("values", "column", "level", "why"),
    [
        ([date(2026, 6, 2)], MONTHS, None, "no month"),
        ([date(2026, 2, 1)], YEARS, None, "no year"),
        ([0.15], EUROS, None, "no round"),
        ([1.1], EUROS, None, "no round"),
        ([-1.1], EUROS, None, "no round"),
        ([0.1, float("nan")], EUROS, None, "no finite number"),
        ([float("-inf")], column("x", Transformation.KEEP, NUMBER), None, "no finite number"),
        (["30-90"], DAYS, None, "no bands"),
        (["*"], DAYS, None, "no bands"),
        (["251"], DIGITS, None, "no truncate"),
        ([""], DIGITS, None, "no truncate"),
        (["25-29"], AGE, "bands", "no value at the level bands"),
        (["-24", "SSS"], AGE, "bands", "no value at the level bands"),
        (["FI"], AGE, "groups", "no value at the level groups"),
        (["251"], AGE, "digits", "no value at the level digits"),
        (["-24"], AGE, "all", "no value at the level all"),
        (["-24"], AGE, "unheard of", "no value at the level"),
        (["-24"], AGE, None, "no value at the level"),
        (["x"], column("x", Transformation.DROP), None, "no drop"),
        (["soita 010190-900X heti"], COURSE, None, "looks like an identifier"),
        (["131052A952L"], COURSE, None, "looks like an identifier"),
        (["a.b@example.fi"], COURSE, None, "looks like an identifier"),
        ([None], replace(COURSE, required=True), None, "missing values"),
        (["a", "a"], replace(COURSE, unique=True), None, "twice"),
    ],
)
def test_refuses_what_has_not_and_never_quotes_it(values, column, level, why):
    with pytest.raises(ReleaseRefused, match=why) as refused:
        check(values, column, level)
    assert "010190" not in refused.value.detail


def test_a_column_of_no_days_is_refused():
    with pytest.raises(ReleaseRefused, match="days"):
        check([5], MONTHS, kind=pa.int64())


def test_the_gate_uses_nothing_of_what_it_checks():
    folder = Path(__file__).parents[3] / "gateway" / "publishing"
    for name in ("gate.py", "gate_columns.py"):
        for node in ast.walk(ast.parse((folder / name).read_text("utf-8"))):
            module = node.module if isinstance(node, ast.ImportFrom) else ""
            assert not (module or "").startswith("gateway.protection"), name


@pytest.mark.parametrize("seed", range(5))
def test_k_and_l_are_what_an_engine_counts(seed):
    chance = np.random.default_rng(seed)
    people = 300
    ages = chance.choice(["-24", "25-49", "50-"], people)
    rows = chance.integers(0, people, 500)
    plans = np.array(["work", "help", "study", None, "*"], dtype=object)
    table = pa.table(
        {
            "person": [f"{i:026}" for i in rows],
            "age": ages[rows],
            "plan": chance.choice(plans, 500, p=[0.8, 0.05, 0.05, 0.05, 0.05]),
        }
    )
    with duckdb.connect() as engine:
        engine.register("slice", table)
        (k,) = engine.execute(
            "SELECT min(n) FROM (SELECT count(DISTINCT person) AS n FROM slice GROUP BY age)"
        ).fetchone()
        # The largest share of a combination's persons that one value covers.
        (share,) = engine.execute(
            """
            WITH seen AS (SELECT DISTINCT age, person, plan FROM slice
                          WHERE plan IS NULL OR plan <> '*'),
                 everybody AS (SELECT age, count(DISTINCT person) AS n FROM seen GROUP BY age)
            SELECT max(h.n / e.n)
            FROM (SELECT age, plan, count(DISTINCT person) AS n FROM seen
                  WHERE plan IS NOT NULL GROUP BY age, plan) h JOIN everybody e USING (age)
            """
        ).fetchone()
    assert smallest_group(table, SPEC) == k
    cover = smallest_cover(table, SPEC)
    assert cover is not None
    assert (cover == 1) == (share == 1.0)


def test_l_counts_persons_and_what_is_hidden_or_missing():
    def cover(*lines):
        persons, ages, plans = zip(*lines, strict=True)
        texts = pa.array(plans, pa.string())
        return smallest_cover(pa.table({"person": persons, "age": ages, "plan": texts}), SPEC)

    assert cover(("A", "x", "help"), ("B", "x", "help")) == 1
    assert cover(("A", "x", "help"), ("A", "x", "work"), ("B", "x", "help")) == 1
    assert cover(("A", "x", "help"), ("B", "x", "work")) == 2
    assert cover(("A", "x", "help"), ("B", "x", None)) == 4  # nothing covers who has none
    assert cover(("A", "x", "help"), ("B", "x", "*")) == 1  # who is hidden vouches for nobody
    assert cover(("A", "x", "*"), ("B", "x", "*")) is None
