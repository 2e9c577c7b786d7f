"""The value of the custom property `jakelu` of a column, a dimension or a measure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gateway.contracts.strict_model import LabelTerms, Name, StrictModel, Text
from gateway.model.product import AxisRole, LevelKind, MeasureKind, Transformation


class BandsLevel(StrictModel):
    """Integers to bands by ascending lower bounds; a missing value becomes `X`."""

    name: Name
    kind: Literal[LevelKind.BANDS]
    bounds: Annotated[tuple[int, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ascending(self) -> BandsLevel:
        if list(self.bounds) != sorted(set(self.bounds)):
            raise ValueError("bounds must ascend")
        return self


class GroupsLevel(StrictModel):
    """Codes to groups by a grouping of the column's code list."""

    name: Name
    kind: Literal[LevelKind.GROUPS]
    grouping: Name


class TruncateLevel(StrictModel):
    """Codes to their first signs; a missing value becomes `X`."""

    name: Name
    kind: Literal[LevelKind.TRUNCATE]
    length: Annotated[int, Field(ge=1)]


class KeepLevel(StrictModel):
    """The code as it is; a missing value becomes `X`."""

    name: Name
    kind: Literal[LevelKind.KEEP]


class PoolLevel(StrictModel):
    """Values of fewer than `minimum_persons` in the slice become `pooled_code`."""

    name: Name
    kind: Literal[LevelKind.POOL_SMALL]
    minimum_persons: Annotated[int, Field(ge=2)]
    pooled_code: Text


class AllLevel(StrictModel):
    """Everything becomes one code."""

    name: Name
    kind: Literal[LevelKind.ALL]
    code: Text


LevelTerms = Annotated[
    BandsLevel | GroupsLevel | TruncateLevel | KeepLevel | PoolLevel | AllLevel,
    Field(discriminator="kind"),
]


class RoundTerms(StrictModel):
    """Numbers to the nearest multiple of `step`; bottom and top are multiples of it."""

    step: Annotated[float, Field(gt=0)]
    top: float
    bottom: float = 0.0

    @model_validator(mode="after")
    def _whole_steps(self) -> RoundTerms:
        if self.bottom >= self.top:
            raise ValueError("the top must be above the bottom")
        if any(
            abs(end / self.step - round(end / self.step)) > 1e-9 for end in (self.bottom, self.top)
        ):
            raise ValueError("the bottom and the top must be multiples of the step")
        return self


class SensitiveTerms(StrictModel):
    """What is not to be learnt of a person. hides: columns that would tell it."""

    reason: Text
    hides: tuple[Name, ...] = ()


class RowsColumnTerms(StrictModel):
    """A column of a rows product. source: the column of the extract; its own name when left out."""

    label: LabelTerms
    description: LabelTerms
    transformation: Transformation
    source: Name | None = None
    levels: tuple[LevelTerms, ...] = ()
    code_list: Text | None = None
    length: Annotated[int, Field(ge=1)] | None = None
    bounds: tuple[int, ...] = ()
    round: RoundTerms | None = None
    sensitive: SensitiveTerms | None = None

    @model_validator(mode="after")
    def _terms_of_the_transformation(self) -> RowsColumnTerms:
        given = {
            Transformation.TRUNCATE: self.length is not None,
            Transformation.BANDS: bool(self.bounds),
            Transformation.ROUND: self.round is not None,
        }
        names = {
            Transformation.TRUNCATE: "length",
            Transformation.BANDS: "bounds",
            Transformation.ROUND: "round",
        }
        for transformation, name in names.items():
            if given[transformation] != (self.transformation is transformation):
                raise ValueError(f"`{name}` belongs to the transformation `{transformation}`")
        if list(self.bounds) != sorted(set(self.bounds)):
            raise ValueError("bounds must ascend")
        return self


class DimensionTerms(StrictModel):
    """A dimension of a cube. levels: coarsest first; the codes come from one of three places, and where
    none is given, from where those of the cube do that this one is linked to.
    """

    label: LabelTerms
    role: AxisRole
    levels: Annotated[tuple[Name, ...], Field(min_length=1)]
    column: Name | None = None
    code_list: Text | None = None
    codes_sql: Text | None = None
    months: Annotated[int, Field(ge=1)] | None = None
    residual: Text | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> DimensionTerms:
        origins = (self.code_list, self.codes_sql, self.months)
        if sum(origin is not None for origin in origins) > 1:
            raise ValueError("give exactly one of code_list, codes_sql and months")
        return self


class DominanceTerms(StrictModel):
    """The p % rule of a mean; contributors, largest, second: columns of the extract."""

    percent: Annotated[float, Field(gt=0, le=100)]
    least_contributors: Annotated[int, Field(ge=1)]
    contributors: Name
    largest: Name
    second: Name
    reason: Text


class MeasureTerms(StrictModel):
    """A measure of a cube."""

    label: LabelTerms
    unit: LabelTerms
    kind: MeasureKind
    decimals: Annotated[int, Field(ge=0, le=6)]
    column: Name | None = None
    of: tuple[Name, ...] = ()
    numerator: Name | None = None
    minimum_n: int = 0
    round_to: float = 0.0
    sum_step: Annotated[float, Field(ge=0)] = 0.0
    dominance: DominanceTerms | None = None
