"""Faults of the machine, met by a real server: nothing is sent that the journal does not hold."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.batch.demo_server import examples, stripped_environment

ROOT = Path(__file__).parents[2]
ROWS = "/v1/rows/job-seeker-spells?area=39&format=csv"
WRITE_VERSION_BYTE = 18  # of SQLite's file header
READ_ONLY = 3  # a version there that may only be read; unlike a file mode it binds root as well
FILE_BLOCKS = 600  # of 1024 bytes: the journal and its log may grow to this


def test_a_server_does_not_start_on_a_read_only_journal(own, start):
    house = start(own)
    house.stop()
    content = bytearray(own.journal.read_bytes())
    content[WRITE_VERSION_BYTE] = READ_ONLY
    own.journal.write_bytes(bytes(content))
    refused = subprocess.run(
        [sys.executable, "-m", "gateway", "serve", "--port", "18099"],
        cwd=ROOT,
        env=stripped_environment(own),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode != 0
    assert "journal" in refused.stderr.lower()


def test_a_journal_that_can_grow_no_further_stops_every_delivery(own, start):
    house = start(own, wrapper=("sh", "-c", f'ulimit -f {FILE_BLOCKS}; exec "$@"', "sh"))
    statuses = []
    for _ in range(400):
        answer = house.get("municipality-bi", ROWS + "&columns=sex")
        statuses.append(answer.status_code)
        if answer.status_code != 200:
            break
    assert statuses[0] == 200
    assert answer.status_code == 503, "the journal never filled"
    assert answer.json()["code"] == "journal_unavailable"
    assert "retry-after" in answer.headers
    assert answer.headers["content-type"] == "application/problem+json"
    assert b"sex" not in answer.content  # the only column that was asked for
    house.stop()


def test_a_damaged_newest_release_is_told_to_those_who_wait_for_it(own, start):
    manifest = own.releases / "job-seeker-spells" / "2026-06-30.1" / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_bytes(manifest.read_bytes().replace(b"confidential", b"confidentiaL", 1))
    house = start(own)
    for path in (ROWS, "/v1/products/job-seeker-spells/releases"):
        answer = house.get("municipality-bi", path)
        assert (answer.status_code, answer.json()["code"]) == (503, "release_damaged")
    house.stop()


def test_a_second_server_on_the_same_port_is_refused_in_one_line(own, house):
    port = house.base.rsplit(":", 1)[1]
    refused = subprocess.run(
        [sys.executable, "-m", "gateway", "serve", "--port", port],
        cwd=ROOT,
        env=stripped_environment(own),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode == 1
    assert port in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_printed_line_works_as_pasted(house, tmp_path):
    port = int(house.base.rsplit(":", 1)[1])
    lines = examples(house.layout.root, port).splitlines()
    pasted = [line for line in lines if line.startswith("curl ")]
    assert len(pasted) == 7
    tools = Path(sys.executable).parent
    for line in pasted:
        command = line.replace("$(jakelu ", f"$({tools}/python -m gateway ")
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (ran.returncode, ran.stderr) == (0, ""), line
        assert ran.stdout or (tmp_path / "spells.parquet").stat().st_size > 1000
