"""A table as PxWeb's CSV: the stub's variables as columns, and a column per combination of the heading.

With every variable in the stub it is a tidy table with one column of values.
"""

from __future__ import annotations

import csv
import io

from gateway.encoding.csv_text import unrun
from gateway.encoding.heading import Heading
from gateway.model.cube import Cube
from gateway.surfaces.pxweb.form import Form
from gateway.surfaces.pxweb.grid import VALUE_COLUMN, cell_text, lay_out
from gateway.surfaces.pxweb.selection import Meant


def encode_px_csv(cube: Cube, heading: Heading, meant: Meant, form: Form) -> bytes:
    """UTF-8, line feeds, point as the decimal sign. A cell without a value holds its mark, if it has one."""
    grid = lay_out(cube, meant, form, heading.language)
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=form.separator, lineterminator="\n")
    if form.has_title:
        writer.writerow([unrun(heading.title.in_language(heading.language))])
    titles = [" ".join(each) for each in grid.columns] if grid.heads else [VALUE_COLUMN]
    writer.writerow([unrun(each) for each in (*grid.stub, *titles)])
    for names, values, status in grid.rows():
        cells = map(cell_text, values, status)
        writer.writerow([*(unrun(each) for each in names), *cells])
    return sink.getvalue().encode()
