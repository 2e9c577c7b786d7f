"""Hiding more until no single sum gives anything back, and then no more than that."""

from __future__ import annotations

import numpy as np

from gateway.errors import ReleaseRefused
from gateway.protection.ledger import Cells, Ledger, Mask
from gateway.protection.relations import Index, Relations

_NOT_ENOUGH = 4.0  # how much dearer a cell is that does not make the line safe by itself
_AT_ONCE = 0.25  # share of the unsafe lines that are made safe in one round
_NEW_LINE = 3.0  # how much dearer a cell is for each line in which it is the first hidden one


def closed(relations: Relations, cells: Cells, *, threshold: int) -> tuple[Mask, int]:
    """(cells) True where hidden, sensitive cells included, so that every line is safe; and rounds.

    threshold: hidden cells that add up to 1..threshold-1 are not safe. Deterministic.
    Raises ReleaseRefused if a line were left unsafe.
    """
    ledger = Ledger(relations, cells, threshold=threshold)
    rounds = 0
    while len(unsafe := ledger.unsafe_lines()):
        # Published measures first: what hides a cell across measures then follows their pattern,
        # and the latent measures, which cost a reader nothing, come last.
        rank = relations.ranks[unsafe]
        ledger.hide(_picked(ledger, unsafe[rank == rank.min()], threshold=threshold))
        rounds += 1
    _spare(ledger)
    check = Ledger(relations, cells, threshold=threshold)
    check.hide(np.flatnonzero(ledger.hidden & ~check.hidden))
    if len(check.unsafe_lines()):
        raise ReleaseRefused("A sum of the cube would give a hidden cell back.")
    return ledger.hidden & relations.known, rounds


def _picked(ledger: Ledger, unsafe: Index, *, threshold: int) -> Index:
    """One more cell to hide for each of those unsafe lines that are cheapest to make safe.

    A cell is cheaper that serves several unsafe lines at once, dearer that is the first hidden one
    in other lines, and dearest when its line would still be unsafe with it hidden. Not all lines at
    once: what one hides often serves another as well.
    """
    relations, lines, cells = ledger.relations, ledger.lines, ledger.cells
    places = relations.entries_of_lines(unsafe)
    line, candidates = relations.line_of[places], relations.entries[places]
    weights = cells.weights[candidates]
    enough = (
        lines.parent[line]
        | (places == relations.starts[line])
        | ((lines.total[line] + weights >= threshold) & (lines.nonzero[line] + (weights > 0) >= 2))
    )
    score = _scores(ledger, candidates) * np.where(enough, 1.0, _NOT_ENOUGH)
    score[ledger.hidden[candidates]] = np.inf
    lengths = np.bincount(np.searchsorted(unsafe, line))
    starts = np.cumsum(lengths) - lengths
    best = np.minimum.reduceat(score, starts)
    is_best = score == np.repeat(best, lengths)
    first = np.minimum.reduceat(np.where(is_best, np.arange(len(score)), len(score)), starts)
    return np.unique(candidates[first[best <= np.quantile(best, _AT_ONCE, method="lower")]])


def _scores(ledger: Ledger, candidates: Index) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What hiding each candidate costs, per unsafe line that it serves."""
    relations = ledger.relations
    distinct, place, serves = np.unique(candidates, return_inverse=True, return_counts=True)
    entries = relations.entries_of_cells(distinct)
    fresh = ledger.untouched(relations.line_of[entries])
    lines = np.bincount(np.searchsorted(distinct, relations.entries[entries]), weights=fresh)
    return (ledger.cells.cost[distinct] * (1 + _NEW_LINE * lines) / serves)[place]


def _spare(ledger: Ledger) -> None:
    """Publish again what is not needed, dearest first; cells that share no line at the same time."""
    relations = ledger.relations
    waiting = np.flatnonzero(ledger.hidden & ~ledger.cells.sensitive & relations.known)
    dearest_first = np.argsort(-ledger.cells.cost[waiting], kind="stable")
    rank = np.zeros(len(ledger.hidden), dtype=np.int64)
    rank[waiting[dearest_first]] = np.arange(len(waiting), 0, -1)
    while len(waiting := waiting[~ledger.needed(waiting)]):
        entries = relations.entries_of_cells(waiting)
        line, bid = relations.line_of[entries], rank[relations.entries[entries]]
        highest = np.zeros(len(relations.starts) - 1, dtype=np.int64)
        np.maximum.at(highest, line, bid)
        lost = np.isin(rank[waiting], bid[bid < highest[line]])
        ledger.publish(waiting[~lost])
        waiting = waiting[lost]
