"""From the strict terms to the frozen `Product` that the rest of the house knows."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import assert_never

from open_data_contract_standard.model import OpenDataContractStandard

from gateway.contracts.code_list_file import Grouping, Lists
from gateway.contracts.column_terms import (
    AllLevel,
    BandsLevel,
    DimensionTerms,
    GroupsLevel,
    KeepLevel,
    LevelTerms,
    MeasureTerms,
    PoolLevel,
    RowsColumnTerms,
    TruncateLevel,
)
from gateway.contracts.contract import ContractColumn
from gateway.contracts.contract_terms import (
    ContractTerms,
    CubeTerms,
    DisclosureTerms,
    HidingLimitTerms,
    RowsTerms,
)
from gateway.model.product import (
    AnonymityRules,
    Column,
    Combination,
    CubeSpec,
    Dimension,
    DirtRule,
    DisclosureRules,
    Dominance,
    HidingLimit,
    LadderStep,
    Level,
    Measure,
    Nesting,
    Product,
    Rounding,
    RowsSpec,
    Sensitive,
)

# Of a linked cube until its link is followed; no count is as large as this threshold.
UNSAID = DisclosureRules(threshold=sys.maxsize, reason="")


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    retention_days: int
    cadence: str


def product_of(
    document: OpenDataContractStandard,
    terms: ContractTerms,
    level: ServiceLevel,
    *,
    columns: tuple[ContractColumn, ...],
    dirt: tuple[DirtRule, ...],
    lists: Lists,
    sha256: str,
) -> Product:
    """Put a product together; a grouping that does not exist is left for the cross-checks."""
    return Product(
        id=document.id or "",
        kind=terms.product_kind,
        title=terms.title.label(),
        description=terms.description.label(),
        version=document.version or "",
        definition_version=terms.definition_version,
        contract_sha256=sha256,
        sources=terms.sources,
        audience=frozenset(terms.audience),
        listed_to=frozenset(terms.listed_to),
        classification=terms.classification,
        personal_data=terms.personal_data,
        legal_bases=terms.legal_bases,
        purposes=terms.purposes,
        required_permission=terms.required_permission,
        retention_days=level.retention_days,
        journal_retention_days=terms.journal_retention_days,
        cadence=level.cadence,
        dirt=dirt,
        rows=_rows(terms.rows, columns, lists) if terms.rows else None,
        cube=_cube(terms.cube, columns) if terms.cube else None,
    )


def _rows(terms: RowsTerms, columns: tuple[ContractColumn, ...], lists: Lists) -> RowsSpec:
    rules = terms.anonymity
    return RowsSpec(
        extract=terms.extract,
        person=terms.person,
        municipality=terms.municipality,
        family=terms.family,
        columns=tuple(
            _column(column, column.terms, lists)
            for column in columns
            if isinstance(column.terms, RowsColumnTerms)
        ),
        anonymity=AnonymityRules(
            k=rules.k,
            ladder=tuple(LadderStep(step.column, step.level) for step in rules.ladder),
            suppress_order=rules.suppress_order,
            maximum_suppressed_share=rules.maximum_suppressed_share,
            suppressed_code=rules.suppressed_code,
            diversity=rules.least_values,
        ),
    )


def _column(column: ContractColumn, terms: RowsColumnTerms, lists: Lists) -> Column:
    groupings = lists.groupings.get(terms.code_list or "", {})
    return Column(
        name=column.name,
        source=terms.source or column.name,
        type=column.type,
        label=terms.label.label(),
        description=terms.description.label(),
        classification=column.classification,
        transformation=terms.transformation,
        lineage=column.lineage,
        levels=tuple(_level(level, dict(groupings)) for level in terms.levels),
        code_list=terms.code_list,
        required=column.is_required,
        unique=column.is_unique,
        length=terms.length or 0,
        bounds=terms.bounds,
        rounding=terms.round and Rounding(terms.round.step, terms.round.bottom, terms.round.top),
        sensitive=terms.sensitive and Sensitive(terms.sensitive.reason, terms.sensitive.hides),
    )


def _level(terms: LevelTerms, groupings: dict[str, Grouping]) -> Level:
    match terms:
        case BandsLevel():
            return Level(terms.name, terms.kind, bounds=terms.bounds)
        case GroupsLevel():
            grouping = groupings.get(terms.grouping, Grouping({}, ""))
            return Level(
                terms.name, terms.kind, groups=grouping.groups, otherwise=grouping.otherwise
            )
        case TruncateLevel():
            return Level(terms.name, terms.kind, length=terms.length)
        case KeepLevel():
            return Level(terms.name, terms.kind)
        case PoolLevel():
            return Level(
                terms.name,
                terms.kind,
                minimum_persons=terms.minimum_persons,
                pooled_code=terms.pooled_code,
            )
        case AllLevel():
            return Level(terms.name, terms.kind, pooled_code=terms.code)
        case _:
            assert_never(terms)


def _cube(terms: CubeTerms, columns: tuple[ContractColumn, ...]) -> CubeSpec:
    """Of a linked cube only what is its own; the rest comes in `links.py`."""
    return CubeSpec(
        extract=terms.extract or "",
        dimensions=tuple(
            _dimension(column.name, column.terms)
            for column in columns
            if isinstance(column.terms, DimensionTerms)
        ),
        measures=tuple(
            _measure(column, column.terms)
            for column in columns
            if isinstance(column.terms, MeasureTerms)
        ),
        nestings=tuple(Nesting(one.whole, one.parts) for one in terms.nestings or ()),
        combinations=tuple(
            Combination(one.levels, frozenset(one.measures), one.least_persons)
            for one in terms.combinations
        ),
        disclosure=_disclosure(terms.disclosure) if terms.disclosure else UNSAID,
        limits=tuple(_limit(limit) for limit in terms.limits),
        linked_to=terms.linked_to,
    )


def _disclosure(terms: DisclosureTerms) -> DisclosureRules:
    return DisclosureRules(
        threshold=terms.threshold,
        reason=terms.reason,
        outsider_width=terms.outsider_width,
        insider_width=terms.insider_width,
        coalition=terms.coalition,
    )


def _limit(terms: HidingLimitTerms) -> HidingLimit:
    def share(stated: float | None) -> float:
        return 1.0 if stated is None else stated

    return HidingLimit(
        measures=frozenset(terms.measures),
        levels=terms.levels,
        cells=share(terms.cells),
        persons_median=share(terms.persons_median),
        persons_worst=share(terms.persons_worst),
    )


def _dimension(name: str, terms: DimensionTerms) -> Dimension:
    return Dimension(
        name=name,
        label=terms.label.label(),
        role=terms.role,
        column=terms.column or name,
        levels=terms.levels,
        code_list=terms.code_list,
        codes_sql=terms.codes_sql,
        months=terms.months,
        residual=terms.residual,
    )


def _measure(column: ContractColumn, terms: MeasureTerms) -> Measure:
    return Measure(
        name=column.name,
        label=terms.label.label(),
        unit=terms.unit.label(),
        kind=terms.kind,
        decimals=terms.decimals,
        column=terms.column or "",
        of=terms.of,
        numerator=terms.numerator or "",
        minimum_n=terms.minimum_n,
        round_to=terms.round_to,
        sum_step=terms.sum_step,
        lineage=column.lineage,
        dominance=terms.dominance and Dominance(**terms.dominance.model_dump()),
    )
