"""One slice attacked, from its cells to its findings: what a worker process does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from gateway.attack.blocks import blocks_of
from gateway.attack.borders import borders_of, remainders_of
from gateway.attack.columns import Columns, columns_of
from gateway.attack.findings import Finding
from gateway.attack.geography import Geography, geography_of
from gateway.attack.incidence import combined_leaves
from gateway.attack.lines import derived_sums
from gateway.attack.model import model_of, split_model
from gateway.attack.nest import nest_of
from gateway.attack.rows import rows_of
from gateway.attack.search import Refuted, Search
from gateway.attack.slices import Slice
from gateway.attack.spreads import Table, Widths
from gateway.attack.targets import Kind, Spot, told_targets
from gateway.attack.unpublished import UNPUBLISHED_WIDTH, unpublished_targets
from gateway.attack.viewers import viewers_of
from gateway.model.product import DisclosureRules


@dataclass(frozen=True, slots=True)
class SliceAttacked:
    """findings of a slice; the numbers of targets, of viewers, of unknowns, of programmes solved."""

    findings: tuple[Finding, ...]
    targets: int
    viewers: int
    unknowns: int
    solved: int


def attack_slice(part: Slice, rules: DisclosureRules, seconds: float) -> SliceAttacked:
    """Attack every target of a slice for every viewer within some seconds. Raises ReleaseRefused."""
    ends = time.monotonic() + seconds
    geography = geography_of(part.geography)
    combinations, leaves = combined_leaves(part.classes)
    nest = nest_of(part.measure_lines, len(part.counts))
    columns = columns_of(part, geography, combinations, leaves=leaves, nest=nest)
    rows = rows_of(part, columns)
    viewers = viewers_of(geography, rules.coalition)
    told = told_targets(part, columns, borders=borders_of(geography), viewers=viewers, rules=rules)
    unpublished = unpublished_targets(
        part,
        columns,
        rows,
        viewers=viewers,
        threshold=rules.threshold,
        seconds_left=lambda: ends - time.monotonic(),
    )
    model = model_of(columns, rows, told.joined(unpublished.targets))
    search = Search(model, viewers, lambda: ends - time.monotonic())
    stages = blocks_of(geography)
    for blocks in stages:
        search.prove(blocks)
    refuted = search.decide()
    searches = [search]
    split = _still_tight(columns, unpublished.split, search.tables.all())
    outsider = viewers_of(geography, 0)
    for blocks in [*stages, None] if split else []:
        search = Search(
            split_model(columns, rows, split, width=UNPUBLISHED_WIDTH),
            outsider,
            search.seconds_left,
        )
        searches.append(search)
        if blocks is None:
            refuted += search.decide()
        else:
            search.prove(blocks)
            split = [split[target] for target in search.ledger.open_to(0)]
    return SliceAttacked(
        (
            *(_finding(part, geography, found) for found in refuted),
            *_derived(part, geography, rules.threshold),
        ),
        targets=len(told) + unpublished.count,
        viewers=len(viewers),
        unknowns=int(model.free.sum()),
        solved=sum(search.solved for search in searches),
    )


def _still_tight(columns: Columns, spots: list[Spot], tables: Sequence[Table]) -> list[Spot]:
    """Unpublished counts whose width the tables that were found do not prove."""
    widths = Widths(columns, tables)
    tight: list[Spot] = []
    for (measure, _), group in groupby(spots, key=lambda spot: (spot.measure, spot.code)):
        alike = list(group)
        width = widths.of(measure, columns.geography.unit(alike[0].leaves))
        tight += [spot for spot in alike if width[spot.combination] < UNPUBLISHED_WIDTH]
    return tight


def _finding(part: Slice, geography: Geography, refuted: Refuted) -> Finding:
    spot = refuted.spot
    return Finding(
        viewer=refuted.viewer,
        measure=spot.measure,
        cell=part.cell(spot.code, spot.combination),
        low=round(refuted.low, 6),
        high=round(refuted.high, 6),
        kind=spot.kind,
        leaves=() if spot.code >= 0 else _codes(geography, spot.leaves),
    )


def _derived(part: Slice, geography: Geography, threshold: int) -> Iterator[Finding]:
    for derived in derived_sums(part, remainders_of(geography), threshold):
        measure, code, combination = derived.parent
        yield Finding(
            viewer=(),
            measure=measure,
            cell=part.cell(code, combination),
            low=float(derived.value),
            high=float(derived.value),
            kind=Kind.DERIVED,
            leaves=_codes(geography, derived.rest),
            parts=tuple(
                (m, *part.cell(code, combination)) for m, code, combination in derived.parts
            ),
        )


def _codes(geography: Geography, leaves: Iterable[int]) -> tuple[int, ...]:
    """The codes of leaf geographies."""
    return tuple(int(geography.leaf_codes[leaf]) for leaf in leaves)
