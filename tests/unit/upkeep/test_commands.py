"""`jakelu pseudonym`, as an operator uses it."""

from __future__ import annotations

import base64
import errno
import importlib.util
import io
import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from gateway.adapters.keys_file import FileKeys
from gateway.adapters.releases_files import ReleaseFiles
from gateway.batch import operating_login, pseudonyms
from gateway.batch.journal_view import verify_journal
from gateway.batch.pseudonyms_keys import open_publishing_keys
from gateway.cli import app
from gateway.errors import BadParameter, KeyFault, UpkeepRefused
from gateway.model.entry import EntryKind
from gateway.settings import load_batch_settings

_spec = importlib.util.spec_from_file_location(
    "vault_server", Path(__file__).parents[2] / "adapters" / "conftest.py"
)
_vault = importlib.util.module_from_spec(_spec)
sys.modules["vault_server"] = _vault
_spec.loader.exec_module(_vault)
vault = _vault.vault

CROSSWALK = (
    *("crosswalk", "--area", "39", "--family", "employment"),
    *("--purpose", "employment-service-management", "--from", "2026", "--to", "2027"),
    *("--release", "job-seeker-spells/2026-06-30.1", "--case", "KEHA/123/2026"),
    *("--requested-by", "KU837", "--out"),
)
REQUEST = (
    *("reidentify", "request", "--area", "39", "--release", "job-seeker-spells/2026-06-30.1"),
    *("--epoch", "2026", "--case", "KEHA/7/2026", "--purpose", "audit"),
    *("--legal-basis", "L906-2019-17"),
)
SUBCOMMANDS = ((), ("init",), ("rotate",), ("crosswalk",), ("reidentify",))
STEPS = tuple(("reidentify", step) for step in ("request", "show", "approve", "answer"))


@pytest.fixture
def log_in(office, monkeypatch):
    """`log_in("aino")`: whose login it is from now on. The clock is the office's."""
    monkeypatch.setattr(pseudonyms, "SystemClock", lambda: office.clock)
    for name, text in office.environment.items():
        monkeypatch.setenv(name, text)

    def logged_in(person: str) -> None:
        monkeypatch.setattr(pseudonyms, "operating_login", lambda: person)

    logged_in("rita")
    return logged_in


@pytest.fixture
def run(log_in):
    """`run("rotate", "2027")`: what it printed. Raises what the command raises."""

    def ran(*arguments: str, typed: str | bytes = "") -> str:
        result = CliRunner().invoke(app, ["pseudonym", *arguments], input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    return ran


def kinds(office) -> list[str]:
    with pseudonyms.open_desk(office.settings) as desk:
        return [entry.kind for entry in desk.journal.search(_query()).entries]


def _query():
    from gateway.model.entry import EntryQuery

    return EntryQuery()


@pytest.mark.parametrize("command", [*SUBCOMMANDS, *STEPS])
def test_help_teaches(command):
    shown = CliRunner().invoke(app, ["pseudonym", *command, "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output


def test_a_rotation_says_what_changes_for_whom(run, office):
    said = run("rotate", "2027")
    assert "epoch 2027 begins, after 2026" in said
    assert "from now on" in said
    assert "byte by byte" in said
    assert FileKeys(office.layout.keys).epochs() == ("2026", "2027")
    assert "root of 2027" in run("rotate", "2027b", "--compromised")
    with pytest.raises(UpkeepRefused):
        run("rotate", "2026")
    assert kinds(office) == [
        EntryKind.PSEUDONYM_ROTATED,
        EntryKind.PSEUDONYM_ROTATED,
        EntryKind.PSEUDONYM_REFUSED,
    ]


def test_a_crosswalk_is_a_private_file_that_replaces_none(run, office, tmp_path):
    run("rotate", "2027")
    out = tmp_path / "crosswalk.parquet"
    said = run(*CROSSWALK, str(out))
    assert out.stat().st_mode & 0o777 == 0o600
    table = pq.read_table(out)
    assert set(table.column("old").to_pylist()) == office.held("39")
    metadata = pq.read_schema(out).metadata
    assert (metadata[b"jakelu.area"], metadata[b"jakelu.case"]) == (b"39", b"KEHA/123/2026")
    assert f"{table.num_rows} of {table.num_rows} pseudonyms" in said
    assert not any(text in said for text in table.column("old").to_pylist()[:50])
    before = kinds(office)
    for taken in (out, tmp_path / "nowhere" / "x.parquet"):
        with pytest.raises(BadParameter):
            run(*CROSSWALK, str(taken))
    assert kinds(office) == before
    assert list(tmp_path.glob(".crosswalk*")) == []


def test_a_table_that_somebody_else_wrote_meanwhile_is_kept(run, office, tmp_path, monkeypatch):
    run("rotate", "2027")
    out = tmp_path / "crosswalk.parquet"
    monkeypatch.setattr(pseudonyms, "_check_new", lambda _: out.write_bytes(b"another's"))
    with pytest.raises(BadParameter, match="a file is there"):
        run(*CROSSWALK, str(out))
    assert out.read_bytes() == b"another's"


def test_a_full_disk_is_told(run, office, tmp_path, monkeypatch):
    run("rotate", "2027")

    def full(*_):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(pseudonyms, "create_private", full)
    with pytest.raises(BadParameter, match="no space left"):
        run(*CROSSWALK, str(tmp_path / "crosswalk.parquet"))


def test_a_reidentification_from_the_keyboard(run, log_in, office):
    pseudonym = min(office.held("39"))
    key = ("--key", str(office.key_file("rita")))
    reference = run(*REQUEST, "--as", "rita", *key, typed=f"{pseudonym}\n").strip()
    log_in("aino")
    shown = run("reidentify", "show", reference)
    assert "KEHA/7/2026" in shown
    assert "nobody yet" in shown
    assert pseudonym not in shown
    aino = ("--as", "aino", "--key", str(office.key_file("aino")))
    assert "1 of 2" in run("reidentify", "approve", reference, *aino)
    log_in("bo")
    bo = ("--as", "bo", "--key", str(office.key_file("bo")))
    assert "aino, bo (2 of 2)" in run(
        "reidentify", "approve", reference, *bo, typed="correct horse\n"
    )
    log_in("rita")
    told = run("reidentify", "answer", reference, "--as", "rita", *key, typed=f"{pseudonym}\n")
    assert told.strip().isdecimal()
    assert verify_journal(office.settings) == ((), 4, 0)


def test_a_key_from_standard_input_and_a_signature_from_another_machine(
    run, log_in, office, tmp_path, monkeypatch
):
    held = tmp_path / "pseudonym"
    held.touch(mode=0o600)
    held.write_text(min(office.held("39")) + "\n")
    private = office.key_file("rita").read_bytes()
    asked = (*REQUEST, "--as", "rita", "--key", "-", "--pseudonym-file", str(held))
    reference = run(*asked, typed=private).strip()
    log_in("aino")
    statement = run("reidentify", "show", reference, "--statement-for", "aino")
    assert json.loads(statement)["sub"] == "aino"
    key = _loaded_key(office.key_file("aino"))
    signature = base64.b64encode(key.sign(statement.encode())).decode()
    approve = ("reidentify", "approve", reference, "--as", "aino")
    assert "1 of 2" in run(*approve, "--signature", signature)
    for wrong in (("--signature", "%%"), ("--signature", signature, "--key", "x"), ()):
        with pytest.raises(BadParameter):
            run(*approve, *wrong)


def test_a_key_or_a_pseudonym_file_that_others_may_read_is_refused(run, office, tmp_path):
    office.key_file("rita").chmod(0o640)
    with pytest.raises(KeyFault, match="open to others"):
        run(*REQUEST, "--as", "rita", "--key", str(office.key_file("rita")), typed="A" * 26 + "\n")
    assert kinds(office) == []


@pytest.mark.parametrize("typed", ["wrong\n", "\n"])
def test_a_wrong_passphrase_approves_nothing(run, office, typed):
    with pytest.raises((KeyFault, SystemExit, AssertionError)):
        run(
            "reidentify",
            "approve",
            "0" * 16,
            "--as",
            "bo",
            "--key",
            str(office.key_file("bo")),
            typed=typed,
        )
    assert kinds(office) == []


def test_a_new_installation_gets_its_keys_once(run, office, tmp_path, monkeypatch):
    monkeypatch.setenv("JAKELU_KEYS_DIR", str(tmp_path / "new" / "keys"))
    monkeypatch.setenv("JAKELU_RELEASE_PUBLIC_KEY_PATH", str(tmp_path / "new" / "signing.pub"))
    assert "epoch 2026 begins" in run("init", "2026")
    assert "nothing is changed" in run("init", "2030")
    assert FileKeys(tmp_path / "new" / "keys").epochs() == ("2026",)
    assert kinds(office) == [EntryKind.PSEUDONYM_ROTATED]
    ReleaseFiles(tmp_path, public_keys=((tmp_path / "new" / "signing.pub").read_bytes(),))


def test_an_installation_with_vault_publishes_rotates_and_maps(
    run, own_office, vault, tmp_path, monkeypatch
):
    del vault.secrets["jakelu/pseudonym-epochs"]
    settings = own_office.layout.publish_settings
    lines = [line for line in settings.read_text().splitlines() if not line.startswith("keys_dir")]
    lines += [
        f"vault_address = '{vault.address}'",
        f"vault_token_path = '{tmp_path / 'vault-token'}'",
    ]
    settings.write_text("\n".join(lines) + "\n")
    for name, text in own_office.environment.items():
        monkeypatch.setenv(name, text)
    assert "epoch 2026 begins" in run("init", "2026")
    own_office.publish()
    run("rotate", "2027", "--compromised")
    own_office.publish()
    before, after = own_office.held("39", "2026-06-30.2"), own_office.held("39", "2026-06-30.3")
    assert not before & after
    assert not own_office.held("39") & before, "the files' root is another one"
    out = tmp_path / "crosswalk.parquet"
    asked = list(CROSSWALK)
    asked[asked.index("job-seeker-spells/2026-06-30.1")] = "job-seeker-spells/2026-06-30.2"
    run(*asked, str(out))
    table = pq.read_table(out)
    assert set(table.column("old").to_pylist()) == before
    assert set(table.column("new").to_pylist()) == after
    vault.is_sealed = True
    with pytest.raises(KeyFault, match="sealed"):
        open_publishing_keys(load_batch_settings())


def test_the_login_is_the_one_that_the_system_recorded(monkeypatch, tmp_path):
    recorded = tmp_path / "loginuid"
    monkeypatch.setattr(operating_login, "_AUDIT_LOGIN", recorded)
    mine = operating_login.operating_login()
    assert mine
    recorded.write_text("4294967295")
    assert operating_login.operating_login() == mine, "nobody has logged in: who started it"
    recorded.write_text("0")
    assert operating_login.operating_login() == "root"
    recorded.write_text("3999999999")
    assert operating_login.operating_login() == "uid-3999999999"


def _loaded_key(path: Path):
    from gateway.adapters.keys_file import signing_key

    return signing_key(path.read_bytes(), path.name)


def test_standard_input_is_read_as_bytes(monkeypatch, office):
    from gateway.batch.signing import STANDARD_INPUT, signing_with

    class Input:
        buffer = io.BytesIO(office.key_file("rita").read_bytes())

    monkeypatch.setattr("sys.stdin", Input)
    assert len(signing_with(STANDARD_INPUT, lambda: "")(b"statement")) == 64
