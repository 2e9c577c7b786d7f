"""How the journal is kept, signed and witnessed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.adapters.journal_key import FileNoteSigner
from gateway.adapters.vault_http import VaultAccess, VaultHttp
from gateway.adapters.vault_signing import VaultSigningKey
from gateway.adapters.vault_transit import Transit
from gateway.errors import SettingsFault
from gateway.journal.note import VerifierKey
from gateway.journal.retention import KEPT_FOR_GOOD
from gateway.model.entry import LEAST_RETENTION_DAYS, MOST_RETENTION_DAYS, EntryKind
from gateway.ports import NoteSigner
from gateway.settings.shared import MOUNT, SharedSettings

Days = Annotated[int, Field(ge=1, le=MOST_RETENTION_DAYS)]


class WitnessSettings(BaseModel):
    """A witness of the journal: one table `[[witnesses]]`.

    key: its verifier key, as `jakelu-witness init` prints it; url: its submission prefix.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(min_length=1)
    url: str = Field(min_length=1)


class RetentionSettings(SharedSettings):
    """For how long the journal keeps what, in days.

    journal_retention_days: bodies of entries, where neither journal_retention_days_by_kind (a table of the
    settings file: kind = days) nor a contract says otherwise. journal_address_days: client addresses.
    journal_retention_floor_days: no body is kept for less; to lower it is a decision that must be written.
    """

    journal_retention_days: Days = 1825
    journal_retention_days_by_kind: dict[EntryKind, Days] = Field(default_factory=dict)
    journal_address_days: Days = 90
    journal_retention_floor_days: Days = LEAST_RETENTION_DAYS

    @model_validator(mode="after")
    def _keeps_long_enough(self) -> RetentionSettings:
        stated = (self.journal_retention_days, *self.journal_retention_days_by_kind.values())
        if min(stated) < self.journal_retention_floor_days:
            raise SettingsFault(
                f"Entries are kept for {self.journal_retention_floor_days} days at least; keep them longer, "
                "or lower journal_retention_floor_days.",
                parameter="journal_retention_days",
            )
        if self.journal_address_days > self.journal_retention_floor_days:
            raise SettingsFault(
                "Client addresses are kept no longer than entries: lower journal_address_days, or raise "
                "journal_retention_floor_days.",
                parameter="journal_address_days",
            )
        if fixed := KEPT_FOR_GOOD & self.journal_retention_days_by_kind.keys():
            raise SettingsFault(
                f"Entries of {min(fixed)} are kept for good, for they tell why others have no body; "
                "leave the kind out.",
                parameter="journal_retention_days_by_kind",
            )
        return self


class JournalVaultSettings(BaseModel):
    """A key in HashiCorp Vault's transit engine that signs the journal: the table `[journal_vault]`.

    address: https, or http on loopback. The login is a token file, or an AppRole's role id and secret id
    file, of a policy that may read and use this one key and nothing else; ca_path: PEM of a private
    certificate authority.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    key_name: str = Field(default="jakelu-journal-signing", pattern=MOUNT)
    transit_mount: str = Field(default="transit", pattern=MOUNT)
    token_path: Path | None = None
    role_id: str | None = Field(default=None, repr=False)
    secret_id_path: Path | None = None
    ca_path: Path | None = None

    def access(self) -> VaultAccess:
        return VaultAccess(
            address=self.address,
            token_path=self.token_path,
            role_id=self.role_id,
            secret_id_path=self.secret_id_path,
            ca_path=self.ca_path,
            transit_mount=self.transit_mount,
        )


class JournalSettings(RetentionSettings):
    """How the journal is signed and witnessed.

    journal_key_path: the Ed25519 key that signs checkpoints, a file of mode 0600, or journal_vault: where
    it is instead; without either nothing is signed. journal_origin: the log's name for ever, by custom the address of its tiles without the scheme,
    like jakelu.example/v1/journal. journal_earlier_keys: verifier keys that signed before this one.
    checkpoint_seconds: between two signatures. witnesses: who cosigns; witnesses_needed: how many of them
    must have seen the journal in the last witness_age_seconds, else nothing guarded is served.
    """

    journal_key_path: Path | None = None
    journal_vault: JournalVaultSettings | None = None
    journal_origin: str | None = Field(default=None, pattern=r"^[!-*,-~]{1,255}$")
    journal_earlier_keys: tuple[str, ...] = ()
    checkpoint_seconds: float = Field(default=30.0, ge=1, le=3600)
    witnesses: tuple[WitnessSettings, ...] = ()
    witnesses_needed: int = Field(default=1, ge=1)
    witness_age_seconds: float = Field(default=900.0, ge=10)

    def note_signer(self) -> NoteSigner | None:
        """Who signs checkpoints, None where nobody does. Raises KeyFault, SettingsFault."""
        if self.journal_key_path is not None:
            return FileNoteSigner(self.journal_key_path)
        if self.journal_vault is not None:
            access = self.journal_vault.access()
            transit = Transit(VaultHttp(access), access.transit_mount)
            return VaultSigningKey(transit, self.journal_vault.key_name)
        return None

    @property
    def earlier_keys(self) -> tuple[VerifierKey, ...]:
        """Raises SettingsFault."""
        try:
            return tuple(VerifierKey.parse(each) for each in self.journal_earlier_keys)
        except ValueError as fault:
            raise SettingsFault(
                f"An earlier key: {fault}.", parameter="journal_earlier_keys"
            ) from None

    @model_validator(mode="after")
    def _can_be_witnessed(self) -> JournalSettings:
        keys = (self.journal_key_path is not None) + (self.journal_vault is not None)
        if keys != (self.journal_origin is not None):
            raise SettingsFault(
                "Set journal_origin, like jakelu.example/v1/journal, and journal_key_path or journal_vault, "
                "one of the two; or none of them.",
                parameter="journal_origin",
            )
        if self.witnesses and self.journal_origin is None:
            raise SettingsFault(
                "Witnesses cosign what the journal signs: set journal_key_path and journal_origin too; "
                "`jakelu journal key` makes the key.",
                parameter="journal_key_path",
            )
        if self.witnesses and self.witnesses_needed > len(self.witnesses):
            raise SettingsFault(
                "There are fewer witnesses than are needed; add some, or lower witnesses_needed.",
                parameter="witnesses_needed",
            )
        return self
