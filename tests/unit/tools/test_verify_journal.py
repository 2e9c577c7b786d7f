"""The verifier run on exports: what it proves, and every way to tamper caught at a named check."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import verify_journal

if TYPE_CHECKING:
    from conftest import Journal

PROGRAM = Path(verify_journal.__file__)
Verify = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str], journal: Journal) -> Verify:
    """Run the command; its exit code, and its findings by level and check."""

    def run(*words: str | Path) -> tuple[int, dict[str, dict[str, Any]]]:
        code = verify_journal.main([*map(str, words), "--log-key", journal.log.vkey, "--json"])
        said = json.loads(capsys.readouterr().out)
        assert said["holds"] is (code == 0)
        return code, {f"{one['level']} {one['check']}": one for one in said["findings"]}

    return run


def _wrong(findings: dict[str, Any]) -> set[str]:
    return {name.removeprefix("fault ") for name in findings if name.startswith("fault ")}


# --- what holds ---------------------------------------------------------------------------------


def test_proves_a_complete_export_with_witnesses_and_kept_checkpoints(journal, tmp_path, verify):
    kept = []
    for size in (0, 1, 8, 13):
        kept += ["--kept-checkpoint", tmp_path / f"kept-{size}"]
        (tmp_path / f"kept-{size}").write_text(journal.checkpoint(size))
    witnesses = [word for one in journal.witnesses for word in ("--witness-key", one.vkey)]
    code, findings = verify(journal.export(tmp_path / "export"), *kept, *witnesses)
    assert code == 0
    assert set(findings) == {
        *("proved signature", "proved witnesses", "proved kept", "proved tree", "proved bodies"),
        *("remark kinds", "remark open", "limit truth"),
    }
    assert findings["proved signature"]["size"] == 13
    assert findings["proved witnesses"]["count"] == 2
    assert "witness.example/a 2026-09-21T14:13:20Z" in findings["proved witnesses"]["who"]
    assert findings["proved tree"] | {"first": 1, "last": 13} == findings["proved tree"]
    assert "access.intent 4" in findings["remark kinds"]["kinds"]
    assert findings["remark open"]["count"] == 1


def test_says_what_was_not_asked_and_so_is_not_proved(journal, tmp_path, verify):
    code, findings = verify(journal.export(tmp_path))
    assert code == 0
    assert {"limit witnesses", "limit kept", "limit truth"} <= set(findings)


@pytest.mark.parametrize("first", range(2, 15))
def test_proves_an_export_that_goes_on_from_any_kept_checkpoint(journal, tmp_path, verify, first):
    (tmp_path / "kept").write_text(journal.checkpoint(first - 1))
    code, findings = verify(
        journal.export(tmp_path / "export", first=first), "--kept-checkpoint", tmp_path / "kept"
    )
    assert code == 0
    assert {"proved kept", "proved tree"} <= set(findings)
    assert "limit beginning" not in findings


def test_says_that_a_beginning_without_its_kept_checkpoint_is_not_proved(journal, tmp_path, verify):
    code, findings = verify(journal.export(tmp_path, first=6))
    assert code == 0
    assert findings["limit beginning"]["before"] == 5
    assert findings["remark begun-elsewhere"]["count"] == 1


def test_proves_an_empty_journal(empty_journal, tmp_path, verify):
    assert verify(empty_journal.export(tmp_path))[0] == 0


def test_proves_each_entry_of_a_filtered_export_and_not_the_absence_of_others(
    journal, tmp_path, verify
):
    code, findings = verify(journal.export(tmp_path, only=[2, 4, 6, 7, 11]))
    assert code == 0
    assert findings["proved inclusion"]["count"] == 5
    assert "KU837" in findings["limit filtered"]["filters"]


def test_counts_expired_bodies_whose_leaves_stay(journal, tmp_path, verify):
    code, findings = verify(journal.export(tmp_path, expired=[1, 2, 4]))
    assert code == 0
    assert findings["limit expired"]["count"] == 3
    assert "proved tree" in findings


def test_allows_an_end_whose_beginning_has_expired(journal, tmp_path, verify):
    code, findings = verify(journal.export(tmp_path, expired=[2, 3]))
    assert code == 0
    assert findings["remark begun-elsewhere"]["count"] == 2


def test_remarks_on_a_clock_that_goes_back_for_minutes(journal, tmp_path, verify):
    journal.add("recovery", ts_utc="2026-06-30T04:00:00.000Z")
    code, findings = verify(journal.export(tmp_path))
    assert code == 0
    assert findings["remark clock"]["entries"] == [14]


def test_one_of_two_witnesses_is_enough_when_one_is_asked_for(journal, tmp_path, verify):
    first, second = journal.witnesses
    journal.witnesses = (second,)
    words = ["--witness-key", first.vkey, "--witness-key", second.vkey]
    assert verify(journal.export(tmp_path), *words, "--witnesses", "1")[0] == 0
    code, findings = verify(tmp_path, *words)
    assert (code, _wrong(findings)) == (1, {"witnesses"})


def test_ignores_lines_of_keys_that_it_was_not_told_of(journal, tmp_path, verify, signer):
    export = journal.export(tmp_path)
    stranger = signer("witness.example/a", b"z" * 32, 4)
    with (export / "checkpoint").open("a") as note:
        note.write(stranger.line("another text"))
        note.write("— fifth.example AAAAAAA=\n")
    assert verify(export, "--witness-key", journal.witnesses[0].vkey)[0] == 0


# --- tampering with entries ---------------------------------------------------------------------


def _lines(export: Path) -> list[str]:
    return (export / "entries.ndjson").read_text().splitlines(keepends=True)


def _write(export: Path, lines: list[str]) -> None:
    (export / "entries.ndjson").write_text("".join(lines))


def _change(export: Path, seq: int, change: Callable[[dict[str, Any]], object]) -> None:
    lines = _lines(export)
    entry = json.loads(lines[seq - 1])
    change(entry)
    lines[seq - 1] = json.dumps(entry) + "\n"
    _write(export, lines)


def _edit_body(export: Path) -> None:
    _change(export, 6, lambda entry: entry["body"].update(ruling="permit"))


def _edit_salt(export: Path) -> None:
    _change(export, 6, lambda entry: entry.update(salt="0" * 32))


def _edit_leaf(export: Path) -> None:
    _change(export, 6, lambda entry: entry.update(leaf_sha256="0" * 64))


def _delete(export: Path) -> None:
    _write(export, [line for number, line in enumerate(_lines(export)) if number != 5])


def _truncate(export: Path) -> None:
    _write(export, _lines(export)[:-1])


def _cut_a_line(export: Path) -> None:
    _write(export, [*_lines(export)[:-1], _lines(export)[-1][:-1]])


def _insert(export: Path) -> None:
    lines = _lines(export)
    _write(export, [*lines[:6], lines[5], *lines[6:]])


def _append(export: Path) -> None:
    _write(export, [*_lines(export), _lines(export)[-1].replace('"seq": 13', '"seq": 14')])


def _swap(export: Path) -> None:
    lines = _lines(export)
    lines[4], lines[5] = lines[5], lines[4]
    _write(export, lines)


def _swap_contents(export: Path) -> None:
    """Two entries change their places, and each takes the number of its place."""
    lines = _lines(export)
    fifth, sixth = json.loads(lines[4]), json.loads(lines[5])
    fifth["seq"], sixth["seq"] = 6, 5
    lines[4:6] = json.dumps(sixth) + "\n", json.dumps(fifth) + "\n"
    _write(export, lines)


def _remove_body(export: Path) -> None:
    _change(export, 6, lambda entry: entry.update(body=None))


def _remove_salt(export: Path) -> None:
    _change(export, 6, lambda entry: entry.update(salt=None))


def _unknown_member(export: Path) -> None:
    _change(export, 6, lambda entry: entry.update(approved=True))


def _member_in_body(export: Path) -> None:
    _change(export, 6, lambda entry: entry["body"].update(approved=True))


def _salt_in_body(export: Path) -> None:
    _change(export, 6, lambda entry: entry["body"].update(salt="shown"))


def _repeat_a_member(export: Path) -> None:
    lines = _lines(export)
    lines[5] = lines[5].replace('"ruling": "deny"', '"ruling": "permit", "ruling": "deny"')
    _write(export, lines)


def _not_utf8(export: Path) -> None:
    raw = (export / "entries.ndjson").read_bytes()
    (export / "entries.ndjson").write_bytes(raw.replace(b"svc-1", b"svc-\xff"))


def _nest_deep(export: Path) -> None:
    lines = _lines(export)
    lines[5] = "[" * 100_000 + "]" * 100_000 + "\n"
    _write(export, lines)


def _proof_in_complete(export: Path) -> None:
    _change(export, 6, lambda entry: entry.update(proof=[]))


@pytest.mark.parametrize(
    ("tamper", "checks", "place"),
    [
        (_edit_body, {"leaf"}, 6),
        (_edit_salt, {"leaf"}, 6),
        (_member_in_body, {"leaf"}, 6),
        (_edit_leaf, {"leaf", "root"}, 6),
        (_delete, {"order", "incomplete"}, 7),
        (_truncate, {"incomplete"}, None),
        (_cut_a_line, {"line", "incomplete"}, 13),
        (_insert, {"order", "incomplete", "event-id"}, 6),
        (_append, {"incomplete", "leaf", "event-id"}, 14),
        (_swap, {"order", "incomplete"}, 6),
        (_swap_contents, {"seq", "root"}, 5),
        (_remove_body, {"removed"}, 6),
        (_remove_salt, {"removed"}, 6),
        (_unknown_member, {"line", "order", "incomplete"}, 6),
        (_salt_in_body, {"line", "order", "incomplete"}, 6),
        (_repeat_a_member, {"line", "order", "incomplete"}, 6),
        (_not_utf8, {"line", "incomplete"}, 13),
        (_nest_deep, {"line", "order", "incomplete"}, 6),
        (_proof_in_complete, {"line", "order", "incomplete"}, 6),
    ],
)
def test_catches_tampering_with_entries(journal, tmp_path, verify, tamper, checks, place):
    export = journal.export(tmp_path)
    tamper(export)
    code, findings = verify(export)
    assert (code, _wrong(findings)) == (1, checks)
    assert "proved bodies" not in findings
    if place is not None:
        places = [findings[f"fault {check}"].get("entries") for check in checks]
        assert [place] in [found[:1] for found in places if found]


def test_what_was_entered_wrong_is_found_though_the_tree_holds(journal, tmp_path, verify):
    journal.add("access.completion", intent_seq=2)  # closed before
    journal.add("access.completion", intent_seq=1)  # no delivery
    journal.add("access.completion", intent_seq=99)  # later than itself
    journal.add("access.completion", intent_seq=True)
    journal.add("access.completion")
    journal.add("access.denied", event_id=journal.entries[0][0]["event_id"])
    journal.add("access.denied", seq=3)
    journal.add("access.denied", seq=21.5)
    journal.add("Access Denied\x1b[2J")
    journal.add("access.denied", ts_utc="yesterday")
    journal.add("access.denied", ts_utc="2026-06-30T05:00:00.000+03:00")
    journal.add("access.denied", event_id=None)
    code, findings = verify(journal.export(tmp_path))
    assert code == 1
    assert _wrong(findings) == {"completion", "event-id", "seq", "body"}
    assert findings["fault completion"]["entries"] == [14, 15, 16, 17, 18]
    assert findings["fault event-id"]["entries"] == [19]
    assert findings["fault seq"]["entries"] == [20, 21]
    assert findings["fault body"]["entries"] == [22, 23, 24, 25]
    assert "proved tree" in findings


def test_true_is_not_the_number_one(journal, tmp_path, verify):
    journal.entries[0][0]["seq"] = True
    assert _wrong(verify(journal.export(tmp_path))[1]) == {"seq"}


def test_refuses_a_second_end_of_a_delivery_that_began_before_the_export(journal, tmp_path, verify):
    journal.add("access.completion", intent_seq=3)
    code, findings = verify(journal.export(tmp_path, first=6))
    assert (code, _wrong(findings)) == (1, {"completion"})
    assert findings["fault completion"]["entries"] == [14]


def test_names_the_first_five_places_and_counts_all(journal, tmp_path, verify):
    export = journal.export(tmp_path)
    lines = [line.replace('"v": 1', '"v": 2') for line in _lines(export)]
    _write(export, lines)
    findings = verify(export)[1]
    assert findings["fault leaf"]["count"] == 13
    assert findings["fault leaf"]["entries"] == [1, 2, 3, 4, 5]


# --- a journal rewritten with the log's own key ---------------------------------------------------


def _rewritten(journal: Journal) -> None:
    journal.entries[5][0]["ruling"] = "permit"


def test_a_rewritten_journal_with_true_signatures_differs_from_what_was_kept(
    journal, tmp_path, verify
):
    kept = [(size, tmp_path / f"kept-{size}") for size in (3, 5, 8, 13)]
    for size, file in kept:
        file.write_text(journal.checkpoint(size))
    _rewritten(journal)
    words = [word for _, file in kept for word in ("--kept-checkpoint", file)]
    code, findings = verify(journal.export(tmp_path / "export"), *words)
    assert (code, _wrong(findings)) == (1, {"kept"})
    assert "proved tree" in findings, "by itself the rewritten journal is sound"


def test_says_between_which_kept_checkpoints_the_first_difference_lies(journal, tmp_path, verify):
    checkpoint = journal.checkpoint()
    for size in (3, 5, 8, 10):
        (tmp_path / f"kept-{size}").write_text(journal.checkpoint(size))
    _rewritten(journal)
    export = journal.export(tmp_path / "export")
    (export / "checkpoint").write_text(checkpoint)
    words = [word for n in (3, 5, 8, 10) for word in ("--kept-checkpoint", tmp_path / f"kept-{n}")]
    code, findings = verify(export, *words)
    assert (code, _wrong(findings)) == (1, {"kept", "root"})
    assert (findings["fault root"]["after"], findings["fault root"]["until"]) == (6, 8)


def test_a_kept_checkpoint_larger_than_the_export_tells_of_missing_entries(
    journal, tmp_path, verify
):
    (tmp_path / "kept").write_text(journal.checkpoint())
    del journal.entries[-2:]
    for only in (None, [2, 4]):
        export = journal.export(tmp_path / f"export-{only}", only=only)
        code, findings = verify(export, "--kept-checkpoint", tmp_path / "kept")
        assert (code, _wrong(findings)) == (1, {"kept-larger"})


@pytest.mark.parametrize("mode", [{"first": 9}, {"only": [2, 4]}])
def test_says_when_a_kept_checkpoint_cannot_be_compared(journal, tmp_path, verify, mode):
    (tmp_path / "kept").write_text(journal.checkpoint(5))
    export = journal.export(tmp_path / "export", **mode)
    code, findings = verify(export, "--kept-checkpoint", tmp_path / "kept")
    assert (code, _wrong(findings)) == (1, {"kept-apart"})


def test_a_fork_is_seen_by_a_kept_checkpoint_of_the_same_size(journal, tmp_path, verify):
    (tmp_path / "kept").write_text(journal.checkpoint())
    _rewritten(journal)
    export = journal.export(tmp_path / "export", only=[2, 6])
    code, findings = verify(export, "--kept-checkpoint", tmp_path / "kept")
    assert (code, _wrong(findings)) == (1, {"kept"})


def test_a_frontier_of_another_beginning_is_caught(journal, tmp_path, verify):
    export = journal.export(tmp_path, first=6)
    _rewritten(journal)
    journal.entries[0][0]["v"] = 2
    (export / "frontier").write_text(
        (journal.export(tmp_path / "other", first=6) / "frontier").read_text()
    )
    code, findings = verify(export)
    assert (code, _wrong(findings)) == (1, {"root"})


@pytest.mark.parametrize(
    "frontier", ["", "AAAA\n", "x" * 44 + "\n", "\n\n", "A" * 43 + "=\n", ("A" * 43 + "=\n") * 3]
)
def test_refuses_a_frontier_that_is_none(journal, tmp_path, verify, frontier):
    export = journal.export(tmp_path, first=6)
    (export / "frontier").write_text(frontier)
    assert _wrong(verify(export)[1]) == {"frontier"}


# --- tampering with the checkpoint ---------------------------------------------------------------


def test_refuses_a_checkpoint_of_another_key_of_the_same_name(journal, tmp_path, verify, signer):
    export = journal.export(tmp_path)
    text = journal.text()
    forged = signer(journal.log.name, b"x" * 32).line(text)
    (export / "checkpoint").write_text(f"{text}\n{forged}")
    assert _wrong(verify(export)[1]) == {"unsigned"}


def test_refuses_the_whole_note_when_one_known_line_does_not_verify(journal, tmp_path, verify):
    export = journal.export(tmp_path)
    witness = journal.witnesses[0]
    with (export / "checkpoint").open("a") as note:
        note.write(witness.line("another text"))
    assert verify(export)[0] == 0, "the witness is not known, so its line is nothing"
    assert _wrong(verify(export, "--witness-key", witness.vkey)[1]) == {"signature"}


def test_a_cosignature_holds_for_its_own_time_only(journal, tmp_path, verify):
    export = journal.export(tmp_path)
    note = (export / "checkpoint").read_text()
    witness = journal.witnesses[0]
    line = witness.line(journal.text(), 1_790_000_000)
    raw = bytearray(verify_journal._unbase64(line.split(" ")[2].strip()))
    raw[11] ^= 1
    moved = f"— {witness.name} {verify_journal.base64.b64encode(raw).decode()}\n"
    (export / "checkpoint").write_text(note.replace(line, moved))
    assert _wrong(verify(export, "--witness-key", witness.vkey)[1]) == {"signature"}


def test_a_cosignature_has_a_time_that_can_be(journal, tmp_path, verify):
    export = journal.export(tmp_path)
    witness = journal.witnesses[0]
    for time, wrong in ((2**63 - 1, set()), (2**63, {"signature"})):
        (export / "checkpoint").write_text(journal.checkpoint(time=time))
        assert _wrong(verify(export, "--witness-key", witness.vkey)[1]) == wrong


def test_a_witness_that_signed_twice_counts_once_with_its_later_time(journal, tmp_path, verify):
    export = journal.export(tmp_path)
    witness = journal.witnesses[0]
    with (export / "checkpoint").open("a") as note:
        note.write(witness.line(journal.text(), 1_790_000_060))
        note.write(witness.line(journal.text(), 1_780_000_000))
    code, findings = verify(export, "--witness-key", witness.vkey)
    assert (code, findings["proved witnesses"]["count"]) == (0, 1)
    assert findings["proved witnesses"]["who"] == "witness.example/a 2026-09-21T14:14:20Z"


def test_refuses_a_checkpoint_that_the_log_signed_for_another_origin(journal, tmp_path, verify):
    export = journal.export(tmp_path)
    text = journal.text().replace(journal.log.name, "other.example")
    (export / "checkpoint").write_text(f"{text}\n{journal.log.line(text)}")
    assert _wrong(verify(export)[1]) == {"origin"}


def test_a_checkpoint_of_another_size_or_root_is_not_the_exports(journal, tmp_path, verify):
    export = journal.export(tmp_path)
    (export / "checkpoint").write_text(journal.checkpoint(12))
    assert _wrong(verify(export)[1]) == {"export"}
    journal.entries[0][0]["v"] = 2
    (export / "checkpoint").write_text(journal.checkpoint())
    code, findings = verify(export)
    assert (code, _wrong(findings)) == (1, {"root"})


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("\n13\n", "\n013\n"),
        lambda note: note.replace("\n13\n", "\n+13\n"),
        lambda note: note.replace("=\n\n", "\n\n"),
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.replace("— log", "- log"),
        lambda note: note.replace("— log", "—  log"),
        lambda note: note.replace("\n13\n", "\n13\n\r\n"),
        lambda note: note.replace("\n13\n", "\n13\n\n"),
        lambda note: note[:-1],
        lambda note: note.partition("\n\n")[0] + "\n\n",
        lambda note: "",
    ],
)
def test_refuses_notes_that_are_not_well_formed(journal, tmp_path, verify, change):
    export = journal.export(tmp_path)
    (export / "checkpoint").write_bytes(change((export / "checkpoint").read_text()).encode())
    assert _wrong(verify(export)[1]) == {"note"}


def test_refuses_base64_that_could_be_written_in_another_way(journal, tmp_path, verify):
    """The last sign before the padding has bits to spare: two texts would be one signature."""
    export = journal.export(tmp_path)
    note = (export / "checkpoint").read_text()
    line = note.splitlines()[4]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = line[:-2] + alphabet[alphabet.index(line[-2]) + 1] + "="
    (export / "checkpoint").write_text(note.replace(line, other))
    assert _wrong(verify(export)[1]) == {"note"}


@pytest.mark.parametrize("extension", ["a\tb", "a\x1b[2J", "a\x00b"])
def test_refuses_control_characters_though_the_log_signed_them(
    journal, tmp_path, verify, extension
):
    export = journal.export(tmp_path)
    for line, wrong in (("an extension", set()), (extension, {"note"})):
        text = f"{journal.text()}{line}\n"
        (export / "checkpoint").write_text(f"{text}\n{journal.log.line(text)}")
        assert _wrong(verify(export)[1]) == wrong


def test_refuses_a_kept_file_that_is_not_the_logs(journal, tmp_path, verify):
    (tmp_path / "kept").write_text(journal.checkpoint(5).replace("\n5\n", "\n6\n"))
    export = journal.export(tmp_path / "export")
    assert _wrong(verify(export, "--kept-checkpoint", tmp_path / "kept")[1]) == {"signature"}


# --- tampering with a filtered export --------------------------------------------------------------


def _flip_a_hash(entry: dict[str, Any]) -> None:
    raw = bytearray(verify_journal._unbase64(entry["proof"][1]))
    raw[0] ^= 1
    entry["proof"][1] = verify_journal.base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    ("change", "checks"),
    [
        (_flip_a_hash, {"proof"}),
        (lambda entry: entry["proof"].pop(), {"proof"}),
        (lambda entry: entry["proof"].reverse(), {"proof"}),
        (lambda entry: entry["proof"].append(entry["proof"][0]), {"proof"}),
        (lambda entry: entry["proof"].append("AAAA"), {"line"}),
        (lambda entry: entry.update(proof=None), {"line"}),
        (lambda entry: entry.pop("proof"), {"line"}),
        (lambda entry: entry.update(leaf_sha256="0" * 64), {"proof", "leaf"}),
        (lambda entry: entry["body"].update(ruling="permit"), {"leaf"}),
        (lambda entry: entry.update(seq=10), {"proof", "seq"}),
        (lambda entry: entry.update(seq=14), {"proof", "seq"}),
        (lambda entry: entry.update(seq=2**53 - 1), {"proof", "seq"}),
        (lambda entry: entry.update(seq=2), {"order", "proof", "seq", "completion"}),
        (lambda entry: entry.update(seq=0), {"line"}),
        (lambda entry: entry.update(seq=True), {"line"}),
    ],
)
def test_catches_tampering_with_a_filtered_export(journal, tmp_path, verify, change, checks):
    export = journal.export(tmp_path, only=[2, 6, 9])
    lines = _lines(export)
    entry = json.loads(lines[2])
    change(entry)
    _write(export, [*lines[:2], json.dumps(entry) + "\n"])
    code, findings = verify(export)
    assert (code, _wrong(findings)) == (1, checks)


# --- what the export says of itself -----------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"format": "jakelu-journal-export/2"},
        {"origin": "other.example"},
        {"tree_size": 12},
        {"last": 12},
        {"first": 0},
        {"first": 15},
        {"first": "1"},
        {"complete": 1},
        {"filters": None},
        {"more": 1},
    ],
)
def test_refuses_a_description_that_is_not_of_the_checkpoint(journal, tmp_path, verify, change):
    export = journal.export(tmp_path)
    description = json.loads((export / "export.json").read_text())
    (export / "export.json").write_text(json.dumps({**description, **change}))
    code, findings = verify(export)
    assert (code, _wrong(findings)) == (1, {"export"})


@pytest.mark.parametrize("name", ["export.json", "checkpoint", "entries.ndjson", "frontier"])
def test_says_which_file_is_missing(journal, tmp_path, verify, name):
    export = journal.export(tmp_path, first=6)
    (export / name).unlink()
    code, findings = verify(export)
    assert (code, findings["fault file"]["name"]) == (1, name)


def test_refuses_a_checkpoint_file_without_end(journal, tmp_path, verify):
    export = journal.export(tmp_path)
    with (export / "checkpoint").open("ab") as note:
        note.truncate(1 << 20)
    assert _wrong(verify(export)[1]) == {"file"}


# --- one entry ----------------------------------------------------------------------------------------


def _proof(journal: Journal, tree: Any, seq: int, extra: str = "") -> str:
    hashes = tree["inclusion"](seq - 1, journal.leaves())
    lines = [verify_journal.base64.b64encode(one).decode() for one in hashes]
    head = ["c2sp.org/tlog-proof@v1", *([extra] if extra else []), f"index {seq - 1}", *lines]
    return "\n".join(head) + "\n\n" + journal.checkpoint()


@pytest.mark.parametrize("extra", ["", "extra AAAA"])
def test_proves_one_entry_by_its_proof(journal, tmp_path, verify, tree, extra):
    (tmp_path / "6.tlog-proof").write_text(_proof(journal, tree, 6, extra))
    (tmp_path / "6.json").write_text(journal.line(6))
    code, findings = verify("proof", tmp_path / "6.tlog-proof", "--entry", tmp_path / "6.json")
    assert code == 0
    assert {"proved inclusion", "proved bodies", "proved signature"} <= set(findings)


def test_refuses_another_entry_or_another_place(journal, tmp_path, verify, tree):
    (tmp_path / "proof").write_text(_proof(journal, tree, 6))
    words = ("proof", tmp_path / "proof", "--entry", tmp_path / "entry.json")
    (tmp_path / "entry.json").write_text(journal.line(7))
    assert _wrong(verify(*words)[1]) == {"proof-file"}
    (tmp_path / "entry.json").write_text(journal.line(7).replace('"seq": 7', '"seq": 6'))
    assert _wrong(verify(*words)[1]) == {"proof", "leaf"}
    (tmp_path / "entry.json").write_text(journal.line(6).replace("deny", "permit"))
    assert _wrong(verify(*words)[1]) == {"leaf"}


@pytest.mark.parametrize(
    "change",
    [
        lambda proof: proof.replace("tlog-proof@v1", "tlog-proof@v2"),
        lambda proof: proof.replace("index 5", "index 05"),
        lambda proof: proof.replace("index 5", "5"),
        lambda proof: proof.replace("\n\n", "\n", 1),
        lambda proof: "c2sp.org/tlog-proof@v1",
        lambda proof: "",
    ],
)
def test_refuses_proofs_that_are_not_well_formed(journal, tmp_path, verify, tree, change):
    (tmp_path / "proof").write_text(change(_proof(journal, tree, 6)))
    (tmp_path / "entry.json").write_text(journal.line(6))
    findings = verify("proof", tmp_path / "proof", "--entry", tmp_path / "entry.json")[1]
    assert _wrong(findings) <= {"proof-file", "note"}
    assert _wrong(findings)


# --- the command --------------------------------------------------------------------------------------


def test_runs_alone_and_speaks_to_people_in_two_languages(journal, tmp_path):
    """Isolated: from a folder of its own, with nothing of this repository on its path."""
    program = tmp_path / "alone" / "verify.py"
    program.parent.mkdir()
    program.write_bytes(PROGRAM.read_bytes())
    export = journal.export(tmp_path / "export")
    _edit_body(export)
    words = [sys.executable, "-I", str(program), str(export), "--log-key", journal.log.vkey]
    english = subprocess.run(words, capture_output=True, text=True, check=False)
    assert english.returncode == 1
    assert english.stdout.startswith(
        " 1. proved: The checkpoint is signed by log.example/jakelu: 13"
    )
    assert "wrong: Entries whose contents have been changed: 1, first 6.\n" in english.stdout
    assert english.stdout.endswith("Something is wrong.\n")
    assert english.stderr == ""
    finnish = subprocess.run(
        [*words, "--language", "fi"], capture_output=True, text=True, check=False
    )
    assert "VÄÄRIN: Merkintöjä, joiden sisältöä on muutettu: 1, ensin 6.\n" in finnish.stdout


def test_every_text_can_be_said_in_both_languages():
    for name, (english, finnish) in verify_journal.TEXTS.items():
        fields = [set(verify_journal.re.findall(r"{\w+}", text)) for text in (english, finnish)]
        assert fields[0] == fields[1], name


@pytest.mark.parametrize(
    "change",
    [
        lambda journal: ["--log-key", "nonsense"],
        lambda journal: ["--log-key", journal.witnesses[0].vkey],
        lambda journal: ["--log-key", journal.log.vkey.replace("+", "+0", 1)],
        lambda journal: ["--witness-key", journal.log.vkey],
        lambda journal: ["--witnesses", "1"],
        lambda journal: ["--kept-checkpoint", "/nowhere/at-all"],
        lambda journal: ["--witness-key", journal.witnesses[0].vkey] * 2,
    ],
)
def test_wrong_usage_is_no_verdict(journal, tmp_path, capsys, change):
    export = journal.export(tmp_path)
    with pytest.raises(SystemExit) as end:
        verify_journal.main([str(export), "--log-key", journal.log.vkey, *change(journal)])
    assert end.value.code == 2
    assert capsys.readouterr().out == ""


def test_a_witness_with_the_logs_own_key_is_no_witness(journal, tmp_path, signer):
    own = signer("witness.example/own", journal.log.seed, 4)
    with pytest.raises(SystemExit):
        verify_journal.main(
            [str(tmp_path), "--log-key", journal.log.vkey, "--witness-key", own.vkey]
        )
