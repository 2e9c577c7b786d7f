"""Settings as they are read: from the environment, and below it from a file."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from gateway.errors import SettingsFault
from gateway.settings.journal import JournalSettings
from gateway.settings.publish import BatchSettings
from gateway.settings.serve import ServeSettings
from gateway.settings.shared import SharedSettings

PREFIX = "JAKELU_"
SETTINGS_FILE = f"{PREFIX}SETTINGS_FILE"

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
