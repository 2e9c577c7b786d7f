"""A small warehouse, real keys, a real store, and contracts as values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from gateway.adapters.keys_file_create import create_keys
from gateway.adapters.releases_files import ReleaseFiles
from gateway.adapters.warehouse_duckdb import DuckDbWarehouse
from gateway.contracts import Catalog
from gateway.contracts.source_tables import SourceTable
from gateway.model.label import Label
from gateway.model.organisation import OrganisationKind
from gateway.model.product import (
    AnonymityRules,
    AxisRole,
    Classification,
    Column,
    ColumnType,
    Combination,
    CubeSpec,
    Dimension,
    DirtRule,
    DisclosureRules,
    Dominance,
    LadderStep,
    Level,
    LevelKind,
    Measure,
    MeasureKind,
    Nesting,
    Product,
    ProductKind,
    RowsSpec,
    Transformation,
)
from gateway.organisations import geography, load_registry
from gateway.publishing.services import PublishServices

DAY = date(2026, 6, 30)
LABEL = Label("a", "b", "c")
EXTRACT = """
SELECT h.henkilo_id, h.kotikunta, h.henkilotunnus, h.ika, h.sukupuoli, j.alkupvm, j.jakso
FROM atmt.henkilo AS h JOIN atmt.tyonhakujakso AS j USING (henkilo_id)
WHERE j.alkupvm <= $as_of
"""


def column(name: str, source: str, kind: ColumnType, how: Transformation, **more: Any) -> Column:
    lineage = (f"atmt.henkilo.{source}",)
    return Column(
        name, source, kind, LABEL, LABEL, Classification.CONFIDENTIAL, how, lineage, **more
    )


BANDS = (
    Level("five", LevelKind.BANDS, bounds=(20, 25, 30, 35, 40, 45, 50, 55, 60)),
    Level("wide", LevelKind.BANDS, bounds=(25, 50)),
    Level("all", LevelKind.ALL, pooled_code="SSS"),
)
SEXES = (Level("code", LevelKind.KEEP), Level("all", LevelKind.ALL, pooled_code="SSS"))
PLACES = (
    Level("code", LevelKind.KEEP),
    Level("large", LevelKind.POOL_SMALL, minimum_persons=40, pooled_code="OTHER"),
    Level("all", LevelKind.ALL, pooled_code="SSS"),
)
STRING, DATE, INTEGER = ColumnType.STRING, ColumnType.DATE, ColumnType.INTEGER
COLUMNS = (
    column("pseudonym", "henkilo_id", STRING, Transformation.PSEUDONYM, required=True),
    column("municipality", "kotikunta", STRING, Transformation.GENERALISE, levels=PLACES),
    column("age_band", "ika", STRING, Transformation.GENERALISE, levels=BANDS),
    column("sex", "sukupuoli", STRING, Transformation.GENERALISE, levels=SEXES),
    column("started", "alkupvm", DATE, Transformation.MONTH),
    column("spell", "jakso", INTEGER, Transformation.KEEP),
    column("identity_code", "henkilotunnus", STRING, Transformation.DROP),
)
RULES = AnonymityRules(
    k=5,
    ladder=(
        LadderStep("age_band", "wide"),
        LadderStep("municipality", "large"),
        LadderStep("municipality", "all"),
        LadderStep("age_band", "all"),
        LadderStep("sex", "all"),
    ),
    suppress_order=("municipality", "age_band", "sex"),
    maximum_suppressed_share=0.05,
)
SPELLS = Product(
    id="job-seeker-spells",
    kind=ProductKind.ROWS,
    title=LABEL,
    description=LABEL,
    version="1.0.0",
    definition_version="2026-1",
    contract_sha256="1" * 64,
    sources=("atmt",),
    audience=frozenset({OrganisationKind.MUNICIPALITY}),
    listed_to=frozenset({OrganisationKind.MUNICIPALITY}),
    classification=Classification.CONFIDENTIAL,
    personal_data=True,
    legal_bases=("L380-2023",),
    purposes=("service-planning",),
    required_permission="employment.rows",
    retention_days=1000,
    cadence="monthly",
    dirt=(
        DirtRule(
            "missing-municipality",
            LABEL,
            "rows go to no slice",
            "SELECT count(*) FROM atmt.henkilo WHERE kotikunta IS NULL AND $as_of IS NOT NULL",
        ),
    ),
    rows=RowsSpec(EXTRACT, "henkilo_id", "kotikunta", "employment", COLUMNS, RULES),
)

SEEKERS_EXTRACT = """
SELECT h.kotikunta AS kunta, h.sukupuoli AS sukupuoli, count(DISTINCT h.henkilo_id) AS hakijoita,
       count(DISTINCT CASE WHEN h.ika < 25 THEN h.henkilo_id END) AS nuoria,
       CAST(sum(h.ika) AS DOUBLE) AS ika,
       count(DISTINCT CASE WHEN h.ika > 0 THEN h.henkilo_id END) AS ikaisia,
       max(CASE WHEN h.sija = 1 THEN h.ika ELSE 0 END) AS vanhin,
       max(CASE WHEN h.sija = 2 THEN h.ika ELSE 0 END) AS toinen
FROM (SELECT henkilo_id, kotikunta, sukupuoli, ika,
             row_number() OVER (PARTITION BY kotikunta, sukupuoli ORDER BY ika DESC) AS sija
      FROM atmt.henkilo) AS h
WHERE $as_of IS NOT NULL
GROUP BY 1, 2
"""
COUNT, MEAN, SHARE = MeasureKind.COUNT, MeasureKind.MEAN, MeasureKind.SHARE
SEEKERS = replace(
    SPELLS,
    id="job-seekers",
    kind=ProductKind.CUBE,
    classification=Classification.INTERNAL,
    rows=None,
    cube=CubeSpec(
        extract=SEEKERS_EXTRACT,
        dimensions=(
            Dimension(
                "geography",
                LABEL,
                AxisRole.GEO,
                "kunta",
                ("country", "region", "evk", "area", "municipality"),
                code_list="geography",
                residual="KUXXX",
            ),
            Dimension(
                "sex",
                LABEL,
                AxisRole.CLASS,
                "sukupuoli",
                ("total", "sex"),
                codes_sql="SELECT * FROM (VALUES ('SSS','Y','S','T','total',NULL), "
                "('1','M','M','M','sex','SSS'), ('2','N','K','W','sex','SSS'), "
                "('9','E','O','U','sex','SSS')) AS c",
                residual="9",
            ),
        ),
        measures=(
            Measure("seekers", LABEL, LABEL, COUNT, 0, column="hakijoita"),
            Measure(
                "mean_age",
                LABEL,
                LABEL,
                MEAN,
                0,
                column="ika",
                of=("seekers",),
                minimum_n=10,
                round_to=1.0,
                dominance=Dominance(10, 5, "ikaisia", "vanhin", "toinen", "test"),
            ),
            Measure("young", LABEL, LABEL, COUNT, 0, column="nuoria"),
            Measure(
                "share_young",
                LABEL,
                LABEL,
                SHARE,
                1,
                of=("seekers",),
                numerator="young",
                minimum_n=10,
            ),
        ),
        nestings=(Nesting("seekers", ("young",)),),
        combinations=(
            Combination(
                {
                    "geography": ("country", "region", "evk", "area", "municipality"),
                    "sex": ("total", "sex"),
                },
                frozenset({"seekers", "mean_age", "young", "share_young"}),
            ),
        ),
        disclosure=DisclosureRules(5, "test"),
    ),
)

# Tampere and Ylöjärvi are in area 39, Helsinki is in another; 478 is Maarianhamina on Åland.
PERSONS = 600
_PLACES = ("837", "837", "837", "980", "091", "091", "478", None, "999")


@pytest.fixture
def spells() -> Product:
    return SPELLS


@pytest.fixture
def seekers() -> Product:
    return SEEKERS


@pytest.fixture
def of_the_young() -> Callable[[Product, str, tuple[str, ...]], Product]:
    """Called with a leader, an id and levels of the geography: a cube of the young, linked with it."""

    def linked(leader: Product, name: str, geography: tuple[str, ...]) -> Product:
        assert leader.cube is not None
        levels = {"geography": geography, "sex": ("total", "sex")}
        cube = replace(
            leader.cube,
            measures=tuple(one for one in leader.cube.measures if one.name == "young"),
            nestings=(),
            combinations=(Combination(levels, frozenset({"young"})),),
            linked_to=leader.id,
        )
        return replace(leader, id=name, cube=cube)

    return linked


@pytest.fixture
def day() -> date:
    return DAY


def build_warehouse(path: Path) -> None:
    people = pa.table(
        {
            "henkilo_id": pa.array([1000 + i for i in range(PERSONS)], pa.int64()),
            "kotikunta": [_PLACES[i % 9] for i in range(PERSONS)],
            "henkilotunnus": [f"0101{i % 90:02d}-9{i:03d}" for i in range(PERSONS)],
            "ika": pa.array([18 + i * 7 % 45 for i in range(PERSONS)], pa.int32()),
            "sukupuoli": ["12"[i * 5 % 3 % 2] for i in range(PERSONS)],
        }
    )
    begun = [(i, n) for i in range(PERSONS) for n in range(1 + i % 3)]
    spells = pa.table(
        {
            "henkilo_id": pa.array([1000 + i for i, _ in begun], pa.int64()),
            "alkupvm": [date(2026, 1 + (i + n) % 6, 1 + i % 28) for i, n in begun],
            "jakso": pa.array([n for _, n in begun], pa.int32()),
        }
    )
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA mylly; CREATE SCHEMA atmt")
        connection.execute(
            "CREATE TABLE mylly.poiminta AS SELECT DATE '2026-06-30' AS poimintapaiva"
        )
        for name, table in (("henkilo", people), ("tyonhakujakso", spells)):
            connection.register("arrived", table)
            connection.execute(f"CREATE TABLE atmt.{name} AS SELECT * FROM arrived")
            connection.unregister("arrived")


@dataclass
class Journal:
    entries: list[Mapping[str, Any]] = field(default_factory=list)

    def __call__(self, fields: Mapping[str, Any]) -> None:
        self.entries.append(fields)


@dataclass(frozen=True)
class House:
    """Everything that a publication needs, on disk under one folder."""

    root: Path
    services: PublishServices
    journal: Journal

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    def with_products(self, *products: Product) -> PublishServices:
        return replace(self.services, catalog=catalog_of(*products))


_COLUMNS_OF = {
    "mylly.poiminta": ("poimintapaiva",),
    "atmt.henkilo": ("henkilo_id", "kotikunta", "henkilotunnus", "ika", "sukupuoli"),
    "atmt.tyonhakujakso": ("henkilo_id", "alkupvm", "jakso"),
}
TABLES = {
    name: SourceTable(name, columns, frozenset({name.partition(".")[0]} - {"mylly"}))
    for name, columns in _COLUMNS_OF.items()
}


def catalog_of(*products: Product) -> Catalog:
    return Catalog(products, {"geography": geography()}, TABLES)


def services_of(root: Path, journal: Journal, *products: Product) -> PublishServices:
    """Open what `root` holds; used by a test and by the process that a test kills."""
    keys = create_keys(root / "keys", epoch="2026", public_key_path=root / "signing.pub")
    return PublishServices(
        catalog=catalog_of(*products),
        registry=load_registry(),
        warehouse=DuckDbWarehouse(root / "warehouse.duckdb", memory_limit="500MB", threads=1),
        keys=keys,
        releases=ReleaseFiles(
            root / "releases", public_keys=((root / "signing.pub").read_bytes(),)
        ),
        journal_published=journal,
        policy_set_sha256="2" * 64,
        build="test",
    )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    build_warehouse(tmp_path / "warehouse.duckdb")
    journal = Journal()
    services = services_of(tmp_path, journal, SPELLS)
    yield House(tmp_path, services, journal)
    services.warehouse.close()
