"""A table as a PX file (AXIS-VERSION 2013): keywords in three languages, then the cells.

Dates are the release's and never the clock's, so that equal cells are equal bytes. Nothing in the file lets a
program sum over a variable: AGGREGALLOWED is NO, and ELIMINATION names a published total or is left out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import datetime

from gateway.encoding.heading import Heading
from gateway.encoding.workbook_cover import AS_OF, RELEASE, licence
from gateway.model.cube import Cube
from gateway.model.product import Measure, MeasureKind
from gateway.surfaces.pxweb.dots import DOTS, NOBODY
from gateway.surfaces.pxweb.form import Form
from gateway.surfaces.pxweb.grid import cell_text, lay_out
from gateway.surfaces.pxweb.px_text import NAME_MAX, entry, long_text, plain, quoted
from gateway.surfaces.pxweb.px_time import time_list
from gateway.surfaces.pxweb.px_words import Wording, said, wordings
from gateway.surfaces.pxweb.selection import Meant
from gateway.surfaces.pxweb.variables import Kind, Variable

_MOMENT = "%Y%m%d %H:%M"  # UTC, as the release says it
_SHOWN_DECIMALS_MAX = 6
Words = Sequence[Wording]


def encode_px(cube: Cube, heading: Heading, meant: Meant) -> bytes:
    """The file, UTF-8, in the heading's language and the two others."""
    words = wordings(meant, heading.language)
    sink = io.StringIO()
    sink.writelines(_of_file(cube, heading, words))
    sink.writelines(_of_table(cube, heading, meant, words))
    for variable in meant.shown:
        sink.writelines(_of_variable(variable, words))
        if variable.kind is Kind.METRIC:
            sink.writelines(_of_measures(variable, cube.measures, heading, words))
    sink.writelines(_of_release(heading, words))
    sink.write("DATA=\n")
    sink.writelines(_cells(cube, heading, meant))
    sink.write(";\n")
    return sink.getvalue().encode()


def _of_file(cube: Cube, heading: Heading, words: Words) -> Iterator[str]:
    decimals = [each.decimals for each in cube.measures]
    yield entry("CHARSET", quoted("ANSI"))
    yield entry("AXIS-VERSION", quoted("2013"))
    yield entry("CODEPAGE", quoted("utf-8"))
    yield entry("LANGUAGE", quoted(heading.language))
    yield entry("LANGUAGES", *(quoted(each.language) for each in words))
    yield entry("CREATION-DATE", _moment(heading))
    yield entry("TABLEID", quoted(plain(heading.product)))
    yield entry("DECIMALS", str(max(decimals)))
    yield entry("SHOWDECIMALS", str(_least(cube.measures)))
    yield entry("MATRIX", quoted(plain(heading.product, longest=NAME_MAX)))
    yield entry("AGGREGALLOWED", "NO")
    yield entry("SUBJECT-CODE", quoted(plain(heading.product, longest=NAME_MAX)))


def _of_table(cube: Cube, heading: Heading, meant: Meant, words: Words) -> Iterator[str]:
    subjects = {each.language: heading.title.in_language(each.language) for each in words}
    yield from said(words, "SUBJECT-AREA", lambda each: [quoted(plain(subjects[each.language]))])
    yield entry("COPYRIGHT", "NO")
    for each in words:
        title = f"{subjects[each.language]}: {', '.join(each.variables.values())}"
        yield long_text("TITLE", title, language=each.suffix)
    yield from said(words, "CONTENTS", lambda each: [quoted(plain(subjects[each.language]))])
    yield from said(words, "UNITS", lambda each: [quoted(_units(cube.measures, each))])
    if meant.stub:
        yield from said(words, "STUB", lambda each: [quoted(each.variables[n]) for n in meant.stub])
    if meant.heading:
        yield from said(
            words, "HEADING", lambda each: [quoted(each.variables[n]) for n in meant.heading]
        )
    metric = next(each.name for each in meant.shown if each.kind is Kind.METRIC)
    yield from said(words, "CONTVARIABLE", lambda each: [quoted(each.variables[metric])])


def _of_variable(variable: Variable, words: Words) -> Iterator[str]:
    """Its values and their codes, and the total by which it drops out if that is among them."""
    name = variable.name
    codes = [each.code for each in variable.values]

    def of(each: Wording) -> Sequence[str]:
        return (each.variables[name],)

    yield from said(words, "VALUES", lambda each: [*map(quoted, each.values[name])], of=of)
    periods = time_list(codes) if variable.kind is Kind.TIME else ()
    if periods:
        yield from said(words, "TIMEVAL", lambda _: periods, of=of)
    yield from said(words, "CODES", lambda _: [quoted(plain(each)) for each in codes], of=of)
    yield from said(words, "VARIABLECODE", lambda _: [quoted(plain(name))], of=of)
    if variable.total in codes:
        total = codes.index(variable.total)
        yield from said(
            words, "ELIMINATION", lambda each: [quoted(each.values[name][total])], of=of
        )


def _of_measures(
    variable: Variable, measures: Sequence[Measure], heading: Heading, words: Words
) -> Iterator[str]:
    """What stands with each value of the contents variable."""
    by_name = {each.name: each for each in measures}
    for place, value in enumerate(variable.values):
        yield from _of_measure(variable.name, place, by_name[value.code], heading, words)
        if by_name[value.code].decimals > _least(measures):
            shown = str(min(by_name[value.code].decimals, _SHOWN_DECIMALS_MAX))
            yield from _precision(variable.name, place, shown, words)


def _of_measure(
    name: str, place: int, measure: Measure, heading: Heading, words: Words
) -> Iterator[str]:
    """place: of the measure among the values of the variable."""

    def of(each: Wording) -> Sequence[str]:
        return (each.values[name][place],)

    yield from said(words, "LAST-UPDATED", lambda _: [_moment(heading)], of=of)
    if measure.kind is MeasureKind.MEAN:
        yield from said(words, "STOCKFA", lambda _: [quoted("A")], of=of)
    yield from said(
        words, "UNITS", lambda each: [quoted(plain(measure.unit.in_language(each.language)))], of=of
    )


def _precision(name: str, place: int, shown: str, words: Words) -> list[str]:
    return said(
        words,
        "PRECISION",
        lambda _: [shown],
        of=lambda each: (each.variables[name], each.values[name][place]),
    )


def _of_release(heading: Heading, words: Words) -> Iterator[str]:
    """Where the cells are from, and what their dots say."""
    yield from said(words, "SOURCE", lambda _: [quoted(plain(", ".join(heading.sources)))])
    yield entry("OFFICIAL-STATISTICS", "NO")
    for each in words:
        yield long_text("NOTE", _note(heading, each.language), language=each.suffix)
    for number, dots in enumerate(DOTS, start=1):
        yield entry(f"DATASYMBOL{number}", quoted(dots))


def _note(heading: Heading, language: str) -> str:
    """Lines with `#` between them, as the format ends a line of a text."""
    lines = [
        f"{RELEASE.in_language(language)}: {heading.product} {heading.release}",
        f"{AS_OF.in_language(language)}: {heading.as_of.isoformat()}",
        licence(heading).in_language(language),
        *(f"{dots} = {meaning.in_language(language)}" for dots, meaning in DOTS.items()),
    ]
    return "#".join(lines)


def _cells(cube: Cube, heading: Heading, meant: Meant) -> Iterator[str]:
    """A line for each row of the table, with a space at its end."""
    for _, values, status in lay_out(cube, meant, Form(), heading.language).rows():
        cells = [cell_text(v, s, nobody=NOBODY) for v, s in zip(values, status, strict=True)]
        yield " ".join(quoted(each) if each in DOTS else each for each in cells) + " \n"


def _least(measures: Sequence[Measure]) -> int:
    """The decimals that are shown where nothing else is said."""
    return min(_SHOWN_DECIMALS_MAX, *(each.decimals for each in measures))


def _units(measures: Sequence[Measure], words: Wording) -> str:
    units = dict.fromkeys(each.unit.in_language(words.language) for each in measures)
    return plain(", ".join(units))


def _moment(heading: Heading) -> str:
    return quoted(datetime.fromisoformat(heading.created_utc).strftime(_MOMENT))
