"""The metadata of a table: JSON-stat without values, of the whole table or of a selection."""

from __future__ import annotations

from typing import Any

from gateway.delivery.admission import find_manifest
from gateway.delivery.requests import read_edition
from gateway.delivery.services import Services
from gateway.encoding.heading import Heading
from gateway.errors import BadParameter
from gateway.model.product import Product
from gateway.surfaces.pxweb.dataset import table_document
from gateway.surfaces.pxweb.reading import Parameters
from gateway.surfaces.pxweb.selection import (
    Meant,
    Wanted,
    find_codelist,
    find_variable,
    place,
    resolve,
    understand,
)
from gateway.surfaces.pxweb.tables import NEWEST
from gateway.surfaces.pxweb.variables import variables_of

METADATA_PARAMETERS = ("lang", "defaultSelection", "savedQuery", "codelist", "release", "as_of")
_BOOLEANS = {"true": True, "false": False}


def metadata_document(
    product: Product, parameters: Parameters, services: Services, *, wanted: Wanted | None = None
) -> dict[str, Any]:
    """wanted: a selection to tell of, and nothing else of the table. Raises BadParameter, UnknownDimension, ReleaseNotFound, ReleaseDamaged."""
    asked = parameters.plain
    is_default = _BOOLEANS.get(asked.get("defaultselection", "false").casefold())
    if is_default is None:
        raise BadParameter("Give true or false.", parameter="defaultSelection")
    edition = read_edition(asked.get("release"), asked.get("as_of"))
    manifest = find_manifest(product.id, edition, services.releases)
    cube = services.cubes.cube(manifest)
    variables = variables_of(cube)
    if wanted is not None:
        meant, _ = understand(product.id, cube, wanted)
    elif is_default:
        meant = resolve(product.id, cube, Wanted(codelists=parameters.codelists))
    else:
        kept = {each.name: tuple(range(len(each.values))) for each in variables}
        for name, codelist in parameters.codelists.items():
            variable = find_variable(variables, name, parameter=f"codelist[{name}]")
            kept[variable.name] = find_codelist(product.id, variable, codelist).kept
        stub, heading = place(variables, variables, Wanted())
        meant = Meant(variables, kept, frozenset(), stub, heading)
    measures = [cube.measures[i] for i in meant.selection(cube).measures]
    document = table_document(meant, measures, Heading.of(manifest, parameters.language))
    document["extension"]["px"]["updateFrequency"] = product.cadence
    return document


def default_of(product: Product, services: Services) -> Meant:
    """What is delivered to whoever selects nothing. Raises ReleaseNotFound, ReleaseDamaged."""
    manifest = find_manifest(product.id, NEWEST, services.releases)
    return resolve(product.id, services.cubes.cube(manifest), Wanted())
