"""`jakelu check` warns a month ahead of what ends, and a warning is no fault."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from gateway.batch.expiries import ending
from gateway.cli import app

ROOT = Path(__file__).parents[3]
POLICIES = ROOT / "policies"
SUBSCRIPTION = {
    "id": "some",
    "organisations": ["TA39", "TA40"],
    "products": ["job-seekers", "vacancies"],
    "purpose": "statistics-and-monitoring",
    "legal_basis": "L380-2023",
    "valid_from": date(2026, 1, 1),
    "valid_to": date(2026, 6, 30),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def subscribe(folder: Path, *entries: dict) -> None:
    text = yaml.safe_dump({"subscriptions": list(entries)})
    (folder / "subscriptions.yaml").write_text(text)


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("2026-05-30", None),
        ("2026-05-31", "30 days left"),
        ("2026-06-29", "1 day left"),
        ("2026-06-30", "today is the last day"),
        ("2026-07-01", None),
        ("2025-12-31", None),
    ],
)
def test_an_entry_is_warned_of_from_thirty_days_before_its_last_day(folder, on, said):
    subscribe(folder, SUBSCRIPTION)
    lines = ending(folder, date.fromisoformat(on))
    if said is None:
        assert lines == ()
    else:
        assert len(lines) == 1
        for part in ("some", "2 organisations, 2 products", "last day 2026-06-30", said):
            assert part in lines[0]


def test_an_entry_over_many_areas_is_one_line():
    lines = ending(POLICIES, date(2027, 12, 20))
    assert [line.split(": ")[1].split(" (")[0] for line in lines] == [
        "the data permit tulorekisteri-2025 ends",
        "the subscription areas-cubes",
        "the subscription areas-rows",
        "the subscription evk-cubes",
        "the subscription tem-cubes",
    ]
    assert "(45 organisations, 2 products)" in lines[2]
    assert all("last day 2027-12-31, 11 days left" in line for line in lines)


def test_what_is_renewed_from_the_next_day_on_is_not_warned_of(folder):
    following = {"valid_from": date(2026, 7, 1), "valid_to": date(2027, 6, 30)}
    renewed = SUBSCRIPTION | {"id": "next", **following}
    subscribe(folder, SUBSCRIPTION, renewed)
    assert ending(folder, date(2026, 6, 20)) == ()
    subscribe(folder, SUBSCRIPTION, renewed | {"organisations": ["TA39"]})
    (line,) = ending(folder, date(2026, 6, 20))
    assert "some (1 organisation, 2 products)" in line
    subscribe(folder, SUBSCRIPTION, renewed | {"valid_from": date(2026, 7, 2)})
    assert len(ending(folder, date(2026, 6, 20))) == 1
    subscribe(
        folder,
        SUBSCRIPTION,
        renewed | {"purpose": "service-planning"},
    )
    assert len(ending(folder, date(2026, 6, 20))) == 1


def test_a_renewed_data_permit_is_not_warned_of(folder):
    subscribe(folder, SUBSCRIPTION)
    permits = yaml.safe_load((folder / "permits.yaml").read_text())
    assert len(ending(folder, date(2027, 12, 31))) == 1
    following = {"valid_from": date(2028, 1, 1), "valid_to": date(2028, 12, 31)}
    permits["permits"].append(permits["permits"][0] | {"id": "next", **following})
    (folder / "permits.yaml").write_text(yaml.safe_dump(permits))
    assert ending(folder, date(2027, 12, 31)) == ()


def test_the_check_warns_and_still_holds():
    folders = ["--products-dir", str(ROOT / "products"), "--policies-dir", str(POLICIES)]
    checked = CliRunner().invoke(app, ["check", *folders, "--on", "2027-12-10"])
    assert checked.exit_code == 0
    assert "contracts and policies hold" in checked.stdout
    warned = [line for line in checked.stderr.splitlines() if line.startswith("warning: ")]
    assert len(warned) == 5
    assert "21 days left" in warned[0]


def test_files_that_cannot_be_read_are_a_fault_and_no_warning(folder):
    (folder / "subscriptions.yaml").write_text("subscriptions: 5\n")
    assert ending(folder, date(2027, 12, 20)) == ()
    checked = CliRunner().invoke(
        app, ["check", "--products-dir", str(ROOT / "products"), "--policies-dir", str(folder)]
    )
    assert checked.exit_code == 1
    assert "subscriptions.yaml" in checked.stderr
