"""Settings of the serve road."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from gateway.errors import SettingsFault
from gateway.identity.access_keys import ISSUER as KEYS_ISSUER
from gateway.identity.claims import ClaimNames
from gateway.identity.voices import EVERY_ORGANISATION
from gateway.limits.allowance import ClientClass, Limits
from gateway.model.caller import RoleSource
from gateway.settings.journal import JournalSettings

Network = IPv4Network | IPv6Network
LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


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
