"""The measures of a slice in layers: those published by class, then those of places alone.

A programme over all measures at once grows with every one of them. What is published of places alone
(the long-term unemployed of an area) is protected after the rest, taking the counts of the rest for
granted: a table that differs from the true one only in the second layer agrees with everything that
the first one tells. Whether the two also hold together is the audit's to say, which knows no layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Axis, Line
from gateway.model.product import AxisRole
from gateway.protection.slice_task import Mask, Task, Terms

Measures = list[int]


def layers(task: Task) -> Iterator[tuple[Measures, Task]]:
    """Each layer with the measures of the slice that it has, in order."""
    terms = task.terms
    totals = _at_totals(terms.axes)
    detailed = (terms.designed & ~totals).any(axis=tuple(range(1, terms.designed.ndim)))
    first = _with_rests(np.flatnonzero(detailed).tolist(), terms.measure_lines)
    if not first or len(first) == len(terms.designed):
        yield everything(task)
        return
    yield first, _layer(task, first, designed=terms.designed)
    designed = terms.designed & totals
    designed[first] = totals
    every = range(len(designed))
    yield list(every), _layer(task, every, designed=designed, firm=frozenset(first))


def everything(task: Task) -> tuple[Measures, Task]:
    """All measures as one layer."""
    return list(range(len(task.terms.designed))), task


def _with_rests(measures: Measures, lines: Sequence[Line]) -> Measures:
    """The measures, and what is left of one when others of them are taken off."""
    own = set(measures)
    own |= {
        line.children[-1] for line in lines if own.issuperset({line.parent, *line.children[:-1]})
    }
    return sorted(own)


def _layer(
    task: Task, measures: Sequence[int], *, designed: Mask, firm: frozenset[int] = frozenset()
) -> Task:
    """Some measures of a task, numbered anew."""
    chosen, terms = list(measures), task.terms
    number = {measure: i for i, measure in enumerate(chosen)}
    lines = tuple(
        Line(number[line.parent], tuple(number[child] for child in line.children))
        for line in terms.measure_lines
        if number.keys() >= {line.parent, *line.children}
    )
    return Task(
        Terms(
            axes=terms.axes,
            designed=np.ascontiguousarray(designed[chosen]),
            measure_lines=lines,
            latent=frozenset(number[measure] for measure in terms.latent if measure in number),
            rules=terms.rules,
        ),
        counts=task.counts[chosen],
        liked=task.liked[chosen],
        also=task.also[chosen],
        told=task.told[chosen],
        kept=task.kept[chosen],
        firm=firm,
    )


def _at_totals(axes: Sequence[Axis]) -> NDArray[np.bool_]:
    """(*axes) True at the totals of all classes. The measure axis is not among them."""
    found = np.ones(tuple(len(axis.codes) for axis in axes), dtype=np.bool_)
    for number, axis in enumerate(axes):
        if axis.role is not AxisRole.GEO:
            is_total = np.arange(len(axis.codes)) == axis.total
            found &= np.expand_dims(is_total, [n for n in range(len(axes)) if n != number])
    return found
