"""The Vault key ring: what is asked of Vault, how it fails, and what its faults never say."""

from __future__ import annotations

import base64
import pickle
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters.keys_vault import VaultKeys, create_register, has_register
from gateway.adapters.vault_http import PAUSES_SECONDS, VaultAccess, VaultHttp
from gateway.errors import KeyFault, SettingsFault
from gateway.ports import PseudonymDomain

DOMAIN = PseudonymDomain("39", "employment", "service-planning")
ROOT, SIGNING = "jakelu-pseudonym-root", "jakelu-release-signing"
REGISTER = "jakelu/pseudonym-epochs"


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def opened(vault, access, pauses) -> VaultKeys:
    return VaultKeys(access, pause=pauses.append)


def asked(vault) -> list[str]:
    return [path for _, path, _ in vault.asked]


def test_vault_is_asked_for_one_hmac_an_epoch_and_never_for_a_key(vault, opened):
    for area in ("39", "40", "41"):
        opened.domain_key(PseudonymDomain(area, "employment", "service-planning"))
    assert asked(vault) == [f"kv/data/{REGISTER}", f"transit/hmac/{ROOT}/sha2-256"]
    (_, _, body) = vault.asked[-1]
    assert base64.b64decode(body["input"]) == b"v1|epoch|2026\x01"
    assert body["key_version"] == 1


def test_a_version_that_vault_makes_by_itself_changes_no_pseudonym(vault, access, opened):
    before = opened.domain_key(DOMAIN)
    vault.keys[ROOT].versions.append(bytes(32))
    assert VaultKeys(access).domain_key(DOMAIN) == before


def test_a_rotated_signing_key_signs_as_itself(vault, access, opened):
    before = opened.sign(b"manifest").key_id
    vault.keys[SIGNING].versions.append(b"n" * 32)
    assert opened.sign(b"manifest").key_id == before
    assert VaultKeys(access).sign(b"manifest").key_id != before


def test_the_token_is_sent_to_vault_only_and_no_more_is_told(vault, opened):
    opened.domain_key(DOMAIN)
    assert {head["x-vault-token"] for head in vault.headers} == {"hvs.first"}
    assert {head["x-vault-request"] for head in vault.headers} == {"true"}
    assert not any("cookie" in head or "authorization" in head for head in vault.headers)


def test_logs_in_with_an_app_role(vault, tmp_path):
    secret = tmp_path / "secret-id"
    secret.touch(mode=0o600)
    secret.write_text("84896a0c-secret\n")
    role = VaultAccess(vault.address, role_id="e5a7b66e-role", secret_id_path=secret)
    assert VaultKeys(role).epoch() == "2026"
    assert asked(vault)[0] == "auth/approle/login"
    secret.write_text("another")
    with pytest.raises(KeyFault, match="login"):
        VaultKeys(role)


def test_a_token_that_has_run_out_is_read_again_once(vault, opened, tmp_path):
    vault.tokens = {"hvs.second"}
    (tmp_path / "vault-token").write_text("hvs.second")
    assert len(opened.domain_key(DOMAIN)) == 32
    vault.tokens = set()
    with pytest.raises(KeyFault, match="denied"):
        opened.sign(b"manifest")


def test_a_token_file_that_others_may_read_is_refused(vault, access, tmp_path):
    (tmp_path / "vault-token").chmod(0o640)
    with pytest.raises(KeyFault, match="open to others"):
        VaultKeys(access)
    assert vault.asked == []


@pytest.mark.parametrize("content", ["", "two words", "x" * 5000, "café"])
def test_a_token_file_without_one_word_is_refused(vault, access, tmp_path, content):
    (tmp_path / "vault-token").write_text(content)
    with pytest.raises(KeyFault, match="one word"):
        VaultKeys(access)
    assert vault.asked == []


@pytest.mark.parametrize("fault", [412, 429, 500, 502, 503, 504, "cut"])
def test_a_passing_fault_is_tried_again_at_most_twice(vault, opened, pauses, fault):
    vault.faults = [fault] * 2
    assert len(opened.domain_key(DOMAIN)) == 32
    assert tuple(pauses) == PAUSES_SECONDS
    vault.faults = [fault] * 3
    with pytest.raises(KeyFault):
        opened.sign(b"manifest")
    assert vault.faults == []


@pytest.mark.parametrize("fault", [400, 401, 404, 405, "redirect"])
def test_a_fault_that_will_not_pass_is_not_tried_again(vault, opened, pauses, fault):
    vault.faults = [fault, fault]
    with pytest.raises(KeyFault):
        opened.domain_key(DOMAIN)
    assert vault.faults == [fault]
    assert pauses == []


def test_a_sealed_vault_is_told_as_such(vault, access):
    vault.is_sealed = True
    with pytest.raises(KeyFault, match="sealed"):
        VaultKeys(access, pause=lambda _: None)


def test_an_address_where_nobody_listens_is_told(access):
    with pytest.raises(KeyFault, match="does not answer"):
        VaultKeys(replace(access, address="http://127.0.0.1:1"), pause=lambda _: None)


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_no_fault_tells_a_secret_or_what_vault_said(vault, opened, status):
    vault.faults = [status] * 6
    with pytest.raises(KeyFault) as fault:
        opened.domain_key(DOMAIN)
    told = f"{fault.value} {fault.value.__cause__} {fault.value.__context__}"
    assert "hvs." not in told
    assert "input" not in told
    assert "told" not in told


@pytest.mark.parametrize(
    "address",
    [
        "http://vault.example:8200",
        "http://10.0.0.1:8200",
        "ftp://127.0.0.1",
        "https://user:password@vault.example",
        "https://vault.example/path",
        "https://vault.example?token=x",
        "https://",
        "vault.example:8200",
        "",
        "https://vault.example:port",
        "http://127.0.0.1.example:8200",
    ],
)
def test_refuses_an_address_that_others_could_listen_to(access, address):
    with pytest.raises(SettingsFault) as fault:
        VaultHttp(replace(access, address=address))
    assert fault.value.parameter == "vault_address"
    assert "password" not in str(fault.value)


@pytest.mark.parametrize(
    "address", ["https://vault.example:8200/", "http://localhost:8200", "http://[::1]:8200"]
)
def test_accepts_tls_and_loopback(access, address):
    assert repr(VaultHttp(replace(access, address=address))).startswith("VaultHttp('http")


def test_tls_is_verified_against_the_authority_that_is_named(access, tmp_path):
    https = replace(access, address="https://127.0.0.1:8200")
    context = VaultHttp(https)._tls
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SettingsFault, match="vault_ca_path"):
        VaultHttp(replace(https, ca_path=tmp_path / "ca.pem"))


@pytest.mark.parametrize("name", [ROOT, SIGNING])
@pytest.mark.parametrize("flaw", ["exportable", "allow_plaintext_backup", "derived"])
def test_a_key_that_can_be_taken_out_is_refused_before_anything_is_made(vault, opened, name, flaw):
    opened.check()
    setattr(vault.keys[name], flaw, True)
    with pytest.raises(KeyFault, match=name):
        VaultKeys(opened._vault._access).check()


@pytest.mark.parametrize("name", [ROOT, SIGNING])
def test_a_key_of_another_type_or_none_is_refused(vault, access, name):
    vault.keys[name].kind = "aes256-gcm96"
    with pytest.raises(KeyFault, match=name):
        VaultKeys(access).check()
    del vault.keys[name]
    with pytest.raises(KeyFault):
        VaultKeys(access).check()


@pytest.mark.parametrize(
    "answer", [None, 7, "vault:v2:AAAA", "vault:v1:A", "AAAA", "vault:v1:AAAA"]
)
def test_an_answer_that_is_no_hmac_of_the_asked_version_is_refused(vault, opened, answer):
    vault._hmac = lambda name, body: (200, {"data": {"hmac": answer}})
    with pytest.raises(KeyFault):
        opened.domain_key(DOMAIN)


def test_a_signature_that_does_not_hold_is_never_given(vault, opened):
    wrong = base64.b64encode(bytes(64)).decode()
    vault._signed = lambda name, body: (200, {"data": {"signature": f"vault:v1:{wrong}"}})
    with pytest.raises(KeyFault, match="own key"):
        opened.sign(b"manifest")


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"register": 1},
        {"register": ""},
        {"register": "2026\n2026\n"},
        {"register": "2026 2\n2027 1\n"},
        {"register": "2026 0\n"},
        {"register": "2026 1 1\n"},
    ],
)
def test_a_register_that_is_none_is_refused(vault, access, stored):
    vault.secrets[REGISTER] = [stored]
    with pytest.raises(KeyFault, match="epoch"):
        VaultKeys(access)


def test_a_missing_register_names_the_command_that_begins_it(vault, access):
    del vault.secrets[REGISTER]
    assert not has_register(access)
    with pytest.raises(KeyFault, match="init"):
        VaultKeys(access)
    assert create_register(access, epoch="2026").epochs() == ("2026",)
    assert create_register(access, epoch="2030").epochs() == ("2026",)
    assert has_register(access)


def test_a_rotation_whose_answer_is_lost_has_happened_once(vault, access, opened):
    vault.faults = ["", "late"]
    opened.start_epoch("2027", new_root=False)
    assert vault.secrets[REGISTER] == [{"register": "2026\n"}, {"register": "2026\n2027\n"}]
    assert VaultKeys(access).epochs() == ("2026", "2027")


def test_a_rotation_that_is_cut_before_the_register_has_changed_nothing(vault, access, opened):
    before = opened.domain_key(DOMAIN)
    original = vault._secret

    def unwilling(method, path, body):
        return (403, {"errors": []}) if method == "POST" else original(method, path, body)

    vault._secret = unwilling
    with pytest.raises(KeyFault):
        opened.start_epoch("2027", new_root=True)
    vault._secret = original
    assert len(vault.keys[ROOT].versions) == 2
    again = VaultKeys(access)
    assert (again.epochs(), again.domain_key(DOMAIN)) == (("2026",), before)
    again.start_epoch("2027", new_root=True)
    assert vault.secrets[REGISTER][-1] == {"register": "2026\n2027 3\n"}


def test_two_rotations_at_once_are_one(vault, access, opened):
    original = vault._secret

    def overtaken(method, path, body):
        if method == "POST":
            vault._secret = original
            vault.secrets[REGISTER].append({"register": "2026\n2027b\n"})
        return original(method, path, body)

    vault._secret = overtaken
    with pytest.raises(KeyFault):
        opened.start_epoch("2027", new_root=False)
    assert VaultKeys(access).epochs() == ("2026", "2027b")


def test_an_answer_that_is_too_long_or_no_json_is_no_answer(vault, opened):
    vault.faults = ["garbage"] * 3
    with pytest.raises(KeyFault, match="not JSON"):
        opened.domain_key(DOMAIN)
    vault._hmac = lambda name, body: (200, {"data": {"hmac": "x" * 300_000}})
    with pytest.raises(KeyFault, match="too long"):
        opened.domain_key(DOMAIN)


@pytest.mark.parametrize(
    "answer", [{}, {"auth": None}, {"auth": {"client_token": 7}}, {"auth": {"client_token": "a b"}}]
)
def test_a_login_without_a_token_is_none(vault, access, tmp_path, answer):
    vault._login = lambda body: (200, answer)
    role = replace(access, token_path=None, role_id="role", secret_id_path=tmp_path / "vault-token")
    with pytest.raises(KeyFault, match="no token"):
        VaultKeys(role)


def test_an_app_roles_token_that_has_run_out_is_asked_for_anew(vault, access, tmp_path):
    (tmp_path / "vault-token").write_text("84896a0c-secret")
    role = replace(
        access, token_path=None, role_id="e5a7b66e-role", secret_id_path=tmp_path / "vault-token"
    )
    keys = VaultKeys(role)
    vault.tokens = set()
    assert len(keys.domain_key(DOMAIN)) == 32
    assert asked(vault).count("auth/approle/login") == 2


def test_without_any_login_nothing_is_asked(vault, access):
    with pytest.raises(KeyFault, match="log in"):
        VaultKeys(replace(access, token_path=None))
    assert vault.asked == []


@pytest.mark.parametrize("keys", [{}, {"1": 7}, {"1": {"public_key": "AAAA"}}, None])
def test_a_signing_key_without_its_public_half_is_refused(vault, opened, keys):
    described = {**vault.keys[SIGNING].described(SIGNING), "keys": keys}
    vault._described = lambda name: (200, {"data": described})
    with pytest.raises(KeyFault, match="public key"):
        opened.sign(b"manifest")


@pytest.mark.parametrize("latest", [None, 0, "1"])
def test_a_key_without_a_version_is_refused(vault, opened, latest):
    described = {**vault.keys[SIGNING].described(SIGNING), "latest_version": latest}
    vault._described = lambda name: (200, {"data": described})
    with pytest.raises(KeyFault, match="no version"):
        opened.sign(b"manifest")


def test_a_deleted_register_is_not_begun_anew(vault, access):
    original = vault._secret

    def deleted(method, path, body):  # as Vault answers: 404, while the versions go on counting
        return (404, {"errors": []}) if method == "GET" else original(method, path, body)

    vault._secret = deleted
    with pytest.raises(KeyFault):
        create_register(access, epoch="2026")
    assert vault.secrets[REGISTER] == [{"register": "2026\n"}]


def test_a_token_is_in_no_text_and_in_no_pickle(opened, access):
    with pytest.raises(TypeError):
        pickle.dumps(opened._vault)
    assert "hvs" not in repr(opened._vault)
    assert "hidden" not in repr(replace(access, role_id="hidden"))


def test_nothing_is_written_to_the_disk(vault, opened, tmp_path: Path):
    before = sorted(tmp_path.rglob("*"))
    opened.check()
    opened.domain_key(DOMAIN)
    opened.sign(b"manifest")
    opened.start_epoch("2027", new_root=True)
    assert sorted(tmp_path.rglob("*")) == before
