from __future__ import annotations

from datetime import date

import numpy as np
import orjson
import pytest

from gateway.encoding.heading import Heading
from gateway.encoding.jsonstat import encode_json_stat
from gateway.model.codes import Code
from gateway.model.cube import Axis, Cube, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Measure, MeasureKind

NAN = float("nan")


def label(text: str) -> Label:
    return Label(f"{text} fi", f"{text} sv", f"{text} en")


def axis(name: str, role: AxisRole, *codes: str) -> Axis:
    return Axis(name, label(name), role, tuple(Code(c, label(c), "level") for c in codes), (), None)


HEADING = Heading(
    product="job-seekers",
    title=label("title"),
    release="2026-06-30.1",
    as_of=date(2026, 6, 30),
    created_utc="2026-07-01T03:00:00.000Z",
    contract_version="1.0.0",
    definition_version="1",
    sources=("atmt", "ya"),
    language="sv",
    is_public=False,
)
COUNT = Measure("persons", label("persons"), label("persons"), MeasureKind.COUNT, decimals=0)
MEAN = Measure("duration", label("duration"), label("days"), MeasureKind.MEAN, decimals=1)


@pytest.fixture
def document() -> dict:
    cube = Cube(
        axes=(
            axis("geography", AxisRole.GEO, "SSS", "KU837"),
            axis("month", AxisRole.TIME, "2026M06"),
            axis("age", AxisRole.CLASS, "SSS", "-24"),
        ),
        measures=(COUNT, MEAN),
        values=np.array([[[[120.0, 10.0]], [[NAN, NAN]]], [[[10.0, 0.5]], [[NAN, 7.25]]]]),
        status=np.array(
            [[[[0, 0]], [[Status.SUPPRESSED, Status.NOT_PUBLISHED]]], [[[0, 0]], [[0, 0]]]],
            dtype=np.uint8,
        ),
    )
    return orjson.loads(encode_json_stat(cube, HEADING))


def test_values_are_dense_and_row_major_with_the_measure_first(document):
    assert document["id"] == ["measure", "geography", "month", "age"]
    assert document["size"] == [2, 2, 1, 2]
    assert document["value"] == [120, 10, None, None, 10, 0.5, None, 7.25]


def test_counts_are_written_without_a_fraction(document):
    assert all(isinstance(value, int) for value in document["value"][:2])


def test_hidden_cells_have_a_mark_and_a_mean_of_nobody_has_none(document):
    assert document["status"] == {"2": "...", "3": ".."}


def test_the_index_is_an_object_and_labels_are_in_the_asked_language(document):
    category = document["dimension"]["age"]["category"]
    assert category["index"] == {"SSS": 0, "-24": 1}
    assert category["label"]["-24"] == "-24 sv"
    assert document["label"] == "title sv"


def test_measures_have_units_with_decimals(document):
    unit = document["dimension"]["measure"]["category"]["unit"]
    assert unit == {
        "persons": {"base": "persons sv", "decimals": 0},
        "duration": {"base": "days sv", "decimals": 1},
    }


def test_the_roles_are_told(document):
    assert document["role"] == {"metric": ["measure"], "time": ["month"], "geo": ["geography"]}


def test_the_extension_names_the_release_and_explains_the_marks(document):
    extension = document["extension"]["jakelu"]
    assert extension["release"] == "2026-06-30.1"
    assert extension["as_of"] == "2026-06-30"
    assert extension["contract_version"] == "1.0.0"
    assert set(extension["status"]) == {"...", ".."}
    assert set(extension["status"]["..."]) == {"fi", "sv", "en"}


def test_a_cube_without_hidden_cells_has_no_status_at_all():
    cube = Cube((), (COUNT,), np.array([3.0]), np.zeros(1, dtype=np.uint8))
    document = orjson.loads(encode_json_stat(cube, HEADING))
    assert "status" not in document
    assert document["value"] == [3]
