from __future__ import annotations

import pytest

from gateway.pull.config import Wanted, load_config
from gateway.pull.example import EXAMPLE
from gateway.pull.faults import ConfigFault
from gateway.pull.keys import load_client_key
from gateway.pull.login import login_of
from gateway.pull.private_file import read_secret, read_secret_line

OAUTH = '[oauth]\nissuer = "https://login.example.fi"\nclient_id = "c"\nkey_file = "key.pem"\n'


def _refused(path) -> str:
    with pytest.raises(ConfigFault) as refused:
        load_config(path)
    return str(refused.value)


def test_the_example_is_a_config(tmp_path):
    path = tmp_path / "jakelu-pull.toml"
    path.write_text(EXAMPLE)
    config = load_config(path)
    assert config.products == "all"
    assert config.out == tmp_path / "data"
    assert config.oauth is not None
    assert config.oauth.key_file == tmp_path / "client-key.pem"


def test_every_line_of_the_example_that_is_commented_out_is_a_config_too(tmp_path):
    """What follows `# ` and looks like TOML is taken in, but for the other ways to say the same."""
    path = tmp_path / "jakelu-pull.toml"
    wanted = EXAMPLE.replace('products = "all"   ', "").replace('\nproducts = "all"\n', "\n")
    lines = []
    for line in wanted.splitlines():
        bare = line.removeprefix("# ")
        is_other_login = bare.startswith(("[access_key]", "file =", "[token]", "env ="))
        is_toml = " = " in bare or bare.startswith("[")
        is_said = line.startswith("# ") and is_toml and not is_other_login
        lines.append(bare if is_said and not bare.startswith("Or ") else line)
    path.write_text("\n".join(lines))
    config = load_config(path)
    assert [each.product for each in config.download] == ["job-seeker-spells", "job-seekers"]
    assert config.patience.attempts == 5
    assert config.group_readable is False


@pytest.mark.parametrize(
    "address",
    [
        "http://jakelu.example.fi",
        "http://127.0.0.1.example.fi",
        "http://localhost.example.fi",
        "https://user:secret@jakelu.example.fi",
        "ftp://127.0.0.1",
        "jakelu.example.fi",
        "https://",
        "http://127.0.0.1:99999",
    ],
)
def test_refuses_an_address_that_would_show_the_token_to_the_network(write_config, address):
    assert "gateway" in _refused(write_config(gateway=address))


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080", "http://[::1]:1", "http://localhost"])
def test_takes_http_to_this_machine(write_config, address):
    assert load_config(write_config(gateway=address)).gateway == address


def test_a_slash_at_the_end_of_the_address_is_no_part_of_it(write_config):
    config = load_config(write_config(gateway="https://jakelu.example.fi/"))
    assert config.gateway == "https://jakelu.example.fi"


def test_a_key_that_is_not_known_is_named(write_config):
    assert "outt" in _refused(write_config(head='products = "all"\noutt = "x"'))


def test_a_misspelt_key_is_named_before_the_one_that_it_should_have_been(write_config):
    told = _refused(write_config(head='[[download]]\nprodukt = "a"'))
    assert "download.0.produkt: there is no such key" in told


def test_a_text_in_the_place_of_a_list_is_told_with_a_list(write_config):
    told = _refused(
        write_config(head='[[download]]\nproduct = "a"\nselect = { geography = "SSS" }')
    )
    assert 'write a list, like ["SSS"]' in told


def test_what_is_no_toml_is_told(tmp_path):
    path = tmp_path / "jakelu-pull.toml"
    path.write_text("gateway = ")
    assert "not TOML" in _refused(path)


def test_a_text_is_no_number(write_config):
    assert "patience.attempts" in _refused(write_config("[patience]", 'attempts = "5"'))


@pytest.mark.parametrize("login", ["", '[access_key]\nfile = "a"\n[token]\nenv = "B"'])
def test_refuses_no_login_and_two_logins(write_config, login):
    assert "[access_key]" in _refused(write_config(login=login))


@pytest.mark.parametrize("head", ["", 'products = "all"\n[[download]]\nproduct = "a"'])
def test_refuses_nothing_to_fetch_and_both_ways_to_say_it(write_config, head):
    assert "[[download]]" in _refused(write_config(head=head))


def test_refuses_two_token_endpoints(write_config):
    both = OAUTH + 'token_endpoint = "https://login.example.fi/token"'
    assert "one of the two" in _refused(write_config(login=both))


def test_a_secret_in_the_wrong_place_is_not_repeated(write_config):
    told = _refused(write_config(login='[access_key]\nfile = "a"\nsecret = "s3cret-value"'))
    assert "secret" in told
    assert "s3cret-value" not in told


@pytest.mark.parametrize(
    "line",
    [
        'product = "../../etc"',
        'product = "a"\nname = "../a"',
        'product = "a"\nname = "a.part"',
        'product = "a"\narea = "../"',
        'product = "a"\nformat = "xlsx"',
        'product = "a"\ncolumns = []',
        'product = "a"\ncolumns = ["a,b"]',
        'product = "a"\nselect = { release = ["x"] }',
        'product = "a"\narea = "39"\nselect = { sex = ["1"] }',
    ],
)
def test_refuses_a_download_that_names_no_file_or_mixes_kinds(write_config, line):
    assert "download.0" in _refused(write_config(head="", login="[[download]]\n" + line))


def test_a_file_that_others_can_read_holds_no_secret(tmp_path):
    path = tmp_path / "key.txt"
    path.write_text("id:secret")
    path.chmod(0o640)
    with pytest.raises(ConfigFault, match="chmod 600"):
        read_secret(path)
    path.chmod(0o600)
    assert read_secret_line(path) == "id:secret"


@pytest.mark.parametrize("content", ["", "two\nlines", "with space", "ä", "a\x00b"])
def test_a_secret_is_one_line_that_a_header_can_carry(tmp_path, content):
    path = tmp_path / "token.txt"
    path.touch(0o600)
    path.write_text(content)
    with pytest.raises(ConfigFault):
        read_secret_line(path)


def test_a_folder_and_a_missing_file_are_no_secret(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(ConfigFault):
            read_secret(path)


def test_what_is_no_access_key_is_not_sent(write_config, tmp_path):
    key = tmp_path / "key.txt"
    key.touch(0o600)
    key.write_text("eyJhbGciOiJ\n")
    with pytest.raises(ConfigFault, match="as it was shown: jkl_"):
        login_of(load_config(write_config()))


def test_a_variable_that_is_not_set_is_named(write_config):
    config = load_config(write_config(login='[token]\nenv = "NO_SUCH_TOKEN"'))
    with pytest.raises(ConfigFault, match="NO_SUCH_TOKEN"):
        login_of(config, {})


def _oauth(write_config, tmp_path, content: bytes, *, algorithm: str):
    path = tmp_path / "key.pem"
    path.touch(0o600)
    path.write_bytes(content)
    return load_config(write_config(login=f'{OAUTH}algorithm = "{algorithm}"\n')).oauth


def test_refuses_a_key_of_another_kind_than_the_algorithm(write_config, tmp_path, rsa_key, ec_key):
    for key, algorithm in ((ec_key, "PS256"), (rsa_key, "ES256")):
        oauth = _oauth(write_config, tmp_path, key.as_pem(private=True), algorithm=algorithm)
        with pytest.raises(ConfigFault, match=algorithm):
            load_client_key(oauth)


def test_refuses_the_public_half_and_what_is_no_key(write_config, tmp_path, rsa_key):
    for content in (rsa_key.as_pem(private=False), b"not a key", b""):
        oauth = _oauth(write_config, tmp_path, content, algorithm="PS256")
        with pytest.raises(ConfigFault):
            load_client_key(oauth)


def test_refuses_a_curve_that_es256_does_not_have(write_config, tmp_path):
    from joserfc.jwk import ECKey

    pem = ECKey.generate_key("P-384").as_pem(private=True)
    with pytest.raises(ConfigFault, match="P-256"):
        load_client_key(_oauth(write_config, tmp_path, pem, algorithm="ES256"))


def test_refuses_a_short_rsa_key(write_config, tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem = rsa.generate_private_key(65537, 1024).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(ConfigFault):
        load_client_key(_oauth(write_config, tmp_path, pem, algorithm="PS256"))


def test_what_is_printed_to_register_holds_no_private_member(write_config, tmp_path, ec_key):
    oauth = _oauth(write_config, tmp_path, ec_key.as_pem(private=True), algorithm="ES256")
    (shown,) = load_client_key(oauth).public_set()["keys"]
    assert set(shown) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert shown["kid"] == ec_key.thumbprint()
    assert "PRIVATE" not in repr(load_client_key(oauth))


def test_a_download_is_parquet_when_nothing_is_said():
    assert Wanted(product="vacancies").format == "parquet"
