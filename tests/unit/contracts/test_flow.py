"""Where columns come from: values and conditions, through every kind of query."""

from __future__ import annotations

import pytest

from gateway.contracts.source_tables import DeclaredTables, SourceTable
from gateway.contracts.sql_fault import SqlFault
from gateway.contracts.sql_lineage import trace_sql, trace_view

COLUMNS = {"s.a": ("id", "x", "y"), "s.b": ("id", "p", "q")}
TABLES = DeclaredTables(
    {name: SourceTable(name, columns, frozenset({"s"})) for name, columns in COLUMNS.items()}
)


def flows(sql):
    """name → values, name → conditions (of the rows too), each without the schema."""
    relation = trace_sql(sql, TABLES).relation

    def short(origins):
        return {origin.removeprefix("s.") for origin in origins}

    return {
        column.name: (short(column.flow.values), short(column.flow.conditions | relation.rows))
        for column in relation.columns
    }


@pytest.mark.parametrize(
    ("sql", "name", "values", "conditions"),
    [
        ("SELECT x FROM s.a", "x", {"a.x"}, {"a.*"}),
        ('SELECT "X" AS z FROM "S".A', "z", {"a.x"}, {"a.*"}),
        ("SELECT x + y AS z FROM s.a", "z", {"a.x", "a.y"}, {"a.*"}),
        ("SELECT CASE WHEN x = 1 THEN y END AS z FROM s.a", "z", {"a.x", "a.y"}, {"a.*"}),
        ("SELECT x FROM s.a WHERE y > 1", "x", {"a.x"}, {"a.*", "a.y"}),
        ("SELECT max(x) AS z FROM s.a GROUP BY y", "z", {"a.x"}, {"a.*", "a.y"}),
        ("SELECT y, max(x) AS z FROM s.a GROUP BY 1", "z", {"a.x"}, {"a.*", "a.y"}),
        ("SELECT count(*) AS n FROM s.a", "n", set(), {"a.*"}),
        ("SELECT DISTINCT x, y FROM s.a", "x", {"a.x"}, {"a.*", "a.x", "a.y"}),
        ("SELECT x FROM s.a ORDER BY y LIMIT 1", "x", {"a.x"}, {"a.*", "a.y"}),
        (
            "SELECT row_number() OVER (PARTITION BY x ORDER BY y) AS n FROM s.a",
            "n",
            {"a.x", "a.y"},
            {"a.*"},
        ),
        (
            "SELECT x FROM s.a QUALIFY row_number() OVER (ORDER BY y) = 1",
            "x",
            {"a.x"},
            {"a.*", "a.y"},
        ),
        ("SELECT a.x FROM s.a CROSS JOIN s.b", "x", {"a.x"}, {"a.*", "b.*"}),
        ("SELECT a.x FROM s.a JOIN s.b ON b.p = a.y", "x", {"a.x"}, {"a.*", "b.*", "b.p", "a.y"}),
        ("SELECT id FROM s.a JOIN s.b USING (id)", "id", {"a.id", "b.id"},
         {"a.*", "b.*", "a.id", "b.id"}),
        ("SELECT k.z FROM (SELECT x AS z FROM s.a) AS k", "z", {"a.x"}, {"a.*"}),
        ("SELECT k.m FROM (SELECT x, y FROM s.a) AS k (m, n)", "m", {"a.x"}, {"a.*"}),
        ("WITH k (m) AS (SELECT y FROM s.a) SELECT m FROM k", "m", {"a.y"}, {"a.*"}),
        ("SELECT (SELECT max(p) FROM s.b) AS z FROM s.a", "z", {"b.p"}, {"a.*", "b.*"}),
        ("SELECT (SELECT count(*) FROM s.b) AS z FROM s.a", "z", {"b.*"}, {"a.*", "b.*"}),
        (
            "SELECT EXISTS (SELECT 1 FROM s.b WHERE b.p = a.x) AS z FROM s.a",
            "z",
            {"b.*", "b.p", "a.x"},
            {"a.*", "b.*", "b.p", "a.x"},
        ),
        (
            "SELECT x FROM s.a WHERE x IN (SELECT p FROM s.b WHERE q = 1)",
            "x",
            {"a.x"},
            {"a.*", "a.x", "b.p", "b.q", "b.*"},
        ),
        ("SELECT l.z FROM s.a CROSS JOIN LATERAL (SELECT a.x + 1 AS z) l", "z", {"a.x"}, {"a.*"}),
        ("SELECT x FROM s.a UNION ALL SELECT p FROM s.b", "x", {"a.x", "b.p"}, {"a.*", "b.*"}),
        ("SELECT x FROM s.a EXCEPT SELECT p FROM s.b", "x", {"a.x", "b.p"},
         {"a.*", "b.*", "a.x", "b.p"}),
        (
            ("WITH RECURSIVE r (n, m) AS (SELECT id, x FROM s.a UNION ALL "
            "SELECT n, b.p FROM r JOIN s.b ON b.id = r.n) SELECT m FROM r"),
            "m",
            {"a.x", "b.p"},
            {"a.*", "b.*", "a.id", "b.id"},
        ),
        ("SELECT x AS k, k + 1 AS z FROM s.a", "z", {"a.x"}, {"a.*"}),
        ("SELECT y AS x, id FROM s.a WHERE x = 1", "id", {"a.id"}, {"a.*", "a.x", "a.y"}),
        ("SELECT v.c FROM (VALUES (1, 2), (3, 4)) AS v (b, c)", "c", set(), set()),
        ("SELECT * FROM s.a", "y", {"a.y"}, {"a.*"}),
    ],
)  # fmt: skip
def test_follows_values_and_conditions(sql, name, values, conditions):
    assert flows(sql)[name] == (values, conditions)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT z FROM s.a", "`z` cannot be followed"),
        ("SELECT b.x FROM s.a", "`b.x` cannot be followed"),
        ("SELECT a.p FROM s.a", "`a.p` cannot be followed"),
        ("SELECT a FROM s.a", "whole row"),
        ("SELECT x FROM s.c", "nobody has said the source of"),
        ("SELECT x FROM k", "not a source table"),
        ("WITH k AS (SELECT x FROM k) SELECT x FROM k", "not a source table"),
        ("SELECT x FROM s.a, s.a", "stands for two things"),
        ("SELECT * FROM s.a JOIN s.b ON a.id = b.id", "without a name of their own"),
        ("SELECT x FROM s.a UNION ALL SELECT p, q FROM s.b", "differ in columns"),
        ("SELECT x FROM s.a NATURAL JOIN s.b", "no place"),
        ("SELECT x FROM s.a TABLESAMPLE 10%", "no place"),
        ("SELECT x FROM s.a GROUP BY ALL", "no place"),
        ("SELECT sum(x) OVER w FROM s.a WINDOW w AS (PARTITION BY y)", "no place"),
        ("SELECT * EXCLUDE (x) FROM s.a", "no place"),
        ("SELECT random() AS r FROM s.a", "no place"),
        ("SELECT current_date AS d FROM s.a", "no place"),
        ("SELECT x['k'] AS z FROM s.a", "no place"),
        ("SELECT x FROM s.a UNION BY NAME SELECT p FROM s.b", "no place"),
        ("SELECT $other AS z FROM s.a", "another parameter"),
        ("SELECT x FROM " + "(" * 3000 + "s.a" + ")" * 3000, "cannot be read|too deep"),
        ("SELECT x FROM", "cannot be read"),
        ("", "not one reading statement"),
        ("SELECT 1; SELECT 2", "not one reading statement"),
    ],
)
def test_refuses_what_cannot_be_followed(sql, message):
    with pytest.raises(SqlFault, match=message):
        trace_sql(sql, TABLES)


def test_notes_every_table_and_column_that_is_read_used_or_not():
    sql = "WITH k AS (SELECT p FROM s.b WHERE q = 1) SELECT x FROM s.a"
    traced = trace_sql(sql, TABLES)
    assert [table.name for table in traced.tables] == ["s.b", "s.a"]
    assert set(traced.reads) == {"s.b.*", "s.b.p", "s.b.q", "s.a.*", "s.a.x"}
    assert sql[traced.reads["s.b.q"]] == "q"
    assert traced.stars == ()


def test_follows_the_statement_that_made_a_view():
    made = "CREATE VIEW s.v AS SELECT a.x, b.p FROM (s.a INNER JOIN s.b ON ((a.id = b.id)));"
    relation = trace_view(made, TABLES).relation
    assert [column.name for column in relation.columns] == ["x", "p"]
    assert relation.rows == {"s.a.*", "s.b.*", "s.a.id", "s.b.id"}
    with pytest.raises(SqlFault, match="not made by one statement"):
        trace_view("CREATE TABLE s.t AS SELECT 1", TABLES)
