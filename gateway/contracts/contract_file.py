"""One contract file, from bytes to a product: YAML → standard → terms → `Product`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    OpenDataContractStandard,
    SchemaProperty,
)

from gateway.contracts.code_list_file import Lists
from gateway.contracts.column_terms import DimensionTerms, MeasureTerms, RowsColumnTerms
from gateway.contracts.contract import ColumnTerms, Contract, ContractColumn, ContractSql
from gateway.contracts.contract_terms import ContractTerms, CubeTerms, DirtTerms
from gateway.contracts.faults import ContractFaults, Fault
from gateway.contracts.marked_yaml import MarkedYaml, YamlPath, read_marked
from gateway.contracts.product_of import ServiceLevel, product_of
from gateway.contracts.standard import read_standard
from gateway.contracts.strict_model import StrictModel, read_terms
from gateway.contracts.vocabulary import CADENCES
from gateway.model.product import Classification, ColumnType, DirtRule, ProductKind

OUR_PROPERTY = "jakelu"
_TABLE: YamlPath = ("schema", 0)
_COLUMNS: YamlPath = (*_TABLE, "properties")
_QUALITY: YamlPath = (*_TABLE, "quality")

Terms = TypeVar("Terms", bound=StrictModel)


def read_contract(path: Path, lists: Lists) -> Contract:
    """Read one contract, up to but not including the cross-checks. Raises ContractFaults."""
    source = read_marked(path)
    document = read_standard(source)
    place = _our_place(source, (), document.customProperties)
    terms = read_terms(ContractTerms, _at(source, place), source, place)
    level = _service_level(source, document)
    columns = _columns(source, document, terms.product_kind)
    dirt = _dirt(source, document)
    _refuse(_section_faults(source, place, terms))
    product = product_of(
        document, terms, level, columns=columns, dirt=dirt, lists=lists, sha256=source.sha256
    )
    queries = tuple(_queries(place, terms, columns, dirt))
    return Contract(source, product, terms, columns, queries, place)


def _refuse(faults: Iterator[Fault]) -> None:
    found = tuple(faults)
    if found:
        raise ContractFaults(found)


def _at(source: MarkedYaml, path: YamlPath) -> object:
    value = source.value
    for part in path:
        value = value[part]
    return value


def _our_place(
    source: MarkedYaml, path: YamlPath, properties: Sequence[CustomProperty] | None
) -> YamlPath:
    """The path of the value of the one custom property `jakelu` beneath `path`."""
    ours = [i for i, p in enumerate(properties or ()) if p.property == OUR_PROPERTY]
    if len(ours) != 1 or len(properties or ()) != 1:
        message = f"There must be one custom property here, named `{OUR_PROPERTY}`."
        remedy = f"Write `customProperties: [{{property: {OUR_PROPERTY}, value: {{…}}}}]`."
        raise ContractFaults([source.fault((*path, "customProperties"), message, remedy)])
    return (*path, "customProperties", ours[0], "value")


def _columns(
    source: MarkedYaml, document: OpenDataContractStandard, kind: ProductKind
) -> tuple[ContractColumn, ...]:
    tables = document.schema_ or []
    if len(tables) != 1 or not tables[0].properties:
        remedy = "Write one object under `schema`, with `properties`."
        message = "A contract describes one table with at least one column."
        raise ContractFaults([source.fault(("schema",), message, remedy)])
    columns: list[ContractColumn] = []
    faults: list[Fault] = []
    for index, item in enumerate(tables[0].properties):
        try:
            columns.append(_column(source, (*_COLUMNS, index), item, kind))
        except ContractFaults as found:
            faults += found.faults
    _refuse(iter(faults))
    return tuple(columns)


def _column(
    source: MarkedYaml, place: YamlPath, item: SchemaProperty, kind: ProductKind
) -> ContractColumn:
    _refuse(_column_faults(source, place, item))
    terms_place = _our_place(source, place, item.customProperties)
    model = _column_model(source, place, item, kind)
    terms: ColumnTerms = read_terms(model, _at(source, terms_place), source, terms_place)
    return ContractColumn(
        name=item.name or "",
        type=ColumnType(item.logicalType or ""),
        classification=Classification(item.classification or ""),
        lineage=tuple(item.transformSourceObjects or ()),
        is_required=bool(item.required),
        is_unique=bool(item.unique),
        argument=item.transformDescription or "",
        terms=terms,
        place=place,
        terms_place=terms_place,
    )


def _column_faults(source: MarkedYaml, place: YamlPath, item: SchemaProperty) -> Iterator[Fault]:
    classes = [member.value for member in Classification]
    if item.classification not in classes:
        message = f"The column `{item.name}` has no known classification."
        remedy = f"Give `classification`: {', '.join(classes)}."
        yield source.fault((*place, "classification"), message, remedy)
    types = [member.value for member in ColumnType]
    if item.logicalType not in types:
        message = f"The column `{item.name}` has no type that a release can hold."
        remedy = f"Give `logicalType`: {', '.join(types)}."
        yield source.fault((*place, "logicalType"), message, remedy)
    if not item.transformSourceObjects:
        message = f"The column `{item.name}` does not say where it comes from."
        remedy = "Give `transformSourceObjects`: a list of `system.table.column`."
        yield source.fault((*place, "transformSourceObjects"), message, remedy)


def _column_model(
    source: MarkedYaml, place: YamlPath, item: SchemaProperty, kind: ProductKind
) -> type[RowsColumnTerms | DimensionTerms | MeasureTerms]:
    match kind, item.semanticType:
        case ProductKind.ROWS, None | "column":
            return RowsColumnTerms
        case ProductKind.CUBE, "dimension":
            return DimensionTerms
        case ProductKind.CUBE, "measure":
            return MeasureTerms
        case _:
            message = f"`{item.name}` has a semantic type that does not fit the product's kind."
            remedy = "Give `semanticType`: dimension or measure in a cube, column in rows."
            raise ContractFaults([source.fault((*place, "semanticType"), message, remedy)])


def _dirt(source: MarkedYaml, document: OpenDataContractStandard) -> tuple[DirtRule, ...]:
    rules = (document.schema_ or [])[0].quality or []
    return tuple(_dirt_rule(source, (*_QUALITY, index), rule) for index, rule in enumerate(rules))


def _dirt_rule(source: MarkedYaml, place: YamlPath, rule: DataQuality) -> DirtRule:
    if rule.type != "sql" or not rule.name or not rule.query:
        message = "A quality rule must be a named SQL count."
        remedy = "Give `name`, `type: sql` and `query`, which counts the faulty rows."
        raise ContractFaults([source.fault(place, message, remedy)])
    terms_place = _our_place(source, place, rule.customProperties)
    terms = read_terms(DirtTerms, _at(source, terms_place), source, terms_place)
    return DirtRule(rule.name, terms.description.label(), terms.handling, rule.query)


def _service_level(source: MarkedYaml, document: OpenDataContractStandard) -> ServiceLevel:
    """Retention and cadence, from the standard's own `slaProperties`."""
    places = {p.property: (i, p) for i, p in enumerate(document.slaProperties or ())}
    faults: list[Fault] = []
    index, retention = places.get("retention", (0, None))
    days = retention.value if retention and retention.unit == "d" else None
    if not isinstance(days, int) or isinstance(days, bool) or days < 1:
        remedy = "Add `{property: retention, value: 400, unit: d}` to `slaProperties`."
        message = "The retention is not a whole number of days."
        faults.append(source.fault(("slaProperties", index), message, remedy))
    index, frequency = places.get("frequency", (0, None))
    cadence = frequency.value if frequency else None
    if cadence not in CADENCES:
        remedy = f"Add `{{property: frequency, value: …}}` with one of: {', '.join(CADENCES)}."
        message = "The refresh cadence is missing or unknown."
        faults.append(source.fault(("slaProperties", index), message, remedy))
    _refuse(iter(faults))
    return ServiceLevel(retention_days=int(str(days)), cadence=str(cadence))


def _section_faults(source: MarkedYaml, place: YamlPath, terms: ContractTerms) -> Iterator[Fault]:
    """A rows product has the section `rows` and no other; a cube, `cube`."""
    sections = {"rows": terms.rows, "cube": terms.cube}
    for name, section in sections.items():
        if name == terms.product_kind.value and section is None:
            message = f"The section `{name}` is missing."
            yield source.fault(place, message, f"Add `{name}`, or correct `product_kind`.")
        if name != terms.product_kind.value and section is not None:
            message = f"The section `{name}` does not belong to a {terms.product_kind} product."
            yield source.fault((*place, name), message, f"Remove `{name}`.")
    if terms.cube is not None:
        yield from _cube_faults(source, (*place, "cube"), terms.cube)


def _cube_faults(source: MarkedYaml, place: YamlPath, cube: CubeTerms) -> Iterator[Fault]:
    """A cube says how it is made, or which other cube does."""
    terms = {"extract": cube.extract, "nestings": cube.nestings, "disclosure": cube.disclosure}
    for name, given in terms.items():
        if cube.linked_to is None and given is None:
            yield source.fault((*place, name), f"The term `{name}` is missing.", f"Add `{name}`.")
        if cube.linked_to is not None and given is not None:
            message = f"A linked cube has no `{name}` of its own: `{cube.linked_to}` has it."
            yield source.fault((*place, name), message, f"Remove `{name}`.")


def _queries(
    place: YamlPath,
    terms: ContractTerms,
    columns: tuple[ContractColumn, ...],
    dirt: tuple[DirtRule, ...],
) -> Iterator[ContractSql]:
    for name, section in (("rows", terms.rows), ("cube", terms.cube)):
        if section is not None and section.extract is not None:
            path = (*place, name, "extract")
            yield ContractSql(section.extract, path, is_read=True, is_extract=True, is_dated=True)
    for column in columns:
        if isinstance(column.terms, DimensionTerms) and column.terms.codes_sql is not None:
            path = (*column.terms_place, "codes_sql")
            yield ContractSql(
                column.terms.codes_sql, path, is_read=True, is_extract=False, is_dated=False
            )
    for index, rule in enumerate(dirt):
        path = (*_QUALITY, index, "query")
        yield ContractSql(rule.count_sql, path, is_read=False, is_extract=False, is_dated=False)
