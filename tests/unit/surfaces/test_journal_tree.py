"""The journal's tree as auditors fetch it, and the commands that export and verify it on the machine."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway import cli
from gateway.batch.journal_key import create_journal_key
from gateway.errors import (
    BadParameter,
    JournalForked,
    NotSignedYet,
    SettingsFault,
    UnknownParameter,
)
from gateway.journal.checkpoint import opened
from gateway.journal.note import Note, VerifierKey
from gateway.journal.tree import is_consistent, is_included

ORIGIN = "jakelu.example/v1/journal"
AUDITOR, MUNICIPALITY = "auditor", "municipality-bi"


@pytest.fixture
def key_path(fresh_house) -> Path:
    path = fresh_house.root / "journal" / "signing-key.pem"
    create_journal_key(path)
    return path


@pytest.fixture
def signed_house(fresh_house, key_path):
    """A house that signs its journal each second."""
    signing = {"journal_key_path": key_path, "journal_origin": ORIGIN, "checkpoint_seconds": 1.0}
    with fresh_house.open(**signing):
        yield fresh_house


@pytest.fixture
def run(fresh_house, key_path, monkeypatch):
    """A command of `jakelu journal` on the machine of the house."""
    shared = ("products_dir", "policies_dir", "releases_dir", "journal_path")
    settings = fresh_house.settings()
    for name in (*shared, "release_public_key_path"):
        monkeypatch.setenv(f"JAKELU_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("JAKELU_JOURNAL_KEY_PATH", str(key_path))
    monkeypatch.setenv("JAKELU_JOURNAL_ORIGIN", ORIGIN)
    monkeypatch.setattr("gateway.batch.journal_view.operating_login", lambda: "rita")

    def run(*words: str):
        return CliRunner().invoke(cli.app, ["journal", *words], catch_exceptions=False)

    return run


@pytest.fixture
def log_key(run) -> VerifierKey:
    return VerifierKey.parse(run("key").stdout)


def checkpoint(house, log_key):
    answer = house.get(AUDITOR, "/v1/journal/checkpoint")
    assert answer.status_code == 200, answer.text
    return opened(answer.text, log_key)


def reopened(house, key_path):
    """Another start of the gateway, which signs at once."""
    return house.open(journal_key_path=key_path, journal_origin=ORIGIN)


def hashes(lines: str) -> list[bytes]:
    return [base64.b64decode(line) for line in lines.splitlines()]


def test_a_checkpoint_is_there_from_the_first_start(signed_house, log_key):
    found = checkpoint(signed_house, log_key)
    assert (found.origin, found.size) == (ORIGIN, 1)
    answer = signed_house.get(AUDITOR, "/v1/journal/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


def test_every_entry_is_proved_and_no_other(signed_house, key_path, log_key):
    for _ in range(5):
        signed_house.get(MUNICIPALITY, "/v1/journal/entries")  # refused, and journaled
    with reopened(signed_house, key_path):
        newest = checkpoint(signed_house, log_key)
        entries = signed_house.entries()
        for entry in entries[: newest.size]:
            answer = signed_house.get(AUDITOR, f"/v1/journal/entries/{entry.seq}/proof")
            head, _, note = answer.text.partition("\n\n")
            kind, index, *path = head.split("\n")
            assert (kind, index) == ("c2sp.org/tlog-proof@v1", f"index {entry.seq - 1}")
            found = opened(note, log_key)
            leaf, proof = bytes.fromhex(entry.leaf_sha256), hashes("\n".join(path))
            assert is_included(leaf, entry.seq - 1, found.size, proof, found.root)
            other = hashlib.sha256(b"\x00other").digest()
            assert not is_included(other, entry.seq - 1, found.size, proof, found.root)
        answer = signed_house.get(AUDITOR, f"/v1/journal/entries/{newest.size + 1}/proof")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_signed_yet")


def test_a_later_checkpoint_is_proved_to_continue_an_earlier_one(signed_house, key_path, log_key):
    first = checkpoint(signed_house, log_key)
    for _ in range(3):
        signed_house.get(MUNICIPALITY, "/v1/journal/entries")
    with reopened(signed_house, key_path):
        later = checkpoint(signed_house, log_key)
        answer = signed_house.get(AUDITOR, f"/v1/journal/consistency?since={first.size}")
        head, _, note = answer.text.partition("\n\n")
        old, _, path = head.partition("\n")
        assert (old, opened(note, log_key)) == (f"old {first.size}", later)
        assert is_consistent(first.size, first.root, later.size, later.root, hashes(path))
        beyond = signed_house.get(AUDITOR, f"/v1/journal/consistency?since={later.size + 1}")
        assert (beyond.status_code, beyond.json()["code"]) == (404, "not_signed_yet")


def test_tiles_hold_the_leaves_of_what_was_signed(signed_house, log_key):
    size = checkpoint(signed_house, log_key).size
    answer = signed_house.get(AUDITOR, f"/v1/journal/tile/0/000.p/{size}")
    leaves = b"".join(bytes.fromhex(entry.leaf_sha256) for entry in signed_house.entries()[:size])
    assert answer.content == leaves
    assert "immutable" in answer.headers["cache-control"]
    more = signed_house.get(AUDITOR, f"/v1/journal/tile/0/000.p/{size + 1}")
    assert (more.status_code, more.json()["code"]) == (404, "not_signed_yet")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "tile/0/0",
            "tile/0/000.p/0",
            "tile/entries/000",
            "tile/0/000.p/1/..",
            "tile/",
            "tile/64/000",
        ),
        *("entries/0x1/proof", "entries/-1/proof", "entries/01/proof", "consistency?since=-1"),
        "consistency?since=1e3",
    ],
)
def test_refuses_what_is_no_tile_and_no_number(signed_house, path):
    assert signed_house.get(AUDITOR, f"/v1/journal/{path}").status_code == 400


@pytest.mark.parametrize("path", ["checkpoint", "consistency", "tile/0/000.p/1", "entries/1/proof"])
def test_only_auditors_see_the_tree_and_a_refusal_is_journaled(signed_house, path):
    assert signed_house.get(None, f"/v1/journal/{path}").status_code == 401
    before = len(signed_house.entries())
    assert signed_house.get(MUNICIPALITY, f"/v1/journal/{path}").status_code == 403
    assert [entry.kind for entry in signed_house.entries()[before:]] == ["access.denied"]


@pytest.mark.parametrize("path", ["checkpoint", "consistency", "tile/0/000.p/1", "entries/1/proof"])
def test_looking_at_the_tree_does_not_make_it_grow(signed_house, path):
    before = len(signed_house.entries())
    assert signed_house.get(AUDITOR, f"/v1/journal/{path}").status_code == 200
    assert len(signed_house.entries()) == before


def test_says_that_nothing_is_signed_where_there_is_no_key(fresh_house):
    with fresh_house.open():
        answer = fresh_house.get(AUDITOR, "/v1/journal/checkpoint")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_signed_yet")


def test_does_not_start_on_a_journal_that_was_rewritten(fresh_house, key_path):
    with reopened(fresh_house, key_path):
        pass
    other = sqlite3.connect(fresh_house.journal_path, isolation_level=None)
    other.execute("DROP TRIGGER head_grows")
    other.execute("DROP TRIGGER entries_stay")
    for table in ("entries", "facets", "open_intents", "addresses"):
        other.execute(f"DELETE FROM {table}")
    other.execute("UPDATE head SET seq = 0, frontier = x''")
    other.close()
    with pytest.raises(JournalForked), reopened(fresh_house, key_path):
        pass


# --- on the machine ----------------------------------------------------------------------------


def test_the_key_is_made_once_and_printed_as_a_verifier_key(run, key_path):
    content = key_path.read_bytes()
    first = run("key")
    assert VerifierKey.parse(first.stdout).name == ORIGIN
    assert run("key").stdout == first.stdout
    assert key_path.read_bytes() == content
    assert key_path.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in first.stdout + first.stderr


def test_verifies_entries_tree_and_checkpoints(signed_house, run):
    found = run("verify")
    assert (found.exit_code, found.stdout) == (0, "1 entries, 0 expired, 0 problems\n")


def test_names_the_checkpoint_that_the_entries_are_no_longer_those_of(signed_house, run):
    other = sqlite3.connect(signed_house.journal_path, isolation_level=None)
    other.execute("DROP TRIGGER entries_do_not_change")
    other.execute("UPDATE entries SET leaf_sha256 = printf('%064d', 0) WHERE seq = 1")
    other.close()
    found = run("verify")
    assert found.exit_code == 1
    assert "entry 1: the leaf is not the hash of the body and the salt" in found.stderr
    assert "checkpoint 1: the entries are not those that it signed" in found.stderr
    assert "the head is not of the tree over the entries' leaves" in found.stderr


def test_exports_every_entry_to_the_newest_checkpoint(signed_house, run, tmp_path):
    folder = tmp_path / "whole"
    assert run("export", str(folder)).stdout == "1 entries under the checkpoint of 1\n"
    said = json.loads((folder / "export.json").read_text())
    assert said == {
        "format": "jakelu-journal-export/1",
        "origin": ORIGIN,
        "tree_size": 1,
        "first": 1,
        "last": 1,
        "complete": True,
        "filters": {},
    }
    (line,) = (folder / "entries.ndjson").read_text().splitlines()
    assert sorted(json.loads(line)) == ["body", "leaf_sha256", "salt", "seq"]
    assert Note.parse((folder / "checkpoint").read_text()).signatures
    assert folder.stat().st_mode & 0o777 == 0o700
    (entry,) = [each for each in signed_house.entries() if each.kind == "journal.exported"]
    told = (entry.body["operator"], entry.body["first_seq"], entry.body["tree_size"])
    assert told == ("rita", 1, 1)


def test_an_export_that_is_cut_off_has_been_journaled(signed_house, run, tmp_path, monkeypatch):
    def cut(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("gateway.batch.journal_view.export_whole", cut)
    with pytest.raises(OSError, match="full"):
        run("export", str(tmp_path / "cut"))
    assert not (tmp_path / "cut").exists()
    assert signed_house.entries()[-1].kind == "journal.exported"


def test_exports_what_came_after_a_kept_checkpoint(signed_house, run, key_path, tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text(signed_house.get(AUDITOR, "/v1/journal/checkpoint").text)
    with reopened(signed_house, key_path):
        run("export", str(tmp_path / "later"), "--after-checkpoint", str(kept))
    said = json.loads((tmp_path / "later" / "export.json").read_text())
    assert (said["first"], said["complete"]) == (2, True)
    assert len((tmp_path / "later" / "frontier").read_text().splitlines()) == 1


def test_exports_what_a_search_finds_each_with_its_proof(signed_house, run, key_path, tmp_path):
    signed_house.get(MUNICIPALITY, "/v1/journal/entries")
    with reopened(signed_house, key_path):
        run("export", str(tmp_path / "denied"), "--only", "kind=access.denied")
    (line,) = (tmp_path / "denied" / "entries.ndjson").read_text().splitlines()
    found = json.loads(line)
    assert (found["body"]["kind"], len(found["proof"])) == ("access.denied", 2)


def test_refuses_an_export_that_cannot_be_and_leaves_nothing(signed_house, run, tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()
    with pytest.raises(BadParameter):
        run("export", str(folder))
    with pytest.raises(UnknownParameter):
        run("export", str(tmp_path / "new"), "--only", "colour=red")
    with pytest.raises(BadParameter):
        run("export", str(tmp_path / "new"), "--only", "kind=red")
    false = tmp_path / "false.txt"
    false.write_text("jakelu.example/v1/journal\n1\n")
    with pytest.raises(BadParameter):
        run("export", str(tmp_path / "new"), "--after-checkpoint", str(false))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["false.txt", "house", "there"]


def test_exports_nothing_that_is_not_signed(fresh_house, run, tmp_path):
    with fresh_house.open():
        pass
    with pytest.raises(NotSignedYet):
        run("export", str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"journal_origin": ORIGIN},
        {"witnesses": [{"key": "a", "url": "http://127.0.0.1:1"}]},
    ],
)
def test_refuses_settings_that_sign_by_halves(fresh_house, changes):
    with pytest.raises(SettingsFault):
        fresh_house.settings(**changes)
