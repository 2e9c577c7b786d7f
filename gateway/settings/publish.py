"""Settings of the publish road."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from gateway.errors import SettingsFault
from gateway.settings.shared import MOUNT, SharedSettings


class BatchSettings(SharedSettings):
    """The publish road: the warehouse, and the keys in a folder or in a vault: exactly one of them.

    vault_address: https, or http on loopback. Its login is a token file, or an AppRole's role id and
    secret id file; vault_ca_path: PEM of a private certificate authority.
    processes: slices of a cube protected and attacked at once, 0 for one per core; audit_seconds:
    the attack's time for a release, above which it is refused; newest_months: for trials, how many
    months a cube has whose every month is attacked, 0 for all that its contract says; keep_limits:
    whether a cube is refused that hides more than its contract allows.
    """

    warehouse_path: Path
    keys_dir: Path | None = None
    vault_address: str | None = None
    vault_token_path: Path | None = None
    vault_role_id: str | None = Field(default=None, repr=False)
    vault_secret_id_path: Path | None = None
    vault_ca_path: Path | None = None
    vault_transit_mount: str = Field(default="transit", pattern=MOUNT)
    vault_kv_mount: str = Field(default="kv", pattern=MOUNT)
    warehouse_memory_limit: str = "3GB"
    processes: int = Field(default=0, ge=0)
    audit_seconds: float = Field(default=1200.0, gt=0)
    newest_months: int = Field(default=0, ge=0)
    keep_limits: bool = True

    @model_validator(mode="after")
    def _has_one_key_ring(self) -> BatchSettings:
        if (self.keys_dir is None) == (self.vault_address is None):
            raise SettingsFault(
                "Set keys_dir for keys in files, or vault_address for keys in Vault; one of the two.",
                parameter="keys_dir",
            )
        is_half = (self.vault_role_id is None) != (self.vault_secret_id_path is None)
        logins = (self.vault_token_path is not None, self.vault_role_id is not None)
        if is_half or sum(logins) != (self.vault_address is not None):
            raise SettingsFault(
                "With vault_address, and only then, set vault_token_path, or both vault_role_id and "
                "vault_secret_id_path.",
                parameter="vault_token_path",
            )
        return self
