"""A call for data as a delivery: read, then admitted, and only then seen against the cube."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from gateway.delivery.conditions import Conditions
from gateway.delivery.deliver import deliver_cube
from gateway.delivery.delivery import Delivery
from gateway.delivery.plan import CubeReading
from gateway.delivery.requests import CubeRequest, read_edition
from gateway.delivery.services import Services
from gateway.encoding.cube_tables import encode_parquet
from gateway.encoding.cubes import CubeEncoder
from gateway.encoding.formats import CSV, JSON_STAT
from gateway.journal.body import Origin
from gateway.model.caller import Caller
from gateway.model.cube import Cube
from gateway.surfaces.pxweb.csv_layout import CsvForm, encode_px_csv, read_csv_form
from gateway.surfaces.pxweb.dataset import encode_dataset
from gateway.surfaces.pxweb.reading import OWN, Parameters, read_format, read_wanted
from gateway.surfaces.pxweb.selection import Meant, Wanted, resolve
from gateway.surfaces.pxweb.tables import product_id

DATA_PARAMETERS = (
    "lang", "valuecodes", "codelist", "outputFormat", "outputFormatParams", "heading", "stub", *OWN,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """A call for data before it is read. body: empty for a GET."""

    table: str
    parameters: Parameters
    body: bytes
    media_type: str | None
    conditions: Conditions
    is_post: bool
    origin: Origin


def deliver_table(caller: Caller, ask: Ask, services: Services) -> Delivery:
    """Raises GatewayError; refusals are journaled as on every other road to a cube."""
    parameters, plain = ask.parameters, ask.parameters.plain
    wanted = read_wanted(parameters, ask.body, media_type=ask.media_type)
    form = read_csv_form(parameters.names("outputformatparams") or ())
    # RFC 9110 section 13.1.2: a 304 answers GET and HEAD alone.
    conditions = replace(ask.conditions, if_none_match=None) if ask.is_post else ask.conditions
    request = CubeRequest(
        product=product_id(ask.table, services),
        edition=read_edition(plain.get("release"), plain.get("as_of")),
        format=read_format(parameters),
        language=parameters.language,
        selection={},
        purpose=plain.get("purpose"),
        conditions=conditions,
        origin=ask.origin,
    )
    return deliver_cube(caller, request, services, read=partial(_read, wanted, form))


def _read(wanted: Wanted, form: CsvForm, request: CubeRequest, cube: Cube) -> CubeReading:
    meant = resolve(request.product, cube, wanted)
    layout = ("pxweb", meant.stub, meant.heading, sorted(meant.eliminated))
    written = (form.names, form.has_title, form.separator) if request.format == CSV else ()
    return CubeReading(meant.selection(cube), _encoder(request, meant, form), (*layout, *written))


def _encoder(request: CubeRequest, meant: Meant, form: CsvForm) -> CubeEncoder:
    if request.format == JSON_STAT:
        return lambda cube, heading: encode_dataset(cube, heading, meant)
    if request.format == CSV:
        return lambda cube, heading: encode_px_csv(cube, heading, meant, form)
    return encode_parquet
