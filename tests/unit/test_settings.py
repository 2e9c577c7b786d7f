"""Settings: what each side may know, and the wall between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import SettingsFault
from gateway.identity.claims import ClaimNames
from gateway.limits.allowance import ListedClient
from gateway.settings import (
    ServeSettings,
    load_batch_settings,
    load_serve_settings,
    load_shared_settings,
)

SERVE = {
    "JAKELU_RELEASES_DIR": "releases",
    "JAKELU_JOURNAL_PATH": "journal.sqlite",
    "JAKELU_RELEASE_PUBLIC_KEY_PATH": "release-signing.pub",
    "JAKELU_ISSUERS": '[{"issuer": "https://issuer.example", "jwks": "jwks.json"}]',
}

WALLED = [
    *("JAKELU_WAREHOUSE_PATH", "JAKELU_KEYS_DIR", "JAKELU_VAULT_ADDRESS"),
    *("JAKELU_VAULT_TOKEN_PATH", "JAKELU_VAULT_ROLE_ID", "JAKELU_VAULT_SECRET_ID_PATH"),
]
BATCH = {
    "JAKELU_RELEASES_DIR": "releases",
    "JAKELU_JOURNAL_PATH": "journal.sqlite",
    "JAKELU_RELEASE_PUBLIC_KEY_PATH": "release-signing.pub",
    "JAKELU_WAREHOUSE_PATH": "warehouse.duckdb",
}
FILES = {"JAKELU_KEYS_DIR": "keys"}
VAULT = {"JAKELU_VAULT_ADDRESS": "https://vault.example:8200"}
TOKEN = {"JAKELU_VAULT_TOKEN_PATH": "token"}
ROLE = {"JAKELU_VAULT_ROLE_ID": "role"}
SECRET = {"JAKELU_VAULT_SECRET_ID_PATH": "secret-id"}


def test_serve_starts_without_the_warehouse_and_the_keys() -> None:
    settings = load_serve_settings(SERVE, port=9090, host=None)
    assert (settings.port, settings.host) == (9090, "127.0.0.1")
    assert not set(ServeSettings.WALLED) & ServeSettings.model_fields.keys()


@pytest.mark.parametrize("name", WALLED)
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
    file.write_text("port = 8181\n")
    settings = load_serve_settings(
        {**SERVE, "JAKELU_SETTINGS_FILE": str(file), "JAKELU_PORT": "8282"}
    )
    assert settings.port == 8282


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


@pytest.mark.parametrize("name", ["vault_token_path", "vault_secret_id_path"])
def test_serve_refuses_a_readable_login_to_vault_named_by_its_settings_file(
    tmp_path: Path, name: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hvs.secret")
    file = tmp_path / "jakelu.toml"
    file.write_text(f'vault_address = "https://vault.example"\n{name} = "{secret}"\n')
    with pytest.raises(SettingsFault, match=name) as fault:
        load_serve_settings({**SERVE, "JAKELU_SETTINGS_FILE": str(file)})
    assert "hvs.secret" not in str(fault.value)


@pytest.mark.parametrize("keys", [FILES, VAULT | TOKEN, VAULT | ROLE | SECRET])
def test_publishing_has_its_keys_in_one_place(keys: dict[str, str]) -> None:
    assert load_batch_settings(BATCH | keys)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        FILES | VAULT | TOKEN,
        FILES | TOKEN,
        FILES | ROLE,
        FILES | SECRET,
        FILES | ROLE | SECRET,
        TOKEN,
        VAULT,
        VAULT | ROLE,
        VAULT | SECRET,
        VAULT | TOKEN | ROLE,
        VAULT | TOKEN | ROLE | SECRET,
    ],
)
def test_publishing_refuses_two_places_for_its_keys_no_place_and_half_a_login(
    keys: dict[str, str],
) -> None:
    with pytest.raises(SettingsFault, match="vault_address"):
        load_batch_settings(BATCH | keys)


@pytest.mark.parametrize("mount", ["", "/", "a/../b", "tran sit", "transit/"])
def test_a_mount_is_a_path_of_words(mount: str) -> None:
    file = {"JAKELU_VAULT_TRANSIT_MOUNT": mount or "/"}
    with pytest.raises(SettingsFault, match="VAULT_TRANSIT_MOUNT"):
        load_batch_settings(BATCH | VAULT | TOKEN | file)


# --- issuers and proxies -------------------------------------------------------------------------

NOBODY = {name: value for name, value in SERVE.items() if name != "JAKELU_ISSUERS"}


def test_each_issuer_has_an_audience_keys_algorithms_and_claim_names_of_its_own(
    tmp_path: Path,
) -> None:
    file = tmp_path / "jakelu.toml"
    file.write_text(
        """
        [[issuers]]
        issuer = "https://one.example"
        jwks = "one.json"
        organisations = ["*"]
        role_sources = ["heti", "atmt"]

        [[issuers]]
        issuer = "https://two.example"
        audience = "urn:jakelu"
        jwks = "https://two.example/jwks"
        algorithms = ["PS256"]
        claims = { organisation = "org_id", roles = "urn:roles" }
        organisations = ["KU837"]
        role_sources = ["kotoaj"]
        """
    )
    one, two = load_serve_settings({**NOBODY, "JAKELU_SETTINGS_FILE": str(file)}).issuers
    assert (one.issuer, one.audience, one.jwks) == ("https://one.example", "jakelu", "one.json")
    assert one.algorithms == ("PS256", "ES256", "Ed25519")
    assert one.claims == ClaimNames()
    assert (two.audience, two.algorithms) == ("urn:jakelu", ("PS256",))
    assert two.claims == ClaimNames(organisation="org_id", roles="urn:roles")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "https://issuer.example",
        "[{}]",
        '[{"issuer": "https://a.example"}]',
        '[{"issuer": "", "jwks": "j"}]',
        '[{"issuer": "https://a.example", "jwks": "j", "jwk": "x"}]',
        '[{"issuer": "https://a.example", "jwks": "j", "claims": {"areas": "x"}}]',
        '[{"issuer": "https://a.example", "jwks": "j"}, {"issuer": "https://a.example", "jwks": "k"}]',
    ],
)
def test_serve_refuses_no_issuer_half_of_one_and_one_named_twice(text: str) -> None:
    with pytest.raises(SettingsFault, match="JAKELU_ISSUERS"):
        load_serve_settings({**NOBODY, "JAKELU_ISSUERS": text})


def test_of_several_issuers_each_says_for_whom_it_speaks() -> None:
    one = '{"issuer": "https://a.example", "jwks": "j", "organisations": ["*"], "role_sources": []}'
    two = '{"issuer": "https://b.example", "jwks": "j", "organisations": ["KU837"]}'
    with pytest.raises(SettingsFault, match="each says its organisations and role_sources"):
        load_serve_settings({**NOBODY, "JAKELU_ISSUERS": f"[{one}, {two}]"})


def test_the_name_that_access_keys_have_in_the_journal_is_no_issuer() -> None:
    with pytest.raises(SettingsFault, match="access keys are of this name"):
        load_serve_settings({**NOBODY, "JAKELU_ISSUERS": '[{"issuer": "jakelu", "jwks": "j"}]'})


def test_what_is_wrong_with_an_issuer_is_named() -> None:
    text = '[{"issuer": "https://a.example", "jwks": "j", "audiences": "x"}]'
    with pytest.raises(SettingsFault, match=r"JAKELU_ISSUERS \(0\.audiences\)"):
        load_serve_settings({**NOBODY, "JAKELU_ISSUERS": text})


@pytest.mark.parametrize("name", ["issuer", "audience", "jwks", "token_algorithms"])
def test_the_names_of_one_issuer_outside_a_table_are_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "jakelu.toml"
    file.write_text(f'{name} = "x"\n')
    with pytest.raises(SettingsFault, match=f"`{name}`"):
        load_serve_settings({**SERVE, "JAKELU_SETTINGS_FILE": str(file)})


def test_no_proxy_is_trusted_unless_it_is_named() -> None:
    assert load_serve_settings(SERVE).trusted_proxies == ()
    settings = load_serve_settings({**SERVE, "JAKELU_TRUSTED_PROXIES": "10.0.0.1 fd00::/64"})
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.1/32", "fd00::/64"]


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0", "10.0.0.1/8", "proxy", "10.0.0.1,10.0.0.2"])
def test_everybody_half_a_network_and_a_name_are_no_proxy(text: str) -> None:
    with pytest.raises(SettingsFault, match="JAKELU_TRUSTED_PROXIES"):
        load_serve_settings({**SERVE, "JAKELU_TRUSTED_PROXIES": text})


def test_the_monitoring_is_on_this_machine_unless_it_is_said_where() -> None:
    networks = load_serve_settings(SERVE).metrics_networks
    assert [str(network) for network in networks] == ["127.0.0.0/8", "::1/128"]
    settings = load_serve_settings({**SERVE, "JAKELU_METRICS_NETWORKS": "10.0.0.1 fd00::/64"})
    assert [str(network) for network in settings.metrics_networks] == ["10.0.0.1/32", "fd00::/64"]
    with pytest.raises(SettingsFault, match="JAKELU_METRICS_NETWORKS"):
        load_serve_settings({**SERVE, "JAKELU_METRICS_NETWORKS": "0.0.0.0/0"})


def _limits(tmp_path: Path, text: str) -> ServeSettings:
    file = tmp_path / "jakelu.toml"
    file.write_text(text)
    return load_serve_settings({**SERVE, "JAKELU_SETTINGS_FILE": str(file)})


def test_limits_are_a_table_and_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    text = "[limits]\nextract_places = 4\n[limits.service]\nburst = 90\n"
    text += 'clients = [{ issuer = "https://issuer.example", client_id = "nightly" }]\n'
    limits = _limits(tmp_path, text).limits
    assert (limits.extract_places, limits.service.burst, limits.person.burst) == (4, 90, 600)
    assert limits.service.requests_per_minute == limits.person.requests_per_minute
    assert limits.service.clients == (ListedClient("https://issuer.example", "nightly"),)


@pytest.mark.parametrize(
    ("clients", "told"),
    [
        ('["nightly"]', "service.clients.*issuer = .*client_id = "),
        ('[{ client_id = "nightly" }]', "service.clients.0.issuer"),
        (
            '[{ issuer = "https://issuer.exampl", client_id = "nightly" }]',
            "limits.service.clients.*one of the issuers",
        ),
    ],
)
def test_a_listed_client_is_of_an_issuer_that_there_is(
    tmp_path: Path, clients: str, told: str
) -> None:
    with pytest.raises(SettingsFault, match=told) as fault:
        _limits(tmp_path, f"[limits.service]\nclients = {clients}\n")
    assert fault.value.parameter == "limits"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[limits.service]\nburst = 0\n", "service.burst"),
        ("[limits.large_municipality]\nburst = 9\n", "large_municipality"),
        ('[limits]\nextract_places = "many"\n', "extract_places"),
    ],
)
def test_a_wrong_limit_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsFault, match=rf"JAKELU_LIMITS \({named}\)") as fault:
        _limits(tmp_path, text)
    assert fault.value.parameter == "limits"


def test_limits_are_set_in_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault, match="JAKELU_LIMITS"):
        load_serve_settings({**SERVE, "JAKELU_LIMITS": "none"})


def test_the_state_is_of_both_sides_and_beside_the_journal_unless_it_is_set() -> None:
    batch = BATCH | FILES
    assert load_shared_settings(batch).state == Path("state.sqlite")
    for load in (load_shared_settings, load_batch_settings):
        assert load(batch | {"JAKELU_STATE_PATH": "other.db"}).state == Path("other.db")


def test_the_state_is_in_a_file_or_in_a_postgresql(tmp_path: Path) -> None:
    url = "postgresql://jakelu_gateway@db.example/jakelu?sslmode=verify-full"
    batch = BATCH | FILES
    for load in (load_shared_settings, load_batch_settings):
        state = load(batch | {"JAKELU_STATE_URL": url}).state
        assert isinstance(state, PostgresUrl)
        assert state.parameters["host"] == "db.example"
    with pytest.raises(SettingsFault, match="one of the two") as fault:
        load_shared_settings(batch | {"JAKELU_STATE_URL": url, "JAKELU_STATE_PATH": "other.db"})
    assert fault.value.parameter == "state_url"


def test_the_journal_is_in_a_file_or_in_a_postgresql_and_then_the_state_has_a_place_of_its_own() -> (
    None
):
    url = "postgresql://jakelu_gateway@db.example/jakelu?sslmode=verify-full"
    without = {name: text for name, text in (BATCH | FILES).items() if "JOURNAL" not in name}
    moved = without | {"JAKELU_JOURNAL_URL": url, "JAKELU_STATE_URL": url}
    for load in (load_shared_settings, load_batch_settings):
        assert load(BATCH | FILES).journal == Path("journal.sqlite")
        journal = load(moved).journal
        assert isinstance(journal, PostgresUrl)
        assert journal.parameters["host"] == "db.example"
    for neither_or_both in (without, moved | {"JAKELU_JOURNAL_PATH": "journal.sqlite"}):
        with pytest.raises(SettingsFault, match="one of the two") as fault:
            load_shared_settings(neither_or_both)
        assert fault.value.parameter == "journal_path"
    with pytest.raises(SettingsFault, match="set state_url as well") as fault:
        load_shared_settings(without | {"JAKELU_JOURNAL_URL": url})
    assert fault.value.parameter == "state_url"
    with pytest.raises(SettingsFault, match="journal_url names another machine without TLS"):
        load_shared_settings(moved | {"JAKELU_JOURNAL_URL": "postgresql://a@db.example/jakelu"})


def test_an_address_with_a_password_is_refused_at_the_start_and_not_repeated() -> None:
    url = "postgresql://jakelu_gateway:s3cret@db.example/jakelu?sslmode=verify-full"
    with pytest.raises(SettingsFault, match="state_url holds a password") as fault:
        load_serve_settings({**SERVE, "JAKELU_STATE_URL": url})
    assert "s3cret" not in str(fault.value)
