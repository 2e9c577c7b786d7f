"""One suite for every `ReleaseStore`; the parts that need a disk to be damaged say so."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.adapters.releases_files import ReleaseFiles
from gateway.errors import KeyFault, ReleaseDamaged, ReleaseNotFound, ReleaseRefused
from gateway.model.label import Label
from gateway.model.product import Classification, ProductKind
from gateway.model.release import Manifest, ReleaseId, StoredFile
from gateway.ports import Signature, StagedRelease
from gateway.releases.layout import slice_path
from gateway.releases.manifest import canonical_bytes, key_id

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
DAY = date(2026, 6, 30)
CONTENT = b"rows of area 39 " * 1000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "releases"


@pytest.fixture
def store(root: Path) -> ReleaseFiles:
    return ReleaseFiles(root, public_keys=(PEM,))


def manifest_of(staged: StagedRelease, files: dict[str, bytes], product: str) -> Manifest:
    label = Label("a", "b", "c")
    return Manifest(
        product=product,
        kind=ProductKind.ROWS,
        release=staged.release,
        created_utc="2026-07-01T03:00:00.000Z",
        title=label,
        contract_version="1.0.0",
        contract_sha256="0" * 64,
        definition_version="1",
        classification=Classification.CONFIDENTIAL,
        personal_data=True,
        sources=("atmt",),
        columns=(),
        files=tuple(
            StoredFile(path, 1, len(content), hashlib.sha256(content).hexdigest(), path[5:7])
            for path, content in files.items()
        ),
        protection={},
        policy_set_sha256="",
        inputs_sha256="0" * 64,
        build="",
    )


def sign(manifest: Manifest, key: Ed25519PrivateKey = KEY) -> Signature:
    value = base64.b64encode(key.sign(canonical_bytes(manifest))).decode()
    return Signature(key_id(key.public_key()), value)


def publish(
    store: ReleaseFiles, *, as_of: date = DAY, product: str = "spells", content: bytes = CONTENT
) -> Manifest:
    files = {slice_path("39"): content, slice_path("40"): b"other"}
    with store.stage(product, as_of) as staged:
        for path, stored in files.items():
            staged.path_for(path).write_bytes(stored)
        manifest = manifest_of(staged, files, product)
        staged.commit(manifest, sign(manifest))
    return manifest


def slice_39(root: Path, manifest: Manifest) -> Path:
    return root / manifest.product / str(manifest.release) / slice_path("39")


# --- reading ---------------------------------------------------------------------------------


def test_a_committed_release_is_found_listed_and_read(store):
    manifest = publish(store)
    assert store.find("spells", manifest.release) == manifest
    assert store.newest("spells", None) == manifest
    assert list(store.list("spells")) == [manifest]
    file = store.open(manifest, manifest.files[0])
    try:
        assert file.size == len(CONTENT)
        assert file.read_at(0, file.size) == CONTENT
        assert file.read_at(16, 4) == b"rows"
        assert file.read_at(file.size, 10) == b""
    finally:
        file.close()
        file.close()


def test_the_newest_is_by_day_and_then_by_number(store):
    days = [date(2026, 5, 31), DAY, date(2026, 4, 30), DAY]
    published = [publish(store, as_of=day) for day in days]
    assert [str(m.release) for m in published] == [
        "2026-05-31.1",
        "2026-06-30.1",
        "2026-04-30.1",
        "2026-06-30.2",
    ]
    assert store.newest("spells", None).release == ReleaseId(DAY, 2)
    assert store.newest("spells", date(2026, 6, 29)).release == ReleaseId(date(2026, 5, 31), 1)
    assert [str(m.release) for m in store.list("spells")] == [
        "2026-06-30.2",
        "2026-06-30.1",
        "2026-05-31.1",
        "2026-04-30.1",
    ]


def test_numbers_are_compared_as_numbers(store):
    for _ in range(11):
        publish(store)
    assert store.newest("spells", None).release == ReleaseId(DAY, 11)


def test_a_release_published_by_another_process_is_seen_at_once(store, root):
    publish(store)
    for number in range(2, 6):
        assert store.newest("spells", None).release.number == number - 1
        publish(ReleaseFiles(root, public_keys=(PEM,)))
        assert store.newest("spells", None).release.number == number


def test_a_settled_folder_is_listed_once_and_again_when_it_changes(store, root):
    publish(store)
    settled = time.time() - 60
    os.utime(root / "spells", (settled, settled))
    assert store.newest("spells", None).release.number == 1
    assert store.newest("spells", None).release.number == 1
    publish(store)
    assert store.newest("spells", None).release.number == 2


def test_says_not_found_when_there_is_nothing(store, root):
    for product in ("spells", "..", "a/b", "", "SPELLS"):
        with pytest.raises(ReleaseNotFound):
            store.newest(product, None)
        with pytest.raises(ReleaseNotFound):
            store.find(product, ReleaseId(DAY, 1))
        assert list(store.list(product)) == []
    publish(store)
    with pytest.raises(ReleaseNotFound):
        store.newest("spells", date(2026, 6, 29))
    with pytest.raises(ReleaseNotFound):
        store.find("spells", ReleaseId(DAY, 2))


def test_dot_folders_and_foreign_names_are_no_releases(store, root):
    manifest = publish(store)
    for name in (".staging-2026-06-30.9", "latest", "2026-06-30", "2026-13-01.1", "notes.txt"):
        shutil.copytree(root / "spells" / str(manifest.release), root / "spells" / name)
    assert list(store.list("spells")) == [manifest]


# --- damage (a disk) -------------------------------------------------------------------------


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def flip_unseen(path: Path) -> None:
    """As `flip`, with the old times put back."""
    before = path.stat()
    flip(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def link_away(path: Path) -> None:
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES = [cut, grow, flip, flip_unseen, Path.unlink, link_away, make_folder, make_pipe]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("is_warm", [False, True])
def test_a_damaged_file_is_never_opened(store, root, damage: Callable[[Path], None], is_warm):
    manifest = publish(store)
    if is_warm:
        store.open(manifest, manifest.files[0]).close()
    damage(slice_39(root, manifest))
    with pytest.raises(ReleaseDamaged):
        store.open(manifest, manifest.files[0])
    store.open(manifest, manifest.files[1]).close()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("is_warm", [False, True])
def test_a_damaged_manifest_is_refused_left_out_of_lists_and_never_passed_over(
    store, root, damage: Callable[[Path], None], is_warm, caplog
):
    whole = publish(store)
    broken = publish(store)
    if is_warm:
        store.list("spells")
    damage(root / "spells" / str(broken.release) / "manifest.json")
    with pytest.raises(ReleaseDamaged):
        store.find("spells", broken.release)
    with pytest.raises(ReleaseDamaged):
        store.newest("spells", None)
    with caplog.at_level(logging.ERROR):
        assert list(store.list("spells")) == [whole]
    assert "2026-06-30.2" in caplog.text


def test_a_release_copied_under_another_name_is_refused(store, root):
    manifest = publish(store)
    folder = root / "spells" / str(manifest.release)
    shutil.copytree(folder, root / "spells" / "2026-07-31.1")
    shutil.copytree(root / "spells", root / "others")
    for product, release in (
        ("spells", ReleaseId(date(2026, 7, 31), 1)),
        ("others", manifest.release),
    ):
        with pytest.raises(ReleaseDamaged, match="another release"):
            store.find(product, release)


def test_a_release_signed_with_another_key_is_refused(store, root):
    publish(store)
    other = Ed25519PrivateKey.generate().public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ReleaseDamaged, match="not known"):
        ReleaseFiles(root, public_keys=(pem,)).newest("spells", None)


def test_refuses_to_read_without_a_key(root):
    with pytest.raises(KeyFault):
        ReleaseFiles(root, public_keys=())


@pytest.mark.parametrize("part", ["spells", "spells/2026-06-30.1", "spells/2026-06-30.1/area=39"])
def test_no_folder_on_the_way_may_be_a_link(store, root, part, tmp_path):
    manifest = publish(store)
    (root / part).rename(tmp_path / "elsewhere")
    (root / part).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReleaseDamaged):
        store.open(manifest, manifest.files[0])


@pytest.mark.parametrize(
    "path", ["../2026-06-30.1/area=39/part-0.parquet", "/etc/passwd", "manifest.json"]
)
def test_no_path_leads_out_of_the_release(store, path):
    manifest = publish(store)
    with pytest.raises(ReleaseDamaged):
        store.open(manifest, StoredFile(path, 1, 1, "0" * 64))


def test_a_file_is_hashed_once_per_version(store, root, monkeypatch):
    manifest = publish(store)
    store.open(manifest, manifest.files[0]).close()

    def refuse(*_: object) -> None:
        raise AssertionError("hashed again")

    monkeypatch.setattr(hashlib, "sha256", refuse)
    store.open(manifest, manifest.files[0]).close()


# --- writing ---------------------------------------------------------------------------------


def test_nothing_is_visible_before_the_commit_and_nothing_is_left_without_one(store, root):
    with store.stage("spells", DAY) as staged:
        staged.path_for(slice_path("39")).write_bytes(CONTENT)
        assert list(store.list("spells")) == []
    assert list(store.list("spells")) == []
    assert {path.name for path in (root / "spells").iterdir()} == {".writer-lock"}


def test_an_error_while_writing_leaves_nothing(store, root):
    def fail() -> None:
        with store.stage("spells", DAY) as staged:
            staged.path_for("cube.arrow").write_bytes(b"half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        fail()
    assert {path.name for path in (root / "spells").iterdir()} == {".writer-lock"}


def test_leftovers_of_a_killed_writer_are_removed_by_the_next(store, root):
    leftover = root / "spells" / ".staging-2026-06-30.1" / "area=39"
    leftover.mkdir(parents=True)
    (leftover / "part-0.parquet").write_bytes(b"half")
    assert list(store.list("spells")) == []
    manifest = publish(store)
    assert manifest.release == ReleaseId(DAY, 1)
    assert {p.name for p in (root / "spells").iterdir()} == {".writer-lock", "2026-06-30.1"}


def test_a_product_has_one_writer_at_a_time(store, root):
    other = ReleaseFiles(root, public_keys=(PEM,))
    with store.stage("spells", DAY):
        with pytest.raises(ReleaseRefused, match="Another process is publishing spells"):
            other.stage("spells", DAY).__enter__()
        with other.stage("vacancies", DAY):
            pass
    publish(other)


def test_a_damaged_release_keeps_its_number(store, root):
    manifest = publish(store)
    (root / "spells" / str(manifest.release) / "manifest.json").unlink()
    assert publish(store).release == ReleaseId(DAY, 2)


def test_refuses_a_manifest_that_does_not_name_exactly_what_was_written(store):
    files = {slice_path("39"): CONTENT}

    def commit(written: dict[str, bytes], named: dict[str, bytes], product: str = "spells") -> None:
        with store.stage("spells", DAY) as staged:
            for path, content in written.items():
                staged.path_for(path).write_bytes(content)
            manifest = manifest_of(staged, named, product)
            staged.commit(manifest, sign(manifest))

    for written, named in (
        (files, {}),
        ({}, files),
        (files, {slice_path("39"): b"shorter"}),
        ({**files, "cube.arrow": b"extra"}, files),
    ):
        with pytest.raises(ReleaseRefused, match="exactly"):
            commit(written, named)
    with pytest.raises(ReleaseRefused, match="another release"):
        commit(files, files, product="others")
    assert list(store.list("spells")) == []


def test_refuses_to_commit_what_readers_could_not_verify(store):
    def commit() -> None:
        with store.stage("spells", DAY) as staged:
            manifest = manifest_of(staged, {}, "spells")
            staged.commit(manifest, sign(manifest, Ed25519PrivateKey.generate()))

    with pytest.raises(ReleaseDamaged):
        commit()
    assert list(store.list("spells")) == []


@pytest.mark.parametrize("path", ["../x", "/tmp/x", "manifest.json", "area=39/../x", ".x"])
def test_refuses_to_write_outside_the_release(store, path):
    with store.stage("spells", DAY) as staged, pytest.raises(ValueError, match="not a path"):
        staged.path_for(path)


def test_says_in_one_line_that_the_disk_cannot_be_written(root):
    root.write_text("a file where the folder should be")
    store = ReleaseFiles(root, public_keys=(PEM,))
    with pytest.raises(ReleaseRefused, match="cannot be written"):
        store.stage("spells", DAY).__enter__()


def test_a_full_disk_is_one_clear_line(store):
    def fill() -> None:
        with store.stage("spells", DAY):
            raise OSError(28, "No space left on device", "/somewhere/secret")

    with pytest.raises(ReleaseRefused) as refused:
        fill()
    assert str(refused.value) == (
        "The release of spells cannot be written: No space left on device."
    )


_WRITER = """
import sys, time
from datetime import date
from pathlib import Path
from gateway.adapters.releases_files import ReleaseFiles
store = ReleaseFiles(Path(sys.argv[1]), public_keys=(Path(sys.argv[2]).read_bytes(),))
with store.stage("spells", date(2026, 6, 30)) as staged:
    staged.path_for("cube.arrow").write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_the_lock_dies_with_its_process(store, root, tmp_path):
    (tmp_path / "signing.pub").write_bytes(PEM)
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(root), str(tmp_path / "signing.pub")],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(ReleaseRefused, match="Another process"):
            store.stage("spells", DAY).__enter__()
        writer.kill()
    assert list(store.list("spells")) == []
    assert publish(store).release == ReleaseId(DAY, 1)


@pytest.mark.parametrize("product", ["..", "a/b", "", "SPELLS"])
def test_refuses_to_write_a_product_whose_name_is_no_folder_of_ours(store, product):
    with pytest.raises(ReleaseRefused, match="name"):
        store.stage(product, DAY).__enter__()


def test_a_store_that_cannot_be_read_is_unavailable_and_not_empty(root):
    root.write_text("a file where the folder should be")
    store = ReleaseFiles(root, public_keys=(PEM,))
    with pytest.raises(ReleaseDamaged):
        store.newest("spells", None)


def test_a_release_removed_since_it_was_listed_is_not_in_the_list(store, root):
    kept = publish(store)
    gone = publish(store)
    settled = time.time() - 60
    os.utime(root / "spells", (settled, settled))
    assert len(store.list("spells")) == 2
    shutil.rmtree(root / "spells" / str(gone.release))
    os.utime(root / "spells", (settled, settled))
    assert list(store.list("spells")) == [kept]


def test_a_manifest_beyond_all_reason_is_not_read(store, root):
    manifest = publish(store)
    with (root / "spells" / str(manifest.release) / "manifest.json").open("r+b") as file:
        file.truncate(1 << 30)
    with pytest.raises(ReleaseDamaged, match="too large"):
        store.find("spells", manifest.release)
