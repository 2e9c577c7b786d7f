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
    YEAR = "year"  # date → first day of its year
    TRUNCATE = "truncate"  # code → its first `length` signs
    BANDS = "bands"  # whole number → "25-29" by lower bounds
    ROUND = "round"  # number → nearest step, between a bottom and a top that outliers go to
    GENERALISE = "generalise"  # quasi-identifier: starts at its first level, ladder may go further


class LevelKind(StrEnum):
    BANDS = "bands"  # integer → "25-29" by lower bounds
    GROUPS = "groups"  # code → group code
    TRUNCATE = "truncate"  # code → its first `length` signs
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
    length: for TRUNCATE, how many signs stay.
    """

    name: str
    kind: LevelKind
    bounds: tuple[int, ...] = ()
    groups: Mapping[str, str] | None = None
    otherwise: str = ""
    minimum_persons: int = 0
    pooled_code: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True)
class Rounding:
    """Numbers go to the nearest multiple of step; what is below bottom or above top, to them."""

    step: float
    bottom: float
    top: float


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A column whose value must not follow from the quasi-identifiers. reason: why it is one.

    hides: columns that would tell its value, and are hidden in the same rows.
    """

    reason: str
    hides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a rows product.

    source: column of the extract; lineage: `system.table.column` texts it is made from.
    levels: for GENERALISE only, finest first, the last one is ALL. length, bounds, rounding: for
    TRUNCATE, BANDS and ROUND. sensitive: for what is not to be learnt of a person.
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
    length: int = 0
    bounds: tuple[int, ...] = ()
    rounding: Rounding | None = None
    sensitive: Sensitive | None = None

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

    suppress_order: quasi-identifiers and sensitive columns whose values are suppressed first, in
    order. suppressed_code: what stands in place of a suppressed value.
    diversity: l; no fewer values of a sensitive column than this cover all persons of a combination.
    """

    k: int
    ladder: tuple[LadderStep, ...]
    suppress_order: tuple[str, ...]
    maximum_suppressed_share: float
    suppressed_code: str = "*"
    diversity: int = 2


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
class Dominance:
    """When few persons make up so much of a sum that its mean would tell of them: the p % rule.

    percent: p; what everybody but the largest two contributes must be at least p % of the largest
    contribution, or the second could reckon the first. least_contributors: so many persons must
    contribute something. contributors, largest, second: columns of the extract, per leaf how many
    persons contribute something, and the largest two contributions of single persons. reason: why so.
    Source: Hundepool et al., Statistical Disclosure Control (2012), ch. 4.
    """

    percent: float
    least_contributors: int
    contributors: str
    largest: str
    second: str
    reason: str

    @property
    def columns(self) -> tuple[str, str, str]:
        return self.contributors, self.largest, self.second


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a cube.

    COUNT: column. MEAN: column (the sum) over the count measure `of`. SHARE: 100 * `numerator` /
    sum of `of`. minimum_n: a MEAN or SHARE needs a denominator of at least this many.
    round_to: a MEAN is rounded to this step (euros, days) before anything is published.
    sum_step: a MEAN of few is rounded so coarsely that its sum is told in steps of this at least; 0: never.
    dominance: of a MEAN; one without is never published.
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
    sum_step: float = 0.0
    lineage: tuple[str, ...] = ()
    dominance: Dominance | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the extract that it is made from; a share has none of its own."""
        own = (self.column,) if self.column else ()
        return own + (self.dominance.columns if self.dominance else ())


@dataclass(frozen=True, slots=True)
class Nesting:
    """Count measures that are disjoint parts of another; what remains is a latent cell of its own."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Combination:
    """Levels that are published together, by dimension, and of which measures.

    levels: every dimension is named; measures: those published here, and no others. least_persons:
    a place (a geographic code) with fewer in any slice, by the first of the measures over all
    classes, is left out: what would be mostly hidden is better not published.
    """

    levels: Mapping[str, tuple[str, ...]]
    measures: frozenset[str]
    least_persons: int = 0


@dataclass(frozen=True, slots=True)
class DisclosureRules:
    """What must stay unknown of a cube.

    threshold: counts of 1..threshold-1 are hidden; 0 turns all of it off (no persons). reason: why
    so many. outsider_width, insider_width: how wide, in persons, the interval of a hidden small
    count must stay by all published sums together, for a reader of the cube and for an area that
    knows its own figures besides; 0 where only single subtractions are looked at. coalition: how
    many areas may put their own figures together.
    """

    threshold: int
    reason: str
    outsider_width: int = 0
    insider_width: int = 0
    coalition: int = 1


@dataclass(frozen=True, slots=True)
class HidingLimit:
    """How much of a cube may be hidden, in each of its slices and for each of the measures by itself.

    levels: the cells that are meant, by dimension; a dimension that is not named stands at all of
    its levels. cells: the largest share of these cells. persons_median, persons_worst: the largest
    share of persons who stand in hidden leaves of them, in the median slice and in the worst.
    """

    measures: frozenset[str]
    levels: Mapping[str, tuple[str, ...]]
    cells: float = 1.0
    persons_median: float = 1.0
    persons_worst: float = 1.0


@dataclass(frozen=True, slots=True)
class CubeSpec:
    """How a cube is made: `extract` yields one row per occurring leaf, with codes and measure columns.

    limits: a cube of which more is hidden is not published. linked_to: the product that it tells more
    of, whose extract, dimensions and disclosure are its own too; the two are protected as one cube.
    """

    extract: str
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    nestings: tuple[Nesting, ...]
    combinations: tuple[Combination, ...]
    disclosure: DisclosureRules
    limits: tuple[HidingLimit, ...] = ()
    linked_to: str | None = None


@dataclass(frozen=True, slots=True)
class DirtRule:
    """A known fault of a source: how it is counted (SQL giving one number) and what is done about it."""

    name: str
    description: Label
    handling: str
    count_sql: str


@dataclass(frozen=True, slots=True)
class Product:
    """What a contract says. `contract_sha256` is the hash of the file's bytes.

    journal_retention_days: of journal entries about the product; None: as the settings say.
    """

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
    journal_retention_days: int | None = None

    @property
    def is_public(self) -> bool:
        return self.classification is Classification.PUBLIC
