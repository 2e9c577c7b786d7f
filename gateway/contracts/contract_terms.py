"""The value of the custom property `jakelu` of a contract and of its quality rules."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.contracts.strict_model import Id, LabelTerms, Name, StrictModel, Text
from gateway.model.entry import LEAST_RETENTION_DAYS, MOST_RETENTION_DAYS
from gateway.model.organisation import OrganisationKind
from gateway.model.product import Classification, ProductKind


class LadderStepTerms(StrictModel):
    column: Name
    level: Name


class AnonymityTerms(StrictModel):
    """The k and l gate: see docs/contracts.md, *Anonymity*."""

    k: int
    ladder: tuple[LadderStepTerms, ...]
    suppress_order: tuple[Name, ...]
    maximum_suppressed_share: float
    suppressed_code: Text = "*"
    least_values: Annotated[int, Field(alias="l", ge=2, le=4)] = 2


class RowsTerms(StrictModel):
    """How a rows product is made."""

    family: Name
    extract: Text
    person: Name
    municipality: Name
    anonymity: AnonymityTerms


class NestingTerms(StrictModel):
    whole: Name
    parts: Annotated[tuple[Name, ...], Field(min_length=1)]


class CombinationTerms(StrictModel):
    """Levels that are published together, by dimension, of some measures."""

    measures: Annotated[tuple[Name, ...], Field(min_length=1)]
    levels: dict[Name, tuple[Name, ...]]
    least_persons: Annotated[int, Field(ge=0)] = 0


class DisclosureTerms(StrictModel):
    """What must stay unknown: see docs/contracts.md, *Disclosure*."""

    threshold: Annotated[int, Field(ge=0)]
    reason: Text
    outsider_width: Annotated[int, Field(ge=0)] = 0
    insider_width: Annotated[int, Field(ge=0)] = 0
    coalition: Annotated[int, Field(ge=1, le=3)] = 1


Share = Annotated[float, Field(ge=0, lt=1)]


class HidingLimitTerms(StrictModel):
    """How much may be hidden: see docs/contracts.md, *Limits*."""

    measures: Annotated[tuple[Name, ...], Field(min_length=1)]
    levels: dict[Name, Annotated[tuple[Name, ...], Field(min_length=1)]]
    cells: Share | None = None
    persons_median: Share | None = None
    persons_worst: Share | None = None


class CubeTerms(StrictModel):
    """How a cube is made. A cube that is linked to another has its extract, nestings and disclosure."""

    linked_to: Id | None = None
    extract: Text | None = None
    nestings: tuple[NestingTerms, ...] | None = None
    combinations: Annotated[tuple[CombinationTerms, ...], Field(min_length=1)]
    disclosure: DisclosureTerms | None = None
    limits: tuple[HidingLimitTerms, ...] = ()


JournalDays = Annotated[int, Field(ge=LEAST_RETENTION_DAYS, le=MOST_RETENTION_DAYS)]


class ContractTerms(StrictModel):
    """The terms of a whole product."""

    product_kind: ProductKind
    title: LabelTerms
    description: LabelTerms
    definition_version: Text
    sources: Annotated[tuple[Name, ...], Field(min_length=1)]
    audience: Annotated[tuple[OrganisationKind, ...], Field(min_length=1)]
    listed_to: Annotated[tuple[OrganisationKind, ...], Field(min_length=1)]
    classification: Classification
    personal_data: bool
    purposes: Annotated[tuple[Text, ...], Field(min_length=1)]
    legal_bases: Annotated[tuple[Text, ...], Field(min_length=1)]
    required_permission: Text | None
    journal_retention_days: JournalDays | None = None
    rows: RowsTerms | None = None
    cube: CubeTerms | None = None


class DirtTerms(StrictModel):
    """The terms of one quality rule: what the fault is, and what the extract does about it."""

    description: LabelTerms
    handling: Text
