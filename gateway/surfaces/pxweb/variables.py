"""A cube as PxWeb's clients see it: variables, the measures among them as one, and their code lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from gateway.encoding.jsonstat import MEASURE_LABEL
from gateway.model.cube import Axis, Cube
from gateway.model.label import Label
from gateway.model.product import AxisRole
from gateway.releases.cube_slice import MEASURE
from gateway.surfaces.pxweb.expressions import Codes

TIME_ALIAS = "time"


class Kind(StrEnum):
    """The role in JSON-stat; a classification has none there."""

    METRIC = "metric"
    TIME = "time"
    GEO = "geo"
    CLASS = "classification"


@dataclass(frozen=True, slots=True)
class Value:
    """level, parents: of a code list with levels; a measure has neither."""

    code: str
    label: Label
    level: str = ""
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """total: the code that stands for the whole, by which the variable is eliminated; None when there is none."""

    name: str
    label: Label
    kind: Kind
    values: tuple[Value, ...]
    total: str | None

    @property
    def is_eliminable(self) -> bool:
        return self.total is not None

    def codes(self, kept: Sequence[int] | None = None, *, parameter: str | None = None) -> Codes:
        """The codes to select from; kept: only these of them."""
        values = self.values if kept is None else [self.values[i] for i in kept]
        return Codes(
            tuple(each.code for each in values), parameter or self.name, self.kind is Kind.TIME
        )

    def narrowed(self, kept: Sequence[int]) -> Variable:
        return replace(self, values=tuple(self.values[i] for i in kept))


@dataclass(frozen=True, slots=True)
class Codelist:
    """Values of one level (`vs_`), or the same as groups of finer values (`agg_`).

    kept: indices into the variable's values; members: the finer codes of each, empty for `vs_`.
    """

    id: str
    label: Label
    kept: tuple[int, ...]
    members: tuple[tuple[str, ...], ...] = ()

    @property
    def is_aggregation(self) -> bool:
        return bool(self.members)


_LEVELS = {
    "country": Label("Koko maa", "Hela landet", "Whole country"),
    "region": Label("Maakunnat", "Landskap", "Regions"),
    "evk": Label("Elinvoimakeskukset", "Livskraftscentraler", "Economic development centres"),
    "area": Label("Työllisyysalueet", "Sysselsättningsområden", "Employment areas"),
    "municipality": Label("Kunnat", "Kommuner", "Municipalities"),
    "total": Label("Yhteensä", "Totalt", "Total"),
    "broad": Label("Karkea luokitus", "Grov indelning", "Broad classes"),
    "fine": Label("Tarkka luokitus", "Fin indelning", "Fine classes"),
}
_CLASSES = Label("Luokat", "Klasser", "Classes")


def variables_of(cube: Cube) -> tuple[Variable, ...]:
    """In PxWeb's order, the stub first: areas and classes, then the measures and the time as the heading."""
    axes = [_of_axis(axis) for axis in cube.axes]
    measures = Variable(
        MEASURE,
        MEASURE_LABEL,
        Kind.METRIC,
        tuple(Value(each.name, each.label) for each in cube.measures),
        None,
    )
    stub = [each for each in axes if each.kind is not Kind.TIME]
    return (*stub, measures, *(each for each in axes if each.kind is Kind.TIME))


def codelists_of(product: str, variable: Variable) -> tuple[Codelist, ...]:
    """One value set for each level of a variable, and one aggregation where finer values have a parent in it."""
    levels = dict.fromkeys(each.level for each in variable.values if each.level)
    found: list[Codelist] = []
    for level in levels:
        kept = tuple(i for i, each in enumerate(variable.values) if each.level == level)
        name = f"{product}_{variable.name}_{level}"
        label = _joined(variable.label, _LEVELS.get(level, _CLASSES))
        members = tuple(_children(variable, i) for i in kept)
        found.append(Codelist(f"vs_{name}", label, kept))
        if any(members):
            found.append(Codelist(f"agg_{name}", label, kept, members))
    return tuple(found)


def _children(variable: Variable, parent: int) -> tuple[str, ...]:
    code = variable.values[parent].code
    return tuple(each.code for each in variable.values if code in each.parents)


def _joined(first: Label, second: Label) -> Label:
    return Label(f"{first.fi}: {second.fi}", f"{first.sv}: {second.sv}", f"{first.en}: {second.en}")


def _of_axis(axis: Axis) -> Variable:
    kinds = {AxisRole.TIME: Kind.TIME, AxisRole.GEO: Kind.GEO, AxisRole.CLASS: Kind.CLASS}
    values = tuple(Value(each.code, each.label, each.level, each.parents) for each in axis.codes)
    total = None if axis.total is None else axis.codes[axis.total].code
    return Variable(axis.name, axis.label, kinds[axis.role], values, total)
