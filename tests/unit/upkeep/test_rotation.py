"""A new epoch: journaled before it begins, and nothing that was published changes."""

from __future__ import annotations

import pytest

from gateway.adapters.keys_file import FileKeys
from gateway.errors import JournalUnavailable, UpkeepRefused
from gateway.model.entry import EntryKind
from gateway.ports import PseudonymDomain
from gateway.upkeep.rotation import rotate

DOMAIN = PseudonymDomain("39", "employment", "employment-service-management")


@pytest.fixture
def keys(office) -> FileKeys:
    return FileKeys(office.layout.keys)


@pytest.mark.parametrize("compromised", [False, True])
def test_a_rotation_is_told_and_begins(office, desk, keys, entries, compromised):
    before = keys.domain_key(DOMAIN)
    assert rotate("2027", compromised=compromised, keys=keys, desk=desk) == "2026"
    (entry,) = entries(EntryKind.PSEUDONYM_ROTATED)
    said = {name: entry.body[name] for name in ("sub", "operator", "epoch", "epoch_before")}
    assert said == {"sub": "rita", "operator": "rita", "epoch": "2027", "epoch_before": "2026"}
    assert entry.body["new_root"] is compromised
    again = FileKeys(office.layout.keys)
    assert again.epoch() == "2027"
    assert again.domain_key(DOMAIN) != before


def test_the_entry_is_durable_before_the_epoch_begins(office, desk, keys, entries):
    class Killed(BaseException):
        pass

    class Ring(FileKeys):
        __slots__ = ()

        def start_epoch(self, epoch, *, new_root):
            assert len(entries(EntryKind.PSEUDONYM_ROTATED)) == 1
            raise Killed

    with pytest.raises(Killed):
        rotate("2027", compromised=False, keys=Ring(office.layout.keys), desk=desk)
    assert FileKeys(office.layout.keys).epochs() == ("2026",)
    rotate("2027", compromised=False, keys=keys, desk=desk)
    assert len(entries(EntryKind.PSEUDONYM_ROTATED)) == 2
    assert FileKeys(office.layout.keys).epochs() == ("2026", "2027")


def test_no_epoch_begins_without_the_journal(office, desk, keys):
    desk.journal.close()
    with pytest.raises(JournalUnavailable):
        rotate("2027", compromised=True, keys=keys, desk=desk)
    assert FileKeys(office.layout.keys).epochs() == ("2026",)


@pytest.mark.parametrize("used", ["2026", "2027"])
def test_an_epoch_that_was_used_is_refused_and_the_refusal_is_told(desk, keys, entries, used):
    rotate("2027", compromised=False, keys=keys, desk=desk)
    with pytest.raises(UpkeepRefused):
        rotate(used, compromised=True, keys=keys, desk=desk)
    assert keys.epochs() == ("2026", "2027")
    (entry,) = entries(EntryKind.PSEUDONYM_REFUSED)
    assert (entry.body["action"], entry.body["refusal"]) == ("rotate", "epoch_used")
    assert entry.body["epoch_before"] == "2027"


@pytest.mark.parametrize("name", ["", "2027 2", "010101-900C\n", "x" * 40])
def test_a_name_that_is_no_word_comes_into_no_entry(desk, keys, entries, name):
    with pytest.raises(Exception, match="epoch is a word"):
        rotate(name, compromised=False, keys=keys, desk=desk)
    assert keys.epochs() == ("2026",)
    assert entries(EntryKind.PSEUDONYM_ROTATED) == []
