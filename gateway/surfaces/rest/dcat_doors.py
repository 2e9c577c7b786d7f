"""By which interfaces a product is fetched, and in which formats: DCAT's data services and distributions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.encoding.formats import CUBE_FORMATS, PARQUET, ROW_FORMATS, Format
from gateway.model.label import Label
from gateway.model.product import Product, ProductKind
from gateway.surfaces.rest.dcat_vocabulary import Node, format_terms, texts

_PXWEB_STANDARD = "https://github.com/PxTools/PxApiSpecs"
_SHARING_STANDARD = "https://github.com/delta-io/delta-sharing/blob/main/PROTOCOL.md"
_FORMAT_NAMES = {
    "parquet": "Parquet",
    "csv": "CSV",
    "csv-excel": "CSV (Excel)",
    "arrow": "Arrow",
    "ndjson": "NDJSON",
    "json-stat2": "JSON-stat 2.0",
    "xlsx": "Excel (XLSX)",
    "px": "PX (PC-Axis)",
    "json-px": "JSON (PxWebApi 1)",
    "html": "HTML",
}


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the interfaces stand. public_url: our address as clients see it, without a slash at the end.

    pxweb, sharing: paths of the other two. pxweb_formats: what PxWeb gives.
    """

    public_url: str
    pxweb: str
    pxweb_formats: Sequence[Format]
    sharing: str


@dataclass(frozen=True, slots=True)
class _Door:
    """One interface. standard: what it follows beside our own description, or empty."""

    name: str
    path: str
    title: Label
    kind: ProductKind | None
    standard: str = ""


def services(doors: Doors, products: Sequence[Product]) -> Sequence[Node]:
    """The interfaces, each with the products that it serves; one that serves none of them is left out."""
    told: list[Node] = []
    for door in _doors(doors):
        served = [each for each in products if door.kind in {None, each.kind}]
        if served:
            told.append(_service(door, served, doors))
    return told


def distributions(product: Product, doors: Doors) -> Sequence[Node]:
    """One for each format at each door."""
    return list(_distributions(product, doors))


def dataset_id(product: Product, doors: Doors) -> str:
    return f"{doors.public_url}/v1/products/{product.id}"


def contract_id(product: Product, doors: Doors) -> str:
    return f"{dataset_id(product, doors)}/contract"


def data_address(product: Product, doors: Doors) -> str:
    """Where it is fetched by our own interface."""
    if product.kind is ProductKind.CUBE:
        return f"{doors.public_url}/v1/cubes/{product.id}/data"
    return f"{doors.public_url}/v1/rows/{product.id}"


def _doors(doors: Doors) -> tuple[_Door, ...]:
    rest = Label("Jakelu, REST-rajapinta", "Jakelu, REST-gränssnitt", "Jakelu, REST interface")
    return (
        _Door("rest", "/v1", rest, None),
        _Door("pxweb", doors.pxweb, _name("Jakelu, PxWebApi 2"), ProductKind.CUBE, _PXWEB_STANDARD),
        _Door(
            "delta-sharing",
            doors.sharing,
            _name("Jakelu, Delta Sharing"),
            ProductKind.ROWS,
            _SHARING_STANDARD,
        ),
    )


def _service(door: _Door, served: Sequence[Product], doors: Doors) -> Node:
    told: dict[str, object] = {
        "@id": _service_id(door.name, doors),
        "@type": "dcat:DataService",
        "dcterms:title": texts(door.title),
        "dcat:endpointURL": {"@id": f"{doors.public_url}{door.path}"},
        "dcat:endpointDescription": {"@id": f"{doors.public_url}/openapi.json"},
        "dcat:servesDataset": [{"@id": dataset_id(each, doors)} for each in served],
    }
    if door.standard:
        told["dcterms:conformsTo"] = {"@id": door.standard, "@type": "dcterms:Standard"}
    return told


def _service_id(name: str, doors: Doors) -> str:
    return f"{doors.public_url}/v1/catalog#{name}"


def _distributions(product: Product, doors: Doors) -> Iterator[Node]:
    own = data_address(product, doors)
    if product.kind is ProductKind.CUBE:
        for form in CUBE_FORMATS.values():
            address = f"{own}?format={form.name}"
            yield _distribution(product, form, address, door="rest", doors=doors)
        table = f"{doors.public_url}{doors.pxweb}/tables/{product.id}/data"
        for form in doors.pxweb_formats:
            address = f"{table}?outputFormat={form.name}"
            yield _distribution(product, form, address, door="pxweb", doors=doors)
    else:
        for form in ROW_FORMATS.values():
            address = f"{own}?format={form.name}"
            yield _distribution(product, form, address, door="rest", doors=doors)
        # Which share there is for a caller is told by the shares themselves.
        address = f"{doors.public_url}{doors.sharing}/shares"
        yield _distribution(product, PARQUET, address, door="delta-sharing", doors=doors)


def _distribution(product: Product, form: Format, address: str, *, door: str, doors: Doors) -> Node:
    return {
        "@id": f"{dataset_id(product, doors)}#{door}-{form.name}",
        "@type": "dcat:Distribution",
        "dcterms:title": texts(_name(f"{_FORMAT_NAMES[form.name]}, {door}")),
        "dcat:accessURL": {"@id": address},
        "dcat:accessService": {"@id": _service_id(door, doors)},
        **format_terms(form),
    }


def _name(text: str) -> Label:
    """A name, which is the same in every language."""
    return Label(text, text, text)
