"""Seeded drawing by whole arrays: the same seed and purpose give the same numbers."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A generator of its own for one purpose, so that one table's draws never move another's."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def rank_within(group: Ints, score: Floats) -> Ints:
    """Rank 0, 1, 2 … of each element among its group's, by ascending score.

    group: (n) small non-negative integers; score: (n).
    """
    order = np.lexsort((score, group))
    ranks = np.empty(len(group), dtype=np.int64)
    ranks[order] = position_within(group[order])
    return ranks


def position_within(sorted_group: Ints) -> Ints:
    """0, 1, 2 … within each run of equal values; `sorted_group` is sorted."""
    count = len(sorted_group)
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]])
    lengths = np.diff(np.r_[starts, count])
    return np.arange(count) - np.repeat(starts, lengths)


def weighted(generator: np.random.Generator, weights: Sequence[float] | Floats, count: int) -> Ints:
    """`count` indices into `weights`, drawn in proportion to them."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    drawn = np.searchsorted(edges, generator.random(count) * edges[-1], side="right")
    return np.minimum(drawn, len(edges) - 1).astype(np.int64)


def among(generator: np.random.Generator, shares: Mapping[int, float], count: int) -> Ints:
    """`count` keys of `shares`, drawn in proportion to the values."""
    keys = np.asarray(list(shares), dtype=np.int64)
    return keys[weighted(generator, list(shares.values()), count)]


def evenly(generator: np.random.Generator, count: int, of: int) -> Ints:
    """`count` ascending indices below `of` at equal steps from a random start.

    A systematic sample: over sorted rows it keeps every margin near its share (Cochran, Sampling
    Techniques, ch. 8).
    """
    if count >= of:
        return np.arange(of)
    return ((np.arange(count) + generator.random()) * (of / count)).astype(np.int64)


def repeated(counts: Ints) -> tuple[Ints, Ints]:
    """(owner, offset): each index i `counts[i]` times, with 0 … counts[i]-1 beside it."""
    owner = np.repeat(np.arange(len(counts)), counts)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, offset


def waiting_days(generator: np.random.Generator, mean: float, count: int) -> Ints:
    """Exponential waiting times in whole days, at least one."""
    return (generator.exponential(mean, count)).astype(np.int64) + 1
