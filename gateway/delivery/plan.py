"""What will be sent, decided before anything of it is read: release, file, selection, format, ETag.

Planning refuses what cannot be sent; it reads no cell and no row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from gateway.delivery.negotiation import choose_coding
from gateway.delivery.requests import CubeRequest, RowsRequest
from gateway.encoding.compression import Coding
from gateway.encoding.cubes import CUBE_ENCODERS, CubeEncoder
from gateway.encoding.formats import ENCODING_VERSION, PARQUET, XLSX, Format
from gateway.errors import (
    SliceNotFound,
    TooManyCells,
    UnknownColumn,
    UnknownMunicipality,
    UnknownParameter,
)
from gateway.model.cube import Cube
from gateway.model.product import Product, RowsSpec
from gateway.model.release import Manifest, StoredFile
from gateway.releases.cube_slice import (
    EVERY,
    MEASURE,
    Selection,
    check_published,
    resolve_selection,
)
from gateway.releases.layout import (
    CUBE_ARROW,
    CUBE_PARQUET,
    MUNICIPALITIES,
    MUNICIPALITY,
)
from gateway.releases.slices import Narrowing, OwnRows

CELLS_MAX = 1_000_000
# More cells than this are an extract, like rows: a place for it, and not a place for each small table.
SMALL_CELLS_MAX = 100_000
# A workbook is made in memory, a hundred bytes and more to a cell with its codes and labels.
SHEET_CELLS_MAX = 50_000
# More codes than this are journaled as `*`: the auditor then reads the entry as all of them.
JOURNALED_CODES_MAX = 500


@dataclass(frozen=True, slots=True)
class Since:
    """The older release of a comparison. pseudonym: the column by which persons are found again."""

    manifest: Manifest
    file: StoredFile
    pseudonym: str


@dataclass(frozen=True, slots=True)
class RowsPlan:
    """narrowing: None when the slice goes out as it is stored. etag: strong, with its quotes.

    is_file: what is narrowed is encoded before it is sent, so that it has a length and ranges.
    since: set when changes go out, not rows.
    """

    manifest: Manifest
    file: StoredFile
    area: str
    format: Format
    narrowing: Narrowing | None
    etag: str
    selection: Mapping[str, Sequence[str]]
    columns: tuple[str, ...] | None
    coding: Coding | None = None
    since: Since | None = None
    is_file: bool = False

    @property
    def is_stored(self) -> bool:
        return self.narrowing is None

    @property
    def has_ranges(self) -> bool:
        return self.is_stored or self.is_file


@dataclass(frozen=True, slots=True)
class CubePlan:
    """is_stored: the long table goes out as it is. etag: strong, with its quotes."""

    manifest: Manifest
    file: StoredFile
    format: Format
    language: str
    cube: Cube
    chosen: Selection
    etag: str
    selection: Mapping[str, Sequence[str]]
    is_stored: bool
    encode: CubeEncoder
    coding: Coding | None = None

    @property
    def has_ranges(self) -> bool:
        return self.is_stored


@dataclass(frozen=True, slots=True)
class CubeReading:
    """What a request comes to in one cube: which cells, and how they are written.

    form: what the bytes depend on beside the cells, the format and the language; empty for our own forms.
    """

    chosen: Selection
    encode: CubeEncoder
    form: tuple[object, ...] = ()


Plan = RowsPlan | CubePlan
ReadCube = Callable[[CubeRequest, Cube], CubeReading]


def is_extract(plan: Plan) -> bool:
    """Whether a client may have only a few of these at once: rows, whole cubes, large selections."""
    match plan:
        case RowsPlan():
            return True
        case CubePlan():
            return plan.is_stored or plan.chosen.cells > SMALL_CELLS_MAX


def plan_rows(
    request: RowsRequest,
    product: Product,
    manifest: Manifest,
    *,
    of_area: frozenset[str],
    own: OwnRows | None = None,
) -> RowsPlan:
    """The plan for one area's slice. of_area: the municipalities of the area. own: the rows are cut to
    these, and the stored file never goes out.

    Raises SliceNotFound, UnknownColumn, UnknownMunicipality, UnknownParameter.
    """
    file = manifest.slice_of(request.area)
    if file is None:
        raise SliceNotFound("The area has no rows in this release.", parameter="area")
    columns = _columns(request, manifest)
    municipalities = _municipalities(request, product, of_area=of_area)
    _check_delivered(municipalities, manifest, area=request.area)
    is_stored = (
        request.format == PARQUET
        and columns is None
        and municipalities is None
        and own is None
        and request.since is None
    )
    everything = tuple(column.name for column in manifest.columns)
    narrowing = Narrowing(columns or everything, municipalities, own)
    coding = choose_coding(request.format, request.conditions.accept_encoding)
    selection = {name: sorted(values) for name, values in narrowing.by.items()}
    return RowsPlan(
        manifest=manifest,
        file=file,
        area=request.area,
        format=request.format,
        narrowing=None if is_stored else narrowing,
        etag=stored_etag(file)
        if is_stored
        else _etag(manifest, file, request.format, [selection, columns], coding=coding),
        selection=selection,
        columns=columns,
        coding=coding,
        is_file=request.is_file,
    )


def read_plainly(request: CubeRequest, cube: Cube) -> CubeReading:
    """As the request's own selection says. Raises UnknownDimension, UnknownValue, BadParameter."""
    return CubeReading(
        resolve_selection(cube, request.selection), CUBE_ENCODERS[request.format.name]
    )


def plan_cube(
    request: CubeRequest, manifest: Manifest, cube: Cube, *, read: ReadCube = read_plainly
) -> CubePlan:
    """The plan for a slice of a cube. read: how the surface that was asked reads a selection.

    Raises UnknownDimension, UnknownValue, BadParameter, AggregationNotPublished, TooManyCells.
    """
    reading = read(request, cube)
    chosen = reading.chosen
    table = manifest.file_at(CUBE_PARQUET)
    is_stored = table is not None and request.format == PARQUET and chosen.is_whole(cube)
    if request.format == XLSX and chosen.cells > SHEET_CELLS_MAX:
        raise TooManyCells(
            f"A workbook has at most {SHEET_CELLS_MAX} cells; this has {chosen.cells}. Narrow the selection, or "
            f"choose csv-excel, with at most {CELLS_MAX}.",
            parameter="format",
        )
    if not is_stored and chosen.cells > CELLS_MAX:
        raise TooManyCells(
            f"A selection has at most {CELLS_MAX} cells; this has {chosen.cells}. Narrow it, or fetch the "
            "whole cube with format=parquet and `*` for every dimension.",
        )
    if not is_stored:
        check_published(cube, chosen)
    file = table if is_stored and table is not None else _cube_file(manifest)
    coding = choose_coding(request.format, request.conditions.accept_encoding)
    answer = [chosen.measures, chosen.axes, request.language, *reading.form]
    return CubePlan(
        manifest=manifest,
        file=file,
        format=request.format,
        language=request.language,
        cube=cube,
        chosen=chosen,
        etag=stored_etag(file)
        if is_stored
        else _etag(manifest, file, request.format, answer, coding=coding),
        selection=_codes(cube, chosen),
        is_stored=is_stored,
        encode=reading.encode,
        coding=coding,
    )


def stored_etag(file: StoredFile) -> str:
    """A stored file is named by what it holds."""
    return f'"{file.sha256}"'


def _etag(
    manifest: Manifest,
    file: StoredFile,
    encoding: Format,
    selection: object,
    *,
    coding: Coding | None,
) -> str:
    """A strong tag, one for each coding: equal tags, equal bytes, as long as no encoder changes."""
    # The product too: its title and sources stand in the answer.
    of = [manifest.product, manifest.contract_sha256, str(manifest.release), file.sha256]
    parts = [*of, encoding.name, ENCODING_VERSION, selection, coding]
    return f'"{hashlib.sha256(orjson.dumps(parts)).hexdigest()}"'


def _cube_file(manifest: Manifest) -> StoredFile:
    return next(file for file in manifest.files if file.path == CUBE_ARROW)


def _columns(request: RowsRequest, manifest: Manifest) -> tuple[str, ...] | None:
    """The asked columns in the release's order; None for all of them."""
    if request.columns is None:
        return None
    names = [column.name for column in manifest.columns]
    if not set(names) >= set(request.columns):
        raise UnknownColumn("See /v1/products/{id} for the columns.", parameter="columns")
    if len(request.columns) == len(names):
        return None
    return tuple(name for name in names if name in request.columns)


def _municipalities(
    request: RowsRequest, product: Product, *, of_area: frozenset[str]
) -> frozenset[str] | None:
    """The asked municipalities; None when the rows are not narrowed."""
    if request.municipalities is None:
        return None
    codes = frozenset() if product.rows is None else _merged_codes(product.rows)
    if codes is None:
        raise UnknownParameter("The product has no municipality column.", parameter=MUNICIPALITY)
    asked = frozenset(request.municipalities)
    if not asked <= of_area | codes:
        raise UnknownMunicipality(
            "Give three-digit codes of municipalities of the area.", parameter=MUNICIPALITY
        )
    return asked


def _check_delivered(asked: frozenset[str] | None, manifest: Manifest, *, area: str) -> None:
    """A municipality that is pooled with others in this slice would be an answer of no rows.

    Raises UnknownMunicipality with the codes that the slice has.
    """
    report = manifest.protection.get("areas", {}).get(area, {})
    delivered = report.get(MUNICIPALITIES)
    if asked is None or delivered is None or asked <= set(delivered):
        return
    raise UnknownMunicipality(
        f"This release's slice tells these apart: {', '.join(delivered) or 'none'}. "
        "The others are pooled, so that nobody stands out.",
        parameter=MUNICIPALITY,
    )


def _merged_codes(rows: RowsSpec) -> frozenset[str] | None:
    """What stands for several municipalities at once; None when the column is not delivered."""
    column = next((c for c in rows.columns if c.name == MUNICIPALITY and c.is_delivered), None)
    if column is None:
        return None
    pooled = {level.pooled_code for level in column.levels if level.pooled_code}
    return frozenset({rows.anonymity.suppressed_code, *pooled})


def _codes(cube: Cube, chosen: Selection) -> dict[str, list[str]]:
    """The selection as declared codes, for the journal."""
    codes = {
        axis.name: [EVERY] if _is_many(kept, axis.codes) else [axis.codes[i].code for i in kept]
        for axis, kept in zip(cube.axes, chosen.axes, strict=True)
    }
    if not _is_many(chosen.measures, cube.measures):
        return codes | {MEASURE: [cube.measures[i].name for i in chosen.measures]}
    return codes | {MEASURE: [EVERY]}


def _is_many(kept: Sequence[int], whole: Sequence[object]) -> bool:
    return len(kept) > JOURNALED_CODES_MAX or 1 < len(kept) == len(whole)
