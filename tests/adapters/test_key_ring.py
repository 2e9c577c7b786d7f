"""One behaviour of the port `KeyRing`, on every adapter."""

from __future__ import annotations

import base64
import hmac
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.adapters.keys_file import ROOT_FILE, FileKeys
from gateway.adapters.keys_file_create import create_keys
from gateway.adapters.keys_vault import VaultKeys
from gateway.errors import EpochUsed, KeyFault
from gateway.ports import PseudonymDomain, RotatingKeys

DOMAIN = PseudonymDomain("39", "employment", "service-planning")
ADAPTERS = ("files", "vault")


@dataclass(frozen=True)
class Ring:
    """open: the ring as another process would open it; destroy: makes a root unreadable for good."""

    open: Callable[[], RotatingKeys]
    destroy: Callable[[int], None]


@pytest.fixture(params=ADAPTERS)
def ring(request, tmp_path: Path) -> Ring:
    return request.getfixturevalue(f"{request.param}_ring")


@pytest.fixture
def files_ring(tmp_path: Path) -> Ring:
    folder = tmp_path / "keys"
    create_keys(folder, epoch="2026", public_key_path=tmp_path / "signing.pub")
    names = {1: ROOT_FILE, 2: "pseudonym-root-2.key"}
    return Ring(lambda: FileKeys(folder), lambda root: (folder / names[root]).unlink())


@pytest.fixture
def vault_ring(vault, access) -> Ring:
    def trim(root: int) -> None:
        vault.keys["jakelu-pseudonym-root"].min_available_version = root + 1

    return Ring(lambda: VaultKeys(access, pause=lambda _: None), trim)


def test_the_current_epoch_is_the_last_one_started(ring):
    keys = ring.open()
    assert (keys.epoch(), keys.epochs()) == ("2026", ("2026",))
    keys.start_epoch("2027", new_root=False)
    assert (keys.epoch(), keys.epochs()) == ("2027", ("2026", "2027"))
    assert ring.open().epochs() == ("2026", "2027")


def test_a_domain_key_has_32_bytes_and_stays_the_same(ring):
    key = ring.open().domain_key(DOMAIN)
    assert len(key) == 32
    assert ring.open().domain_key(DOMAIN) == key
    assert ring.open().domain_key(DOMAIN, epoch="2026") == key


def test_every_part_of_a_domain_changes_its_key(ring):
    keys = ring.open()
    domains = [
        DOMAIN,
        PseudonymDomain("40", "employment", "service-planning"),
        PseudonymDomain("39", "integration", "service-planning"),
        PseudonymDomain("39", "employment", "statistics"),
    ]
    assert len({keys.domain_key(domain) for domain in domains}) == 4


def test_refuses_a_domain_that_could_read_as_another(ring):
    with pytest.raises(KeyFault):
        ring.open().domain_key(PseudonymDomain("39|employment", "employment", "planning"))


@pytest.mark.parametrize("new_root", [False, True])
def test_a_new_epoch_changes_every_key_and_leaves_the_earlier_ones(ring, new_root):
    before = ring.open().domain_key(DOMAIN)
    ring.open().start_epoch("2027", new_root=new_root)
    keys = ring.open()
    assert keys.domain_key(DOMAIN) != before
    assert keys.domain_key(DOMAIN, epoch="2026") == before
    assert keys.domain_key(DOMAIN, epoch="2027") == keys.domain_key(DOMAIN)


def test_an_epoch_after_a_compromise_does_not_hang_on_the_earlier_root(ring):
    ring.open().start_epoch("2027", new_root=True)
    after = ring.open().domain_key(DOMAIN)
    ring.destroy(1)
    keys = ring.open()
    assert keys.domain_key(DOMAIN) == after
    with pytest.raises(KeyFault):
        keys.domain_key(DOMAIN, epoch="2026")


def test_epochs_after_a_compromise_stay_on_the_new_root(ring):
    ring.open().start_epoch("2027", new_root=True)
    ring.open().start_epoch("2028", new_root=False)
    ring.destroy(1)
    assert len(ring.open().domain_key(DOMAIN)) == 32


@pytest.mark.parametrize("new_root", [False, True])
@pytest.mark.parametrize("used", ["2026", "2027"])
def test_an_epoch_begins_once(ring, used, new_root):
    ring.open().start_epoch("2027", new_root=False)
    keys = ring.open()
    before = keys.domain_key(DOMAIN)
    with pytest.raises(EpochUsed):
        keys.start_epoch(used, new_root=new_root)
    assert ring.open().epochs() == ("2026", "2027")
    assert ring.open().domain_key(DOMAIN) == before


@pytest.mark.parametrize("name", ["", "20|28", "2028 2", "2028\n2029", "x" * 33, "-2028", "2028é"])
def test_refuses_a_name_that_is_no_word(ring, name):
    with pytest.raises(KeyFault):
        ring.open().start_epoch(name, new_root=False)
    assert ring.open().epochs() == ("2026",)


def test_the_second_of_two_rotations_builds_on_the_first(ring):
    one, other = ring.open(), ring.open()
    one.start_epoch("2027", new_root=True)
    with pytest.raises(EpochUsed):
        other.start_epoch("2027", new_root=True)
    other.start_epoch("2028", new_root=False)
    assert ring.open().epochs() == ("2026", "2027", "2028")


def test_refuses_an_epoch_that_never_was(ring):
    with pytest.raises(KeyFault):
        ring.open().domain_key(DOMAIN, epoch="1999")


def test_a_signature_is_one_of_the_public_key(ring):
    keys = ring.open()
    signature = keys.sign(b"manifest")
    keys.public_key.verify(base64.b64decode(signature.value), b"manifest")
    assert signature.key_id == ring.open().sign(b"another").key_id


def test_keys_are_in_no_text_and_in_no_pickle(ring):
    keys = ring.open()
    keys.domain_key(DOMAIN)
    assert repr(keys) == str(keys) == f"{type(keys).__name__}(epoch='2026')"
    with pytest.raises(TypeError):
        pickle.dumps(keys)
    assert not hasattr(keys, "__dict__")


def test_moving_from_files_to_a_vault_keeps_every_key(vault, access, tmp_path):
    files = create_keys(tmp_path / "keys", epoch="2026", public_key_path=tmp_path / "signing.pub")
    root = (tmp_path / "keys" / ROOT_FILE).read_bytes()
    vault.keys["jakelu-pseudonym-root"].versions[0] = hmac.digest(bytes(32), root, "sha256")
    assert VaultKeys(access).domain_key(DOMAIN) == files.domain_key(DOMAIN)
