"""Which key ring the settings name: files, or Vault."""

from __future__ import annotations

from typing import TypeAlias

from gateway.adapters.keys_file import EPOCH_FILE, FileKeys
from gateway.adapters.keys_file_create import create_keys, publish_key
from gateway.adapters.keys_vault import VaultKeys, create_register, has_register
from gateway.adapters.vault_http import VaultAccess
from gateway.errors import KeyFault, SettingsFault
from gateway.settings import BatchSettings

Keys: TypeAlias = FileKeys | VaultKeys


def open_keys(settings: BatchSettings) -> Keys:
    """The key ring, opened for upkeep. Raises KeyFault, SettingsFault."""
    if settings.keys_dir is not None:
        return FileKeys(settings.keys_dir)
    return VaultKeys(_access(settings))


def open_publishing_keys(settings: BatchSettings) -> Keys:
    """The key ring, after it is sure that a release could be signed with it.

    Raises KeyFault, SettingsFault.
    """
    keys = open_keys(settings)
    if isinstance(keys, VaultKeys):
        keys.check()
    return keys


def has_epochs(settings: BatchSettings) -> bool:
    """Whether an epoch was ever begun here. Raises KeyFault, SettingsFault."""
    if settings.keys_dir is not None:
        return (settings.keys_dir / EPOCH_FILE).exists()
    return has_register(_access(settings))


def make_keys(settings: BatchSettings, epoch: str) -> Keys:
    """The key ring, after beginning its first epoch and writing its public key; what exists is kept.

    In files the keys are made as well; in Vault its administrator has made them. Raises KeyFault,
    SettingsFault.
    """
    public = settings.release_public_key_path
    if settings.keys_dir is not None:
        return create_keys(settings.keys_dir, epoch=epoch, public_key_path=public)
    keys = create_register(_access(settings), epoch=epoch)
    try:
        publish_key(keys.public_key, public)
    except OSError as fault:
        raise KeyFault(f"The public key cannot be written: {fault.strerror}.") from fault
    return keys


def _access(settings: BatchSettings) -> VaultAccess:
    if settings.vault_address is None:
        raise SettingsFault("There is no key ring.", parameter="vault_address")
    return VaultAccess(
        address=settings.vault_address,
        token_path=settings.vault_token_path,
        role_id=settings.vault_role_id,
        secret_id_path=settings.vault_secret_id_path,
        ca_path=settings.vault_ca_path,
        transit_mount=settings.vault_transit_mount,
        kv_mount=settings.vault_kv_mount,
    )
