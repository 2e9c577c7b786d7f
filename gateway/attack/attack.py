"""The audit of a protected cube: what can a reader find out about the small counts?

The road: the lattice is cut into slices that nothing ties together; each slice is reduced to the
fewest unknowns that lose nothing (`columns`), what the reader is told becomes rows (`rows`), the
small counts become targets (`targets`), and a search proves each target's width with checked
witnesses or refutes it at an optimum of the linear programme (`search`). It shares no code with the
protector: two readings of one design, of which the second can catch the first.
"""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

import numpy as np
from numpy.typing import NDArray

from gateway.attack.findings import Attacked
from gateway.attack.slice_attack import SliceAttacked, attack_slice
from gateway.attack.slices import Slice, slice_count, slices_of
from gateway.attack.targets import Kind
from gateway.errors import ReleaseRefused
from gateway.model.cube import Lattice
from gateway.model.product import DisclosureRules


def attacked(
    lattice: Lattice,
    known: NDArray[np.bool_],
    rules: DisclosureRules,
    *,
    processes: int = 1,
    budget_seconds: float = math.inf,
    progress: Callable[[float], None] = lambda _: None,
) -> Attacked:
    """Attack every small count that a reader is not told, as the outsider and as every coalition.

    known: (measure, *axes) True where the reader has the cell's number; never of a latent measure.
    progress: called with the share of slices done. Raises NegativeCount; ReleaseRefused when the
    budget is used up or the solver gives no answer: what was not attacked is not safe.
    """
    if known.shape != lattice.counts.shape or known[list(lattice.latent)].any():
        raise ValueError("The mask of known cells does not fit the cube.")
    if rules.threshold < 2:
        return _summary([], rules)
    ends = time.monotonic() + budget_seconds
    parts = slices_of(lattice, known)
    total = slice_count(lattice)
    done: dict[int, SliceAttacked] = {}
    finished = _in_turn if processes <= 1 else _at_once
    for number, outcome in finished(parts, rules, ends, processes):
        done[number] = outcome
        progress(len(done) / total)
    return _summary([done[number] for number in range(total)], rules)


Outcomes = Iterator[tuple[int, SliceAttacked]]


def _in_turn(parts: Iterator[Slice], rules: DisclosureRules, ends: float, _: int) -> Outcomes:
    for number, part in enumerate(parts):
        yield number, attack_slice(part, rules, _left(ends))


def _at_once(
    parts: Iterator[Slice], rules: DisclosureRules, ends: float, processes: int
) -> Outcomes:
    """One slice per task, and no more tasks than processes, so that each gets the time that is left."""
    running: dict[Future[SliceAttacked], int] = {}
    waiting = enumerate(parts)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        try:
            while True:
                while len(running) < processes and (following := next(waiting, None)) is not None:
                    number, part = following
                    running[pool.submit(attack_slice, part, rules, _left(ends))] = number
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        finally:
            for future in running:
                future.cancel()


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise ReleaseRefused("The audit's time is used up before every cell was attacked.")
    return left


def _summary(outcomes: list[SliceAttacked], rules: DisclosureRules) -> Attacked:
    findings = tuple(finding for outcome in outcomes for finding in outcome.findings)
    exact = sum(finding.is_exact for finding in findings)
    targets = sum(outcome.targets for outcome in outcomes)
    viewers = max((outcome.viewers for outcome in outcomes), default=0)
    report = {
        "slices": len(outcomes),
        "targets": targets,
        "viewers": viewers,
        "unknowns": max((outcome.unknowns for outcome in outcomes), default=0),
        "programmes": sum(outcome.solved for outcome in outcomes),
        "exact": exact,
        "narrow": len(findings) - exact,
        "by_kind": {kind.value: sum(f.kind is kind for f in findings) for kind in Kind},
        "widths": {"outsider": rules.outsider_width, "insider": rules.insider_width},
        "coalition": rules.coalition,
    }
    return Attacked(findings, targets, viewers, exact, len(findings) - exact, report)
