"""Where contracts, policies, releases, the journal and the state are."""

from __future__ import annotations

from pathlib import Path

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, model_validator

from gateway.adapters.postgres_url import PostgresUrl, parse_postgres_url
from gateway.errors import SettingsFault

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
