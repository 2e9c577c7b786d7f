"""Settings: what each side may know, and the wall between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import SettingsFault
from gateway.settings import ServeSettings, load_batch_settings, load_serve_settings

SERVE = {
    "JAKELU_RELEASES_DIR": "releases",
    "JAKELU_JOURNAL_PATH": "journal.sqlite",
    "JAKELU_RELEASE_PUBLIC_KEY_PATH": "release-signing.pub",
    "JAKELU_ISSUER": "https://issuer.example",
    "JAKELU_JWKS": "jwks.json",
}


def test_serve_starts_without_the_warehouse_and_the_keys() -> None:
    settings = load_serve_settings(SERVE, port=9090, host=None)
    assert (settings.port, settings.host) == (9090, "127.0.0.1")
    assert not {"warehouse_path", "keys_dir"} & ServeSettings.model_fields.keys()


@pytest.mark.parametrize("name", ["JAKELU_WAREHOUSE_PATH", "JAKELU_KEYS_DIR"])
def test_serve_refuses_a_set_variable_of_the_publish_road(name: str) -> None:
    with pytest.raises(SettingsFault, match=name):
        load_serve_settings({**SERVE, name: "/nowhere"})


def test_serve_refuses_a_readable_key_folder_named_by_its_settings_file(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    file = tmp_path / "jakelu.toml"
    file.write_text(f'keys_dir = "{keys}"\n')
    with pytest.raises(SettingsFault, match="keys_dir"):
        load_serve_settings({**SERVE, "JAKELU_SETTINGS_FILE": str(file)})


def test_serve_accepts_a_shared_file_whose_keys_it_cannot_reach(tmp_path: Path) -> None:
    file = tmp_path / "jakelu.toml"
    file.write_text(f'keys_dir = "{tmp_path / "absent"}"\nport = 8181\n')
    assert load_serve_settings({**SERVE, "JAKELU_SETTINGS_FILE": str(file)}).port == 8181


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "jakelu.toml"
    file.write_text('issuer = "https://file.example"\n')
    settings = load_serve_settings({**SERVE, "JAKELU_SETTINGS_FILE": str(file)})
    assert settings.issuer == "https://issuer.example"


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(SettingsFault, match="JAKELU_RELEASES_DIR"):
        load_batch_settings({"JAKELU_WAREHOUSE_PATH": "w.duckdb"})


def test_an_unknown_key_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "jakelu.toml"
    file.write_text("prot = 8181\n")
    with pytest.raises(SettingsFault, match="prot"):
        load_serve_settings({**SERVE, "JAKELU_SETTINGS_FILE": str(file)})


def test_settings_cannot_be_changed() -> None:
    settings = load_serve_settings(SERVE)
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("name", ["jakelu_keys_dir", "Jakelu_Warehouse_Path", "jakelu_KEYS_DIR"])
def test_serve_refuses_a_variable_of_the_publish_road_in_any_spelling(name: str) -> None:
    with pytest.raises(SettingsFault, match=name):
        load_serve_settings({**SERVE, name: "/nowhere"})
