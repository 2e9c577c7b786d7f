"""The command line, as an operator and a scheduler use it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.batch.demo_layout import DemoLayout
from gateway.settings import SETTINGS_FILE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own(published, tmp_path) -> DemoLayout:
    """A copy of the demo that a test may change."""
    layout = DemoLayout(tmp_path / "demo")
    shutil.copytree(
        published.root, layout.root, ignore=shutil.ignore_patterns("done", "journal", "*.arrow")
    )
    layout.journal.parent.mkdir()
    layout.write_settings()
    return layout


def test_publishing_the_same_inputs_twice_makes_one_release(own):
    again = _jakelu("publish", "job-seeker-spells", layout=own)
    assert again.returncode == 0
    assert again.stdout == "job-seeker-spells\t2026-06-30.1\tunchanged\n"


def test_an_unreachable_warehouse_is_one_clear_line_and_the_last_release_stays(own):
    before = _jakelu("release", "list", layout=own).stdout
    own.warehouse.unlink()
    failed = _jakelu("publish", layout=own)
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr.count("\n") == 1
    assert "warehouse" in failed.stderr.lower()
    assert _jakelu("release", "list", layout=own).stdout == before


def test_a_warehouse_that_is_no_database_is_one_clear_line(own):
    own.warehouse.write_bytes(b"not a database" * 1000)
    failed = _jakelu("publish", "vacancies", layout=own)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)


def test_keys_open_to_others_are_refused(own):
    next(own.keys.glob("*.key")).chmod(0o644)
    failed = _jakelu("publish", "vacancies", layout=own)
    assert failed.returncode == 1
    assert "key" in failed.stderr.lower()


def test_releases_are_listed_shown_and_verified(own):
    lines = _jakelu("release", "list", layout=own).stdout.splitlines()
    assert {line.split("\t")[0] for line in lines} == {
        "job-seeker-spells",
        "job-seekers",
        "job-seekers-detailed",
        "service-outcomes",
        "service-periods",
        "vacancies",
    }
    shown = json.loads(
        _jakelu("release", "show", "service-periods", "2026-06-30.1", layout=own).stdout
    )
    assert shown["protection"]["k_reached"] >= 5
    rows = ("service-periods", "2026-06-30.1")
    assert _jakelu("release", "verify", *rows, layout=own).returncode == 0
    damaged = own.releases / "service-periods" / "2026-06-30.1" / "area=39" / "part-0.parquet"
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    refused = _jakelu("release", "verify", *rows, layout=own)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1


def test_a_dry_run_prints_json_into_a_pipe_and_publishes_nothing(own):
    before = _jakelu("release", "list", layout=own).stdout
    tried = _jakelu("publish", "vacancies", "--dry-run", "--newest", "1", layout=own)
    assert tried.returncode == 0, tried.stderr
    report = json.loads(tried.stdout)
    assert (report["product"], report["holds"], len(report["slices"])) == ("vacancies", True, 1)
    assert _jakelu("release", "list", layout=own).stdout == before
    assert not own.journal.exists()


def test_only_a_dry_run_leaves_months_out(own):
    refused = _jakelu("publish", "vacancies", "--newest", "1", layout=own)
    assert refused.returncode == 1
    assert "--dry-run" in refused.stderr


def test_a_release_is_audited_against_the_warehouse(published):
    audited = _jakelu("release", "audit", "vacancies", layout=published)
    assert audited.returncode == 0, audited.stderr
    report = json.loads(audited.stdout)
    assert (report["holds"], report["untrue"], report["findings"]) == (True, [], [])


def test_the_journal_is_verified(published):
    verified = _jakelu("journal", "verify", layout=published)
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout.endswith(" 0 problems\n")


def test_contracts_and_policies_hold():
    assert _jakelu("check").returncode == 0


def test_a_wrong_contract_is_told_with_its_file_its_line_and_the_remedy(tmp_path):
    shutil.copytree(ROOT / "products", tmp_path / "products")
    contract = tmp_path / "products" / "service-periods.yaml"
    lines = contract.read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "classification: confidential" in text)
    lines[line - 1] = lines[line - 1].replace("confidential", "public")
    contract.write_text("\n".join(lines) + "\n")
    refused = _jakelu("check", "--products-dir", str(tmp_path / "products"))
    assert refused.returncode == 1
    assert f"service-periods.yaml:{line}:" in refused.stderr


def test_an_unknown_persona_is_one_line_that_names_the_known_ones(published):
    refused = _jakelu("token", "nobody", "--dir", str(published.root))
    assert refused.returncode == 1
    assert "municipality-bi" in refused.stderr


def test_a_missing_setting_is_named():
    refused = _jakelu("publish")
    assert refused.returncode == 1
    assert "JAKELU_RELEASES_DIR" in refused.stderr


@pytest.mark.parametrize(
    "command", [(), ("publish",), ("serve",), ("demo",), ("release",), ("release", "audit")]
)
def test_help_teaches(command):
    shown = _jakelu(*command, "--help")
    assert shown.returncode == 0
    assert "Usage:" in shown.stdout


def _jakelu(*arguments: str, layout: DemoLayout | None = None) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JAKELU_")}
    if layout:
        environment[SETTINGS_FILE] = str(layout.publish_settings)
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
