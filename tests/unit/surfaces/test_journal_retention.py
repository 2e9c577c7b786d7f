"""`jakelu journal prune` and `hold`, and expired entries as an auditor sees them."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway import cli
from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.postgres_url import parse_postgres_url
from gateway.errors import (
    BadParameter,
    JournalUnavailable,
    PolicyFault,
    RepeatedParameter,
    SettingsFault,
    UnknownParameter,
)
from gateway.journal.append import Journal
from gateway.journal.body import Asked, Origin, access_body
from gateway.journal.seal import BootIdentity
from gateway.journal.store import DurableStore
from gateway.model.caller import AuthStrength, Caller
from gateway.model.entry import Draft, EntryKind
from gateway.model.ruling import Action

NOW = datetime.now(UTC)


class Clock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def denial(subject: str, product: str) -> Draft:
    caller = Caller("i", subject, "old-client", "j", AuthStrength.BEARER, "KU837", None)
    asked = Asked(Action.READ_ROWS, product, ("39",))
    origin = Origin(client_address="192.0.2.7")
    return Draft(EntryKind.DENIED, access_body(caller, asked, ruling=None, origin=origin))


def fill(store: DurableStore) -> None:
    """Two denials of 2000 days ago, of svc-1 and svc-2, and one of 100 days ago."""
    boot = BootIdentity("r", "old-boot", "b", "c")
    clock = Clock(NOW - timedelta(days=2000))
    with Journal(store, clock=clock, identity=boot) as journal:
        journal.append(denial("svc-1", "vacancies"))
        journal.append(denial("svc-2", "job-seekers"))
        clock.moment = NOW - timedelta(days=100)
        journal.append(denial("svc-1", "vacancies"))


@pytest.fixture
def old_house(fresh_house):
    fill(open_journal_store(fresh_house.settings().journal_path))
    return fresh_house


@pytest.fixture
def run(old_house, monkeypatch):
    settings = old_house.settings()
    names = ("products_dir", "policies_dir", "releases_dir", "journal_path")
    for name in (*names, "release_public_key_path"):
        monkeypatch.setenv(f"JAKELU_{name.upper()}", str(getattr(settings, name)))
    for module in ("journal_retention", "journal_holds", "journal_view"):
        monkeypatch.setattr(f"gateway.batch.{module}.operating_login", lambda: "rita")

    def run(*words: str) -> str:
        found = CliRunner().invoke(cli.app, ["journal", *words], catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return found.stdout

    return run


def bodies(house, kind: EntryKind):
    return [entry.body for entry in house.entries() if entry.kind is kind]


def test_a_rehearsal_tells_what_will_go_and_writes_nothing(run, old_house):
    before = old_house.entries()
    assert run("prune", "--dry-run") == ("access.denied\t2\n2 bodies and 3 addresses would go\n")
    to_come = (NOW + timedelta(days=1800)).date().isoformat()
    assert run("prune", "--dry-run", "--on", to_come).startswith("access.denied\t3\n")
    earlier = (NOW - timedelta(days=1000)).date().isoformat()
    assert run("prune", "--dry-run", "--on", earlier) == "0 bodies and 2 addresses would go\n"
    assert old_house.entries() == before


def test_what_has_expired_goes_and_the_journal_verifies(run, old_house):
    assert run("prune") == "access.denied\t2\n2 bodies and 3 addresses gone\n"
    assert run("verify") == "5 entries, 2 expired, 0 problems\n"
    assert [entry.body is None for entry in old_house.entries()][:3] == [True, True, False]
    of_addresses, of_bodies = bodies(old_house, EntryKind.JOURNAL_PRUNED)
    assert (of_addresses["addresses"], of_addresses["leaves_sha256"]) == (3, None)
    assert (of_bodies["operator"], of_bodies["counts"]) == ("rita", {"access.denied": 2})
    assert (of_bodies["first_seq"], of_bodies["last_seq"]) == (1, 2)
    assert run("prune") == "0 bodies and 0 addresses gone\n"
    assert run("verify") == "5 entries, 2 expired, 0 problems\n"


def test_in_a_postgresql_a_role_of_its_own_lets_expire_and_holds(run, journal_url, monkeypatch):
    fill(open_journal_store(parse_postgres_url(journal_url, parameter="journal_url")))
    monkeypatch.delenv("JAKELU_JOURNAL_PATH")
    monkeypatch.setenv("JAKELU_JOURNAL_URL", journal_url)
    monkeypatch.setenv("JAKELU_STATE_PATH", "unused.sqlite")
    held = ("hold", "add", "--reason", "court", "--case", "KEHA/1/2026", "--only", "subject=svc-1")
    for words in (("prune",), ("prune", "--dry-run"), held, ("hold", "lift", "1")):
        with pytest.raises(JournalUnavailable, match="The role has no right"):
            run(*words, "--user", "jakelu_gateway")
    number = run(*held).strip()
    assert run("hold", "list").startswith(f"{number}\t")
    assert run("prune", "--dry-run") == "access.denied\t1\n1 bodies and 1 addresses would go\n"
    assert run("prune") == "access.denied\t1\n1 bodies and 1 addresses gone\n"
    run("hold", "lift", number)
    assert run("prune") == "access.denied\t1\n1 bodies and 2 addresses gone\n"
    assert run("verify").endswith("2 expired, 0 problems\n")


def test_an_auditor_sees_that_a_body_has_expired(run, old_house):
    run("prune")
    with old_house.open():
        answer = old_house.get("auditor", "/v1/journal/entries?kind=access.denied")
        first, second, third = answer.json()["entries"]
        assert (first["seq"], first["body"], first["outcome"]) == (1, None, None)
        assert first["ts_utc"].startswith((NOW - timedelta(days=2000)).date().isoformat())
        assert len(first["leaf_sha256"]) == 64
        assert second["body"] is None
        assert third["body"]["sub"] == "svc-1"
        found = old_house.get("auditor", "/v1/journal/entries?subject=svc-2").json()
        assert found["entries"] == []


def test_nothing_is_pruned_as_of_a_day_that_is_to_come(run, old_house):
    before = old_house.entries()
    tomorrow = (NOW + timedelta(days=2)).date().isoformat()
    with pytest.raises(BadParameter, match="--dry-run"):
        run("prune", "--on", tomorrow)
    assert old_house.entries() == before


def test_contracts_and_settings_say_for_how_long(run, old_house, tmp_path, monkeypatch):
    folder = tmp_path / "products"
    shutil.copytree(old_house.settings().products_dir, folder)
    contract = folder / "vacancies.yaml"
    term = "      personal_data: false\n"
    assert term in contract.read_text("utf-8")
    text = contract.read_text("utf-8").replace(term, f"{term}      journal_retention_days: 2200\n")
    contract.write_text(text, "utf-8")
    monkeypatch.setenv("JAKELU_PRODUCTS_DIR", str(folder))
    assert run("prune", "--dry-run").startswith("access.denied\t1\n")
    file = tmp_path / "settings.toml"
    file.write_text('[journal_retention_days_by_kind]\n"access.denied" = 2100\n')
    monkeypatch.setenv("JAKELU_SETTINGS_FILE", str(file))
    assert run("prune", "--dry-run").startswith("0 bodies")
    monkeypatch.setenv("JAKELU_JOURNAL_RETENTION_FLOOR_DAYS", "2300")
    monkeypatch.setenv("JAKELU_JOURNAL_RETENTION_DAYS", "2300")
    file.write_text("")
    with pytest.raises(SettingsFault, match="contract of vacancies"):
        run("prune")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"JOURNAL_RETENTION_DAYS": "364"}, "365 days at least"),
        ({"JOURNAL_RETENTION_DAYS": "0"}, "greater than or equal to 1"),
        ({"JOURNAL_RETENTION_FLOOR_DAYS": "2000"}, "2000 days at least"),
        ({"JOURNAL_ADDRESS_DAYS": "366"}, "no longer than entries"),
    ],
)
def test_refuses_to_keep_too_little_or_addresses_too_long(
    run, old_house, monkeypatch, settings, message
):
    before = old_house.entries()
    for name, text in settings.items():
        monkeypatch.setenv(f"JAKELU_{name}", text)
    with pytest.raises(SettingsFault, match=message):
        run("prune")
    assert old_house.entries() == before


def test_below_a_year_takes_a_setting_that_says_so(run, monkeypatch):
    monkeypatch.setenv("JAKELU_JOURNAL_RETENTION_FLOOR_DAYS", "95")
    monkeypatch.setenv("JAKELU_JOURNAL_RETENTION_DAYS", "95")
    assert run("prune", "--dry-run").startswith("access.denied\t3\n")


def test_refuses_a_time_for_what_is_kept_for_good_and_an_unknown_kind(run, tmp_path, monkeypatch):
    file = tmp_path / "settings.toml"
    monkeypatch.setenv("JAKELU_SETTINGS_FILE", str(file))
    for kind, message in (("journal.pruned", "kept for good"), ("access.wrong", "by_kind")):
        file.write_text(f'[journal_retention_days_by_kind]\n"{kind}" = 400\n')
        with pytest.raises(SettingsFault) as fault:
            run("prune")
        assert message in fault.value.detail.lower()


# --- holds -----------------------------------------------------------------------------------

COURT = ("--reason", "court", "--case", "KEHA/12/2026")


def test_a_hold_keeps_its_entries_until_it_is_lifted(run, old_house):
    number = run("hold", "add", *COURT, "--only", "subject=svc-1").strip()
    (line,) = run("hold", "list").splitlines()
    assert line.split("\t")[0] == number == "4"
    assert line.split("\t")[2:] == ["rita", "court", "KEHA/12/2026", "subject=svc-1"]
    assert run("prune") == "access.denied\t1\n1 bodies and 1 addresses gone\n"
    run("hold", "lift", number)
    assert run("hold", "list") == ""
    assert run("prune") == "access.denied\t1\n1 bodies and 2 addresses gone\n"
    assert run("verify").endswith("2 expired, 0 problems\n")
    (made,) = bodies(old_house, EntryKind.HOLD_MADE)
    assert (made["operator"], made["reason"], made["case_ref"]) == ("rita", "court", "KEHA/12/2026")
    assert made["filters"] == {"subject": "svc-1"}
    (lifted,) = bodies(old_house, EntryKind.HOLD_LIFTED)
    assert (lifted["operator"], lifted["hold"]) == ("rita", 4)


@pytest.mark.parametrize(
    ("words", "fault", "message"),
    [
        (
            ("--reason", "gossip", "--case", "KEHA/1/2026", "--only", "area=39"),
            BadParameter,
            "court",
        ),
        (("--reason", "court", "--case", "because", "--only", "area=39"), BadParameter, "KEHA/123"),
        (COURT, BadParameter, "what is held"),
        ((*COURT, "--only", "subject=svc-9"), BadParameter, "No entry has this"),
        ((*COURT, "--only", "limit=5"), BadParameter, "what is held"),
        ((*COURT, "--only", "after=1"), BadParameter, "what is held"),
        ((*COURT, "--only", "name=x"), UnknownParameter, "parameters here"),
        ((*COURT, "--only", "kind"), BadParameter, "NAME=VALUE"),
        ((*COURT, "--only", "area=39", "--only", "area=40"), RepeatedParameter, "once"),
    ],
)
def test_refuses_a_hold_that_is_not_said_right_and_writes_nothing(
    run, old_house, words, fault, message
):
    before = old_house.entries()
    with pytest.raises(fault, match=message):
        run("hold", "add", *words)
    assert run("hold", "list") == ""
    assert old_house.entries() == before


@pytest.mark.parametrize("number", ["1", "99", str(2**53 - 1)])
def test_refuses_to_lift_what_is_no_hold(run, old_house, number):
    before = old_house.entries()
    with pytest.raises(BadParameter, match="hold list"):
        run("hold", "lift", number)
    assert old_house.entries() == before


@pytest.mark.parametrize(
    "text",
    [
        "reasons: []\n",
        "reasons:\n  - {code: court, label: {fi: x, sv: x}}\n",
        "reasons:\n  - &r {code: a, label: {fi: x, sv: x, en: x}}\n  - *r\n",
        None,
    ],
)
def test_refuses_a_list_of_reasons_that_is_not_closed(run, old_house, tmp_path, monkeypatch, text):
    folder = tmp_path / "policies"
    shutil.copytree(old_house.settings().policies_dir, folder)
    monkeypatch.setenv("JAKELU_POLICIES_DIR", str(folder))
    (folder / "holds.yaml").unlink()
    if text is not None:
        (folder / "holds.yaml").write_text(text, "utf-8")
    with pytest.raises(PolicyFault, match=r"holds\.yaml"):
        run("hold", "add", *COURT, "--only", "subject=svc-1")
    checked = CliRunner().invoke(cli.app, ["check", "--policies-dir", str(folder)])
    assert checked.exit_code == 1
    assert "holds.yaml" in checked.output


def test_an_export_of_expired_entries_is_written(run, old_house, tmp_path, monkeypatch):
    from gateway.batch.journal_key import create_journal_key

    key = tmp_path / "signing-key.pem"
    create_journal_key(key)
    monkeypatch.setenv("JAKELU_JOURNAL_KEY_PATH", str(key))
    monkeypatch.setenv("JAKELU_JOURNAL_ORIGIN", "jakelu.example/v1/journal")
    run("prune")
    with old_house.open(journal_key_path=key, journal_origin="jakelu.example/v1/journal"):
        pass
    folder: Path = tmp_path / "out"
    run("export", str(folder))
    lines = [json.loads(line) for line in (folder / "entries.ndjson").read_text().splitlines()]
    assert [(line["body"] is None, line["salt"] is None) for line in lines][:3] == [
        (True, True),
        (True, True),
        (False, False),
    ]
    assert run("verify").endswith("0 problems\n")
