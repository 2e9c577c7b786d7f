"""The clients that people have, unmodified: each is a function that reads a product and gives a data frame of it.

`WHOLE` read everything: the slice of an area, or a cube with its marks. `CELLS` read every area of the newest
time of a cube, one measure, cell by cell.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pxweb import PxApi
from pyaxis import pyaxis as axis
from pyjstat import pyjstat as stat

SECONDS = 60
_ROWS_R = """
address <- commandArgs(trailingOnly = TRUE)
key <- httr::add_headers(Authorization = paste("Bearer", Sys.getenv("JAKELU_KEY")))
answer <- httr::GET(address[1], key)
httr::stop_for_status(answer)
told <- read.csv(text = httr::content(answer, "text", encoding = "UTF-8"),
                 colClasses = "character", na.strings = "")
write.csv(told, address[2], row.names = FALSE, na = "", fileEncoding = "UTF-8")
"""
_STAT_R = """
address <- commandArgs(trailingOnly = TRUE)
key <- httr::add_headers(Authorization = paste("Bearer", Sys.getenv("JAKELU_KEY")))
answer <- httr::GET(address[1], key)
httr::stop_for_status(answer)
cube <- jsonlite::fromJSON(httr::content(answer, "text", encoding = "UTF-8"))
codes <- lapply(cube$dimension[rev(cube$id)], function(each) names(each$category$index))
told <- cbind(expand.grid(codes, stringsAsFactors = FALSE), value = cube$value)
write.csv(told, address[2], row.names = FALSE, na = "", fileEncoding = "UTF-8")
"""
_SHARED = """
import delta_sharing, sys
frame = delta_sharing.load_as_pandas(sys.argv[1])
frame.to_parquet(sys.argv[2])
print("null")
"""
_DUCKDB = """
import duckdb, os, sys
db = duckdb.connect()
db.load_extension("httpfs")
db.execute(f"CREATE SECRET jakelu (TYPE http, BEARER_TOKEN '{os.environ['JAKELU_KEY']}', SCOPE '{sys.argv[1]}')")
db.execute(f"COPY (FROM read_parquet('{sys.argv[1]}')) TO '{sys.argv[2]}'")
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be read, and what a client is given for it.

    selection: of the cells, codes by dimension; those that are not named stand at their total. names: of the
    variables, by the label that PxWeb gives them. folder: a client's own. environment: of its process.
    """

    gateway: str
    key: str
    product: str
    kind: str
    selection: Mapping[str, str]
    names: Mapping[str, str]
    dimensions: Sequence[str]
    measure: str
    folder: Path
    environment: Mapping[str, str]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def whole(self) -> str:
        """The address of everything: the slice, or the cube."""
        if self.kind == "rows":
            return f"{self.gateway}/v1/rows/{self.product}?"
        every = urlencode(dict.fromkeys(self.dimensions, "*"))
        return f"{self.gateway}/v1/cubes/{self.product}/data?{every}&"

    @property
    def cells(self) -> str:
        """The address of the cells of one measure."""
        asked = {**self.selection, "measure": self.measure}
        return f"{self.gateway}/v1/cubes/{self.product}/data?{urlencode(asked, safe='*')}&"

    @property
    def px(self) -> str:
        """Where PxWebApi 2 is, with a name and a password, which is all that its clients know."""
        return (
            self.gateway.replace("://", f"://{self.key.split('_')[1]}:{self.key}@")
            + "/pxweb/api/v2"
        )

    @property
    def px_cells(self) -> str:
        """Where the same cells are below PxWebApi 2."""
        codes = {**self.selection, "measure": self.measure}
        query = "&".join(f"valuecodes[{name}]={code}" for name, code in codes.items())
        return f"/tables/{self.product}/data?{query}&lang=en"


def curl(asked: Asked) -> pl.DataFrame:
    out = asked.folder / "curl.out"
    config = asked.folder / "curl.cfg"
    config.write_text(f'header = "Authorization: Bearer {asked.key}"\n')
    form = (
        "csv" if asked.kind == "rows" else "parquet"
    )  # a whole cube is more cells than CSV may have
    _run(["curl", "-sSf", "--config", config, "-o", out, f"{asked.whole}format={form}"], asked)
    return pl.read_csv(out, infer_schema=False) if form == "csv" else pl.read_parquet(out)


def pandas(asked: Asked) -> pl.DataFrame:
    frame = pd.read_parquet(f"{asked.whole}format=parquet", storage_options=asked.headers)
    return pl.from_pandas(frame)


def polars(asked: Asked) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(_fetched(asked, "parquet")))


def pyarrow(asked: Asked) -> pl.DataFrame:
    if asked.kind == "rows":
        return pl.from_arrow(pa.ipc.open_stream(_fetched(asked, "arrow")).read_all())
    return pl.from_arrow(pq.read_table(io.BytesIO(_fetched(asked, "parquet"))))


def duckdb_by_ranges(asked: Asked) -> pl.DataFrame:
    out = asked.folder / "duckdb.parquet"
    _run(["python", "-c", _DUCKDB, f"{asked.whole}format=parquet", out], asked)
    return pl.read_parquet(out)


def delta_sharing(asked: Asked) -> pl.DataFrame:
    profile, out = asked.folder / "profile.share", asked.folder / "delta.parquet"
    told = {
        "shareCredentialsVersion": 1,
        "endpoint": f"{asked.gateway}/delta-sharing",
        "bearerToken": asked.key,
    }
    profile.write_text(json.dumps(told))
    _run(["python", "-c", _SHARED, f"{profile}#39.rows.{asked.product}", out], asked)
    return pl.read_parquet(out)


def r_rows(asked: Asked) -> pl.DataFrame:
    out = asked.folder / "r.csv"
    _run(["Rscript", "-e", _ROWS_R, f"{asked.whole}format=csv", out], asked)
    return pl.read_csv(out, infer_schema=False)


def r_cells(asked: Asked) -> pl.DataFrame:
    out = asked.folder / "r.csv"
    _run(["Rscript", "-e", _STAT_R, asked.cells, out], asked)
    return pl.read_csv(out, infer_schema=False)


def pxwebpy(asked: Asked) -> pl.DataFrame:
    api = PxApi(asked.px, language="en", disable_cache=True)
    try:
        codes = {**asked.selection, "measure": asked.measure}
        found = api.get_table_data(asked.product, value_codes=codes, show="code")
    finally:
        api._client.session.close()
    return pl.DataFrame(found, infer_schema_length=None).rename(asked.names, strict=False)


def pyjstat(asked: Asked) -> pl.DataFrame:
    address = f"{asked.px}{asked.px_cells}"
    return pl.from_pandas(stat.Dataset.read(address).write("dataframe", naming="id"))


def pyaxis(asked: Asked) -> pl.DataFrame:
    read = axis.parse(
        f"{asked.gateway}/pxweb/api/v2{asked.px_cells}&outputFormat=px",
        encoding="utf-8",
        lang="en",
        null_values=r'^"\.{1,2}"$',
        sd_values=r'^"\.\.\."$',
        headers=asked.headers,
        timeout=SECONDS,
    )
    told, metadata = read["DATA"], read["METADATA"]
    for label in told.columns.drop("DATA"):
        codes = zip(metadata[f"VALUES({label})"], metadata[f"CODES({label})"], strict=True)
        told[label] = told[label].map(dict(codes))
    told["DATA"] = pd.to_numeric(told["DATA"], errors="coerce")
    return pl.from_pandas(told).rename({**asked.names, "DATA": "value"}, strict=False)


# In the order of the table, each with what it reads by.
ROADS = {
    "curl": "CSV, Parquet",
    "pandas": "Parquet",
    "polars": "Parquet",
    "PyArrow": "Arrow, Parquet",
    "DuckDB": "Parquet, by ranges",
    "delta-sharing": "Delta Sharing",
    "R (httr)": "CSV, JSON-stat",
    "pxwebpy": "PxWebApi 2",
    "pyjstat": "PxWebApi 2",
    "pyaxis": "PX, by PxWebApi 2",
}
APART = frozenset({"DuckDB", "delta-sharing"})  # they live in the environment of tests/delta
WHOLE: Mapping[str, Mapping[str, Callable[[Asked], pl.DataFrame]]] = {
    "curl": {"rows": curl, "cube": curl},
    "pandas": {"rows": pandas, "cube": pandas},
    "polars": {"rows": polars, "cube": polars},
    "PyArrow": {"rows": pyarrow, "cube": pyarrow},
    "DuckDB": {"rows": duckdb_by_ranges, "cube": duckdb_by_ranges},
    "delta-sharing": {"rows": delta_sharing},
    "R (httr)": {"rows": r_rows},
}
CELLS: Mapping[str, Callable[[Asked], pl.DataFrame]] = {
    "R (httr)": r_cells,
    "pxwebpy": pxwebpy,
    "pyjstat": pyjstat,
    "pyaxis": pyaxis,
}


def _fetched(asked: Asked, form: str) -> bytes:
    request = urllib.request.Request(f"{asked.whole}format={form}", headers=asked.headers)
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return answer.read()


def _run(command: Sequence[str | Path], asked: Asked) -> None:
    program = shutil.which(str(command[0]), path=asked.environment["PATH"])
    ran = subprocess.run(
        [program, *command[1:]],
        env=dict(asked.environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
