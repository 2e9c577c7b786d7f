"""A small real house: the project's contracts and policies, tiny signed releases, a real journal.

`house` is shared by all reading tests of a worker; `fresh_house` belongs to one test, which may break it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from gateway.adapters.demo_issuer import create_issuer, issue
from gateway.adapters.releases_files import ReleaseFiles
from gateway.contracts import Catalog, load_catalog
from gateway.model.codes import Code
from gateway.model.cube import Axis, Cube, Line, Status
from gateway.model.entry import Entry, EntryQuery
from gateway.model.label import Label
from gateway.model.product import AxisRole, MeasureKind, Product
from gateway.model.release import DeliveredColumn, Manifest, StoredFile
from gateway.organisations.registry import load_registry
from gateway.ports import Clock, Signature
from gateway.publishing.long_table import write_cube_table
from gateway.releases.cube_file import write_cube
from gateway.releases.layout import CUBE_ARROW, CUBE_PARQUET, slice_path, slice_schema
from gateway.releases.manifest import canonical_bytes, key_id
from gateway.serving import create_app
from gateway.settings import ServeSettings

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
AS_OF = date(2026, 6, 30)
ISSUER = "https://issuer.demo.invalid"
ROWS_PRODUCT, CUBE_PRODUCT, PUBLIC_PRODUCT = "job-seeker-spells", "job-seekers", "vacancies"
SLICE_ROWS = 2000
BIG_BYTES = 40_000_000
# The clock of the tests stands still, so no bucket fills: what is tried here must not meet a limit.
MANY = {"burst": 10_000, "concurrent_extracts": 100}
GENEROUS = {
    "failed_logins_per_minute": 10_000,
    **dict.fromkeys(("person", "service", "key", "auditor"), MANY),
}


class FixedClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class House:
    """A folder with everything that serving reads, and the keys to publish into it."""

    root: Path
    signing_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    catalog: Catalog = field(init=False)
    client: TestClient | None = None

    def __post_init__(self) -> None:
        self.catalog = contracts()
        if self.releases_dir.exists():  # a copy of another house
            return
        self.releases_dir.mkdir()
        (self.root / "journal").mkdir()
        public = self.signing_key.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.public_key.write_bytes(pem)
        create_issuer(self.root / "issuer")

    @property
    def releases_dir(self) -> Path:
        return self.root / "releases"

    @property
    def journal_path(self) -> Path:
        return self.root / "journal" / "journal.sqlite"

    @property
    def public_key(self) -> Path:
        return self.root / "release-signing.pub"

    def settings(self, **changes: object) -> ServeSettings:
        values = {
            "products_dir": ROOT / "products",
            "policies_dir": ROOT / "policies",
            "releases_dir": self.releases_dir,
            "journal_path": self.journal_path,
            "release_public_key_path": self.public_key,
            "issuers": [{"issuer": ISSUER, "jwks": str(self.root / "issuer" / "jwks.json")}],
            "limits": GENEROUS,
        }
        return ServeSettings.model_validate(values | changes)

    @contextmanager
    def open(
        self, *, peer: str = "testclient", clock: Clock | None = None, **changes: object
    ) -> Iterator[TestClient]:
        """peer: the address that the gateway sees its connections come from."""
        app = create_app(self.settings(**changes), clock=clock or FixedClock())
        client = TestClient(app, raise_server_exceptions=False, client=(peer, 50000))
        # Bytes as they are, so that tests can count them; who wants a coding says so.
        client.headers["accept-encoding"] = "identity"
        with client as self.client:
            yield self.client

    def bearer(self, persona: str, **claims: object) -> dict[str, str]:
        folder = self.root / "issuer"
        return {"Authorization": f"Bearer {issue(persona, folder=folder, now=NOW, **claims)}"}

    def get(self, persona: str | None, path: str, **headers: str):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=named | (self.bearer(persona) if persona else {}))

    def metrics(self) -> str:
        return read_metrics(self.client.app)

    def entries(self) -> tuple[Entry, ...]:
        """The journal as it is on the disk."""
        from gateway.adapters.journal_sqlite import SqliteJournal

        store = SqliteJournal(self.journal_path)
        entries, after = (), 0
        try:
            while after is not None:
                page = store.search(EntryQuery(limit=1000, after_seq=after))
                entries, after = entries + page.entries, page.next_after_seq
        finally:
            store.close()
        return entries

    def closed(self, event_id: str) -> dict:
        """The completion's body of an intent; completions are written after the answer."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            entries = self.entries()
            seq = next((entry.seq for entry in entries if entry.event_id == event_id), None)
            for entry in entries:
                if entry.body.get("intent_seq") == seq is not None:
                    return dict(entry.body)
            time.sleep(0.02)
        raise AssertionError(f"the intent {event_id} is not closed")

    # --- publishing ------------------------------------------------------------------------------

    def publish_rows(
        self,
        *,
        product: str = ROWS_PRODUCT,
        as_of: date = AS_OF,
        areas=("39", "40"),
        noise_bytes: int = 0,
        changed: Callable[[pa.Table], pa.Table] = lambda table: table,
        **changes,
    ) -> Manifest:
        """noise_bytes: the size of slices of noise, for what is sent as it is stored.

        changed: what becomes of the invented rows of each area.
        """
        spec = self.catalog.find(product)
        with self._store().stage(product, as_of) as staged:
            files = []
            for area in areas:
                path = staged.path_for(slice_path(area))
                if noise_bytes:
                    path.write_bytes(np.random.default_rng(7).bytes(noise_bytes))
                else:
                    table = changed(rows_table(spec, area))
                    pq.write_table(table, path, compression="zstd")
                files.append(stored_file(path, slice_path(area), rows=SLICE_ROWS, area=area))
            columns = [
                DeliveredColumn(c.name, c.type.value, c.label)
                for c in spec.rows.columns
                if c.is_delivered
            ]
            manifest = self._manifest(
                spec, release=staged.release, files=files, **{"columns": columns, **changes}
            )
            staged.commit(manifest, self._sign(manifest))
        return manifest

    def publish_cube(
        self,
        *,
        product: str = CUBE_PRODUCT,
        as_of: date = AS_OF,
        cube: Cube | None = None,
        **changes,
    ) -> Manifest:
        spec = self.catalog.find(product)
        cube = cube or small_cube(spec)
        with self._store().stage(product, as_of) as staged:
            cells = write_cube(staged.path_for(CUBE_ARROW), cube)
            rows = write_cube_table(staged.path_for(CUBE_PARQUET), cube)
            files = [
                stored_file(staged.path_for(CUBE_ARROW), CUBE_ARROW, rows=cells),
                stored_file(staged.path_for(CUBE_PARQUET), CUBE_PARQUET, rows=rows),
            ]
            columns = [DeliveredColumn(m.name, "number", m.label) for m in cube.measures]
            manifest = self._manifest(
                spec, release=staged.release, files=files, **{"columns": columns, **changes}
            )
            staged.commit(manifest, self._sign(manifest))
        return manifest

    def _store(self) -> ReleaseFiles:
        return ReleaseFiles(self.releases_dir, public_keys=(self.public_key.read_bytes(),))

    def _sign(self, manifest: Manifest) -> Signature:
        value = base64.b64encode(self.signing_key.sign(canonical_bytes(manifest))).decode()
        return Signature(key_id(self.signing_key.public_key()), value)

    def _manifest(self, spec: Product, *, release, files, columns, **changes) -> Manifest:
        values = {
            "product": spec.id,
            "kind": spec.kind,
            "release": release,
            "created_utc": "2026-07-01T03:00:00.000Z",
            "title": spec.title,
            "contract_version": spec.version,
            "contract_sha256": spec.contract_sha256,
            "definition_version": spec.definition_version,
            "classification": spec.classification,
            "personal_data": spec.personal_data,
            "sources": spec.sources,
            "columns": tuple(columns),
            "files": tuple(files),
            "protection": {},
            "policy_set_sha256": "0" * 64,
            "inputs_sha256": "1" * 64,
            "build": "test",
        }
        return Manifest(**values | changes)


def read_metrics(app: ASGIApp) -> str:
    """As the monitoring reads them, which is on this machine."""
    answer = TestClient(app, client=("127.0.0.1", 50000)).get("/metrics")
    assert answer.status_code == 200
    return answer.text


@functools.cache
def contracts() -> Catalog:
    lists = {"geography": load_registry().geography()}
    return load_catalog(ROOT / "products", registry_lists=lists)


def stored_file(path: Path, relative: str, *, rows: int, area: str | None = None) -> StoredFile:
    content = path.read_bytes()
    return StoredFile(relative, rows, len(content), hashlib.sha256(content).hexdigest(), area)


def rows_table(spec: Product, area: str) -> pa.Table:
    """SLICE_ROWS invented rows of one area with the contract's schema; municipalities are real."""
    places = sorted(load_registry().municipalities_of_area(area))
    schema = slice_schema(spec.rows.columns)
    return pa.table([_column(field, places) for field in schema], schema=schema)


def _column(field: pa.Field, places: list[str]) -> pa.Array:
    numbers = range(SLICE_ROWS)
    if field.name == "pseudonym":
        values = [
            hashlib.sha256(f"{places[0]}{i}".encode()).hexdigest()[:26].upper() for i in numbers
        ]
    elif field.name == "municipality":
        values = [places[i % len(places)] for i in numbers]
    elif pa.types.is_date(field.type):
        values = [date(2026, 1 + i % 6, 1) if i % 3 else None for i in numbers]
    elif pa.types.is_string(field.type):
        values = [("-24", "25-49", "*", None)[i % 4] for i in numbers]
    else:
        values = [i % 90 for i in numbers]
    return pa.array(values, field.type)


def small_cube(spec: Product) -> Cube:
    """The product's dimensions and measures with few codes; counts by a fixed seed.

    Where geography is at `municipality` only one other dimension may leave its total, as in the
    contract of `job-seekers`.
    """
    axes = tuple(_axis(dimension.name, dimension.label) for dimension in spec.cube.dimensions)
    shape = (len(spec.cube.measures), *(len(axis.codes) for axis in axes))
    chance = np.random.default_rng(20260630)
    values = chance.integers(0, 5000, shape).astype(np.float64)
    for i, measure in enumerate(spec.cube.measures):
        if measure.kind is not MeasureKind.COUNT:
            values[i] = np.round(values[i] / 37, measure.decimals)
    status = np.where(chance.random(shape) < 0.05, Status.SUPPRESSED, Status.PUBLISHED)
    status[(slice(None), *(axis.total or -1 for axis in axes))] = Status.PUBLISHED
    for place in itertools.product(*(range(len(axis.codes)) for axis in axes)):
        levels = {axis.name: axis.codes[i].level for axis, i in zip(axes, place, strict=True)}
        detailed = [n for n in ("sex", "age", "citizenship") if levels.get(n, "total") != "total"]
        if levels.get("geography") == "municipality" and len(detailed) > 1:
            status[(slice(None), *place)] = Status.NOT_PUBLISHED
    values[status != Status.PUBLISHED] = np.nan
    return Cube(axes, spec.cube.measures, values, status.astype(np.uint8))


_CODES = {
    "geography": (
        ("SSS", "country", ()),
        ("MK06", "region", ("SSS",)),
        ("TA39", "area", ("SSS",)),
        ("KU837", "municipality", ("MK06", "TA39")),
        ("KU536", "municipality", ("MK06", "TA39")),
    ),
    "month": (("2026M05", "month", ()), ("2026M06", "month", ())),
    "sex": (("SSS", "total", ()), ("1", "sex", ("SSS",)), ("2", "sex", ("SSS",))),
    "age": (("SSS", "total", ()), ("-24", "broad", ("SSS",)), ("25-", "broad", ("SSS",))),
    "citizenship": (("SSS", "total", ()), ("FI", "group", ("SSS",)), ("MUU", "group", ("SSS",))),
}


def _axis(name: str, label: Label) -> Axis:
    rows = _CODES.get(
        name, (("SSS", "total", ()), ("A", "class", ("SSS",)), ("B", "class", ("SSS",)))
    )
    codes = tuple(
        Code(code, Label(f"{code} fi", f"{code} sv", f"{code} en"), level, parents)
        for code, level, parents in rows
    )
    if name == "month":
        return Axis(name, label, AxisRole.TIME, codes, (), None)
    children = tuple(i for i, code in enumerate(codes) if code.parents == ("SSS",))
    role = AxisRole.GEO if name == "geography" else AxisRole.CLASS
    lines = () if name == "geography" else (Line(0, children),)
    return Axis(name, label, role, codes, lines, 0)


def filled(root: Path) -> House:
    root.mkdir(parents=True, exist_ok=True)
    house = House(root)
    house.publish_rows()
    house.publish_cube(as_of=date(2026, 5, 31))
    house.publish_cube()
    house.publish_cube(product=PUBLIC_PRODUCT)
    return house


def copied(model: House, root: Path) -> House:
    shutil.copytree(model.root, root)
    return House(root, model.signing_key)


@pytest.fixture(scope="session")
def model_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Filled once; never opened, for the others are copies of it."""
    return filled(tmp_path_factory.mktemp("model") / "house")


@pytest.fixture(scope="session")
def house(model_house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = copied(model_house, tmp_path_factory.mktemp("shared") / "house")
    with house.open():
        yield house


@pytest.fixture
def fresh_house(model_house: House, tmp_path: Path) -> House:
    return copied(model_house, tmp_path / "house")


@pytest.fixture(scope="session")
def big_house(model_house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house with a slice that takes a while to send, as release 2026-07-01.1 of area 39."""
    house = copied(model_house, tmp_path_factory.mktemp("big") / "house")
    house.publish_rows(as_of=date(2026, 7, 1), areas=("39",), noise_bytes=BIG_BYTES)
    return house
