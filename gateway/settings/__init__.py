"""Typed, frozen settings: one class per side of the wall, read only by the two composition roots.

Values come from `JAKELU_*` environment variables, and below them from the TOML file that
`JAKELU_SETTINGS_FILE` names. One file may serve both sides; a key that neither knows is a fault.
"""

from gateway.settings.journal import (
    JournalSettings,
    JournalVaultSettings,
    RetentionSettings,
    WitnessSettings,
)
from gateway.settings.publish import BatchSettings
from gateway.settings.reading import (
    PREFIX,
    SETTINGS_FILE,
    check_wall,
    load_batch_settings,
    load_journal_settings,
    load_serve_settings,
    load_shared_settings,
)
from gateway.settings.serve import IssuerSettings, ServeSettings
from gateway.settings.shared import SharedSettings

__all__ = [
    "PREFIX",
    "SETTINGS_FILE",
    "BatchSettings",
    "IssuerSettings",
    "JournalSettings",
    "JournalVaultSettings",
    "RetentionSettings",
    "ServeSettings",
    "SharedSettings",
    "WitnessSettings",
    "check_wall",
    "load_batch_settings",
    "load_journal_settings",
    "load_serve_settings",
    "load_shared_settings",
]
