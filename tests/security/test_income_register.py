"""Ways to smuggle Income Register data into rows: each is refused, by what the data is and not by name.

Laki tulotietojärjestelmästä 53/2018 13 §. Three places: the contract, the publication, the serving.
The third is attacked over HTTP in tests/unit/surfaces/test_rows.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from gateway.adapters.warehouse_duckdb import DuckDbWarehouse
from gateway.contracts import Catalog, Fault, check_contracts, load_catalog
from gateway.contracts.source_tables import SourceTable, SourceTables
from gateway.errors import ContractFault, IncomeRegisterRowsRefused
from gateway.model.product import DirtRule, Product
from gateway.organisations import load_registry
from gateway.publishing.lineage import check_lineage, check_sources
from gateway.publishing.services import PublishServices

ROOT = Path(__file__).parents[2]
PRODUCTS = ROOT / "products"
PERIODS = "service-periods.yaml"
OUTCOMES = "service-outcomes.yaml"
DAY = date(2026, 6, 30)
BAN = "never delivered as rows"
UNFIT = "has no place in contract SQL"

# A table of A-TMT that somebody filled from the Income Register, and that is declared so.
WAGES = "\n  palkkatieto:\n    origin: [tulorekisteri]\n    columns: [henkilo_id, x]\n"

# Places in the extract of service-periods.
TEAM = "          LEFT JOIN team v ON"
SERVICE = "t.palvelu AS service,"
WITH = "          WITH\n          person AS ("
PERSON = "            FROM atmt.henkilo\n            QUALIFY"
WHERE = "            WHERE alkupvm <= $as_of\n              AND (loppupvm"
TEXT = "SELECT count(lisatiedot) FROM atmt.henkilo"
JOIN = "          LEFT JOIN atmt.palkkatieto q ON q.henkilo_id = t.henkilo_id\n"
LAST = "          LEFT JOIN team v ON v.palvelujakso_id = t.palvelujakso_id\n"


def beside(join: str) -> tuple[str, str]:
    return TEAM, f"          {join}\n{TEAM}"


def common(query: str) -> tuple[str, str]:
    return WITH, f"          WITH\n          {query},\n          person AS ("


def selected(value: str) -> tuple[str, str]:
    return SERVICE, f"{value} AS service,"


def where(condition: str) -> tuple[str, str]:
    return WHERE, WHERE.replace("WHERE ", f"WHERE {condition} AND ")


def counted(query: str) -> tuple[str, str]:
    return TEXT, query


AT_THE_CONTRACT = {
    "join": ([beside("JOIN atmt.palkkatieto q ON q.henkilo_id = t.henkilo_id")], BAN),
    "its own name": ([beside("JOIN tulorekisteri.kuukausitulo q ON q.henkilo_id = 1")], BAN),
    "capitals": ([beside("JOIN ATMT.PALKKATIETO q ON q.henkilo_id = t.henkilo_id")], BAN),
    "quotes": ([beside('JOIN "atmt"."palkkatieto" q ON "q"."henkilo_id" = 1')], BAN),
    "a column under another alias": ([beside(JOIN.strip()), selected("q.x")], BAN),
    "a common query": (
        [common("harmless AS (SELECT henkilo_id, x AS y FROM atmt.palkkatieto)")],
        BAN,
    ),
    "common queries that rename": (
        [
            common("z (i, k) AS (SELECT henkilo_id, x FROM atmt.palkkatieto), "
                   "a (i, k) AS (SELECT i, k FROM z)"),
            beside("JOIN a ON a.i = t.henkilo_id"),
            selected("a.k"),
        ],
        BAN,
    ),
    "a recursive common query": (
        [
            (
                WITH,
                ("          WITH RECURSIVE\n          r (i, n) AS (SELECT henkilo_id, x FROM "
                "atmt.palkkatieto UNION ALL SELECT i, n FROM r WHERE i < 0),\n          person AS ("),
            ),
            beside("JOIN r ON r.i = t.henkilo_id"),
        ],
        BAN,
    ),
    "a common query named as a harmless table": (
        [common("tyopaikka AS (SELECT henkilo_id FROM atmt.palkkatieto)")],
        BAN,
    ),
    "a query in FROM": (
        [beside("JOIN (SELECT henkilo_id AS i FROM atmt.palkkatieto) q ON q.i = t.henkilo_id")],
        BAN,
    ),
    "a lateral query": (
        [
            beside(
                "CROSS JOIN LATERAL (SELECT max(x) AS m FROM atmt.palkkatieto w "
                "WHERE w.henkilo_id = t.henkilo_id) q"
            )
        ],
        BAN,
    ),
    "only the number of rows": ([beside("CROSS JOIN atmt.palkkatieto q")], BAN),
    "a query as a value": (
        [selected("(SELECT max(w.x) FROM atmt.palkkatieto w WHERE w.henkilo_id = t.henkilo_id)")],
        BAN,
    ),
    "a case": (
        [selected("CASE WHEN (SELECT max(x) FROM atmt.palkkatieto) > 1 THEN t.palvelu END")],
        BAN,
    ),
    "a condition": ([where("EXISTS (SELECT 1 FROM atmt.palkkatieto w WHERE w.x > 3000)")], BAN),
    "a condition that denies": ([where("NOT EXISTS (SELECT 1 FROM atmt.palkkatieto)")], BAN),
    "a membership": ([where("henkilo_id IN (SELECT henkilo_id FROM atmt.palkkatieto)")], BAN),
    "a count that is compared": (
        [where("(SELECT count(*) FROM atmt.palkkatieto w WHERE w.henkilo_id = 1) = 0")],
        BAN,
    ),
    "which row is first": (
        [
            (
                PERSON,
                ("            FROM atmt.henkilo\n            JOIN atmt.palkkatieto w "
                "USING (henkilo_id)\n            QUALIFY"),
            )
        ],
        BAN,
    ),
    "order and limit": (
        [
            common("one AS (SELECT palvelu FROM atmt.palvelu ORDER BY (SELECT max(x) FROM "
                   "atmt.palkkatieto) LIMIT 1)")
        ],
        BAN,
    ),
    "the limit itself": (
        [common("n AS (SELECT palvelu FROM atmt.palvelu LIMIT (SELECT x FROM atmt.palkkatieto))")],
        BAN,
    ),
    "the order of a union": (
        [
            common("u AS (SELECT palvelu FROM atmt.palvelu UNION ALL SELECT palvelu FROM "
                   "atmt.palvelu ORDER BY (SELECT max(x) FROM atmt.palkkatieto))")
        ],
        BAN,
    ),
    "a group": (
        [common("g AS (SELECT max(henkilo_id) AS h FROM atmt.palkkatieto GROUP BY x)")],
        BAN,
    ),
    "a condition on groups": (
        [common("g AS (SELECT henkilo_id FROM atmt.palkkatieto GROUP BY 1 HAVING sum(x) > 9)")],
        BAN,
    ),
    "a window": (
        [common("w AS (SELECT row_number() OVER (ORDER BY x) AS n FROM atmt.palkkatieto)")],
        BAN,
    ),
    "the last part of a union": (
        [
            common("u AS (SELECT henkilo_id FROM atmt.henkilo UNION ALL "
                   "SELECT henkilo_id FROM atmt.palkkatieto)")
        ],
        BAN,
    ),
    "a difference of sets": (
        [
            common("u AS (SELECT henkilo_id FROM atmt.henkilo EXCEPT "
                   "SELECT henkilo_id FROM atmt.palkkatieto)")
        ],
        BAN,
    ),
    "every column": ([common("s AS (SELECT * FROM atmt.palkkatieto)")], BAN),
    "every column of one table": (
        [common("s AS (SELECT q.* FROM atmt.palvelu p CROSS JOIN atmt.palkkatieto q)")],
        BAN,
    ),
    "values": ([common("v AS (SELECT a FROM (VALUES ((SELECT max(x) FROM atmt.palkkatieto))) t(a))")],
               BAN),
    "a filter of a count": (
        [common("f AS (SELECT count(*) FILTER (WHERE x > 1) AS n FROM atmt.palkkatieto)")],
        BAN,
    ),
    "a whole row": ([beside(JOIN.strip()), selected("CAST(q AS VARCHAR)")], "whole row"),
    "a quality rule": ([counted("SELECT count(*) FROM atmt.palkkatieto WHERE x > 3000")], BAN),
    "a quality rule that gives a value": (
        [counted("SELECT max(henkilo_id) FROM atmt.henkilo")],
        "something else than one count",
    ),
    "its name in a text": ([selected("'tulorekisteri'")], BAN),
    "a table function": ([common("t AS (SELECT 1 FROM query_table('atmt.palkkatieto'))")], UNFIT),
    "a query in a text": ([common("t AS (SELECT 1 FROM query('SELECT 1'))")], UNFIT),
    "a name put together": (
        [common("t AS (SELECT 1 FROM query_table('tulo' || 'rekisteri.kuukausitulo'))")],
        UNFIT,
    ),
    "a file": ([common("t AS (SELECT 1 FROM read_parquet('palkat.parquet'))")], UNFIT),
    "a function of somebody's own": ([selected("palkka(t.henkilo_id)")], UNFIT),
    "a table that nobody declared": (
        [beside("JOIN atmt.uusi q ON q.henkilo_id = t.henkilo_id")],
        "nobody has said the source of",
    ),
    "a table of another database": (
        [beside("JOIN toinen.atmt.palkkatieto q ON q.henkilo_id = t.henkilo_id")],
        UNFIT,
    ),
    "columns by a pattern": ([common("c AS (SELECT COLUMNS('x') FROM atmt.palkkatieto)")], UNFIT),
    "a pivot": ([common("p AS (PIVOT atmt.palkkatieto ON x USING count(*))")], UNFIT),
    "a pragma": ([counted("PRAGMA table_info('atmt.palkkatieto')")], "not one reading statement"),
    "a nested comment": ([selected("/* /* */ ' */ q.x --'\n            t.palvelu")], "token of two readings"),
}  # fmt: skip


def folder(path: Path, name: str, changes: list[tuple[str, str]]) -> Path:
    for beside_them in ("codelists", "sources"):
        shutil.copytree(PRODUCTS / beside_them, path / beside_them)
    atmt = path / "sources" / "atmt.yaml"
    atmt.write_text(atmt.read_text("utf-8").rstrip("\n") + WAGES, "utf-8")
    text = (PRODUCTS / name).read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (path / name).write_text(text, "utf-8")
    return path


def found(path: Path, name: str, changes: list[tuple[str, str]]) -> tuple[Fault, ...]:
    geography = load_registry().geography()
    return check_contracts(folder(path, name, changes), registry_lists={geography.id: geography})


@pytest.mark.parametrize("name", [PERIODS, OUTCOMES])
def test_the_contracts_that_are_attacked_are_sound(tmp_path, name):
    assert found(tmp_path, name, []) == ()


@pytest.mark.parametrize("smuggled", AT_THE_CONTRACT)
def test_the_contract_is_refused(tmp_path, smuggled):
    changes, why = AT_THE_CONTRACT[smuggled]
    faults = found(tmp_path, PERIODS, changes)
    assert any(why in fault.message for fault in faults), [str(fault) for fault in faults]
    assert all(fault.line > 1 and fault.remedy for fault in faults)


def test_the_fault_names_the_line_and_the_columns_that_it_reaches(tmp_path):
    faults = found(tmp_path, PERIODS, [beside(JOIN.strip())])
    (fault,) = [fault for fault in faults if BAN in fault.message]
    line = (tmp_path / PERIODS).read_text("utf-8").splitlines()[fault.line - 1]
    assert "atmt.palkkatieto" in line
    assert "reaches person, municipality, age, sex" in fault.message


def test_lineage_that_names_less_than_what_a_column_is_made_from_is_refused(tmp_path):
    changes = [selected("CASE WHEN p.sukupuoli = '1' THEN t.palvelu END")]
    (fault,) = found(tmp_path, PERIODS, changes)
    assert fault.message == "`service` is also made from `atmt.henkilo.sukupuoli`."
    assert fault.remedy == "Add it to `transformSourceObjects`."


def test_a_value_that_a_join_alone_decides_is_refused(tmp_path):
    mapped = "JOIN (VALUES ('1', 'TVK'), ('2', 'VALM')) m(s, v) ON m.s = p.sukupuoli"
    faults = found(tmp_path, PERIODS, [(LAST, f"{LAST}          {mapped}\n"), selected("m.v")])
    assert "`service` is made from no source column." in [fault.message for fault in faults]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "FROM atmt.palvelu p\n                  UNION ALL",
            ("FROM atmt.palvelu p WHERE EXISTS (SELECT 1 FROM tulorekisteri.kuukausitulo)\n"
            "                  UNION ALL"),
        ),
        ("SELECT p.palvelu, p.nimi_fi,", ("SELECT p.palvelu, (SELECT CAST(max(x) AS VARCHAR) "
                                         "FROM atmt.palkkatieto),")),
    ],
)  # fmt: skip
def test_labels_hold_no_incomes_even_in_a_cube(tmp_path, old, new):
    messages = [fault.message for fault in found(tmp_path, OUTCOMES, [(old, new)])]
    assert any("never protected" in message for message in messages), messages


def test_a_count_of_faults_is_not_of_incomes_even_in_a_cube(tmp_path):
    old = "SELECT count(DISTINCT henkilo_id) FROM atmt.henkilo WHERE kotikunta IS NULL"
    income = "SELECT count(*) FROM tulorekisteri.kuukausitulo WHERE palkka_eur > 3000"
    messages = [fault.message for fault in found(tmp_path, OUTCOMES, [(old, income)])]
    assert any("never protected" in message for message in messages), messages


# --- at publication --------------------------------------------------------------------------

DECLARED = {
    "atmt.palkkatieto": ("henkilo_id", "x"),
    "atmt.tulorekisteri_kopio": ("henkilo_id", "x"),
    "tulorekisteri.kuukausitulo": ("henkilo_id", "kuukausi", "palkka_eur", "etuus_eur"),
}
INCOME_VIEW = "SELECT henkilo_id, palkka_eur AS x FROM tulorekisteri.kuukausitulo"
CLEAN = "SELECT henkilo_id, palvelujakso_id AS x FROM atmt.palvelujakso"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    geography = load_registry().geography()
    return load_catalog(PRODUCTS, registry_lists={geography.id: geography})


@pytest.fixture
def check(tmp_path: Path, catalog: Catalog) -> Iterator[Callable[..., None]]:
    """Check a product against a warehouse in which somebody has run some statements."""
    opened: list[DuckDbWarehouse] = []

    def run(product: Product, *statements: str, tables: SourceTables | None = None) -> None:
        path = tmp_path / f"warehouse-{len(opened)}.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute((ROOT / "gateway/synthetic/schema.sql").read_text("utf-8"))
            for statement in statements:
                connection.execute(statement)
        opened.append(DuckDbWarehouse(path, memory_limit="200MB", threads=1))
        declared = {
            name: SourceTable(name, columns, frozenset({name.partition(".")[0]}))
            for name, columns in DECLARED.items()
        }
        known = Catalog(
            catalog.products, catalog.code_lists, {**catalog.tables, **declared, **(tables or {})}
        )
        # Nothing but these two is looked at: a check has no use for keys, releases or a journal.
        services = PublishServices(
            known, load_registry(), opened[-1], None, None, print, "", ""  # type: ignore[arg-type]
        )  # fmt: skip
        check_sources(product)
        check_lineage(product, as_of=DAY, services=services)

    yield run
    for warehouse in opened:
        warehouse.close()


@pytest.fixture
def periods(catalog: Catalog) -> Product:
    return catalog.find("service-periods")


def with_join(product: Product, table: str = "atmt.palkkatieto") -> Product:
    """The product as its contract would be if it read one more table, which is declared harmless."""
    assert product.rows is not None
    join = f"LEFT JOIN {table} q ON q.henkilo_id = t.henkilo_id\nLEFT JOIN team v ON"
    sql = product.rows.extract.replace("LEFT JOIN team v ON", join)
    return replace(product, rows=replace(product.rows, extract=sql))


def test_every_product_passes_on_a_sound_warehouse(check, catalog):
    for product in catalog.products:
        check(product)


def test_a_harmless_table_of_that_name_passes(check, periods):
    check(with_join(periods), f"CREATE TABLE atmt.palkkatieto AS {CLEAN}")


def test_a_harmless_view_passes(check, periods):
    check(with_join(periods), f"CREATE VIEW atmt.palkkatieto AS {CLEAN}")


AT_PUBLICATION = {
    "a view that renames": [f"CREATE VIEW atmt.palkkatieto AS {INCOME_VIEW}"],
    "a view over a view": [
        f"CREATE VIEW atmt.yksi AS {INCOME_VIEW}",
        "CREATE VIEW atmt.palkkatieto AS SELECT henkilo_id, x FROM atmt.yksi",
    ],
    "a view that takes everything": [
        "CREATE VIEW atmt.palkkatieto (henkilo_id, x, y, z) AS SELECT * FROM tulorekisteri.kuukausitulo"
    ],
    "a view that only asks whether there is income": [
        (
            "CREATE VIEW atmt.palkkatieto AS SELECT henkilo_id, palvelujakso_id AS x FROM "
            "atmt.palvelujakso p WHERE EXISTS (SELECT 1 FROM tulorekisteri.kuukausitulo k "
            "WHERE k.henkilo_id = p.henkilo_id AND k.palkka_eur > 3000)"
        )
    ],
    "a view in whose order there is income": [
        (
            "CREATE VIEW atmt.palkkatieto AS SELECT henkilo_id, palvelujakso_id AS x FROM "
            "atmt.palvelujakso ORDER BY (SELECT max(palkka_eur) FROM tulorekisteri.kuukausitulo) LIMIT 5"
        )
    ],
    "a view with income in a column that is not read": [
        (
            "CREATE VIEW atmt.palkkatieto AS SELECT p.henkilo_id, k.palkka_eur AS x FROM "
            "atmt.palvelujakso p LEFT JOIN tulorekisteri.kuukausitulo k ON k.henkilo_id = p.henkilo_id"
        )
    ],
    "a comment on the table": [
        f"CREATE TABLE atmt.palkkatieto AS {CLEAN}",
        "COMMENT ON TABLE atmt.palkkatieto IS 'Loaded every night. Origin: atmt, tulorekisteri'",
    ],
    "a comment on a column": [
        f"CREATE TABLE atmt.palkkatieto AS {CLEAN}",
        "COMMENT ON COLUMN atmt.palkkatieto.x IS 'origin: tulorekisteri'",
    ],
}


@pytest.mark.parametrize("smuggled", AT_PUBLICATION)
def test_the_publication_is_refused(check, periods, smuggled):
    with pytest.raises(IncomeRegisterRowsRefused, match="tulorekisteri data"):
        check(with_join(periods), *AT_PUBLICATION[smuggled],
              tables={"atmt.yksi": SourceTable("atmt.yksi", ("henkilo_id", "x"), frozenset({"atmt"}))})  # fmt: skip


def test_a_table_with_the_registers_name_is_of_it_whatever_is_declared(check, periods):
    made = f"CREATE TABLE atmt.tulorekisteri_kopio AS {CLEAN}"
    with pytest.raises(IncomeRegisterRowsRefused):
        check(with_join(periods, "atmt.tulorekisteri_kopio"), made)


def test_a_declared_origin_is_enough(check, periods):
    wages = SourceTable("atmt.palkkatieto", ("henkilo_id", "x"), frozenset({"tulorekisteri"}))
    with pytest.raises(IncomeRegisterRowsRefused):
        check(
            with_join(periods),
            f"CREATE TABLE atmt.palkkatieto AS {CLEAN}",
            tables={wages.name: wages},
        )


@pytest.mark.parametrize(
    ("made", "sql"),
    [
        (
            "CREATE MACRO atmt.lower(x) AS (SELECT max(palkka_eur) FROM tulorekisteri.kuukausitulo)",
            "lower(t.palvelu)",
        ),
        (
            (
                "CREATE MACRO lower(x) AS (SELECT CAST(max(palkka_eur) AS VARCHAR) FROM "
                "tulorekisteri.kuukausitulo)"
            ),
            "lower(t.palvelu)",
        ),
        (
            'CREATE MACRO "+"(a, b) AS (SELECT max(palkka_eur) FROM tulorekisteri.kuukausitulo)',
            "t.palvelu",
        ),
    ],
)
def test_a_function_that_somebody_defined_over_a_known_one_is_refused(check, periods, made, sql):
    rows = replace(periods.rows, extract=periods.rows.extract.replace("t.palvelu AS", f"{sql} AS"))
    with pytest.raises(ContractFault, match="function of the warehouse's own"):
        check(replace(periods, rows=rows), made)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM tulorekisteri.kuukausitulo",
        "SELECT count(*) FROM atmt.palkkatieto WHERE x > 3000",
    ],
)
def test_a_quality_rule_is_refused(check, periods, sql):
    rule = DirtRule("income", periods.title, "none", sql)
    with pytest.raises(IncomeRegisterRowsRefused, match="the quality rule income"):
        check(replace(periods, dirt=(rule,)), f"CREATE VIEW atmt.palkkatieto AS {INCOME_VIEW}")


def test_the_codes_of_a_cube_are_refused(check, catalog):
    outcomes = catalog.find("service-outcomes")
    dimensions = tuple(
        d if d.codes_sql is None
        else replace(d, codes_sql=d.codes_sql.replace("atmt.palvelu p", "atmt.palkkatieto q, atmt.palvelu p"))
        for d in outcomes.cube.dimensions
    )  # fmt: skip
    cube = replace(outcomes.cube, dimensions=dimensions)
    with pytest.raises(IncomeRegisterRowsRefused, match="the codes of service"):
        check(replace(outcomes, cube=cube), f"CREATE VIEW atmt.palkkatieto AS {INCOME_VIEW}")


@pytest.mark.parametrize("source", ["tulorekisteri", "Tulorekisteri", "TULOREKISTERI"])
def test_a_product_that_says_so_itself_is_refused(check, periods, source):
    with pytest.raises(IncomeRegisterRowsRefused):
        check(replace(periods, sources=("atmt", source)))


def test_a_dropped_column_of_the_register_is_refused_too(check, periods):
    columns = list(periods.rows.columns)
    columns[-1] = replace(columns[-1], lineage=("tulorekisteri.kuukausitulo.palkka_eur",))
    with pytest.raises(IncomeRegisterRowsRefused):
        check(replace(periods, rows=replace(periods.rows, columns=tuple(columns))))


def test_an_engine_that_reads_more_than_the_lineage_has_seen_is_believed(
    check, periods, monkeypatch
):
    told = DuckDbWarehouse.tables_read

    def more(self, sql, parameters):
        return told(self, sql, parameters) | {"tulorekisteri.kuukausitulo"}

    monkeypatch.setattr(DuckDbWarehouse, "tables_read", more)
    with pytest.raises(ContractFault, match="the engine reads `tulorekisteri"):
        check(periods)


# --- and in fact -----------------------------------------------------------------------------


def test_rows_are_the_same_whatever_the_incomes_are(catalog, tmp_path):
    """What the lineage says, tried: other incomes, and none at all, change no row."""
    from gateway.synthetic.warehouse import generate

    path = tmp_path / "small.duckdb"
    generate(path, scale=0.002, seed=3, as_of=DAY)
    given: list[list[object]] = []
    for change in (
        "SELECT 1",
        "UPDATE tulorekisteri.kuukausitulo SET palkka_eur = 9000 - palkka_eur / 2, etuus_eur = 0",
        "DELETE FROM tulorekisteri.kuukausitulo",
    ):
        with duckdb.connect(str(path)) as connection:
            connection.execute(change)
            for name in ("job-seeker-spells", "service-periods"):
                product = catalog.find(name)
                statements = [product.rows.extract, *(rule.count_sql for rule in product.dirt)]
                answers = []
                for sql in statements:
                    bound = {"as_of": DAY} if "$as_of" in sql else {}
                    answers.append(sorted(map(repr, connection.execute(sql, bound).fetchall())))
                given.append([name, len(answers[0]) > 100, answers])
    assert given[0:2] == given[2:4] == given[4:6]
    assert all(has_rows for _, has_rows, _ in given)


def test_one_module_alone_knows_the_parser():
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "gateway").rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if line.strip().startswith(("import sqlglot", "from sqlglot"))
    }
    assert knowing == {"gateway/contracts/contract_sql.py"}
