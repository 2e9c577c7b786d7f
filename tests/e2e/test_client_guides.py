"""docs/clients: the code of every page runs as it stands there, and the table tells what clients really read."""

from __future__ import annotations

import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import polars as pl
import pytest

from gateway.batch.demo_layout import DemoLayout
from gateway.batch.journal_key import create_journal_key
from gateway.settings import SETTINGS_FILE

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "clients"
INDEX = FOLDER / "README.md"
PAGES = sorted(path.stem for path in FOLDER.glob("*.md") if path != INDEX)
APART = {"delta-sharing", "duckdb"}  # pages whose Python is that of tests/delta
PROGRAMS = {"sh": "curl", "r": "Rscript"}
KINDS = {
    path.stem: re.search(r"^ +product_kind: (\w+)$", path.read_text(), flags=re.MULTILINE)[1]
    for path in sorted((ROOT / "products").glob("*.yaml"))
}


def _tools(name: str, *path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT.joinpath("tests", *path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


READERS = _tools("client_readers", "clients", "readers.py")
MATRIX = _tools("client_matrix", "clients", "matrix.py")
READS = [
    (client, product)
    for client in READERS.ROADS
    for product, kind in KINDS.items()
    if kind in READERS.WHOLE.get(client, {}) or (kind == "cube" and client in READERS.CELLS)
]


@dataclass(frozen=True)
class Gateway:
    """One that runs, with a key to every product, and what programs are told of it."""

    base: str
    key: str
    settings: Path

    @property
    def operator(self) -> dict[str, str]:
        """What the operator's account has set, who makes profiles."""
        return {
            SETTINGS_FILE: str(self.settings),
            "JAKELU_PRODUCTS_DIR": str(ROOT / "products"),
            "JAKELU_POLICIES_DIR": str(ROOT / "policies"),
        }

    def get(self, path: str) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.get(self.base + path, headers=headers, timeout=60).raise_for_status()


@pytest.fixture(scope="module")
def gateway(published, start, free_port, tmp_path_factory) -> Gateway:
    """The demo with one more release of rows, so that there are changes to read."""
    layout = DemoLayout(tmp_path_factory.mktemp("clients") / "demo")
    ignored = shutil.ignore_patterns("done", "journal")
    shutil.copytree(published.root, layout.root, ignore=ignored)
    layout.journal.parent.mkdir()
    create_journal_key(layout.journal_key)
    layout.write_settings()
    _publish(layout, "job-seeker-spells", "2026-05-31")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with layout.serve_settings.open("r+") as settings:
        told = settings.read()
        settings.seek(0)
        settings.write(f"public_url = '{base}'\n{told}")
    house = start(layout, port=port)
    asked = {
        "service_account": "bi-reports",
        "products": list(KINDS),
        "roles": ["heti:raakadata", "heti:tilastokuutiot"],
    }
    headers = {"Authorization": f"Bearer {house.token('key-administrator')}"}
    made = httpx2.post(f"{base}/v1/keys", json=asked, headers=headers).raise_for_status()
    return Gateway(base, made.json()["secret"], layout.serve_settings)


def _publish(layout: DemoLayout, product: str, as_of: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "gateway", "publish", product, "--as-of", as_of],
        env={**os.environ, SETTINGS_FILE: str(layout.publish_settings)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]


@pytest.fixture(scope="module")
def delta(needs: Callable[[str | None], None]) -> Callable[[], ModuleType]:
    """The clients in an environment of their own."""

    def tools() -> ModuleType:
        running = _tools("running_delta", "delta", "running.py")
        needs(running.missing_tools())
        return running

    return tools


@pytest.fixture
def environment(gateway: Gateway, tmp_path: Path) -> dict[str, str]:
    """What a page tells its reader to set, and nothing else of ours but where programs are."""
    programs = [Path(sys.executable).parent, *os.environ["PATH"].split(os.pathsep)]
    return {
        "JAKELU_URL": gateway.base,
        "JAKELU_KEY": gateway.key,
        "HOME": str(tmp_path / "home"),
        "LC_ALL": "C.UTF-8",
        "NO_PROXY": "127.0.0.1",
        "PATH": os.pathsep.join(map(str, programs)),
    }


def _apart(environment: dict[str, str], running: ModuleType) -> None:
    """Python is the one of the clients apart, and DuckDB finds its extension as if it had installed it."""
    (extension,) = running.EXTENSION.glob("*/httpfs.duckdb_extension")
    version = extension.parent.name
    asked = "import duckdb; print(duckdb.sql('PRAGMA platform').fetchone()[0])"
    platform = subprocess.check_output([running.PYTHON, "-c", asked], text=True).strip()
    home = Path(environment["HOME"]) / ".duckdb" / "extensions" / version / platform
    home.mkdir(parents=True)
    shutil.copy(extension, home)
    environment["PATH"] = f"{running.PYTHON.parent}{os.pathsep}{environment['PATH']}"


@cache
def _missing(language: str) -> str | None:
    program = PROGRAMS.get(language)
    if program and shutil.which(program) is None:
        return f"{program} is not installed"
    if language == "r":
        asked = ["Rscript", "-e", "library(httr); library(jsonlite)"]
        if subprocess.run(asked, capture_output=True, check=False).returncode:
            return "R has no httr and jsonlite"
    return None


@pytest.mark.parametrize("name", PAGES)
def test_the_code_of_a_page_prints_what_the_page_shows(
    name, gateway, environment, delta, needs, page_tools, tmp_path
):
    blocks = page_tools.read_blocks((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    assert blocks
    for block in blocks:
        is_known = block.language in page_tools.PROGRAMS
        assert is_known or not block.is_run, (
            f"say of this block that the tests do not run it: {block.text}"
        )
    for language in {block.language for block in blocks if block.is_run}:
        needs(_missing(language))
    if name in APART:
        environment |= gateway.operator
        _apart(environment, delta())
    folder = tmp_path / "work"
    folder.mkdir()
    page_tools.check_blocks(blocks, folder=folder, environment=environment)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_tells_of_the_secret_of_errors_and_of_citing(name):
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    titles = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert {"When it does not work", "To cite it"} <= set(titles)
    assert {"The secret", "A profile"} & set(titles)
    assert f"({name}.md)" in INDEX.read_text(encoding="utf-8")
    for page in ("README.md", "docs/api.md"):
        assert f"clients/{name}.md" in (ROOT / page).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def client_record() -> Any:
    return MATRIX.Record(KINDS)


@pytest.fixture
def asked(client, product, gateway, environment, delta, tmp_path) -> Any:
    """What a client is asked for."""
    if client in READERS.APART:
        _apart(environment, delta())
    cube = gateway.get(f"/v1/cubes/{product}").json() if KINDS[product] == "cube" else {}
    dimensions = cube.get("dimensions", ())
    # Every area, and what has no total; the rest stands at its total.
    selection = {
        each["name"]: ",".join(each["omitted"])
        for each in dimensions
        if each["role"] == "time" or each["omitted"] == ["*"]
    }
    return READERS.Asked(
        gateway=gateway.base,
        key=gateway.key,
        product=product,
        kind=KINDS[product],
        selection=selection | {"geography": "*"},
        names={each["label"]["en"]: each["name"] for each in dimensions},
        dimensions=[each["name"] for each in dimensions],
        measure=cube["measures"][0]["name"] if cube else "",
        folder=tmp_path,
        environment=environment,
    )


@pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")
@pytest.mark.parametrize(("client", "product"), READS)
def test_a_client_reads_what_was_released(client, product, gateway, asked, needs, client_record):
    needs(_missing({"curl": "sh", "R (httr)": "r"}.get(client, "python")))
    wanted = asked
    read_whole = READERS.WHOLE.get(client, {}).get(KINDS[product])
    if read_whole is not None:
        found, released = read_whole(wanted), _released(gateway, wanted.whole)
        assert found.columns == released.columns
        assert _comparable(found, released).equals(_comparable(released, released))
        client_record(client, product, "all rows" if wanted.kind == "rows" else "the whole cube")
        return
    found, released = READERS.CELLS[client](wanted), _released(gateway, wanted.cells)
    codes = list(wanted.selection)
    told = _cells(found, codes, "value")
    assert told == _cells(released, codes, wanted.measure)
    assert len(told) > 10
    client_record(client, product, "every area, newest")


def _released(gateway: Gateway, address: str) -> pl.DataFrame:
    """What the gateway's Parquet holds."""
    answer = gateway.get(f"{address.removeprefix(gateway.base)}format=parquet")
    return pl.read_parquet(io.BytesIO(answer.content))


def _comparable(frame: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    """Numbers as numbers and everything else as text, for clients keep types of their own; not so a code,
    which must not have become a number on the way.
    """
    days = frame.with_columns(pl.col(pl.Datetime).dt.date())
    for name, kind in released.schema.items():
        is_code = not kind.is_numeric()
        assert not (is_code and days.schema[name].is_numeric()), name
        days = days.with_columns(pl.col(name).cast(pl.String if is_code else pl.Float64))
    return days


def _cells(frame: pl.DataFrame, codes: list[str], value: str) -> Mapping[tuple[str, ...], float]:
    """Values by their codes; cells without a value are left out."""
    texts = (pl.col(code).cast(pl.String) for code in codes)
    rows = frame.select(*texts, pl.col(value).cast(pl.Float64)).drop_nulls(value).rows()
    return {row[:-1]: row[-1] for row in rows}


def test_the_table_is_what_the_clients_came_to(request, client_record, campaign):
    """The last test of the file; after some of the others alone there is nothing to compare."""
    chosen = " ".join(item.name for item in request.session.items)
    if not all(f"[{client}-{product}]" in chosen for client, product in READS):
        pytest.skip("not every client was asked")
    page = INDEX.read_text(encoding="utf-8")
    table = client_record.table(READERS.ROADS, page)
    if campaign.writes_clients:
        INDEX.write_text(MATRIX.with_table(page, table), encoding="utf-8")
        return
    assert MATRIX.committed(page) == table, "run: make clients"
