"""The formats of a table's cells, each with what writes it."""

from __future__ import annotations

from functools import partial

from gateway.encoding.cube_tables import encode_parquet
from gateway.encoding.cubes import CubeEncoder
from gateway.encoding.formats import CSV, HTML, JSON_PX, JSON_STAT, PX, XLSX, Format
from gateway.surfaces.pxweb.csv_layout import encode_px_csv
from gateway.surfaces.pxweb.dataset import encode_dataset
from gateway.surfaces.pxweb.form import Form
from gateway.surfaces.pxweb.html_layout import encode_html
from gateway.surfaces.pxweb.json_px import encode_json_px
from gateway.surfaces.pxweb.px_layout import encode_px
from gateway.surfaces.pxweb.selection import Meant
from gateway.surfaces.pxweb.xlsx_layout import encode_px_xlsx

_LAID_OUT = {CSV: encode_px_csv, XLSX: encode_px_xlsx, HTML: encode_html}
_FIXED = {JSON_STAT: encode_dataset, PX: encode_px, JSON_PX: encode_json_px}


def encoder_of(chosen: Format, meant: Meant, form: Form) -> CubeEncoder:
    """What writes the cells of a selection that is meant so."""
    if chosen in _LAID_OUT:
        return partial(_LAID_OUT[chosen], meant=meant, form=form)
    if chosen in _FIXED:
        return partial(_FIXED[chosen], meant=meant)
    return encode_parquet
