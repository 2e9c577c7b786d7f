"""Both programs against others' work: published trees, notes and cosignatures, and pymerkle."""

from __future__ import annotations

import hashlib
import json

import jakelu_witness
import pytest
import rfc8785
import verify_journal
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from pymerkle.proof import verify_consistency, verify_inclusion

# Eight leaves and the roots of the trees of one to eight of them, as the tests of Certificate
# Transparency's own implementations have them.
PUBLISHED_LEAVES = [
    bytes.fromhex(one)
    for one in (
        *("", "00", "10", "2021", "3031", "40414243"),
        *("5051525354555657", "606162636465666768696a6b6c6d6e6f"),
    )
]
PUBLISHED_ROOTS = [
    bytes.fromhex(one)
    for one in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
# The keys of the examples in C2SP signed-note and in Go's package sumdb/note.
C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ON"
    "ncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFup"
    "LLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# A checkpoint of a public log (staging, Certificate Transparency), cosigned by public witnesses.
PUBLIC_LOG = (
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
)
PUBLIC_WITNESSES = (
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
)
PUBLIC_CHECKPOINT = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
"""

PROGRAMS = [verify_journal, jakelu_witness]
# The two programs differ here only in what they read next: each has its own copy, on purpose.


def _grown(leaves):
    """The verifier's tree over raw leaves."""
    tree = verify_journal.Tree(0, [])
    for leaf in leaves:
        tree.append(hashlib.sha256(b"\x00" + leaf).digest())
    return tree


# --- notes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(("vkey", "note"), [(C2SP_KEY, C2SP_NOTE), (GO_KEY, GO_NOTE)])
def test_reads_and_checks_the_published_notes(program, vkey, note):
    key = program.read_key(vkey, 0x01)
    text, [(name, key_id, signature)] = program.read_note(note.encode())
    assert (name, key_id) == (key.name, key.id)
    key.check(signature, text)
    with pytest.raises(program.InvalidSignature):
        key.check(signature, text.replace(b"e", b"E"))


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("vkey", [C2SP_KEY, GO_KEY])
def test_refuses_every_part_of_a_key(program, vkey):
    for start in range(len(vkey)):
        for end in range(start, len(vkey) + (start > 0)):
            with pytest.raises(ValueError, match=r"."):
                program.read_key(vkey[start:end], 0x01)


def test_verifies_a_public_logs_checkpoint_and_its_public_witnesses():
    log = verify_journal.read_key(PUBLIC_LOG, 0x01)
    witnesses = [verify_journal.read_key(one, 0x04) for one in PUBLIC_WITNESSES]
    checkpoint = verify_journal.verified_checkpoint(PUBLIC_CHECKPOINT.encode(), log, witnesses)
    assert checkpoint.size == 1_432_088_532
    assert checkpoint.cosigned == {key.name: 0x6A122120 for key in witnesses}
    changed = PUBLIC_CHECKPOINT.replace("1432088532", "1432088533").encode()
    with pytest.raises(verify_journal.Refused):
        verify_journal.verified_checkpoint(changed, log, witnesses)


# --- trees --------------------------------------------------------------------------------------


def test_published_roots():
    for size, root in enumerate(PUBLISHED_ROOTS, 1):
        assert _grown(PUBLISHED_LEAVES[:size]).root() == root


def test_the_empty_tree_is_the_hash_of_nothing():
    assert _grown([]).root() == hashlib.sha256(b"").digest()
    assert hashlib.sha256(b"").digest() == jakelu_witness.EMPTY_ROOT


@given(size=st.integers(1, 200))
@settings(settings.get_profile("many"))
def test_agrees_with_pymerkle_on_roots_and_inclusion(tree, size):
    oracle = InmemoryTree(algorithm="sha256")
    leaves = [f"leaf {number}".encode() for number in range(size)]
    for leaf in leaves:
        oracle.append_entry(leaf)
    grown = _grown(leaves)
    assert grown.root() == oracle.get_root()
    hashes = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    for index in {0, size // 3, size // 2, size - 1}:
        path = tree["inclusion"](index, hashes)
        verify_inclusion(hashes[index], oracle.get_root(), oracle.prove_inclusion(index + 1))
        assert verify_journal.root_by_proof(hashes[index], index, size, path) == grown.root()


@given(sizes=st.tuples(st.integers(1, 120), st.integers(1, 120)).map(sorted))
@settings(settings.get_profile("many"))
def test_agrees_with_pymerkle_on_consistency(tree, sizes):
    """pymerkle proves consistency in a format of its own: the two agree on the roots that they join."""
    before, after = sizes
    oracle = InmemoryTree(algorithm="sha256")
    leaves = [f"leaf {number}".encode() for number in range(after)]
    for leaf in leaves:
        oracle.append_entry(leaf)
    roots = oracle.get_root(before), oracle.get_root(after)
    verify_consistency(*roots, oracle.prove_consistency(before, after))
    hashes = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    path = tree["consistency"](before, hashes)
    assert jakelu_witness.is_consistent(before, after, path, *roots)


def test_every_small_inclusion_proof_leads_to_its_own_root_only(tree):
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(17)]
    for size in range(1, 18):
        root = tree["root"](leaves[:size])
        for index in range(size):
            path = tree["inclusion"](index, leaves[:size])
            assert verify_journal.root_by_proof(leaves[index], index, size, path) == root
            for other in range(size + 2):
                led = verify_journal.root_by_proof(leaves[index], other, size, path)
                assert (led == root) == (other == index)
            for wrong in (path[1:], path[:-1], [*path, root], [root, *path]):
                if wrong != path:
                    assert verify_journal.root_by_proof(leaves[index], index, size, wrong) != root


def test_every_small_consistency_proof_joins_its_own_roots_only(tree):
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(17)]
    roots = [tree["root"](leaves[:size]) for size in range(18)]
    for after in range(1, 18):
        for before in range(1, after + 1):
            path = tree["consistency"](before, leaves[:after])
            joins = jakelu_witness.is_consistent
            assert joins(before, after, path, roots[before], roots[after])
            stranger = hashlib.sha256(b"stranger").digest()
            assert not joins(before, after, path, stranger, roots[after])
            assert not joins(before, after, path, roots[before], stranger)
            assert not joins(before, after, [*path, stranger], roots[before], roots[after])
            for cut in range(len(path)):
                without = path[:cut] + path[cut + 1 :]
                flipped = [*path[:cut], stranger, *path[cut + 1 :]]
                assert not joins(before, after, without, roots[before], roots[after])
                assert not joins(before, after, flipped, roots[before], roots[after])


def test_a_proof_for_a_smaller_tree_does_not_do_for_a_larger_size(tree):
    """A log that signs a size that its root has not."""
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(8)]
    for before, after in ((1, 2), (2, 4), (3, 4), (4, 8), (5, 8)):
        path = tree["consistency"](before, leaves[:after])
        roots = tree["root"](leaves[:before]), tree["root"](leaves[:after])
        assert jakelu_witness.is_consistent(before, after, path, *roots)
        for larger in (after + 1, 2 * after, 2**40):
            assert not jakelu_witness.is_consistent(before, larger, path, *roots)


def test_published_consistency_proof():
    path = [
        bytes.fromhex(one)
        for one in (
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        )
    ]
    assert jakelu_witness.is_consistent(6, 8, path, PUBLISHED_ROOTS[5], PUBLISHED_ROOTS[7])
    assert not jakelu_witness.is_consistent(6, 8, path, PUBLISHED_ROOTS[4], PUBLISHED_ROOTS[7])


# --- JCS ----------------------------------------------------------------------------------------

NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.integers(-(10**15), 10**15).map(
    lambda thousandths: thousandths / 1000 if thousandths % 1000 else thousandths // 1000
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.:-]{0,8}", fullmatch=True).filter(lambda n: n != "salt")
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(body=st.dictionaries(NAMES, VALUES, max_size=8))
@settings(settings.get_profile("many"))
def test_a_leaf_is_what_the_reference_canonicaliser_gives(body):
    """Also after the way over a line of the export, whose spaces and order are free."""
    read = verify_journal.strict_json(json.dumps(body).encode())
    expected = hashlib.sha256(b"\x00" + rfc8785.dumps({**body, "salt": "0" * 32})).digest()
    assert verify_journal.leaf_of(read, "0" * 32) == expected


@pytest.mark.parametrize(
    "text",
    [
        *('{"a":1,"a":1}', '{"a":{"b":1,"b":2}}', '{"a":NaN}', '{"a":-Infinity}'),
        *('{"a":9007199254740992}', '{"a":1e400}', '{"a":1.0}', '{"a":-0.0}', '{"a":0.0001}'),
        *(
            '{"a":1e2}',
            '{"\u00e4":1}',
            '{"a":1',
            "\ufeff{}",
            '{"a":"\x01"}',
            '{"a":' + "9" * 5000 + "}",
        ),
    ],
)
def test_refuses_json_outside_what_entries_hold(text):
    with pytest.raises(ValueError, match=r"."):
        verify_journal.strict_json(text.encode())
