"""A contract as read: the product, and where in the file each part of it stands."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.contracts.column_terms import DimensionTerms, MeasureTerms, RowsColumnTerms
from gateway.contracts.contract_terms import ContractTerms
from gateway.contracts.faults import Fault
from gateway.contracts.marked_yaml import MarkedYaml, YamlPath
from gateway.model.product import Classification, ColumnType, Product, Transformation

ColumnTerms = RowsColumnTerms | DimensionTerms | MeasureTerms


@dataclass(frozen=True, slots=True)
class ContractColumn:
    """A column, dimension or measure with what the standard says of it.

    place: path of the property; terms_place: path of the value of its custom property `jakelu`.
    argument: why it is delivered as it is (`transformDescription`), or empty.
    """

    name: str
    type: ColumnType
    classification: Classification
    lineage: tuple[str, ...]
    is_required: bool
    is_unique: bool
    argument: str
    terms: ColumnTerms
    place: YamlPath
    terms_place: YamlPath

    @property
    def is_dropped(self) -> bool:
        return (
            isinstance(self.terms, RowsColumnTerms)
            and self.terms.transformation is Transformation.DROP
        )

    @property
    def source_names(self) -> frozenset[str]:
        """The last parts of the lineage: the columns' own names in the sources."""
        return frozenset(item.rpartition(".")[2] for item in self.lineage)


@dataclass(frozen=True, slots=True)
class ContractSql:
    """One SQL text of a contract.

    is_read: its columns reach a release, unlike those of a count of dirt. is_extract: as rows or
    cells, which are protected, unlike labels.
    is_dated: it must be of one day, so it names the as-of parameter.
    """

    text: str
    place: YamlPath
    is_read: bool
    is_extract: bool
    is_dated: bool


@dataclass(frozen=True, slots=True)
class Contract:
    """A product beside its file. place: path of the value of the contract's own `jakelu`."""

    source: MarkedYaml
    product: Product
    terms: ContractTerms
    columns: tuple[ContractColumn, ...]
    queries: tuple[ContractSql, ...]
    place: YamlPath

    def fault(self, path: YamlPath, message: str, remedy: str) -> Fault:
        return self.source.fault(path, message, remedy)

    def at(self, *path: str | int) -> YamlPath:
        """The path of one of the contract's own terms."""
        return (*self.place, *path)
