"""The journal's key in Vault: it signs checkpoints, is never given, and a false answer is not believed."""

from __future__ import annotations

import pytest

from gateway.batch.journal_key import verifier_keys
from gateway.errors import KeyFault, SettingsFault
from gateway.journal.checkpoint import Checkpoint, opened, signed
from gateway.journal.tree import EMPTY_ROOT
from gateway.settings import JournalSettings

ORIGIN = "jakelu.example/v1/journal"
KEY = "jakelu-journal-signing"


@pytest.fixture
def settings(vault, tmp_path) -> JournalSettings:
    return JournalSettings.model_validate(
        {
            "releases_dir": tmp_path,
            "journal_path": tmp_path / "journal.sqlite",
            "release_public_key_path": tmp_path / "release.pub",
            "journal_origin": ORIGIN,
            "journal_vault": {"address": vault.address, "token_path": tmp_path / "vault-token"},
        }
    )


def test_a_checkpoint_signed_in_vault_is_verified_with_the_printed_key(vault, settings):
    checkpoint = Checkpoint(ORIGIN, 3, EMPTY_ROOT)
    signer = settings.note_signer()
    note = str(signed(checkpoint, signer))
    (key,) = verifier_keys(settings)
    assert opened(note, key) == checkpoint
    assert {path for _, path, _ in vault.asked} == {f"transit/keys/{KEY}", f"transit/sign/{KEY}"}


@pytest.mark.parametrize("flaw", ["exportable", "allow_plaintext_backup", "derived"])
def test_a_key_that_can_be_taken_out_signs_nothing(vault, settings, flaw):
    setattr(vault.keys[KEY], flaw, True)
    with pytest.raises(KeyFault):
        settings.note_signer().public_key()


def test_a_key_of_another_type_signs_nothing(vault, settings):
    vault.keys[KEY].kind = "hmac"
    with pytest.raises(KeyFault, match="ed25519"):
        settings.note_signer().sign(b"checkpoint")


def test_a_sealed_vault_signs_nothing_and_says_so(vault, settings):
    vault.is_sealed = True
    signer = settings.note_signer()
    with pytest.raises(KeyFault, match="sealed"):
        signer.public_key()


def test_a_key_is_in_a_file_or_in_vault_and_has_an_origin(settings, tmp_path):
    told = settings.model_dump()
    for changes in ({"journal_key_path": tmp_path / "key.pem"}, {"journal_origin": None}):
        with pytest.raises(SettingsFault, match="journal_origin"):
            JournalSettings.model_validate(told | changes)
