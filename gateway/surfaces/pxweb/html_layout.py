"""A table as a page that stands for itself: a caption, headers that say what they head, and the marks explained.

It has no script, no style and no address, and its own policy forbids them, also where it is opened from a disk.
Texts have the guard of CSV, for a spreadsheet opens such a page too; and numbers have the decimal sign of the
language, for a Finnish spreadsheet takes 12.9 for a day in September.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from gateway.encoding.csv_text import unrun
from gateway.encoding.heading import Heading
from gateway.encoding.marks import LEGEND, MARKS
from gateway.encoding.workbook_cover import AS_OF, RELEASE, SOURCES, SYMBOLS, licence, with_unit
from gateway.model.cube import Cube
from gateway.model.label import Label
from gateway.surfaces.pxweb.form import Form
from gateway.surfaces.pxweb.grid import VALUE_COLUMN, Grid, cell_text, lay_out
from gateway.surfaces.pxweb.selection import Meant

_UNITS = Label("Yksiköt", "Enheter", "Units")
_DECIMAL_SIGNS = {"fi": ",", "sv": ",", "en": "."}


def encode_html(cube: Cube, heading: Heading, meant: Meant, form: Form) -> bytes:
    """The page, UTF-8, in the heading's language."""
    language = heading.language
    grid = lay_out(cube, meant, form, language)
    sink = io.BytesIO()
    page = _template().stream(
        language=language,
        title=unrun(heading.title.in_language(language)),
        has_title=form.has_title,
        release=f"{RELEASE.in_language(language)} {heading.product} {heading.release}",
        as_of=f"{AS_OF.in_language(language)} {heading.as_of.isoformat()}",
        stub=[unrun(each) for each in grid.stub],
        heads=list(_heads(grid)),
        rows=_rows(grid, _DECIMAL_SIGNS[language]),
        symbols=SYMBOLS.in_language(language),
        legend={mark: label.in_language(language) for mark, label in LEGEND.items()},
        units=f"{_UNITS.in_language(language)}: {_units(cube, language)}",
        sources=f"{SOURCES.in_language(language)}: {', '.join(heading.sources)}",
        licence=licence(heading).in_language(language),
    )
    page.dump(sink, encoding="utf-8")
    return sink.getvalue()


@cache
def _template() -> Template:
    pages = Environment(
        loader=PackageLoader("gateway.surfaces.pxweb"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template("table.html")


def _heads(grid: Grid) -> Iterator[list[tuple[str, int]]]:
    """The lines of headers above the columns: texts, and how many columns each of them spans."""
    if not grid.heads:
        yield [(VALUE_COLUMN, 1)]
    sizes = [len(each) for each in grid.heads]
    for level, texts in enumerate(grid.heads):
        span = math.prod(sizes[level + 1 :])
        yield [(unrun(each), span) for each in texts] * math.prod(sizes[:level])


def _rows(grid: Grid, decimal_sign: str) -> Iterator[tuple[list[str], list[str]]]:
    for (names, values, status), decimals in zip(grid.rows(), grid.decimals, strict=True):
        cells = zip(values, status, decimals.tolist(), strict=True)
        yield [unrun(each) for each in names], [_shown(*each, decimal_sign) for each in cells]


def _shown(value: float, status: int, decimals: int, decimal_sign: str) -> str:
    """9,0 beneath 12,9: as many decimals as the measure has."""
    if status in MARKS or math.isnan(value):
        return cell_text(value, status)
    return f"{value:.{decimals}f}".replace(".", decimal_sign)


def _units(cube: Cube, language: str) -> str:
    return unrun(", ".join(with_unit(each).in_language(language) for each in cube.measures))
