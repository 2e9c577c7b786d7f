"""Typed, frozen settings: one class per side of the wall, read only by the two composition roots.

Values come from `JAKELU_*` environment variables, and below them from the TOML file that
`JAKELU_SETTINGS_FILE` names. One file may serve both sides; a key that neither knows is a fault.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from gateway.adapters.journal_key import FileNoteSigner
from gateway.adapters.postgres_url import PostgresUrl, parse_postgres_url
from gateway.adapters.vault_http import VaultAccess, VaultHttp
from gateway.adapters.vault_signing import VaultSigningKey
from gateway.adapters.vault_transit import Transit
from gateway.errors import SettingsFault
from gateway.identity.access_keys import ISSUER as KEYS_ISSUER
from gateway.identity.claims import ClaimNames
from gateway.identity.voices import EVERY_ORGANISATION
from gateway.journal.note import VerifierKey
from gateway.journal.retention import KEPT_FOR_GOOD
from gateway.limits.allowance import ClientClass, Limits
from gateway.model.caller import RoleSource
from gateway.model.entry import LEAST_RETENTION_DAYS, MOST_RETENTION_DAYS, EntryKind
from gateway.ports import NoteSigner

PREFIX = "JAKELU_"
SETTINGS_FILE = f"{PREFIX}SETTINGS_FILE"
Network = IPv4Network | IPv6Network
LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
Days = Annotated[int, Field(ge=1, le=MOST_RETENTION_DAYS)]
MOUNT = r"^[a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*$"  # where an engine of Vault is mounted


class SharedSettings(BaseModel):
    """What both sides need: where contracts, policies, releases, the journal and the state are.

    journal_path: the journal's file; journal_url: a PostgreSQL in its place, for several workers, or
    processes on several machines. state_path: the database that serving processes share; beside the
    journal's file when it is not set. state_url: a PostgreSQL in its place, for several machines.
    public_url: where clients find the serve road.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    products_dir: Path = Path("products")
    policies_dir: Path = Path("policies")
    releases_dir: Path
    journal_path: Path | None = None
    journal_url: str | None = None
    release_public_key_path: Path
    state_path: Path | None = None
    state_url: str | None = None
    public_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8080")

    @model_validator(mode="after")
    def _has_one_journal(self) -> SharedSettings:
        if (self.journal_path is None) == (self.journal_url is None):
            raise SettingsFault(
                "Set journal_path for a file, or journal_url for a PostgreSQL; one of the two.",
                parameter="journal_path",
            )
        _ = self.journal
        return self

    @model_validator(mode="after")
    def _has_one_state(self) -> SharedSettings:
        if self.state_url is not None and self.state_path is not None:
            raise SettingsFault(
                "Set state_path for a file, or state_url for a PostgreSQL; one of the two.",
                parameter="state_url",
            )
        _ = self.state  # an address that cannot be used is a fault now, not at the first request
        return self

    @property
    def journal(self) -> Path | PostgresUrl:
        """Where the journal is."""
        if self.journal_path is not None:
            return self.journal_path
        return parse_postgres_url(self.journal_url or "", parameter="journal_url")

    @property
    def state(self) -> Path | PostgresUrl:
        """Where the state is."""
        if self.state_url is not None:
            return parse_postgres_url(self.state_url, parameter="state_url")
        if self.state_path is not None:
            return self.state_path
        if self.journal_path is not None:
            return self.journal_path.with_name("state.sqlite")
        raise SettingsFault(
            "With journal_url, set state_url as well, or state_path for a file on this machine.",
            parameter="state_url",
        )


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


class IssuerSettings(BaseModel):
    """Somebody whose access tokens are accepted: one table `[[issuers]]`.

    issuer: the exact `iss`; audience: our name in `aud`; jwks: where the public keys are: an https
    address, an http address on loopback, or a file; claims: what it calls the claims that no standard
    names. organisations, role_sources: for whom it speaks, `*` for every organisation; where there are
    several issuers each must say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(min_length=1)
    audience: str = Field(default="jakelu", min_length=1)
    jwks: str = Field(min_length=1)
    algorithms: tuple[str, ...] = ("PS256", "ES256", "Ed25519")
    claims: ClaimNames = ClaimNames()
    organisations: tuple[str, ...] = (EVERY_ORGANISATION,)
    role_sources: tuple[RoleSource, ...] = tuple(RoleSource)

    @field_validator("issuer")
    @classmethod
    def _is_not_ours(cls, issuer: str) -> str:
        if issuer == KEYS_ISSUER:
            raise ValueError("access keys are of this name in the journal")
        return issuer


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


class ServeSettings(JournalSettings):
    """The serve road: no warehouse, no pseudonym key, no key that signs releases.

    trusted_proxies: networks of peers whose word is taken for a client's address and certificate; empty
    means that nobody's is. metrics_networks: where the monitoring is; empty: nowhere. limits: what
    clients may ask.
    file_address_seconds: how long the address that a Delta Sharing client got of a file opens it.
    login_issuer: where people log in, one of the issuers; without it there is no login.
    login_key_path: our private key there, or else login_secret_path: files of mode 0600.
    """

    WALLED: ClassVar[tuple[str, ...]] = (
        "warehouse_path",
        "keys_dir",
        "vault_address",
        "vault_token_path",
        "vault_role_id",
        "vault_secret_id_path",
    )

    issuers: tuple[IssuerSettings, ...] = Field(min_length=1)
    trusted_proxies: tuple[Network, ...] = ()
    metrics_networks: tuple[Network, ...] = LOOPBACK
    login_issuer: str | None = None
    login_client_id: str | None = Field(default=None, min_length=1)
    login_key_path: Path | None = None
    login_secret_path: Path | None = None
    file_address_seconds: int = Field(default=3600, ge=60, le=24 * 3600)
    session_idle_seconds: int = Field(default=900, ge=60, le=3600)
    session_seconds: int = Field(default=8 * 3600, ge=60, le=12 * 3600)
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    workers: int = Field(default=1, ge=1)
    intent_timeout_seconds: float = Field(default=2.0, gt=0)
    send_idle_timeout_seconds: float = Field(default=30.0, gt=0)
    header_timeout_seconds: float = Field(default=10.0, gt=0)
    limits: Limits = Limits()

    @field_validator("issuers")
    @classmethod
    def _are_named_once(cls, issuers: tuple[IssuerSettings, ...]) -> tuple[IssuerSettings, ...]:
        if len({each.issuer for each in issuers}) < len(issuers):
            raise ValueError("an issuer is named twice")
        said = {"organisations", "role_sources"}
        if len(issuers) > 1 and not all(said <= each.model_fields_set for each in issuers):
            raise ValueError(
                "where there are several, each says its organisations and role_sources"
            )
        return issuers

    @field_validator("trusted_proxies", "metrics_networks")
    @classmethod
    def _are_somebody(cls, networks: tuple[Network, ...]) -> tuple[Network, ...]:
        if any(network.prefixlen == 0 for network in networks):
            raise ValueError("a network of everybody names nobody")
        return networks

    @model_validator(mode="after")
    def _limits_clients_that_there_are(self) -> ServeSettings:
        issuers = {each.issuer for each in self.issuers}
        for kind in ClientClass:
            if any(client.issuer not in issuers for client in self.limits.of(kind).clients):
                raise SettingsFault(
                    f"limits.{kind}.clients names an issuer that there is not; write one of the issuers "
                    "whose access tokens are accepted, as it stands there.",
                    parameter="limits",
                )
        return self

    @model_validator(mode="after")
    def _has_a_whole_login(self) -> ServeSettings:
        credentials = (self.login_key_path is not None) + (self.login_secret_path is not None)
        has_login = self.login_issuer is not None
        if (self.login_client_id is not None, credentials) != (has_login, int(has_login)):
            raise SettingsFault(
                "With login_issuer, and only then, set login_client_id, and login_key_path or "
                "login_secret_path; one of the two.",
                parameter="login_issuer",
            )
        if has_login and all(each.issuer != self.login_issuer for each in self.issuers):
            raise SettingsFault(
                "login_issuer is one of the issuers whose access tokens are accepted; name it there too.",
                parameter="login_issuer",
            )
        return self


S = TypeVar("S", bound=SharedSettings)


def load_batch_settings(environ: Mapping[str, str] = os.environ) -> BatchSettings:
    """Settings of the publish road. Raises SettingsFault that names the variable."""
    return _load(BatchSettings, environ)


def load_shared_settings(environ: Mapping[str, str] = os.environ) -> SharedSettings:
    """For commands of either side that need neither a warehouse nor an issuer. Raises SettingsFault."""
    return _load(SharedSettings, environ)


def load_journal_settings(environ: Mapping[str, str] = os.environ) -> JournalSettings:
    """For commands about the journal. Raises SettingsFault."""
    return _load(JournalSettings, environ)


def load_serve_settings(
    environ: Mapping[str, str] = os.environ, **overrides: object
) -> ServeSettings:
    """Settings of the serve road, after the wall is checked. Raises SettingsFault.

    overrides: what the command line says (host, port, workers); None means not said.
    """
    check_wall(environ)
    return _load(ServeSettings, environ, **overrides)


def check_wall(environ: Mapping[str, str]) -> None:
    """Refuse to serve where the publish road's secrets are.

    A set variable is enough, in any case of letters; a path in the settings file is refused when
    this process can read it, or open what lies in it by name.
    Raises SettingsFault.
    """
    for variable, text in environ.items():
        name = variable.upper().removeprefix(PREFIX).lower()
        if text and variable.upper().startswith(PREFIX) and name in ServeSettings.WALLED:
            raise SettingsFault(
                f"{variable} is set. The serve road never holds the warehouse or the keys: "
                "unset it for `jakelu serve`.",
                parameter=name,
            )
    for name, value in _read_file(environ).items():
        if name in ServeSettings.WALLED and _is_reachable(Path(str(value))):
            raise SettingsFault(
                f"{name} in the settings file names something that this process can read. "
                "Give the serve road a user, or a settings file, that cannot reach it.",
                parameter=name,
            )


def _is_reachable(path: Path) -> bool:
    """A folder that cannot be listed still gives its files to those who know their names."""
    return os.access(path, os.R_OK) or (path.is_dir() and os.access(path, os.X_OK))


def _load(kind: type[S], environ: Mapping[str, str], **overrides: object) -> S:
    fields = kind.model_fields
    values: dict[str, object] = {k: v for k, v in _read_file(environ).items() if k in fields}
    values |= {
        name: _from_text(environ[PREFIX + name.upper()], name)
        for name in fields
        if environ.get(PREFIX + name.upper())
    }
    values |= {name: value for name, value in overrides.items() if value is not None}
    try:
        return kind.model_validate(values)
    except ValidationError as fault:
        first = fault.errors(include_input=False, include_url=False)[0]
        name, *within = [str(step) for step in first["loc"]] or [""]
        place = f" ({'.'.join(within)})" if within else ""
        raise SettingsFault(
            f"{PREFIX}{name.upper()}{place}: {first['msg'].lower()}. Set the variable, or `{name}` in the "
            f"file that {SETTINGS_FILE} names.",
            parameter=name,
        ) from None


def _from_text(text: str, name: str) -> object:
    """A variable's value. Issuers are a JSON array, networks stand between spaces."""
    match name:
        case "issuers" | "witnesses":
            members = "`issuer` and `jwks`" if name == "issuers" else "`key` and `url`"
            try:
                return json.loads(text)
            except ValueError:
                raise SettingsFault(
                    f"{PREFIX}{name.upper()} is not JSON; write an array of objects with {members}.",
                    parameter=name,
                ) from None
        case "trusted_proxies" | "metrics_networks" | "journal_earlier_keys":
            return text.split()
        case _:
            return text


def _read_file(environ: Mapping[str, str]) -> dict[str, object]:
    path = environ.get(SETTINGS_FILE)
    if not path:
        return {}
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as fault:
        raise SettingsFault(f"{SETTINGS_FILE}: {fault}", parameter="settings_file") from fault
    unknown = sorted(
        values.keys() - ServeSettings.model_fields.keys() - BatchSettings.model_fields.keys()
    )
    if unknown:
        raise SettingsFault(
            f"The settings file has an unknown key `{unknown[0]}`.", parameter=unknown[0]
        )
    return values
