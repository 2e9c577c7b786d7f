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
from gateway.encoding.formats import XLSX
from gateway.journal.body import Origin
from gateway.model.caller import Caller
from gateway.model.cube import Cube
from gateway.surfaces.pxweb.form import PARAMETERS, Form, read_form
from gateway.surfaces.pxweb.layouts import encoder_of
from gateway.surfaces.pxweb.reading import OWN, Parameters, read_format, read_wanted
from gateway.surfaces.pxweb.selection import Wanted, resolve
from gateway.surfaces.pxweb.tables import product_id
from gateway.surfaces.pxweb.xlsx_layout import check_sheet

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


@dataclass(frozen=True, slots=True)
class Read:
    """A call for data as far as it is understood without its cube."""

    request: CubeRequest
    wanted: Wanted
    form: Form


def deliver_table(caller: Caller, ask: Ask, services: Services) -> Delivery:
    """Raises GatewayError; refusals are journaled as on every other road to a cube."""
    read = read_ask(ask, services)
    return deliver_cube(caller, read.request, services, read=partial(_read, read.wanted, read.form))


def read_ask(ask: Ask, services: Services) -> Read:
    """Raises BadRequest, WrongMediaType."""
    parameters, plain = ask.parameters, ask.parameters.plain
    wanted = read_wanted(parameters, ask.body, media_type=ask.media_type)
    chosen = read_format(parameters)
    form = read_form(parameters.names("outputformatparams") or (), chosen)
    # RFC 9110 section 13.1.2: a 304 answers GET and HEAD alone.
    conditions = replace(ask.conditions, if_none_match=None) if ask.is_post else ask.conditions
    request = CubeRequest(
        product=product_id(ask.table, services),
        edition=read_edition(plain.get("release"), plain.get("as_of")),
        format=chosen,
        language=parameters.language,
        selection={},
        purpose=plain.get("purpose"),
        conditions=conditions,
        origin=ask.origin,
    )
    return Read(request, wanted, form)


def _read(wanted: Wanted, form: Form, request: CubeRequest, cube: Cube) -> CubeReading:
    meant = resolve(request.product, cube, wanted)
    if request.format == XLSX:
        check_sheet(meant)
    layout = ("pxweb", meant.stub, meant.heading, sorted(meant.eliminated))
    written = (form.names, form.has_title, form.separator) if request.format in PARAMETERS else ()
    encode = encoder_of(request.format, meant, form)
    return CubeReading(meant.selection(cube), encode, (*layout, *written))
