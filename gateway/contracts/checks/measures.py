"""The measures of a cube: their parts, nestings and thresholds."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.contract import Contract, ContractColumn
from gateway.contracts.faults import Fault
from gateway.contracts.vocabulary import (
    MINIMUM_CONTRIBUTORS,
    MINIMUM_N,
    MINIMUM_PERCENT,
    MINIMUM_THRESHOLD,
    STRICT_CONTRIBUTORS,
    STRICT_PERCENT,
    STRICT_THRESHOLD,
)
from gateway.model.product import INCOME_REGISTER, CubeSpec, Measure, MeasureKind


def check_measures(contract: Contract) -> Iterator[Fault]:
    cube = contract.product.cube
    if cube is None:
        return
    counts = {m.name for m in cube.measures if m.kind is MeasureKind.COUNT}
    places = {column.name: column for column in contract.columns}
    if not counts or not cube.dimensions:
        message = "A cube needs at least one dimension and one count."
        yield contract.fault(("schema", 0, "properties"), message, "Add what is missing.")
    for measure in cube.measures:
        yield from _measure(contract, measure, places[measure.name], counts)
        if measure.kind is MeasureKind.SHARE:
            yield from _share(contract, measure, places[measure.name], cube)
        yield from _dominance(contract, measure, places[measure.name])
    yield from _nestings(contract, cube, counts)
    if cube.linked_to is None:  # else they are another contract's, and told there
        yield from _disclosure(contract, cube)


def _measure(
    contract: Contract, measure: Measure, column: ContractColumn, counts: set[str]
) -> Iterator[Fault]:
    path = column.terms_place
    needs_column = measure.kind is not MeasureKind.SHARE
    if needs_column != bool(measure.column):
        message = f"`{measure.name}` is a {measure.kind}: `column` is misplaced or missing."
        remedy = "A count has its column, a mean the column of its sum, a share none."
        yield contract.fault(path, message, remedy)
    if measure.kind is MeasureKind.COUNT:
        if measure.of or measure.numerator or measure.minimum_n or measure.round_to:
            message = f"The count `{measure.name}` has terms of a mean or a share."
            yield contract.fault(path, message, "Keep only `column`.")
        return
    for part in (*measure.of, *([measure.numerator] if measure.numerator else [])):
        if part not in counts:
            message = f"`{measure.name}` is made from `{part}`, which is not a count of this cube."
            yield contract.fault(path, message, f"Use: {', '.join(sorted(counts))}.")
    if not measure.of or (measure.kind is MeasureKind.MEAN and len(measure.of) != 1):
        message = f"`{measure.name}` has no right denominator."
        yield contract.fault((*path, "of"), message, "Give `of`: one count for a mean.")
    if measure.minimum_n < MINIMUM_N:
        message = f"`{measure.name}` would be told of fewer than {MINIMUM_N}."
        yield contract.fault(
            (*path, "minimum_n"), message, f"Write `minimum_n: {MINIMUM_N}` or more."
        )
    if measure.kind is MeasureKind.MEAN and measure.round_to <= 0:
        message = f"The mean `{measure.name}` is not rounded."
        yield contract.fault((*path, "round_to"), message, "Give `round_to`, in the mean's unit.")
    if measure.kind is not MeasureKind.MEAN and measure.sum_step:
        message = f"`{measure.name}` is no mean, and has no sum behind it."
        yield contract.fault((*path, "sum_step"), message, "Take `sum_step` out.")


def _dominance(contract: Contract, measure: Measure, column: ContractColumn) -> Iterator[Fault]:
    """Every mean has a rule for sums that few persons make up; of incomes a stricter one."""
    path, rule = column.terms_place, measure.dominance
    if measure.kind is not MeasureKind.MEAN:
        if rule is not None:
            message = f"`{measure.name}` is no mean, and nobody dominates it."
            yield contract.fault((*path, "dominance"), message, "Take `dominance` out.")
        return
    is_strict = INCOME_REGISTER in contract.product.sources
    percent = STRICT_PERCENT if is_strict else MINIMUM_PERCENT
    contributors = STRICT_CONTRIBUTORS if is_strict else MINIMUM_CONTRIBUTORS
    if rule is None:
        message = (
            f"The mean `{measure.name}` could tell of one person who makes up most of its sum."
        )
        yield contract.fault(path, message, "Give `dominance`, the p % rule.")
        return
    if rule.percent < percent:
        message = f"A p % rule of {rule.percent:g} lets `{measure.name}` tell of one person."
        remedy = f"Write `percent: {percent}` or more."
        yield contract.fault((*path, "dominance", "percent"), message, remedy)
    if rule.least_contributors < contributors:
        message = f"`{measure.name}` would be told of fewer than {contributors} contributors."
        remedy = f"Write `least_contributors: {contributors}` or more."
        yield contract.fault((*path, "dominance", "least_contributors"), message, remedy)
    if len({measure.column, rule.largest, rule.second}) < 3:
        message = (
            f"The sum of `{measure.name}` and its largest two contributions are not three columns."
        )
        yield contract.fault((*path, "dominance"), message, "Name a column of its own for each.")


def _share(
    contract: Contract, measure: Measure, column: ContractColumn, cube: CubeSpec
) -> Iterator[Fault]:
    """The numerator is part of the denominator, so that a share is at most 100."""
    inside = set(measure.of)
    while True:
        parts = {p for nesting in cube.nestings if nesting.whole in inside for p in nesting.parts}
        if parts <= inside:
            break
        inside |= parts
    if measure.numerator not in inside:
        message = f"The numerator of `{measure.name}` is not part of its denominator."
        remedy = "Name it in `of`, or state its nesting."
        yield contract.fault((*column.terms_place, "numerator"), message, remedy)


def _nestings(contract: Contract, cube: CubeSpec, counts: set[str]) -> Iterator[Fault]:
    for index, nesting in enumerate(cube.nestings):
        path = contract.at("cube", "nestings", index)
        names = (nesting.whole, *nesting.parts)
        for name in names:
            if name not in counts:
                message = f"The nesting names `{name}`, which is not a count of this cube."
                yield contract.fault(path, message, f"Use: {', '.join(sorted(counts))}.")
        if len(set(names)) != len(names):
            message = "A nesting names the same count twice."
            yield contract.fault(path, message, "Name the whole once, and each part once.")
        elif nesting.whole in _below(nesting.whole, cube):
            message = f"The count `{nesting.whole}` is part of itself."
            yield contract.fault(path, message, "Break the circle of nestings.")


def _below(whole: str, cube: CubeSpec) -> set[str]:
    """Every count that is, step by step, a part of `whole`."""
    found: set[str] = set()
    waiting = [whole]
    while waiting:
        upper = waiting.pop()
        parts = {p for n in cube.nestings if n.whole == upper for p in n.parts} - found
        found |= parts
        waiting += parts
    return found


def _disclosure(contract: Contract, cube: CubeSpec) -> Iterator[Fault]:
    threshold = cube.disclosure.threshold
    path = contract.at("cube", "disclosure", "threshold")
    if contract.product.personal_data and threshold < MINIMUM_THRESHOLD:
        message = f"A threshold of {threshold} does not protect anybody."
        yield contract.fault(path, message, f"Write at least {MINIMUM_THRESHOLD}; 5 is usual.")
    for name in ("outsider_width", "insider_width"):
        if 0 < getattr(cube.disclosure, name) < threshold - 1:
            message = f"A hidden count of 1 to {threshold - 1} could be told apart."
            remedy = f"Write `{name}: {threshold - 1}` or more."
            yield contract.fault(contract.at("cube", "disclosure", name), message, remedy)
    if INCOME_REGISTER in contract.product.sources and threshold < STRICT_THRESHOLD:
        message = "Income Register products are suppressed more strictly."
        yield contract.fault(path, message, f"Write a threshold of at least {STRICT_THRESHOLD}.")
