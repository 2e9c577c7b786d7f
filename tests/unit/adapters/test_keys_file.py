from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.adapters import keys_private_file
from gateway.adapters.keys_file import EPOCH_FILE, ROOT_FILE, SIGNING_FILE, FileKeys
from gateway.adapters.keys_file_create import create_keys
from gateway.adapters.keys_private_file import create_private
from gateway.errors import KeyFault
from gateway.ports import PseudonymDomain
from gateway.releases.manifest import key_id, parse_public_keys

DOMAIN = PseudonymDomain("39", "employment", "service-planning")


@pytest.fixture
def keys_dir(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys", epoch="2026", public_key_path=tmp_path / "signing.pub")
    return tmp_path / "keys"


def hkdf(key: bytes, info: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info.encode()).derive(key)


def test_a_domain_key_is_the_one_that_the_design_names(keys_dir):
    root = (keys_dir / ROOT_FILE).read_bytes()
    epoch_key = hkdf(root, "v1|epoch|2026")
    expected = hkdf(epoch_key, "v1|39|employment|service-planning|2026")
    assert FileKeys(keys_dir).domain_key(DOMAIN) == expected


@pytest.mark.parametrize("area", ["", "39|employment"])
def test_refuses_a_domain_that_could_read_as_another(keys_dir, area):
    with pytest.raises(KeyFault):
        FileKeys(keys_dir).domain_key(PseudonymDomain(area, "employment", "planning"))


def test_creating_twice_changes_nothing(keys_dir, tmp_path):
    before = {path.name: path.read_bytes() for path in keys_dir.iterdir()}
    public = (tmp_path / "signing.pub").read_bytes()
    create_keys(keys_dir, epoch="2030", public_key_path=tmp_path / "signing.pub")
    assert {path.name: path.read_bytes() for path in keys_dir.iterdir()} == before
    assert (tmp_path / "signing.pub").read_bytes() == public


def test_the_files_are_for_their_owner_alone_and_nothing_else_is_left(keys_dir):
    assert keys_dir.stat().st_mode & 0o777 == 0o700
    files = {path.name: path.stat().st_mode & 0o777 for path in keys_dir.iterdir()}
    assert files == {ROOT_FILE: 0o600, EPOCH_FILE: 0o600, SIGNING_FILE: 0o600}


def test_the_public_file_verifies_what_the_key_signs(keys_dir, tmp_path):
    keys = FileKeys(keys_dir)
    public = parse_public_keys((tmp_path / "signing.pub").read_bytes())
    signature = keys.sign(b"manifest")
    assert set(public) == {signature.key_id} == {key_id(keys.public_key)}


def test_a_replaced_signing_key_leaves_older_releases_verifiable(keys_dir, tmp_path):
    old = key_id(FileKeys(keys_dir).public_key)
    (keys_dir / SIGNING_FILE).unlink()
    new = create_keys(keys_dir, epoch="2026", public_key_path=tmp_path / "signing.pub")
    public = parse_public_keys((tmp_path / "signing.pub").read_bytes())
    assert set(public) == {old, key_id(new.public_key)}


@pytest.mark.parametrize("name", [ROOT_FILE, EPOCH_FILE, SIGNING_FILE])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700, 0o644])
def test_refuses_a_key_that_others_may_open(keys_dir, name, mode):
    (keys_dir / name).chmod(mode)
    with pytest.raises(KeyFault, match="open to others"):
        FileKeys(keys_dir)


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_refuses_a_folder_that_others_may_enter(keys_dir, mode):
    keys_dir.chmod(mode)
    with pytest.raises(KeyFault, match="open to others"):
        FileKeys(keys_dir)


def test_accepts_keys_that_are_read_only(keys_dir):
    for path in keys_dir.iterdir():
        path.chmod(0o400)
    keys_dir.chmod(0o500)
    assert FileKeys(keys_dir).epoch() == "2026"
    keys_dir.chmod(0o700)


def test_refuses_keys_of_another_user(keys_dir, monkeypatch):
    own = keys_private_file.os.geteuid()
    monkeypatch.setattr(keys_private_file.os, "geteuid", lambda: own + 1)
    with pytest.raises(KeyFault, match="another user"):
        FileKeys(keys_dir)


@pytest.mark.parametrize("name", [ROOT_FILE, EPOCH_FILE, SIGNING_FILE])
def test_refuses_a_missing_key_and_a_link_to_one(keys_dir, tmp_path, name):
    elsewhere = (keys_dir / name).rename(tmp_path / "elsewhere")
    with pytest.raises(KeyFault, match="missing"):
        FileKeys(keys_dir)
    (keys_dir / name).symlink_to(elsewhere)
    with pytest.raises(KeyFault, match="link"):
        FileKeys(keys_dir)


def test_refuses_a_missing_folder_and_a_file_in_its_place(tmp_path):
    with pytest.raises(KeyFault, match="missing"):
        FileKeys(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(KeyFault, match="not a folder"):
        FileKeys(tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (ROOT_FILE, b"short"),
        (ROOT_FILE, b"x" * 33),
        (EPOCH_FILE, b""),
        (EPOCH_FILE, b"20|26"),
        (EPOCH_FILE, b"\xff"),
        (SIGNING_FILE, b"not pem"),
        (
            SIGNING_FILE,
            generate_private_key(SECP256R1()).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
        ),
    ],
)
def test_refuses_a_malformed_key(keys_dir, name, content):
    (keys_dir / name).write_bytes(content)
    with pytest.raises(KeyFault) as fault:
        FileKeys(keys_dir)
    assert name in str(fault.value)


def test_says_which_key_file_cannot_be_written(tmp_path):
    (tmp_path / "keys").touch()
    with pytest.raises(KeyFault):
        create_keys(tmp_path / "keys", epoch="2026", public_key_path=tmp_path / "signing.pub")


def test_refuses_a_key_that_is_no_plain_file(keys_dir):
    (keys_dir / ROOT_FILE).unlink()
    os.mkfifo(keys_dir / ROOT_FILE, 0o600)
    with pytest.raises(KeyFault, match="not a plain file"):
        FileKeys(keys_dir)


def test_the_first_of_two_creators_wins(keys_dir, monkeypatch):
    before = (keys_dir / ROOT_FILE).read_bytes()
    monkeypatch.setattr(Path, "exists", lambda _: False)  # both looked before either wrote
    create_private(keys_dir / ROOT_FILE, b"x" * 32)
    assert (keys_dir / ROOT_FILE).read_bytes() == before
    assert {p.name for p in keys_dir.iterdir()} == {ROOT_FILE, EPOCH_FILE, SIGNING_FILE}


ROOT_2 = "pseudonym-root-2.key"


def test_a_register_of_the_first_cut_is_read(keys_dir):
    (keys_dir / EPOCH_FILE).write_text("2026")
    keys = FileKeys(keys_dir)
    keys.start_epoch("2027", new_root=True)
    assert (keys_dir / EPOCH_FILE).read_text() == "2026\n2027 2\n"


def test_the_root_of_an_earlier_epoch_is_kept_in_a_private_file_of_its_own(keys_dir):
    before = (keys_dir / ROOT_FILE).read_bytes()
    FileKeys(keys_dir).start_epoch("2027", new_root=True)
    assert (keys_dir / ROOT_FILE).read_bytes() == before
    assert (keys_dir / ROOT_2).read_bytes() != before
    assert {path.stat().st_mode & 0o777 for path in keys_dir.iterdir()} == {0o600}


def test_publishing_needs_no_earlier_root(keys_dir):
    FileKeys(keys_dir).start_epoch("2027", new_root=True)
    (keys_dir / ROOT_FILE).chmod(0o644)
    keys = FileKeys(keys_dir)
    assert len(keys.domain_key(DOMAIN)) == 32
    with pytest.raises(KeyFault, match="open to others"):
        keys.domain_key(DOMAIN, epoch="2026")


class Killed(BaseException):
    """What a process that is killed does not live to handle."""


@pytest.mark.parametrize("new_root", [False, True])
@pytest.mark.parametrize("step", range(10))
def test_killed_at_any_step_a_rotation_leaves_the_old_state_or_the_new(
    keys_dir, monkeypatch, step, new_root
):
    before = FileKeys(keys_dir).domain_key(DOMAIN)
    left = [step]

    def killing(call):
        def called(*arguments, **named):
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return call(*arguments, **named)

        return called

    keys = FileKeys(keys_dir)
    with monkeypatch.context() as patched:
        patched.setattr(keys_private_file.os, "fsync", killing(os.fsync))
        patched.setattr(Path, "replace", killing(Path.replace))
        patched.setattr(keys_private_file.tempfile, "mkstemp", killing(tempfile.mkstemp))
        with contextlib.suppress(Killed):
            keys.start_epoch("2027", new_root=new_root)
    again = FileKeys(keys_dir)
    assert again.epochs() in {("2026",), ("2026", "2027")}
    assert again.domain_key(DOMAIN, epoch="2026") == before
    if again.epochs() == ("2026",):  # the same command again
        again.start_epoch("2027", new_root=new_root)
    assert FileKeys(keys_dir).epoch() == "2027"
    assert FileKeys(keys_dir).domain_key(DOMAIN) != before
    FileKeys(keys_dir).start_epoch("2028", new_root=False)
    assert not list(keys_dir.glob(".*")), "a killed writer's draft would be a copy of a root"


def test_a_root_that_a_killed_rotation_left_is_never_used(keys_dir):
    left = keys_dir / ROOT_2
    left.touch(mode=0o600)
    left.write_bytes(b"x" * 32)
    FileKeys(keys_dir).start_epoch("2027", new_root=True)
    assert left.read_bytes() != b"x" * 32


def test_says_that_a_rotation_cannot_be_written(keys_dir, monkeypatch):
    keys = FileKeys(keys_dir)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(keys_private_file.tempfile, "mkstemp", full)
    with pytest.raises(KeyFault, match="no space left"):
        keys.start_epoch("2027", new_root=True)
    assert FileKeys(keys_dir).epochs() == ("2026",)
