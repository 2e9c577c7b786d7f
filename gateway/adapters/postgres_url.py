"""Where a PostgreSQL is: one address, read and checked in one place for every database of the gateway.

libpq reads the address (PostgreSQL documentation, "Connection URIs"); a closed list of its parameters is
let through. A secret has no place in an address, which stands in settings files and process lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from psycopg import Error
from psycopg.conninfo import conninfo_to_dict

from gateway.adapters.loopback import is_loopback
from gateway.errors import SettingsFault

_SCHEMES = ("postgresql://", "postgres://")
_SECRETS = ("password", "sslpassword")
_NEEDED = {
    "user": "the role",
    "host": "the host, or the folder of a socket",
    "dbname": "a database",
}
_FILES = ("passfile", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir")
_ALLOWED = frozenset(
    {*_NEEDED, *_FILES, "port", "service", "sslmode", "require_auth", "channel_binding"}
)
_SHAPE = "postgresql://ROLE@HOST/DATABASE?sslmode=verify-full"


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """An address that was checked; it holds no secret. parameters: by libpq's names."""

    parameters: Mapping[str, str] = field(hash=False)

    def __str__(self) -> str:
        """Role, hosts and database, for people."""
        told = self.parameters
        return f"{told['user']} at {told['host']}, database {told['dbname']}"

    @property
    def user(self) -> str:
        return self.parameters["user"]

    def as_user(self, user: str) -> PostgresUrl:
        """The same database for another role; certificates and password files stay."""
        return replace(self, parameters={**self.parameters, "user": user})


def parse_postgres_url(text: str, *, parameter: str) -> PostgresUrl:
    """Check an address. Raises SettingsFault that names `parameter` and never repeats the address.

    Hosts beyond this machine are reached with TLS alone, and their certificate and name are checked:
    less than `verify-full` would let whoever sits in between read digests and answer for the server.
    """

    def fault(detail: str) -> SettingsFault:
        return SettingsFault(f"{parameter} {detail}", parameter=parameter)

    if not text.startswith(_SCHEMES):
        raise fault(f"is not the address of a PostgreSQL; write {_SHAPE}.")
    try:
        found = {name: str(value) for name, value in conninfo_to_dict(text).items() if value}
    except Error:  # libpq's own words repeat parts of the address
        raise fault(f"cannot be read; write {_SHAPE}, with special characters as %XX.") from None
    if any(name in found for name in _SECRETS):
        raise fault("holds a password; put it in a password file (`passfile=`), or in PGPASSWORD.")
    unknown = sorted(found.keys() - _ALLOWED)
    if unknown:
        raise fault(f"has the parameter `{unknown[0]}`, which is not for you to set; remove it.")
    for name, meaning in _NEEDED.items():
        if name not in found:
            raise fault(f"does not name {meaning}; write {_SHAPE}.")
    if found.get("sslmode") != "verify-full" and not all(map(_is_here, found["host"].split(","))):
        raise fault("names another machine without TLS; add `sslmode=verify-full`.")
    return PostgresUrl(found)


def _is_here(host: str) -> bool:
    """A socket of this machine, or its loopback; an empty host in a list is whatever libpq thinks."""
    return host.startswith(("/", "@")) or is_loopback(host)
