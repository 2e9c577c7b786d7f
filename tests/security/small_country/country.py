"""Twelve municipalities, a thousand people, four products, and what is published of them."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from gateway.adapters.demo_issuer import DEMO_ISSUER, create_issuer, issue
from gateway.adapters.keys_file_create import create_keys
from gateway.batch.publish import publish_products
from gateway.batch.release_audit import audit
from gateway.batch.release_view import release_manifest
from gateway.publishing.release_audit import Strength
from gateway.settings import BatchSettings, ServeSettings

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)  # what the server's clock says
CUBES = ("job-seekers", "service-clients", "unemployed-by-age")
ROWS = "job-seeker-spells"
MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)

# municipality → about how many people; those of area 39 are so many that its rows tell them apart
SIZES = {
    "837": 400, "980": 170, "562": 150,
    "508": 28, "182": 60, "249": 35, "850": 11,
    "179": 350, "500": 40,
    "047": 14, "261": 70, "273": 26,
}  # fmt: skip
BIRTH_YEARS = {"-24": 2004, "25-49": 1988, "50-": 1970}
UNEMPLOYED, OTHER, CLIENT = "unemployed", "other seeker", "service client"


@dataclass(frozen=True)
class Person:
    municipality: str
    sex: str
    age: str
    state: str
    begins: date
    ends: date | None

    def is_there(self, day: date) -> bool:
        return self.begins <= day and (self.ends is None or self.ends > day)


def draw_people(seed: int) -> list[Person]:
    """Most of them are there all the time; some come in May or in June, or leave then."""
    dice = random.Random(seed)
    return [
        Person(
            municipality,
            dice.choice("12"),
            dice.choices(tuple(BIRTH_YEARS), (2, 5, 3))[0],
            dice.choices((UNEMPLOYED, OTHER, CLIENT), (5, 3, 2))[0],
            date(2026, dice.choice((1, 1, 1, 1, 5, 6)), 15),
            date(2026, 6, 20) if dice.random() < 0.1 else None,
        )
        for municipality, size in SIZES.items()
        for _ in range(dice.randint(size * 3 // 4, size * 5 // 4))
    ]


def revised(people: list[Person], seed: int) -> list[Person]:
    """The same people, as it turns out later: a few had left before the end of May, and a few had come."""
    dice = random.Random(seed)
    gone = set(dice.sample(range(len(people)), 12))
    left = [
        replace(one, ends=date(2026, 5, 20)) if number in gone else one
        for number, one in enumerate(people)
    ]
    come = [replace(one, begins=date(2026, 1, 15), ends=None) for one in dice.sample(people, 6)]
    return [*left, *come]


def counted(people: list[Person], day: date) -> Counter[tuple[str, str, str, str]]:
    """(municipality code, sex, age, state) → how many there are on a day."""
    there = (one for one in people if one.is_there(day))
    return Counter((f"KU{one.municipality}", one.sex, one.age, one.state) for one in there)


def cube_terms(product: str) -> dict[str, Any]:
    """What the contract of a cube says of how it is made."""
    text = (HERE / "products" / f"{product}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["customProperties"][0]["value"]["cube"]


class Country:
    """A folder with contracts, policies, keys, a warehouse and releases.

    people: who is in the warehouse. change: done to the cube's terms in every contract of a cube.
    """

    def __init__(
        self,
        root: Path,
        people: list[Person],
        *,
        change: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        self.root, self.people = root, people
        root.mkdir(parents=True, exist_ok=True)
        for name in ("codelists", "sources"):
            shutil.copytree(ROOT / "products" / name, root / "products" / name)
        shutil.copytree(HERE / "products", root / "products", dirs_exist_ok=True)
        shutil.copytree(ROOT / "policies", root / "policies")
        shutil.copy(HERE / "subscriptions.yaml", root / "policies")
        for cube in CUBES:
            path = root / "products" / f"{cube}.yaml"
            contract = yaml.safe_load(path.read_text(encoding="utf-8"))
            change(contract["customProperties"][0]["value"]["cube"])
            path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
        (root / "releases").mkdir()
        create_keys(root / "keys", epoch="2026", public_key_path=root / "signing.pub")
        create_issuer(root / "issuer")
        self._build_warehouse()

    def publish(self, as_of: date) -> None:
        assert publish_products(self._batch(), [ROWS, *CUBES], as_of=as_of)

    def audit(self, product: str, *, contracts: Path | None = None) -> bool:
        """Whether the newest release holds; contracts: other ones than it was published by."""
        changes = {} if contracts is None else {"products_dir": contracts}
        strength = Strength(seconds=120.0)
        return audit(self._batch(**changes), product, "latest", strength=strength, form="json")

    def touch(self) -> None:
        """Change the warehouse, but nothing that is counted: what comes next is another release."""
        with duckdb.connect(str(self.root / "warehouse.duckdb")) as connection:
            connection.execute("UPDATE atmt.henkilo SET ammattikoodi = '5223'")

    def revise(self, people: list[Person]) -> None:
        """Other people are in the warehouse from now on."""
        self.people = people
        with duckdb.connect(str(self.root / "warehouse.duckdb")) as connection:
            for table in _tables(people):
                connection.execute(f"DELETE FROM atmt.{table}")
        self._fill_warehouse()

    def revised_beyond(self, product: str) -> int:
        """In how many months the newest release cannot stand beside the one before it."""
        manifest = json.loads(release_manifest(self._batch(), product, "latest"))["protection"]
        return manifest["revision"]["revised_beyond_the_earlier"]

    def settings(self, **changes: object) -> ServeSettings:
        """What a server of it is started with."""
        jwks = str(self.root / "issuer" / "jwks.json")
        serving = {"issuers": [{"issuer": DEMO_ISSUER, "jwks": jwks}]}
        return ServeSettings.model_validate({**self._shared(), **serving, **changes})

    def bearer(self, persona: str) -> dict[str, str]:
        token = issue(persona, folder=self.root / "issuer", now=NOW)
        return {"Authorization": f"Bearer {token}"}

    def _batch(self, **changes: Path) -> BatchSettings:
        held = {"warehouse_path": self.root / "warehouse.duckdb", "keys_dir": self.root / "keys"}
        return BatchSettings.model_validate({**self._shared(), **held, "processes": 1, **changes})

    def _shared(self) -> dict[str, Path]:
        return {
            "products_dir": self.root / "products",
            "policies_dir": self.root / "policies",
            "releases_dir": self.root / "releases",
            "journal_path": self.root / "journal.sqlite",
            "release_public_key_path": self.root / "signing.pub",
        }

    def _build_warehouse(self) -> None:
        schema = (ROOT / "gateway" / "synthetic" / "schema.sql").read_text(encoding="utf-8")
        with duckdb.connect(str(self.root / "warehouse.duckdb")) as connection:
            connection.execute(schema)
            connection.execute("INSERT INTO mylly.poiminta VALUES (DATE '2026-06-30', 1, 1.0)")
        self._fill_warehouse()

    def _fill_warehouse(self) -> None:
        with duckdb.connect(str(self.root / "warehouse.duckdb")) as connection:
            for table, rows in _tables(self.people).items():
                arrived = pa.Table.from_pylist(rows)
                columns = ", ".join(arrived.column_names)
                connection.register("arrived", arrived)
                connection.execute(f"INSERT INTO atmt.{table} ({columns}) SELECT * FROM arrived")
                connection.unregister("arrived")


def _tables(people: list[Person]) -> dict[str, list[dict[str, object]]]:
    """What the warehouse holds of these people."""
    seekers, clients, persons, codes = [], [], [], []
    for number, one in enumerate(people, start=1000):
        whose = {"henkilo_id": number}
        when = {"alkupvm": one.begins, "loppupvm": one.ends}
        born = date(BIRTH_YEARS[one.age], 6, 1)
        persons.append(
            {
                **whose,
                "syntymaaika": born,
                "sukupuoli": one.sex,
                "kansalaisuus": "FI",
                "kotikunta": one.municipality,
            }
        )
        if one.state == CLIENT:
            clients.append({**whose, **when, "palvelujakso_id": number, "palvelu": "TVK"})
            continue
        seekers.append({**whose, **when, "jakso_id": number})
        code = "02" if one.state == UNEMPLOYED else "01"
        codes.append({**whose, "koodi": code, "alkupvm": one.begins})
    return {
        "henkilo": persons,
        "tyonhakujakso": seekers,
        "palvelujakso": clients,
        "tyollisyyskoodi": codes,
    }
