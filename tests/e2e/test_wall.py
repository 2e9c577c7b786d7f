"""The wall: the serving process holds, and loads, nothing of the publish road."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.batch.demo_layout import DemoLayout
from gateway.batch.demo_server import stripped_environment
from gateway.settings import SETTINGS_FILE

ROOT = Path(__file__).parents[2]
ANSWERING_SERVER = """
import sys
from gateway.serving import create_app
from gateway.settings import load_serve_settings
from starlette.testclient import TestClient
bearer = {"Authorization": "Bearer " + sys.argv[1]}
with TestClient(create_app(load_serve_settings())) as client:
    for path in (
        "/health/ready",
        "/v1/me",
        "/v1/rows/job-seeker-spells?area=39&format=csv",
        "/v1/cubes/job-seekers/data?geography=SSS",
    ):
        assert client.get(path, headers=bearer).status_code == 200, path
print(sorted(sys.modules))
"""
WALLED = (
    "duckdb",
    "snowflake",
    "sqlglot",
    "gateway.contracts.contract_sql",
    "gateway.publishing",
    "gateway.protection",
    "gateway.synthetic",
    "gateway.upkeep",
    "gateway.batch",
    "gateway.adapters.warehouse_duckdb",
    "gateway.adapters.keys_derivation",
    "gateway.adapters.keys_epochs",
    "gateway.adapters.keys_file",
    "gateway.adapters.keys_file_create",
    "gateway.adapters.keys_private_file",
    "gateway.adapters.keys_vault",
    "gateway.adapters.demo_issuer",
)


def test_a_server_that_has_answered_every_road_has_loaded_nothing_of_the_publish_road(
    house, published
):
    answered = subprocess.run(
        [sys.executable, "-c", ANSWERING_SERVER, house.token("municipality-bi")],
        cwd=ROOT,
        env=stripped_environment(published),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert answered.returncode == 0, answered.stderr[-2000:]
    loaded = set(ast.literal_eval(answered.stdout.splitlines()[-1]))
    assert "gateway.delivery" in {name.rsplit(".", 1)[0] for name in loaded} | loaded
    assert not {
        name for name in loaded for wall in WALLED if name == wall or name.startswith(wall + ".")
    }


@pytest.mark.parametrize(
    "name", ["JAKELU_WAREHOUSE_PATH", "JAKELU_KEYS_DIR", "JAKELU_VAULT_TOKEN_PATH"]
)
def test_serve_refuses_to_start_with_a_publish_road_variable_set(published, name):
    refused = _serve({**stripped_environment(published), name: "/nowhere/at/all"})
    assert refused.returncode == 1
    assert name in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_serve_refuses_to_start_with_the_publish_roads_settings_file(published, tmp_path):
    merged = tmp_path / "both.toml"
    keys = tmp_path / "keys"
    keys.mkdir()
    merged.write_text(published.serve_settings.read_text() + f"keys_dir = '{keys}'\n")
    environment = stripped_environment(published) | {SETTINGS_FILE: str(merged)}
    refused = _serve(environment)
    assert refused.returncode == 1
    assert "keys_dir" in refused.stderr


def test_releases_are_served_when_the_private_half_is_gone(published, start, tmp_path):
    layout = DemoLayout(tmp_path / "public-only")
    ignored = shutil.ignore_patterns("private", "done", "*.sqlite*", "*.boots")
    shutil.copytree(published.root, layout.root, ignore=ignored)
    layout.write_settings()
    house = start(layout)
    assert not layout.private.exists()
    assert house.get("municipality-bi", "/v1/rows/job-seeker-spells?area=39").status_code == 200
    house.stop()


def _serve(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "serve", "--port", "1"],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
