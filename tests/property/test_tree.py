"""The Merkle tree against the definitions of RFC 6962, written down a second time, and on known trees."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.journal.tiles import Tile, subtrees_of
from gateway.journal.tree import (
    EMPTY,
    EMPTY_ROOT,
    Frontier,
    Subtrees,
    consistency_proof,
    frontier_of,
    grow,
    inclusion_proof,
    is_consistent,
    is_included,
    root_of,
)

SIZES = st.integers(0, 700)

# Leaf data and roots of the reference tree of Certificate Transparency's implementations.
CT_LEAVES = (
    *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
    "606162636465666768696a6b6c6d6e6f",
)
CT_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def leaf(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def leaves(count: int) -> list[bytes]:
    return [leaf(b"%d" % index) for index in range(count)]


def mth(hashes: Sequence[bytes]) -> bytes:
    """Section 2.1."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def path(m: int, hashes: Sequence[bytes]) -> list[bytes]:
    """Section 2.1.1."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m < k:
        return [*path(m, hashes[:k]), mth(hashes[k:])]
    return [*path(m - k, hashes[k:]), mth(hashes[:k])]


def subproof(m: int, hashes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """Section 2.1.2."""
    if m == len(hashes):
        return [] if whole else [mth(hashes)]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m <= k:
        return [*subproof(m, hashes[:k], whole=whole), mth(hashes[k:])]
    return [*subproof(m - k, hashes[k:], whole=False), mth(hashes[:k])]


def tiled(hashes: Sequence[bytes]) -> Subtrees:
    """The tree as a store keeps it: leaves, and the whole subtrees of tile heights."""

    def read(level: int, first: int, count: int) -> list[bytes]:
        width = 256**level
        last = min(first + count, len(hashes) // width)
        return [mth(hashes[at * width : (at + 1) * width]) for at in range(first, last)]

    return subtrees_of(read)


def test_gives_the_roots_of_the_reference_tree() -> None:
    hashes = [leaf(bytes.fromhex(text)) for text in CT_LEAVES]
    for size, root in enumerate(CT_ROOTS, 1):
        assert grow(EMPTY, hashes[:size])[0].root().hex() == root
        assert root_of(size, tiled(hashes)).hex() == root


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert EMPTY.root() == EMPTY_ROOT == bytes.fromhex(empty)


@settings.get_profile("many")
@given(size=SIZES, first=SIZES)
def test_a_frontier_grows_as_the_tree_is_defined_however_it_is_cut(size: int, first: int) -> None:
    hashes = leaves(size)
    begun, made = grow(EMPTY, hashes[:first])
    grown, more = grow(Frontier.read(begun.size, begun.stored()), hashes[first:])
    assert (grown.size, grown.root()) == (size, mth(hashes))
    for perfect in (*made, *more):
        start = perfect.index << perfect.height
        assert perfect.hash == mth(hashes[start : start + (1 << perfect.height)])
    assert len(made) + len(more) == sum(size >> height for height in range(1, 11))
    assert frontier_of(size, tiled(hashes)) == grown


@settings.get_profile("many")
@given(size=st.integers(1, 700), data=st.data())
def test_every_leaf_has_the_path_of_the_definition_and_no_other_is_taken(
    size: int, data: st.DataObject
) -> None:
    hashes, index = leaves(size), data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(index, size, tiled(hashes)), mth(hashes)
    assert proof == path(index, hashes)
    assert is_included(hashes[index], index, size, proof, root)
    assert not is_included(leaf(b"another"), index, size, proof, root)
    assert not is_included(hashes[index], index, size, [*proof, root], root)
    assert not is_included(hashes[index], index, size, proof, mth(hashes[:-1]))
    if proof:
        assert not is_included(hashes[index], index, size, proof[:-1], root)
        assert not is_included(hashes[index], index ^ 1, size, proof, root)


@settings.get_profile("many")
@given(size=SIZES, data=st.data())
def test_two_sizes_of_one_tree_are_consistent_and_of_two_trees_are_not(
    size: int, data: st.DataObject
) -> None:
    hashes, old = leaves(size), data.draw(st.integers(0, size))
    proof = consistency_proof(old, size, tiled(hashes))
    assert proof == ([] if old in {0, size} else subproof(old, hashes, whole=True))
    assert is_consistent(old, mth(hashes[:old]), size, mth(hashes), proof)
    if old:
        forked = [leaf(b"forged"), *hashes[1:old]]
        assert not is_consistent(old, mth(forked), size, mth(hashes), proof)
        assert not is_consistent(old, mth(hashes[:old]), size, mth(forked), proof)
    if proof:
        assert not is_consistent(old, mth(hashes[:old]), size, mth(hashes), proof[:-1])
        assert not is_consistent(old, mth(hashes[:old]), size, mth(hashes), [*proof, proof[0]])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_refuses_to_prove_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_proof(index, size, tiled(leaves(size)))


def test_refuses_to_prove_that_a_tree_shrank() -> None:
    with pytest.raises(ValueError, match="smaller"):
        consistency_proof(4, 3, tiled(leaves(3)))


def test_says_when_the_kept_tree_has_a_hole() -> None:
    with pytest.raises(LookupError, match="hole"):
        root_of(4, tiled(leaves(3)))


@given(level=st.integers(0, 63), index=st.integers(0, 10**12), width=st.integers(1, 256))
def test_a_tile_has_one_path_and_the_path_one_tile(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert Tile.parse(tile.path()) == tile


def test_writes_a_tiles_path_as_the_specification_does() -> None:
    assert Tile(0, 1234067).path() == "0/x001/x234/067"
    assert Tile(1, 273, 17).path() == "1/273.p/17"


@pytest.mark.parametrize(
    "path",
    [
        *("0/1", "0/x001", "0/x000/001", "00/001", "64/001", "", "0", "a/001", "0/٠٠١"),
        *("0/001.p/0", "0/001.p/256", "0/001.p/01", "0/001.p", "0/001/", "0//001", "0/-01"),
    ],
)
def test_refuses_other_spellings_of_a_tiles_path(path: str) -> None:
    with pytest.raises(ValueError, match="tile"):
        Tile.parse(path)


def test_knows_the_tiles_of_a_tree_of_seventy_thousand() -> None:
    """The example of C2SP tlog-tiles."""
    wanted = [Tile(0, 272), Tile(0, 273, 112), Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert all(tile.is_of(70_000) for tile in wanted)
    strange = [Tile(0, 273, 113), Tile(0, 274, 1), Tile(1, 1, 18), Tile(2, 0, 2), Tile(3, 0, 1)]
    assert not any(tile.is_of(70_000) for tile in strange)
