"""What holds the rules of JSON-stat finds each breach of them: else its silence would say nothing."""

from __future__ import annotations

import copy
from typing import Any

import pytest

DOCUMENT = {
    "version": "2.0",
    "class": "dataset",
    "label": "Job seekers",
    "source": "atmt",
    "updated": "2026-07-01T03:00:00.000Z",
    "id": ["measure", "geography", "month"],
    "size": [1, 3, 1],
    "role": {"metric": ["measure"], "geo": ["geography"], "time": ["month"]},
    "dimension": {
        "measure": {
            "label": "Measure",
            "category": {
                "index": {"persons": 0},
                "label": {"persons": "Persons"},
                "unit": {"persons": {"base": "persons", "decimals": 0}},
            },
        },
        "geography": {
            "label": "Area",
            "category": {
                "index": ["SSS", "KU837", "KU536"],
                "label": {"SSS": "Finland"},
                "child": {"SSS": ["KU837", "KU536"]},
                "note": {"KU837": ["Tampere"]},
                "coordinates": {"KU837": [23.8, 61.5]},
            },
            "note": ["Of the day"],
        },
        "month": {"category": {"label": {"2026M06": "2026M06"}}},
    },
    "value": [10, None, 2.5],
    "status": {"1": "..."},
    "link": {"describedby": [{"href": "https://jakelu.example"}]},
    "extension": {"jakelu": {}},
}
NOTHING = "nothing, not even the name"
GEOGRAPHY, MEASURES = ("dimension", "geography"), ("dimension", "measure", "category")
BREACHES: list[tuple[tuple[str, ...], Any]] = [
    (("version",), "1.0"),
    (("class",), "dimension"),
    (("label",), 7),
    (("source",), None),
    (("surprise",), 1),
    (("updated",), "1.7.2026"),
    (("updated",), "2026-13-01"),
    (("updated",), "2026-07-01 03:00"),
    (("id",), NOTHING),
    (("id",), ["measure", "measure", "month"]),
    (("id",), ["measure", "geography"]),
    (("size",), [1, 3]),
    (("size",), [1, 2, 1]),
    (("size",), [1, "3", 1]),
    (("role",), {"place": ["geography"]}),
    (("role",), {"geo": ["area"]}),
    (("role", "geo"), "geography"),
    (("role", "geo"), ["geography", "geography"]),
    (("role", "geo"), []),  # its coordinates are of no place then
    (("role", "metric"), NOTHING),  # and units of no metric
    (("dimension",), {}),
    (("dimension", "more"), {"category": {"index": ["a"]}}),
    ((*GEOGRAPHY, "category"), NOTHING),
    ((*GEOGRAPHY, "label"), ["Area"]),
    ((*GEOGRAPHY, "values"), []),
    ((*GEOGRAPHY, "note"), "Of the day"),
    ((*GEOGRAPHY, "extension"), []),
    ((*GEOGRAPHY, "category", "index"), NOTHING),
    ((*GEOGRAPHY, "category", "index"), ["SSS", "SSS", "KU837"]),
    ((*GEOGRAPHY, "category", "index"), {"SSS": 0, "KU837": 1, "KU536": 3}),
    ((*GEOGRAPHY, "category", "index"), {"SSS": 1, "KU837": 2, "KU536": 3}),
    ((*GEOGRAPHY, "category", "index"), {"SSS": 0, "KU837": 1, "KU536": True}),
    ((*GEOGRAPHY, "category", "label", "KU049"), "Espoo"),
    ((*GEOGRAPHY, "category", "label", "SSS"), None),
    ((*GEOGRAPHY, "category", "child", "SSS"), ["KU049"]),
    ((*GEOGRAPHY, "category", "child", "KU049"), []),
    ((*GEOGRAPHY, "category", "coordinates", "KU837"), [23.8]),
    ((*GEOGRAPHY, "category", "coordinates", "KU049"), [23.8, 61.5]),
    ((*GEOGRAPHY, "category", "note", "KU837"), "Tampere"),
    ((*GEOGRAPHY, "category", "note", "KU049"), ["Espoo"]),
    ((*GEOGRAPHY, "category", "colour"), {}),
    ((*MEASURES, "unit", "persons"), {"base": "persons"}),
    ((*MEASURES, "unit", "persons"), {"decimals": -1}),
    ((*MEASURES, "unit", "persons"), {"decimals": 0, "position": "middle"}),
    ((*MEASURES, "unit", "persons"), {"decimals": 0, "label": 1}),
    ((*MEASURES, "unit", "wages"), {"decimals": 0}),
    (("value",), NOTHING),
    (("value",), [10, None]),
    (("value",), [10, None, "..."]),
    (("value",), [10, None, True]),
    (("value",), [10, None, float("nan")]),
    (("value",), {"3": 1}),
    (("value",), {"01": 1}),
    (("status",), {"3": "..."}),
    (("status",), {"-1": "..."}),
    (("status",), {"1": None}),
    (("status",), ["...", None]),
    (("status",), None),
    (("note",), "Of the day"),
    (("link",), {"describedby": "https://jakelu.example"}),
    (("link",), []),
    (("extension",), "jakelu"),
]


def _changed(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    node = document
    for name in path[:-1]:
        node = node[name]
    if value is NOTHING:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return document


def test_a_document_that_keeps_every_rule_has_no_fault(json_stat):
    assert json_stat.faults(DOCUMENT) == []


@pytest.mark.parametrize(("path", "value"), BREACHES, ids=repr)
def test_every_breach_is_a_fault(json_stat, path, value):
    assert json_stat.faults(_changed(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("value",), {"0": 10, "2": 2.5}),
        (("status",), "..."),
        (("status",), [None, "...", None]),
        (("status",), NOTHING),
        (("updated",), "2026-07-01"),
        (("updated",), "2026-07-01T06:00:00+03:00"),
        ((*GEOGRAPHY, "category", "index"), {"KU837": 1, "SSS": 0, "KU536": 2}),
    ],
    ids=repr,
)
def test_every_form_that_the_format_allows_is_none(json_stat, path, value):
    assert json_stat.faults(_changed(path, value)) == []


def test_metadata_tells_of_no_cell(json_stat):
    without = {**_changed(("status",), NOTHING), "value": []}
    assert json_stat.faults(without, has_values=False) == []
    assert json_stat.faults(DOCUMENT, has_values=False)
    assert json_stat.faults(without)
