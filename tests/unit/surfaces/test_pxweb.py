"""PxWebApi 2 as its clients call it, over the small real house."""

from __future__ import annotations

import csv
import io
import itertools
import sys
from dataclasses import replace

import numpy as np
import pytest

from gateway.errors import AggregationNotPublished, TooManyCells
from gateway.model.cube import Cube, Status
from gateway.surfaces.pxweb.selection import Wanted, check_size, resolve

PX = "/pxweb/api/v2"
TABLE = f"{PX}/tables/job-seekers"
BI, STRANGER = "municipality-bi", "stranger"
POSTED = {
    "selection": [
        {"variableCode": "Geography", "valueCodes": ["ku837", "SSS"]},
        {"variableCode": "TIME", "valueCodes": ["top(1)"]},
        {"variableCode": "measure", "valueCodes": ["unemployed", "job_seekers"]},
    ]
}


def selecting(**expressions: str) -> str:
    return "&".join(f"valuecodes[{name}]={text}" for name, text in expressions.items())


def post(house, body, query: str = ""):
    return house.client.post(f"{TABLE}/data{query}", json=body, headers=house.bearer(BI))


def cells(document: dict) -> dict:
    """(variable, code) pairs without their order → value and mark."""
    names = document["id"]
    lists = [list(document["dimension"][name]["category"]["index"]) for name in names]
    marks = document.get("status", {})
    return {
        frozenset(zip(names, codes, strict=True)): (document["value"][i], marks.get(str(i)))
        for i, codes in enumerate(itertools.product(*lists))
    }


def refused(answer, status: int, title: str) -> dict:
    told = answer.json()
    assert (answer.status_code, told["status"], told["title"]) == (status, status, title), told
    assert told["type"] == "Parameter error"
    return told


def test_the_configuration_is_what_clients_reckon_with(house):
    told = house.get(BI, f"{PX}/config").json()
    assert told["apiVersion"] == "2.0.0"
    assert [each["id"] for each in told["languages"]] == ["fi", "sv", "en"]
    assert told["maxDataCells"] == 100_000
    formats = ["json-stat2", "csv", "px", "xlsx", "html", "json-px", "parquet"]
    assert told["dataFormats"] == formats
    assert told["maxCallsPerTimeWindow"] > 0


@pytest.mark.parametrize("path", ["/config", "/tables", "/tables/job-seekers/data"])
def test_nothing_is_told_without_a_caller(house, path):
    assert house.client.get(PX + path).status_code == 401


def test_the_tables_are_the_cubes_that_are_listed_to_the_caller(house):
    mine = house.get(BI, f"{PX}/tables").json()
    assert [each["id"] for each in mine["tables"]] == ["job-seekers", "vacancies"]
    assert mine["page"]["totalElements"] == len(mine["tables"])
    stranger = house.get(STRANGER, f"{PX}/tables").json()
    assert [each["id"] for each in stranger["tables"]] == ["vacancies"]


def test_a_table_tells_its_periods_and_where_to_go(house):
    told = house.get(BI, f"{PX}/TABLES/Job-Seekers?LANG=SV").json()
    assert (told["firstPeriod"], told["lastPeriod"]) == ("2026M05", "2026M06")
    assert (told["id"], told["language"], told["timeUnit"]) == ("job-seekers", "sv", "Monthly")
    assert told["label"] == "Arbetssökande"
    rels = [link["rel"] for link in told["links"]]
    assert rels == ["self", "alternate", "alternate", "metadata", "data"]


def test_tables_are_searched_and_paged(house):
    found = house.get(BI, f"{PX}/tables?query=LEDIGA platser").json()["tables"]
    assert [each["id"] for each in found] == ["vacancies"]
    page = house.get(BI, f"{PX}/tables?pageSize=1&pageNumber=2").json()
    assert len(page["tables"]) == 1
    assert page["page"]["pageNumber"] == 2
    assert {link["rel"] for link in page["page"]["links"]} >= {"previous"}
    recent = house.get(BI, f"{PX}/tables?pastDays=1").json()["tables"]
    assert {each["id"] for each in recent} == {"job-seekers", "vacancies"}


@pytest.mark.parametrize("parameter", ["pageSize", "pageNumber", "pastDays"])
def test_refuses_a_number_that_is_none(house, parameter):
    answer = house.get(BI, f"{PX}/tables?{parameter}=0")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == parameter


def test_metadata_is_json_stat_without_values(house):
    told = house.get(BI, f"{TABLE}/metadata?lang=en").json()
    assert (told["version"], told["class"], told["value"]) == ("2.0", "dataset", [])
    assert told["id"] == ["geography", "sex", "age", "citizenship", "measure", "month"]
    assert told["size"] == [len(told["dimension"][n]["category"]["index"]) for n in told["id"]]
    assert told["role"] == {"time": ["month"], "geo": ["geography"], "metric": ["measure"]}
    px = told["extension"]["px"]
    assert (px["tableid"], px["stub"], px["heading"]) == (
        "job-seekers", ["geography", "sex", "age", "citizenship"], ["measure", "month"],
    )  # fmt: skip
    sex = told["dimension"]["sex"]["extension"]
    assert (sex["elimination"], sex["eliminationValueCode"]) == (True, "SSS")
    assert told["dimension"]["month"]["extension"]["elimination"] is False
    assert told["extension"]["jakelu"]["release"] == "2026-06-30.1"
    assert "status" not in told


def test_no_selection_gets_the_default_selection(house):
    default = house.get(BI, f"{TABLE}/defaultselection").json()
    body = {
        "selection": [
            {"variableCode": each["variableCode"], "valueCodes": each["valueCodes"]}
            for each in default["selection"]
        ],
        "placement": default["placement"],
    }
    plain = house.get(BI, f"{TABLE}/data").json()
    assert plain["id"] == ["geography", "measure", "month"]
    assert plain == post(house, body).json()
    metadata = house.get(BI, f"{TABLE}/metadata?defaultSelection=true").json()
    assert metadata["size"] == plain["size"]


def test_get_and_post_are_one(house):
    query = selecting(geography="KU837,sss", time="top(1)", Measure="unemployed,job_seekers")
    got = house.get(BI, f"{TABLE}/data?{query}").json()
    assert got == post(house, POSTED).json()
    assert list(got["dimension"]["geography"]["category"]["index"]) == ["KU837", "SSS"]
    assert list(got["dimension"]["measure"]["category"]["index"]) == ["unemployed", "job_seekers"]


def test_the_cells_are_those_of_our_own_interface(house):
    own = house.get(BI, "/v1/cubes/job-seekers/data?geography=SSS,KU837&sex=*&month=*").json()
    query = selecting(geography="SSS,KU837", sex="*", month="*", measure="*")
    px = house.get(BI, f"{TABLE}/data?{query}").json()
    gone = {("age", "SSS"), ("citizenship", "SSS")}
    assert cells(px) == {key - gone: cell for key, cell in cells(own).items()}
    assert "..." in px["status"].values()


def test_a_delivery_is_journaled_with_its_codes_and_a_receipt(house):
    query = selecting(geography="KU837", sex="1", month="2026M06", measure="unemployed")
    answer = house.get(BI, f"{TABLE}/data?{query}")
    intent = next(e for e in house.entries() if e.event_id == answer.headers["jakelu-receipt"])
    assert intent.body["product"] == "job-seekers"
    assert "KU837" in str(dict(intent.body))
    assert house.closed(intent.event_id)["outcome"] == "complete"


def test_a_refusal_is_journaled_like_that_of_our_own_interface(house):
    before = len(house.entries())
    refused(house.get(STRANGER, f"{TABLE}/data"), 404, "Non-existent table")
    denied = [e for e in house.entries()[before:] if e.kind == "access.denied"]
    assert len(denied) == 1
    assert denied[0].body["product"] == "job-seekers"


@pytest.mark.parametrize("path", ["", "/metadata", "/defaultselection", "/data"])
def test_what_is_not_listed_looks_like_what_does_not_exist(house, path):
    hidden = house.get(STRANGER, f"{TABLE}{path}").json()
    absent = house.get(STRANGER, f"{PX}/tables/nothing{path}").json()
    for told in (hidden, absent):
        told.pop("instance")
    assert hidden == absent
    assert hidden["title"] == "Non-existent table"


def test_rows_are_no_table(house):
    refused(house.get(BI, f"{PX}/tables/job-seeker-spells"), 404, "Non-existent table")
    refused(house.get(BI, f"{PX}/tables/job-seeker-spells/data"), 400, "Non-existent table")


@pytest.mark.parametrize(
    ("query", "title", "parameter"),
    [
        (selecting(nothing="*"), "Non-existent variable", "valuecodes[nothing]"),
        (selecting(sex="1"), "Missing selection for mandantory variable", "valuecodes[measure]"),
        (selecting(sex="9", month="*", measure="*"), "Non-existent value", "valuecodes[sex]"),
        (selecting(sex="top(0)", month="*", measure="*"), "Illegal selection expression", "valuecodes[sex]"),
        (selecting(sex="range(1,2)", month="*", measure="*"), "Illegal selection expression", "valuecodes[sex]"),
        ("outputFormat=sdmx", "Unsupported output format", "outputFormat"),
        ("lang=de", "Unsupported language", "lang"),
        ("codelist[sex]=vs_none", "Non-existent codelist", "codelist[sex]"),
        ("heading=sex", "Illegal placement selection", "heading"),
        ("stub=nothing", "Non-existent variable", "stub"),
    ],
)  # fmt: skip
def test_refuses_in_pxwebs_words_and_names_the_parameter(house, query, title, parameter):
    before = len(house.entries())
    assert refused(house.get(BI, f"{TABLE}/data?{query}"), 400, title)["parameter"] == parameter
    assert not [e for e in house.entries()[before:] if e.kind == "access.intent"]


@pytest.mark.parametrize(
    "query",
    ["nothing=1", "valuecodes=1", "lang[sex]=fi", "lang=fi&LANG=fi", "outputFormatParams=UseNone",
     "outputFormatParams=UseCodes,UseTexts", "valuecodes[sex]=1&valuecodes[SEX]=2"],
)  # fmt: skip
def test_refuses_parameters_that_are_not_there(house, query):
    assert house.get(BI, f"{TABLE}/data?{query}").status_code == 400


@pytest.mark.parametrize(
    "body",
    [{"selection": [{"variableCode": "sex"}], "more": 1}, {"selection": "sex"}, [1],
     {"selection": [{"valueCodes": ["1"]}]},
     {"selection": [{"variableCode": "sex", "valueCodes": []}, {"variableCode": "SEX", "valueCodes": []}]}],
)  # fmt: skip
def test_refuses_a_body_that_is_not_understood(house, body):
    assert post(house, body).status_code == 400


def test_what_is_gone_from_the_specification_is_ignored(house):
    assert house.get(BI, f"{TABLE}/data?outputvalues[sex]=aggregated").status_code == 200


def test_a_variable_without_values_is_eliminated_by_its_published_total(house):
    query = selecting(geography="SSS", month="2026M06", measure="unemployed")
    told = house.get(BI, f"{TABLE}/data?{query}&valuecodes[sex]=").json()
    own = house.get(BI, "/v1/cubes/job-seekers/data?month=2026M06&measure=unemployed").json()
    assert told["id"] == ["geography", "measure", "month"]
    assert told["value"] == own["value"]


def test_a_value_set_selects_within_one_level(house):
    listed = house.get(BI, f"{TABLE}/metadata").json()["dimension"]["geography"]["extension"]
    assert "vs_job-seekers_geography_municipality" in [each["id"] for each in listed["codelists"]]
    query = selecting(geography="*", month="*", measure="unemployed")
    told = house.get(
        BI, f"{TABLE}/data?{query}&codelist[geography]=VS_job-seekers_geography_municipality"
    ).json()
    assert list(told["dimension"]["geography"]["category"]["index"]) == ["KU837", "KU536"]


def test_a_code_list_tells_its_groups_and_their_members(house):
    told = house.get(BI, f"{PX}/codelists/agg_job-seekers_geography_region?lang=en").json()
    assert told["type"] == "Aggregation"
    assert told["values"] == [{"code": "MK06", "label": "MK06 en", "valueMap": ["KU837", "KU536"]}]
    listed = house.get(BI, f"{PX}/codelists/vs_job-seekers_sex_sex").json()
    assert [each["code"] for each in listed["values"]] == ["1", "2"]


@pytest.mark.parametrize(
    "name", ["vs_nothing", "agg_job-seekers_sex_none", "x", "vs_job-seeker-spells_sex_sex"]
)
def test_refuses_a_code_list_that_is_not_there(house, name):
    refused(house.get(BI, f"{PX}/codelists/{name}"), 404, "Non-existent codelist")


def test_the_code_lists_of_a_table_that_is_not_listed_are_unknown(house):
    name = "vs_job-seekers_sex_sex"
    refused(house.get(STRANGER, f"{PX}/codelists/{name}"), 404, "Non-existent codelist")


def test_an_aggregation_is_a_published_total_and_never_a_sum(house):
    body = {
        "selection": [
            {"variableCode": "geography", "valueCodes": ["*"], "codelist": "agg_job-seekers_geography_region"},
            {"variableCode": "month", "valueCodes": ["2026M06"]},
            {"variableCode": "measure", "valueCodes": ["unemployed"]},
        ]
    }  # fmt: skip
    told = post(house, body).json()
    own = house.get(
        BI, "/v1/cubes/job-seekers/data?geography=MK06&month=2026M06&measure=unemployed"
    ).json()
    assert told["value"] == own["value"]


def test_refuses_an_aggregation_whose_total_is_not_published(house):
    body = {
        "selection": [
            {"variableCode": "sex", "valueCodes": ["SSS"], "codelist": "agg_job-seekers_sex_total"},
            {"variableCode": "geography", "valueCodes": ["KU837"]},
            {"variableCode": "age", "valueCodes": ["-24"]},
            {"variableCode": "citizenship", "valueCodes": ["FI"]},
            {"variableCode": "month", "valueCodes": ["*"]},
            {"variableCode": "measure", "valueCodes": ["*"]},
        ]
    }
    told = refused(post(house, body), 400, "This combination is not published")
    assert told["parameter"] == "codelist[sex]"
    assert "sums are never made" in told["detail"]


def rows(answer, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.text), delimiter=delimiter))


CELL = selecting(geography="SSS,KU837", month="*", measure="unemployed", sex="*")


def test_csv_has_the_stub_down_and_the_heading_across(house):
    answer = house.get(BI, f"{TABLE}/data?{CELL}&outputFormat=CSV&outputFormatParams=UseCodes")
    assert answer.headers["content-type"].startswith("text/csv")
    table = rows(answer)
    assert table[0] == ["geography", "sex", "unemployed 2026M05", "unemployed 2026M06"]
    assert [row[:2] for row in table[1:]] == [
        [area, sex] for area in ("SSS", "KU837") for sex in ("SSS", "1", "2")
    ]


def test_csv_with_all_in_the_stub_is_tidy_and_tells_the_same_cells(house):
    everything = "geography,sex,measure,month"
    answer = house.get(
        BI, f"{TABLE}/data?{CELL}&outputFormat=csv&outputFormatParams=UseCodes&stub={everything}"
    )
    document = house.get(BI, f"{TABLE}/data?{CELL}").json()
    table = rows(answer)
    assert table[0] == [*everything.split(","), "value"]
    told = {frozenset(zip(table[0][:-1], row[:-1], strict=True)): row[-1] for row in table[1:]}
    assert told == {key: mark or str(int(value)) for key, (value, mark) in cells(document).items()}


def test_csv_takes_titles_texts_and_separators(house):
    asked = "UseCodesAndTexts,IncludeTitle,SeparatorSemicolon"
    query = f"{TABLE}/data?{CELL}&outputFormat=csv&outputFormatParams={asked}&lang=en"
    table = rows(house.get(BI, query), ";")
    assert table[0] == ["Job seekers"]
    assert table[1][0] == "Area"
    assert table[2][:2] == ["SSS SSS en", "SSS SSS en"]


def test_parquet_is_the_long_table_of_the_same_cells(house):
    import pyarrow.parquet as pq

    answer = house.get(BI, f"{TABLE}/data?{CELL}&outputFormat=parquet")
    table = pq.read_table(io.BytesIO(answer.content))
    assert set(table.column_names) >= {"geography", "unemployed", "unemployed_status"}
    assert table.num_rows == 12


def test_an_unchanged_answer_is_not_sent_again_to_a_get_but_to_a_post(house):
    first = house.get(BI, f"{TABLE}/data?{CELL}")
    again = house.get(BI, f"{TABLE}/data?{CELL}", If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    tag = post(house, POSTED).headers["etag"]
    headers = house.bearer(BI) | {"If-None-Match": tag}
    assert house.client.post(f"{TABLE}/data", json=POSTED, headers=headers).status_code == 200


def test_equal_cells_in_another_place_have_another_tag(house):
    plain = house.get(BI, f"{TABLE}/data?{CELL}")
    placed = house.get(BI, f"{TABLE}/data?{CELL}&heading=sex")
    own = house.get(BI, "/v1/cubes/job-seekers/data?month=*")
    assert len({each.headers["etag"] for each in (plain, placed, own)}) == 3
    assert placed.json()["id"] == ["geography", "measure", "month", "sex"]
    assert cells(placed.json()) == cells(plain.json())


def test_head_tells_the_length_and_sends_nothing(house):
    for path in (f"{PX}/config", f"{TABLE}/data?{CELL}"):
        head = house.client.head(path, headers=house.bearer(BI))
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == len(house.get(BI, path).content)


def test_refuses_other_methods(house):
    answer = house.client.put(f"{TABLE}/data", headers=house.bearer(BI))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_an_older_release_is_read_by_its_day(house):
    told = house.get(BI, f"{TABLE}/data?as_of=2026-06-01").json()
    assert told["extension"]["jakelu"]["as_of"] == "2026-05-31"


def test_too_many_cells_are_counted_without_wrapping_around():
    check_size({"a": range(1000), "b": range(100)})
    with pytest.raises(TooManyCells):
        check_size({"a": range(1000), "b": range(101)})
    with pytest.raises(TooManyCells):  # 2**66: nothing is left of it in 64 bits
        check_size({str(i): range(2**11) for i in range(6)})


def test_one_group_without_a_published_total_is_enough_to_refuse_an_aggregation(model_house):
    """Of two groups one is published; a value set of the same level marks the other instead."""
    geography = _two_regions(model_house)
    wanted = {"geography": ("*",), "month": ("*",), "measure": ("*",)}
    groups, values = (f"{kind}_job-seekers_geography_region" for kind in ("agg", "vs"))
    with pytest.raises(AggregationNotPublished) as refusal:
        resolve("job-seekers", geography, Wanted(wanted, {"geography": groups}))
    assert refusal.value.parameter == "codelist[geography]"
    meant = resolve("job-seekers", geography, Wanted(wanted, {"geography": values}))
    assert meant.kept["geography"] == (1, 2)


def _two_regions(house) -> Cube:
    """The small cube with TA39 as a second region, of which nothing is published."""
    cube = sys.modules[type(house).__module__].small_cube(house.catalog.find("job-seekers"))
    axis = cube.axes[0]
    codes = tuple(
        replace(code, level="region") if code.code == "TA39" else code for code in axis.codes
    )
    values, status = cube.values.copy(), cube.status.copy()
    values[:, 2], status[:, 2] = np.nan, Status.NOT_PUBLISHED
    axes = (replace(axis, codes=codes), *cube.axes[1:])
    return replace(cube, axes=axes, values=values, status=status)
