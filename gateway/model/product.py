"""A product as its contract defines it (`products/<id>.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.model.label import Label
from gateway.model.organisation import OrganisationKind

INCOME_REGISTER = "tulorekisteri"


class ProductKind(StrEnum):
    ROWS = "rows"
    CUBE = "cube"


class Classification(StrEnum):
    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


class ColumnType(StrEnum):
    """Logical types of delivered columns; each has one Arrow type (`gateway.releases.layout`)."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"


class Transformation(StrEnum):
    """What happens to a source column before it may be in a release."""

    KEEP = "keep"
    DROP = "drop"
    PSEUDONYM = "pseudonym"
    MONTH = "month"  # date → first day of its month
    GENERALISE = "generalise"  # quasi-identifier: starts at its first level, ladder may go further


class LevelKind(StrEnum):
    BANDS = "bands"  # integer → "25-29" by lower bounds
    GROUPS = "groups"  # code → group code
    KEEP = "keep"  # code as it is
    POOL_SMALL = (
        "pool_small"  # values of fewer than `minimum_persons` in the slice → one pooled code
    )
    ALL = "all"  # everything → one code


@dataclass(frozen=True, slots=True)
class Level:
    """One granularity of a quasi-identifier; each maps the *extracted* value, never the previous level's.

    bounds: for BANDS, ascending lower bounds; [25, 30] gives "-24", "25-29", "30-".
    groups: for GROUPS, source code → group code; a code that is not a key goes to `otherwise`.
    """

    name: str
    kind: LevelKind
    bounds: tuple[int, ...] = ()
    groups: Mapping[str, str] | None = None
    otherwise: str = ""
    minimum_persons: int = 0
    pooled_code: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a rows product.

    source: column of the extract; lineage: `system.table.column` texts it is made from.
    levels: for GENERALISE only, finest first, the last one is ALL.
    """

    name: str
    source: str
    type: ColumnType
    label: Label
    description: Label
    classification: Classification
    transformation: Transformation
    lineage: tuple[str, ...]
    levels: tuple[Level, ...] = ()
    code_list: str | None = None
    required: bool = False
    unique: bool = False

    @property
    def is_quasi_identifier(self) -> bool:
        return self.transformation is Transformation.GENERALISE

    @property
    def is_delivered(self) -> bool:
        return self.transformation is not Transformation.DROP


@dataclass(frozen=True, slots=True)
class LadderStep:
    """Move `column` to its level `level` (a `Level.name`)."""

    column: str
    level: str


@dataclass(frozen=True, slots=True)
class AnonymityRules:
    """k distinct persons per combination; ladder in order; then suppression up to a share of rows.

    suppress_order: quasi-identifier columns whose values are suppressed first, in order.
    suppressed_code: what stands in place of a suppressed value.
    """

    k: int
    ladder: tuple[LadderStep, ...]
    suppress_order: tuple[str, ...]
    maximum_suppressed_share: float
    suppressed_code: str = "*"


@dataclass(frozen=True, slots=True)
class RowsSpec:
    """How a rows product is made.

    extract: SQL over the warehouse with the bound parameter `$as_of`; it yields every column's
    `source`, and `person` (internal id, never delivered) and `municipality` (three digits or null),
    which decides the slice. Rows without an area go to no slice and are counted.
    """

    extract: str
    person: str
    municipality: str
    family: str
    columns: tuple[Column, ...]
    anonymity: AnonymityRules


class AxisRole(StrEnum):
    GEO = "geo"
    TIME = "time"
    CLASS = "classification"


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of a cube, before a release gives it its codes.

    column: column of the extract that holds the leaf code.
    code_list: id of a code list; or codes_sql: SQL giving (code, fi, sv, en, level, parent);
    or months: the number of month-ends up to the as-of date (codes like `2026M06`). One of three.
    residual: leaf code for null or unknown source values; None when the extract has no such rows.
    """

    name: str
    label: Label
    role: AxisRole
    column: str
    levels: tuple[str, ...]
    code_list: str | None = None
    codes_sql: str | None = None
    months: int | None = None
    residual: str | None = None


class MeasureKind(StrEnum):
    COUNT = "count"  # persons or things, additive over every dimension but stock time
    MEAN = "mean"  # sum column / count measure
    SHARE = "share"  # count measure / sum of count measures, per cent


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a cube.

    COUNT: column. MEAN: column (the sum) over the count measure `of`. SHARE: 100 * `numerator` /
    sum of `of`. minimum_n: a MEAN or SHARE needs a denominator of at least this many.
    round_to: a MEAN is rounded to this step (euros, days) before anything is published.
    """

    name: str
    label: Label
    unit: Label
    kind: MeasureKind
    decimals: int
    column: str = ""
    of: tuple[str, ...] = ()
    numerator: str = ""
    minimum_n: int = 0
    round_to: float = 0.0
    lineage: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nesting:
    """Count measures that are disjoint parts of another; what remains is a latent cell of its own."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Combination:
    """Levels that are published together, by dimension; every dimension is named."""

    levels: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class DisclosureRules:
    """threshold: counts of 1..threshold-1 are hidden; 0 turns it off (no persons). reason: why so many."""

    threshold: int
    reason: str


@dataclass(frozen=True, slots=True)
class CubeSpec:
    """How a cube is made: `extract` yields one row per occurring leaf, with codes and measure columns."""

    extract: str
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    nestings: tuple[Nesting, ...]
    combinations: tuple[Combination, ...]
    disclosure: DisclosureRules


@dataclass(frozen=True, slots=True)
class DirtRule:
    """A known fault of a source: how it is counted (SQL giving one number) and what is done about it."""

    name: str
    description: Label
    handling: str
    count_sql: str


@dataclass(frozen=True, slots=True)
class Product:
    """What a contract says. `contract_sha256` is the hash of the file's bytes."""

    id: str
    kind: ProductKind
    title: Label
    description: Label
    version: str
    definition_version: str
    contract_sha256: str
    sources: tuple[str, ...]
    audience: frozenset[OrganisationKind]
    listed_to: frozenset[OrganisationKind]
    classification: Classification
    personal_data: bool
    legal_bases: tuple[str, ...]
    purposes: tuple[str, ...]
    required_permission: str | None
    retention_days: int
    cadence: str
    dirt: tuple[DirtRule, ...]
    rows: RowsSpec | None = None
    cube: CubeSpec | None = None

    @property
    def is_public(self) -> bool:
        return self.classification is Classification.PUBLIC
