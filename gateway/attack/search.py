"""The search: circuits in small blocks first, then in the whole slice, where the programme decides."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.attack.incidence import Indices
from gateway.attack.model import Model
from gateway.attack.programme import Programme
from gateway.attack.tables import Tables
from gateway.attack.targets import Kind, Spot
from gateway.attack.viewers import Viewers
from gateway.attack.witnesses import WIDTH, Ledger
from gateway.errors import ReleaseRefused

PERSON = 1.0
"""An unpublished count that can be one more or one fewer is not pinned down, however narrow besides."""
BEYOND = 1e-4
"""An end of an interval is exact when this much further is out of reach."""


@dataclass(frozen=True, slots=True)
class Refuted:
    """A target whose exact interval for a viewer is too narrow."""

    spot: Spot
    viewer: tuple[str, ...]
    low: float
    high: float


class Search:
    """One model attacked by some viewers. solved: the programmes solved so far."""

    def __init__(self, model: Model, viewers: Viewers, seconds_left: Callable[[], float]) -> None:
        self.model = model
        self.viewers = viewers
        self.ledger = Ledger(model, viewers)
        self.solved = 0
        self.tables = Tables(model)
        self.seconds_left = seconds_left

    def prove(self, blocks: Sequence[NDArray[np.bool_]]) -> None:
        """Seek circuits that change nothing outside a block of leaf geographies, one block after another."""
        for number, leaves in enumerate(blocks):
            inside = self.model.columns.touching(leaves) & self.model.free
            programme = self._programme(inside)
            if len(programme.targets):
                _prove(self, programme, leaves, np.random.default_rng(number))
                self.solved += programme.solved

    def decide(self) -> list[Refuted]:
        """Prove or refute all that is still open, in the whole slice. Raises ReleaseRefused."""
        refuted: list[Refuted] = []
        if not self.ledger.open().any():
            return refuted
        programme = self._programme(self.model.free)
        for viewer in range(len(self.viewers)):
            if len(self.ledger.open_to(viewer)):
                self.hold(programme, self.viewers.members[viewer])
            while len(left := self.ledger.open_to(viewer)):
                refuted += _decide(self, programme, int(left[0]), viewer)
        self.solved += programme.solved
        return refuted

    def hold(self, programme: Programme, areas: NDArray[np.bool_]) -> None:
        """Fix what some areas know of their own: columns of theirs alone, and the least of mixed ones."""
        rise, fall = self.model.upper.copy(), -self.model.lower
        knowledge = self.ledger.knowledge
        fall[knowledge.mixed] -= areas.astype(np.int64) @ knowledge.own
        alone = knowledge.alone[areas].any(axis=0)
        rise[alone] = fall[alone] = 0
        programme.hold(rise, fall)

    def _programme(self, within: NDArray[np.bool_]) -> Programme:
        wanted = np.array(self.ledger.open().any(axis=1))
        return Programme(self.model, within, wanted, seconds_left=self.seconds_left)


def _prove(
    search: Search, programme: Programme, leaves: NDArray[np.bool_], random: np.random.Generator
) -> None:
    """Once for each part of the block that some viewers know, the least first.

    Who knows more can change less: a target that failed is not tried again with more known.
    """
    geography = search.model.columns.geography
    areas = [leaves[geography.leaves.of(area)].any() for area in geography.areas.tolist()]
    present = np.array(areas, dtype=np.bool_)
    known, group = np.unique(search.viewers.members & present, axis=0, return_inverse=True)
    failed: list[tuple[NDArray[np.bool_], Indices]] = []
    for number in np.argsort(known.sum(axis=1), kind="stable"):
        if present.any() and (known[number] == present).all():
            continue
        viewers = np.flatnonzero(group.ravel() == number)
        hopeless = [targets for less, targets in failed if known[number][less].all()]
        waiting = _waiting(search, programme, viewers)
        waiting = np.setdiff1d(waiting, np.concatenate([*hopeless, _NONE]))
        if len(waiting):
            search.hold(programme, known[number])
            left = _try_all(search, programme, viewers, waiting, random)
            failed.append((known[number], left))


def _try_all(
    search: Search,
    programme: Programme,
    viewers: Indices,
    waiting: Indices,
    random: np.random.Generator,
) -> Indices:
    """Many targets at once while it helps, then each by itself; returns those that failed."""
    asked = waiting
    need = search.ledger.need[:, viewers].max(axis=1)
    sign = np.ones(len(asked))
    helped = True
    while len(waiting) > 1 and helped:
        _move(search, programme, waiting, sign * need[waiting])
        still = np.intersect1d(waiting, _waiting(search, programme, viewers))
        helped = len(still) < len(waiting)
        waiting, sign = still, np.where(random.random(len(still)) < 0.5, 1.0, -1.0)
    for target in waiting.tolist():
        if target in _waiting(search, programme, viewers):
            _try_one(search, programme, target, float(need[target]), viewers)
    return np.intersect1d(asked, _waiting(search, programme, viewers))


def _try_one(
    search: Search, programme: Programme, target: int, need: float, viewers: Indices
) -> None:
    """Ask for a rise; where it falls short, for a fall that makes up for it, if there are persons to fall."""
    place = np.array([target])
    reach = _move(search, programme, place, np.array([need]))
    lacks = np.inf if reach is None else need - reach
    persons = search.model.targets.value[target]
    if 0 < lacks <= persons and target in _waiting(search, programme, viewers):
        _move(search, programme, place, np.array([-lacks]))


def _waiting(search: Search, programme: Programme, viewers: Indices) -> Indices:
    """Targets of the programme that one of the viewers sees too narrow as yet."""
    still = search.ledger.is_open(viewers, programme.targets).any(axis=1)
    return programme.targets[still]


def _move(
    search: Search, programme: Programme, targets: Indices, ask: NDArray[np.float64]
) -> float | None:
    """Ask for a circuit and enter it: how far the first target went; None when it fails its check."""
    change = programme.move(targets, ask)
    moved = np.zeros(len(search.model.columns.truth))
    moved[programme.columns] = change
    entries = search.model.targets.column[search.model.targets.owner == targets[0]]
    kept = search.ledger.enter(programme.columns, change)
    if kept:
        search.tables.add(programme.columns, change)
    return float(moved[entries].sum()) if kept else None


def _decide(search: Search, programme: Programme, target: int, viewer: int) -> list[Refuted]:
    """The exact interval of a target, or as much of it as proves its width."""
    value = float(search.model.targets.value[target])
    need = float(search.ledger.need[target, viewer])
    low = high = value
    if target in programme.targets:
        for sign in (1.0, -1.0):
            reach = _furthest(search, programme, target, sign * (need - (high - low)))
            low, high = min(low, value + reach), max(high, value + reach)
            if target not in search.ledger.open_to(viewer):
                return []
    if high - low >= need - WIDTH:
        raise ReleaseRefused("The audit has no answer: a circuit failed its check.")
    search.ledger.give_up(target, viewer)
    spot = search.model.targets.spots[target]
    if spot.kind is Kind.UNPUBLISHED and max(value - low, high - value) >= PERSON - WIDTH:
        return []
    return [Refuted(spot, search.viewers.names[viewer], low, high)]


def _furthest(search: Search, programme: Programme, target: int, ask: float) -> float:
    """How far a target goes towards `ask`: no further, to within BEYOND."""
    sign = math.copysign(1.0, ask)
    place = np.array([target])
    reach = _move(search, programme, place, np.array([ask]))
    if reach is None:
        raise ReleaseRefused("The audit has no answer: a circuit failed its check.")
    if abs(reach) < abs(ask) - WIDTH and not programme.is_out_of_reach(
        target, reach + sign * BEYOND
    ):
        raise ReleaseRefused("The audit has no answer: a target goes further than it was found to.")
    return reach


_NONE = np.empty(0, dtype=np.intp)
