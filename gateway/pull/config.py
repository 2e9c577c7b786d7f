"""`jakelu-pull.toml`, read by strict models: an unknown or missing key is named, and nothing begins."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from gateway.pull.faults import ConfigFault

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SUFFIX = {
    "parquet": ".parquet",
    "csv": ".csv",
    "arrow": ".arrows",
    "ndjson": ".ndjson",
    "json-stat2": ".json",
}
Form = Literal["parquet", "csv", "arrow", "ndjson", "json-stat2"]


def check_address(text: str) -> str:
    """https, or http to this machine: elsewhere a token would cross the network in the clear."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("this is not an address like https://jakelu.example.fi") from None
    is_local = parts.scheme == "http" and host in LOOPBACK
    if not host or not (parts.scheme == "https" or is_local):
        raise ValueError("give an https address; http is for 127.0.0.1, ::1 and localhost alone")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("an address has no user, password or fragment here")
    return text


def is_local(address: str) -> bool:
    """Whether a checked address is this machine, without TLS."""
    return urlsplit(address).scheme == "http"


def _not_reserved(name: str) -> str:
    if name in {"release", "as_of", "format", "lang", "purpose"}:
        raise ValueError("this is no dimension of a cube")
    return name


def _without_slash(text: str) -> str:
    if urlsplit(text).query:
        raise ValueError("the gateway's address has no query")
    return text.rstrip("/")


Address = Annotated[str, AfterValidator(check_address)]
ProductId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")]
AreaCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,500}$")]
# A cube's own parameters: what has a key of its own in [[download]] is not one of them.
Dimension = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,99}$"),
    AfterValidator(_not_reserved),
]
Value = Annotated[str, StringConstraints(pattern=r"^[^,]+$")]
Values = Annotated[tuple[Value, ...], Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class OAuth(_Table):
    """client_credentials with private_key_jwt. issuer or token_endpoint: one of the two.

    resource: RFC 8707. audience: what some token endpoints ask for in its place.
    assertion_audience: `aud` of the client assertion; by default the issuer, else the token endpoint.
    """

    issuer: Address | None = None
    token_endpoint: Address | None = None
    client_id: Word
    key_file: Path
    key_id: Word | None = None
    algorithm: Literal["PS256", "ES256"] = "PS256"
    dpop: bool = False
    scope: str | None = Field(default=None, pattern=r"^[\x21-\x7e]+( [\x21-\x7e]+)*$")
    resource: Word | None = None
    audience: Word | None = None
    assertion_audience: Word | None = None

    @model_validator(mode="after")
    def _has_one_endpoint(self) -> OAuth:
        if (self.issuer is None) == (self.token_endpoint is None):
            raise ValueError("give issuer or token_endpoint, one of the two")
        return self


class Token(_Table):
    """A token that somebody else fetched, for trying out: it ends within the hour."""

    env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    file: Path | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> Token:
        if (self.env is None) == (self.file is None):
            raise ValueError("give env or file, one of the two")
        return self


class AccessKey(_Table):
    """file: one line, the key as it was shown when it was made."""

    file: Path


class Wanted(_Table):
    """One table [[download]].

    area: rows only; without it, every area of yours. columns, municipality: rows only.
    select: codes by dimension of a cube; without it, the whole cube.
    name: of the file, without its suffix; the product's id when it is left out.
    """

    product: ProductId
    area: AreaCode | None = None
    format: Form = "parquet"
    columns: Values | None = None
    municipality: Values | None = None
    select: dict[Dimension, Values] | None = None
    lang: Literal["fi", "sv", "en"] | None = None
    purpose: Word | None = None
    name: FileName | None = None

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Wanted:
        of_rows = self.area or self.columns or self.municipality
        if of_rows and (self.select is not None or self.lang):
            raise ValueError(
                "area, columns and municipality are for rows; select and lang for cubes"
            )
        return self


class Patience(_Table):
    """attempts: of each download. wait_seconds_max: the longest Retry-After that is waited for."""

    attempts: int = Field(default=5, ge=1, le=20)
    wait_seconds_max: float = Field(default=300, ge=0, le=3600)
    timeout_seconds: float = Field(default=60, gt=0, le=600)


class Config(_Table):
    """The whole file, with its paths made absolute. Exactly one of oauth, token and access_key."""

    gateway: Annotated[Address, AfterValidator(_without_slash)]
    out: Path
    ca_file: Path | None = None
    group_readable: bool = False
    products: Literal["all"] | None = None
    oauth: OAuth | None = None
    token: Token | None = None
    access_key: AccessKey | None = None
    download: tuple[Wanted, ...] = ()
    patience: Patience = Patience()

    @model_validator(mode="after")
    def _says_who_and_what(self) -> Config:
        logins = [each for each in (self.oauth, self.token, self.access_key) if each is not None]
        if len(logins) != 1:
            raise ValueError("give one of the tables [oauth], [token] and [access_key]")
        if (self.products is None) == (not self.download):
            raise ValueError('give products = "all", or tables [[download]]; one of the two')
        return self


def load_config(path: Path) -> Config:
    """Read the file; paths in it are relative to its folder. Raises ConfigFault."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        # By way of JSON, whose strict reading takes an array for a tuple and a text for a path.
        config = Config.model_validate_json(json.dumps(values, default=str))
    except OSError as error:
        raise ConfigFault(
            f"{path} cannot be read: {error.strerror}. `jakelu pull --init` prints an example."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigFault(f"{path} is not TOML: {error}.") from error
    except ValidationError as error:
        raise ConfigFault(f"{path}: {_first(error)}.") from None
    return _with_paths_from(config, path.absolute().parent)


_SAID = {
    "extra_forbidden": "there is no such key",
    "missing": "this key is needed",
    "tuple_type": 'write a list, like ["SSS"]',
}


def _first(error: ValidationError) -> str:
    """One fault by its place; never the value, which may be a secret in the wrong place.

    A key that is not known comes first: it is often the misspelling of one that then seems to be missing.
    """
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    found = next((each for each in faults if each["type"] == "extra_forbidden"), faults[0])
    place = ".".join(str(part) for part in found["loc"])
    said = _SAID.get(found["type"]) or found["msg"].removeprefix("Value error, ")
    return f"{place}: {said}" if place else said


def _with_paths_from(config: Config, folder: Path) -> Config:
    oauth, token, key = config.oauth, config.token, config.access_key
    return config.model_copy(
        update={
            "out": folder / config.out.expanduser(),
            "ca_file": config.ca_file and folder / config.ca_file.expanduser(),
            "oauth": oauth
            and oauth.model_copy(update={"key_file": folder / oauth.key_file.expanduser()}),
            "token": token
            and token.model_copy(update={"file": token.file and folder / token.file.expanduser()}),
            "access_key": key and key.model_copy(update={"file": folder / key.file.expanduser()}),
        }
    )
