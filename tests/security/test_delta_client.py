"""The Delta Sharing client and the DuckDB that users have, against a running gateway with its limits as they are."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from datetime import date
from pathlib import Path

import httpx2
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

ROWS = "/v1/rows/job-seeker-spells"
CUBE = "/v1/cubes/job-seekers/data?format=parquet"
NAMES = ("geography", "month", "sex", "age", "citizenship")
WHOLE_CUBE = CUBE + "".join(f"&{name}=%2A" for name in NAMES)  # a bare * is a glob to DuckDB
TABLE = "39.rows.job-seeker-spells"
LIST = """
import json, sys, delta_sharing
client = delta_sharing.SharingClient(sys.argv[1])
print(json.dumps([[t.share, t.schema, t.name] for t in client.list_all_tables()]))
"""
LOAD = """
import json, sys, delta_sharing
given = json.loads(sys.argv[2])
frame = delta_sharing.load_as_pandas(sys.argv[1], **given)
print(json.dumps({"rows": len(frame), "columns": list(frame.columns),
                  "first": [str(v) for v in frame["pseudonym"][:3]]}))
"""
PARALLEL = """
import hashlib, json, sys, fsspec
url, size = sys.argv[1], int(sys.argv[2])
starts = list(range(0, size, size // 60 + 1))
ends = [*starts[1:], size]
parts = fsspec.filesystem("http").cat_ranges([url] * len(starts), starts, ends)
print(json.dumps([len(parts), hashlib.sha256(b"".join(parts)).hexdigest()]))
"""
VERSION = """
import json, sys, delta_sharing
print(json.dumps(delta_sharing.get_table_version(sys.argv[1])))
"""
RANGES = """
import sys, fsspec
files = fsspec.filesystem("http")
file = files.open(sys.argv[1], block_size=1024, cache_type="none")
print(len(file.read(4000)), flush=True)
sys.stdin.readline()
try:
    file.read(4000)
    print("read on")
except Exception as fault:
    print(type(fault).__name__, getattr(fault, "status", ""))
"""
DUCKDB = """
import json, pathlib, sys, duckdb, duckdb_extension_httpfs
base, secret, *queries = sys.argv[1:]
folder = pathlib.Path(duckdb_extension_httpfs.__file__).parent
database = duckdb.connect(config={"threads": 8})
database.execute(f"LOAD '{next(folder.rglob('*.duckdb_extension'))}'")
database.execute(f"CREATE SECRET jakelu (TYPE http, BEARER_TOKEN '{secret}', SCOPE '{base}')")
told = []
for query in queries:
    try:
        told.append(database.execute(query).fetchall())
    except duckdb.Error as fault:
        told.append(str(fault))
print(json.dumps(told, default=str))
"""
COLUMN = """
import json, sys, fsspec, pyarrow.parquet as pq
table = pq.read_table(sys.argv[1], columns=["pseudonym"], filesystem=fsspec.filesystem("http"))
print(json.dumps(table.num_rows))
"""


@pytest.fixture(scope="module")
def client(needs, loaded_module):
    running = loaded_module("running_delta", Path(__file__).parents[1] / "delta" / "running.py")
    needs(running.missing_tools())
    return running


@pytest.fixture(scope="module")
def server(new_house, new_server):
    house = new_house()
    house.publish_rows(as_of=date(2026, 5, 31), areas=("39",))
    server = new_server(house, at_home=True, limits={})
    yield server
    server.stop()


def make_key(server, products=("job-seeker-spells",), roles=()) -> dict:
    body = {
        "service_account": "nightly-load",
        "products": list(products),
        "roles": ["heti:raakadata", *roles],
    }
    headers = server.house.bearer("key-administrator")
    answer = httpx2.post(f"{server.base}/v1/keys", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def profile(server, tmp_path):
    made = make_key(server)
    path = tmp_path / "tampere.share"
    told = {
        "shareCredentialsVersion": 1,
        "endpoint": f"{server.base}/delta-sharing",
        "bearerToken": made["secret"],
        "expirationTime": made["key"]["expires"],
    }
    path.write_text(json.dumps(told))
    yield path
    revoke(server, made)


def revoke(server, made: dict) -> None:
    headers = server.house.bearer("key-administrator")
    httpx2.delete(f"{server.base}/v1/keys/{made['key']['id']}", headers=headers)


def file_of(server, secret: str) -> dict:
    answer = httpx2.post(
        f"{server.base}/delta-sharing/shares/39/schemas/rows/tables/job-seeker-spells/query",
        json={},
        headers={"Authorization": f"Bearer {secret}"},
    )
    return json.loads(answer.text.splitlines()[2])["file"]


def query(server, secret: str) -> str:
    return file_of(server, secret)["url"]


def test_the_client_lists_the_own_share_alone(client, profile):
    assert client.run(LIST, profile) == [["39", "rows", "job-seeker-spells"]]


def test_the_client_loads_the_rows_that_v1_rows_gives(client, profile, server):
    table = pq.read_table(io.BytesIO(server.get("/v1/rows/job-seeker-spells").content))
    told = client.run(LOAD, f"{profile}#{TABLE}", "{}")
    assert told["rows"] == table.num_rows == 2000
    assert told["columns"] == table.column_names
    assert told["first"] == table["pseudonym"][:3].to_pylist()
    assert client.run(LOAD, f"{profile}#{TABLE}", '{"limit": 5}')["rows"] == 5


def test_the_client_travels_in_time(client, profile, server):
    assert client.run(VERSION, f"{profile}#{TABLE}") == 202606300001
    for given in ({"version": 202605310001}, {"timestamp": "2026-06-01T00:00:00Z"}):
        assert client.run(LOAD, f"{profile}#{TABLE}", json.dumps(given))["rows"] == 2000
    releases = {
        each.body["release"]
        for each in server.house.entries()
        if each.kind == "access.intent" and each.body["auth_strength"] == "key"
    }
    assert "2026-05-31.1" in releases


def test_the_client_finds_no_share_of_a_neighbour(client, profile):
    with pytest.raises(AssertionError, match="share_not_found"):
        client.run(LOAD, f"{profile}#40.rows.job-seeker-spells", "{}")


def test_a_column_is_read_by_ranges(client, server):
    made = make_key(server)
    assert client.run(COLUMN, query(server, made["secret"])) == 2000
    revoke(server, made)


def test_many_ranges_at_once_are_one_download_and_the_file(client, server):
    made = make_key(server)
    file = file_of(server, made["secret"])
    sha256 = hashlib.sha256(server.get("/v1/rows/job-seeker-spells").content).hexdigest()
    parts, got = client.run(PARALLEL, file["url"], file["size"])
    assert parts > 50  # of which the client asks all side by side
    assert got == sha256
    revoke(server, made)


def test_duckdb_reads_rows_and_a_whole_cube_with_a_key(client, server):
    made = make_key(server, ["job-seeker-spells", "job-seekers"], ["heti:tilastokuutiot"])
    rows = f"read_parquet('{server.base}{ROWS}')"
    cube = f"read_parquet('{server.base}{WHOLE_CUBE}')"
    told = client.run(
        DUCKDB,
        server.base,
        made["secret"],
        f"SELECT count(*), count(DISTINCT pseudonym) FROM {rows}",
        f"SELECT municipality, count(*) FROM {rows} GROUP BY ALL ORDER BY ALL",
        f"SELECT count(*), count(unemployed) FROM {cube} WHERE month = '2026M06'",
        f"SELECT geography, unemployed FROM read_parquet('{server.base}{CUBE}&geography=SSS,TA39')",
        f"SELECT count(*) FROM read_csv('{server.base}{ROWS}?format=csv', all_varchar = true)",
    )
    table = pq.read_table(io.BytesIO(server.get(ROWS).content))
    places = Counter(table["municipality"].to_pylist())
    assert told[0] == [[2000, 2000]]
    assert told[1] == [[place, places[place]] for place in sorted(places)]
    cells = pq.read_table(io.BytesIO(server.get(WHOLE_CUBE).content))
    june = cells.filter(pc.equal(cells["month"], "2026M06"))
    assert told[2] == [[june.num_rows, june.num_rows - june["unemployed"].null_count]]
    few = pq.read_table(io.BytesIO(server.get(f"{CUBE}&geography=SSS,TA39").content))
    assert told[3] == [[row["geography"], row["unemployed"]] for row in few.to_pylist()]
    assert told[4] == [[2000]]
    revoke(server, made)


def test_a_key_that_is_revoked_ends_a_download_in_its_middle(client, server):
    made = make_key(server)
    reading = client.start(RANGES, query(server, made["secret"]))
    assert reading.stdout.readline() == "4000\n"
    revoke(server, made)
    told, _ = reading.communicate("go on\n", timeout=60)
    assert told.split() == ["ClientResponseError", "403"]
