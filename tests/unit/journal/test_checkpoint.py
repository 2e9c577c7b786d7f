"""Signed notes, checkpoints and cosignatures, as the C2SP texts describe them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gateway.journal.checkpoint import Checkpoint, cosignatures, log_key, opened, signed
from gateway.journal.note import Note, Signature, SignatureType, VerifierKey
from gateway.journal.tree import EMPTY_ROOT

# The example of Go's golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ORIGIN = "jakelu.example/journal"
WITNESS = "witness.example/one"
AT = datetime(2026, 6, 30, 5, 0, tzinfo=UTC)


class Key:
    """A NoteSigner with a key of its own."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def witness_key(key: Key, name: str = WITNESS) -> VerifierKey:
    return VerifierKey(name, SignatureType.COSIGNATURE, key.public_key())


def cosigned(text: str, key: Key, at: datetime = AT) -> Signature:
    seconds = int(at.timestamp())
    value = key.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    return Signature(WITNESS, witness_key(key).id, seconds.to_bytes(8) + value)


def test_verifies_the_example_of_go() -> None:
    key, note = VerifierKey.parse(GO_KEY), Note.parse(GO_NOTE)
    assert str(key) == GO_KEY
    assert str(note) == GO_NOTE
    assert note.is_signed_by(key)


@pytest.mark.parametrize(
    "text",
    [
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("PeterNeumann", "Peter"),
        GO_KEY.replace("+AR", "+AB"),
        GO_KEY[:-4],
        "PeterNeumann",
        "",
        "a+b",
        "+c74f20a3+" + GO_KEY.rpartition("+")[2],
    ],
)
def test_refuses_a_verifier_key_that_is_not_itself(text: str) -> None:
    with pytest.raises(ValueError, match=r"key|base64|SignatureType"):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        GO_NOTE[:-1],
        GO_NOTE.replace("—", "-"),
        GO_NOTE.replace("x08go", "x08g!"),
        GO_NOTE.replace("you", "y\tu"),
        GO_NOTE.replace("\n", "\r\n"),
        "text\n\n— name AAAA\n",
        "text\n\n" + "— name AAAAAAAAAAA=\n" * 65,
    ],
)
def test_refuses_what_is_no_signed_note(note: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 — any of the reasons will do
        Note.parse(note)


def test_a_false_line_of_a_known_key_spoils_the_note() -> None:
    note = Note.parse(GO_NOTE)
    (good,) = note.signatures
    false = Signature(good.name, good.id, bytes(64))
    key = VerifierKey.parse(GO_KEY)
    assert not Note(note.text, (false,)).is_signed_by(key)
    assert not Note(note.text, (good, false)).is_signed_by(key)
    assert not Note(note.text + "more\n", (good,)).is_signed_by(key)
    assert not Note(note.text, ()).is_signed_by(key)


def test_lines_of_unknown_keys_are_nobodys() -> None:
    note = Note.parse(GO_NOTE)
    stranger = Signature("PeterNeumann", b"\x00\x00\x00\x01", bytes(64))
    assert Note(note.text, (*note.signatures, stranger)).is_signed_by(VerifierKey.parse(GO_KEY))


@given(size=st.integers(0, 10**18), root=st.binary(min_size=32, max_size=32))
def test_a_checkpoint_is_read_as_it_was_signed(size: int, root: bytes) -> None:
    key, checkpoint = Key(), Checkpoint(ORIGIN, size, root)
    note = str(signed(checkpoint, key))
    assert opened(note, log_key(ORIGIN, key.public_key())) == checkpoint


def test_writes_a_checkpoint_as_the_specification_does() -> None:
    text = Checkpoint("example.com/behind-the-sofa", 20852163, EMPTY_ROOT).text()
    root = base64.b64encode(EMPTY_ROOT).decode()
    assert text == f"example.com/behind-the-sofa\n20852163\n{root}\n"


def test_refuses_a_checkpoint_of_another_key_or_log() -> None:
    key = Key()
    note = str(signed(Checkpoint(ORIGIN, 1, EMPTY_ROOT), key))
    with pytest.raises(ValueError, match="not signed"):
        opened(note, log_key(ORIGIN, Key().public_key()))
    with pytest.raises(ValueError, match="not signed"):
        opened(note, log_key("other.example/journal", key.public_key()))
    foreign = Checkpoint("other.example/journal", 1, EMPTY_ROOT).text()
    own = log_key(ORIGIN, key.public_key())
    line = Signature(ORIGIN, own.id, key.sign(foreign.encode()))
    with pytest.raises(ValueError, match="another log"):
        opened(str(Note(foreign, (line,))), own)


@pytest.mark.parametrize(
    "text",
    [
        "origin\n1\n",
        "origin\n01\n" + base64.b64encode(EMPTY_ROOT).decode() + "\n",
        "origin\n-1\n" + base64.b64encode(EMPTY_ROOT).decode() + "\n",
        "\n1\n" + base64.b64encode(EMPTY_ROOT).decode() + "\n",
        "origin\n1\n" + base64.b64encode(bytes(31)).decode() + "\n",
        "origin\n1\n" + base64.b64encode(EMPTY_ROOT).decode(),
    ],
)
def test_refuses_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        Checkpoint.parse(text)


def test_gives_the_cosignatures_of_known_witnesses() -> None:
    key, text = Key(), Checkpoint(ORIGIN, 5, EMPTY_ROOT).text()
    stranger = Signature("stranger.example", bytes(4), bytes(72))
    (found,) = cosignatures(text, [cosigned(text, key), stranger], [witness_key(key)])
    assert (found.witness.name, found.at) == (WITNESS, AT)


def test_refuses_a_cosignature_on_another_tree() -> None:
    key, text = Key(), Checkpoint(ORIGIN, 5, EMPTY_ROOT).text()
    line = cosigned(Checkpoint(ORIGIN, 6, EMPTY_ROOT).text(), key)
    with pytest.raises(ValueError, match="false"):
        cosignatures(text, [line], [witness_key(key)])


def test_refuses_a_cosignature_whose_time_was_changed() -> None:
    key, text = Key(), Checkpoint(ORIGIN, 5, EMPTY_ROOT).text()
    line = cosigned(text, key)
    later = Signature(line.name, line.id, (int(AT.timestamp()) + 60).to_bytes(8) + line.value[8:])
    with pytest.raises(ValueError, match="false"):
        cosignatures(text, [later], [witness_key(key)])


def test_refuses_a_cosignature_of_no_time() -> None:
    key, text = Key(), Checkpoint(ORIGIN, 5, EMPTY_ROOT).text()
    seconds = 2**63
    value = key.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    line = Signature(WITNESS, witness_key(key).id, seconds.to_bytes(8) + value)
    with pytest.raises(ValueError, match="no time"):
        cosignatures(text, [line], [witness_key(key)])
