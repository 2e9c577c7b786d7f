"""`jakelu journal key`: the key that signs the journal's checkpoints, and what auditors verify with."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.adapters.keys_private_file import create_private
from gateway.errors import KeyFault, SettingsFault
from gateway.journal.checkpoint import log_key
from gateway.journal.note import VerifierKey
from gateway.settings import JournalSettings


def make_journal_key(settings: JournalSettings) -> tuple[VerifierKey, bool]:
    """The verifier key, and whether the file was made now: a key in Vault is made by its administrator.

    Raises KeyFault, SettingsFault.
    """
    path = settings.journal_key_path
    is_new = path is not None and create_journal_key(path)
    keys = verifier_keys(settings)
    if not keys:
        raise SettingsFault(
            "Set journal_key_path, where the key is to be, and journal_origin, the log's name for ever.",
            parameter="journal_key_path",
        )
    return keys[0], is_new


def create_journal_key(path: Path) -> bool:
    """A new key, unless the file is there; whether it was made. Raises KeyFault."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    try:
        return create_private(path, pem)
    except OSError as fault:
        raise KeyFault(f"{path.name} cannot be written ({type(fault).__name__}).") from None


def verifier_keys(settings: JournalSettings) -> tuple[VerifierKey, ...]:
    """What the journal's signatures are verified with, the key of today first; none without a key.

    Raises KeyFault, SettingsFault.
    """
    signer = settings.note_signer()
    if signer is None or settings.journal_origin is None:
        return ()
    return (log_key(settings.journal_origin, signer.public_key()), *settings.earlier_keys)
