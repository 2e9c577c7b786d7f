"""A contract as its readers are told it: a closed list of terms, in the form of the Open Data Contract Standard.

The file holds more: SQL, the tables and columns of the sources, how each column is made, how much must stay
hidden. None of it is a term for a reader, and it shows an attacker where to look. So nothing is copied from the
file: a term is told only when it is named here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.model.label import Label
from gateway.model.product import (
    Column,
    CubeSpec,
    Dimension,
    DirtRule,
    Measure,
    MeasureKind,
    Product,
)

STANDARD_VERSION = "v3.2.0"
_OURS = "jakelu"  # the one custom property, as in the file

Terms = Mapping[str, object]


def told_contract(product: Product, *, address: str) -> Terms:
    """The document, for YAML or JSON. address: where the product is fetched."""
    return {
        "apiVersion": STANDARD_VERSION,
        "kind": "DataContract",
        "id": product.id,
        "name": product.title.en,
        "version": product.version,
        "status": "active",
        "description": {"purpose": product.description.en},
        "servers": [{"server": "rest", "type": "api", "location": address}],
        "customProperties": _ours(_terms(product)),
        "slaProperties": [
            {"property": "retention", "value": product.retention_days, "unit": "d"},
            {"property": "frequency", "value": product.cadence},
        ],
        "schema": [
            {
                "name": product.id.replace("-", "_"),
                "physicalType": "table",
                "properties": _columns(product),
                "quality": [_known_fault(rule) for rule in product.dirt],
            }
        ],
    }


def _ours(terms: Terms) -> Sequence[Terms]:
    return [{"property": _OURS, "value": terms}]


def _terms(product: Product) -> Terms:
    """Who may have it and on what ground, as /v1/products/{id} tells it too."""
    terms: dict[str, object] = {
        "product_kind": product.kind.value,
        "title": _texts(product.title),
        "description": _texts(product.description),
        "definition_version": product.definition_version,
        "contract_sha256": product.contract_sha256,
        "sources": list(product.sources),
        "audience": sorted(kind.value for kind in product.audience),
        "classification": product.classification.value,
        "personal_data": product.personal_data,
        "purposes": list(product.purposes),
        "legal_bases": list(product.legal_bases),
        "required_permission": product.required_permission,
    }
    if product.cube is not None:
        terms["combinations"] = _combinations(product.cube)
    return terms


def _combinations(cube: CubeSpec) -> Sequence[Terms]:
    """Levels that are published together, and of which measures; not from how many persons on."""
    return [
        {
            "levels": {name: list(levels) for name, levels in each.levels.items()},
            "measures": sorted(each.measures),
        }
        for each in cube.combinations
    ]


def _columns(product: Product) -> Sequence[Terms]:
    if product.rows is not None:
        return [_column(each) for each in product.rows.columns if each.is_delivered]
    cube = product.cube
    if cube is None:
        return []
    level = product.classification.value
    dimensions = [_dimension(each, level) for each in cube.dimensions]
    return [*dimensions, *(_measure(each, level) for each in cube.measures)]


def _column(column: Column) -> Terms:
    ours: dict[str, object] = {
        "label": _texts(column.label),
        "description": _texts(column.description),
    }
    if column.code_list is not None:
        ours["code_list"] = column.code_list
    return {
        "name": column.name,
        "businessName": column.label.en,
        "description": column.description.en,
        "logicalType": column.type.value,
        "required": column.required,
        "classification": column.classification.value,
        "customProperties": _ours(ours),
    }


def _dimension(dimension: Dimension, classification: str) -> Terms:
    ours: dict[str, object] = {
        "label": _texts(dimension.label),
        "role": dimension.role.value,
        "levels": list(dimension.levels),
    }
    if dimension.code_list is not None:
        ours["code_list"] = dimension.code_list
    return {
        "name": dimension.name,
        "businessName": dimension.label.en,
        "logicalType": "string",
        "semanticType": "dimension",
        "required": True,
        "classification": classification,
        "customProperties": _ours(ours),
    }


def _measure(measure: Measure, classification: str) -> Terms:
    ours: Terms = {
        "label": _texts(measure.label),
        "unit": _texts(measure.unit),
        "kind": measure.kind.value,
        "decimals": measure.decimals,
    }
    return {
        "name": measure.name,
        "businessName": measure.label.en,
        "logicalType": "integer" if measure.kind is MeasureKind.COUNT else "number",
        "semanticType": "measure",
        "required": False,  # a hidden cell is null
        "classification": classification,
        "customProperties": _ours(ours),
    }


def _known_fault(rule: DirtRule) -> Terms:
    """A fault of the sources and what is done about it; not how it is counted."""
    ours: Terms = {"description": _texts(rule.description), "handling": rule.handling}
    return {
        "name": rule.name,
        "type": "text",
        "description": rule.description.en,
        "customProperties": _ours(ours),
    }


def _texts(label: Label) -> Terms:
    return {"fi": label.fi, "sv": label.sv, "en": label.en}
