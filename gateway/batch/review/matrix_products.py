"""Products that nobody has made yet, of the kinds that the policies speak of: rows of the policy matrix."""

from __future__ import annotations

from dataclasses import replace

from gateway.model.label import Label
from gateway.model.organisation import OrganisationKind
from gateway.model.product import (
    AnonymityRules,
    AxisRole,
    Classification,
    Column,
    ColumnType,
    CubeSpec,
    Dimension,
    DisclosureRules,
    Product,
    ProductKind,
    RowsSpec,
    Transformation,
)

_EVERYBODY = frozenset(OrganisationKind)
_NOTHING = Label("", "", "")
_PURPOSE = "statistics-and-monitoring"


def imagined_products() -> tuple[Product, ...]:
    """Careless on purpose: meant for and listed to everybody, so that the policies alone decide."""
    rows = _product("rows", ProductKind.ROWS, Label("raakadata", "rådata", "rows"))
    cube = _product("cube", ProductKind.CUBE, Label("tilastokuutio", "statistikkub", "cube"))
    return (
        _tagged_rows(rows, "team_tag", Label("tiimitägillä", "med teamtagg", "with team tags")),
        _tagged_cube(cube, "team_tag", Label("tiimitägillä", "med teamtagg", "with team tags")),
        _tagged_rows(
            rows, "expert_tag", Label("asiantuntijatägillä", "med experttagg", "with expert tags")
        ),
        _tagged_cube(
            cube, "expert_tag", Label("asiantuntijatägillä", "med experttagg", "with expert tags")
        ),
        *(_restricted(each) for each in (rows, cube)),
        replace(
            _named(rows, "income-register", Label("Tulorekisteristä", "ur inkomstregistret", "")),
            sources=("atmt", "tulorekisteri"),
        ),
        *(_integration(each) for each in (rows, cube)),
        replace(
            _named(rows, "public", Label("julkisena", "som offentlig", "public")),
            classification=Classification.PUBLIC,
        ),
    )


def _product(name: str, kind: ProductKind, title: Label) -> Product:
    is_rows = kind is ProductKind.ROWS
    return Product(
        id=name,
        kind=kind,
        title=title,
        description=_NOTHING,
        version="",
        definition_version="",
        contract_sha256="",
        sources=("atmt",),
        audience=_EVERYBODY,
        listed_to=_EVERYBODY,
        classification=Classification.CONFIDENTIAL if is_rows else Classification.INTERNAL,
        personal_data=True,
        legal_bases=(),
        purposes=(_PURPOSE,),
        required_permission="employment.rows" if is_rows else "employment.cubes",
        retention_days=0,
        cadence="",
        dirt=(),
    )


def _named(product: Product, name: str, which: Label) -> Product:
    title = product.title
    return replace(
        product,
        id=f"{name}-{product.id}",
        title=Label(f"{title.fi} {which.fi}", f"{title.sv} {which.sv}", f"{title.en} {which.en}"),
    )


def _tagged_rows(rows: Product, tag: str, which: Label) -> Product:
    column = Column(
        name=tag,
        source=tag,
        type=ColumnType.STRING,
        label=_NOTHING,
        description=_NOTHING,
        classification=Classification.CONFIDENTIAL,
        transformation=Transformation.KEEP,
        lineage=(),
    )
    spec = RowsSpec("", "", "", "", (column,), AnonymityRules(0, (), (), 0.0))
    return replace(_named(rows, tag.replace("_", "-"), which), rows=spec)


def _tagged_cube(cube: Product, tag: str, which: Label) -> Product:
    dimension = Dimension(tag, _NOTHING, AxisRole.CLASS, tag, ())
    spec = CubeSpec("", (dimension,), (), (), (), DisclosureRules(0, ""))
    return replace(_named(cube, tag.replace("_", "-"), which), cube=spec)


def _restricted(product: Product) -> Product:
    which = Label("korkeimmassa luokassa", "i den högsta klassen", "of the highest class")
    return replace(_named(product, "restricted", which), classification=Classification.RESTRICTED)


def _integration(product: Product) -> Product:
    is_rows = product.kind is ProductKind.ROWS
    which = Label("kotoutumisesta", "om integrationen", "of integration")
    return replace(
        _named(product, "integration", which),
        sources=("kotoaj",),
        required_permission="integration.rows" if is_rows else "integration.cubes",
    )
