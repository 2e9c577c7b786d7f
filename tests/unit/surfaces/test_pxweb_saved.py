"""Saved queries of PxWebApi 2: a request that is kept, and run by whoever may have the answer."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from datetime import date

import pytest

from gateway.adapters.demo_issuer import PERSONAS, Persona
from gateway.errors import StateUnavailable
from gateway.model.caller import AuthStrength, Caller
from gateway.organisations import load_registry
from gateway.surfaces.pxweb import saved as saved_module
from gateway.surfaces.pxweb.saved import owner_of

PX = "/pxweb/api/v2"
SAVED = f"{PX}/savedqueries"
TABLE = f"{PX}/tables/job-seekers"
BI, STRANGER = "municipality-bi", "stranger"
QUERY = {
    "tableId": "Job-Seekers",
    "language": "sv",
    "selection": {
        "selection": [
            {"variableCode": "geography", "valueCodes": ["from(TA39)"]},
            {"variableCode": "TIME", "valueCodes": ["top(1)"]},
            {"variableCode": "measure", "valueCodes": ["unemployed"]},
        ],
        "placement": {"heading": ["measure"], "stub": ["geography", "time"]},
    },
}
ASKED = "valuecodes[geography]=from(TA39)&valuecodes[month]=top(1)&valuecodes[measure]=unemployed"


def changed(**members) -> dict:
    return {**deepcopy(QUERY), **members}


def save(house, body=QUERY, who: str = BI, **options):
    return house.client.post(SAVED, json=body, headers=house.bearer(who), **options)


def delete(house, query_id: str, who: str = BI):
    return house.client.delete(f"{SAVED}/{query_id}", headers=house.bearer(who))


@pytest.fixture
def query_id(house) -> str:
    return save(house).json()["id"]


@pytest.fixture
def bearer(house, monkeypatch):
    """The header of somebody who is like the one of a name, but for what is said."""

    def of(subject: str, organisation: str = "KU837", roles: tuple[str, ...] | None = None):
        model = PERSONAS[BI]
        roles = model.roles if roles is None else roles
        persona = Persona("other", subject, model.client_id, organisation, roles)
        monkeypatch.setattr(
            "gateway.adapters.demo_issuer.PERSONAS", {**PERSONAS, persona.name: persona}
        )
        return house.bearer(persona.name)

    return of


def refused(answer, status: int, code: str, parameter: str | None = None) -> dict:
    told = answer.json()
    assert (answer.status_code, told["code"]) == (status, code), told
    if parameter is not None:
        assert told["parameter"] == parameter
    return told


def entries(house, kind: str) -> list[dict]:
    return [each.body for each in house.entries() if each.kind == kind]


# --- saved -----------------------------------------------------------------------------------


def test_a_query_is_saved_and_told_where_it_is(house):
    answer = save(house, params={"lang": "en"})
    told = answer.json()
    assert (answer.status_code, told["language"]) == (201, "en")
    assert re.fullmatch(r"[0-9a-f]{32}", told["id"])
    assert answer.headers["location"].endswith(f"{SAVED}/{told['id']}")
    kept = told["savedQuery"]
    assert (kept["tableId"], kept["language"], kept["id"]) == ("job-seekers", "sv", told["id"])
    assert kept["outputFormat"] == "json-stat2"
    assert kept["selection"]["selection"][0]["valueCodes"] == ["from(TA39)"]
    assert {"self", "data", "selection"} <= {each["rel"] for each in told["links"]}
    read = house.get(BI, f"{SAVED}/{told['id'].upper()}?lang=en")
    assert (read.status_code, read.json()) == (200, told)


def test_the_same_query_has_one_id_and_another_one_its_own(house, query_id, bearer):
    assert save(house).json()["id"] == query_id
    assert save(house, changed(id="anything", tableId="JOB-seekers")).json()["id"] == query_id
    assert save(house, changed(language="fi")).json()["id"] != query_id
    other = house.client.post(SAVED, json=QUERY, headers=bearer("somebody-else"))
    assert other.json()["id"] != query_id


def selecting(**expressions: str) -> dict:
    variables = [{"variableCode": n, "valueCodes": [text]} for n, text in expressions.items()]
    return changed(selection={"selection": variables})


@pytest.mark.parametrize(
    ("body", "code", "parameter"),
    [
        (changed(language="de"), "bad_parameter", "language"),
        (changed(outputFormat="pdf"), "bad_parameter", "outputFormat"),
        (changed(outputFormat="csv", outputFormatParams=["Colour"]), "bad_parameter", "outputFormatParams"),
        (changed(release="yesterday"), "bad_parameter", "release"),
        (changed(as_of="yesterday"), "bad_parameter", "as_of"),
        (changed(cells=[1]), "unknown_parameter", "cells"),
        ({"tableId": "job-seekers", "language": "fi"}, "missing_parameter", "selection"),
        (changed(selection={"selection": "all"}), "bad_parameter", "selection"),
        (selecting(colour="*"), "unknown_dimension", "valuecodes[colour]"),
        (selecting(geography="KU000", month="*", measure="*"), "unknown_value", "valuecodes[geography]"),
        (selecting(geography="top(0)", month="*", measure="*"), "bad_parameter", "valuecodes[geography]"),
        (selecting(geography="*"), "missing_parameter", "valuecodes[measure]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_not_understood_is_not_saved(house, body, code, parameter):
    refused(save(house, body), 400, code, parameter)


def test_an_unknown_code_list_is_named(house):
    body = deepcopy(QUERY)
    body["selection"]["selection"][0] |= {"codelist": "vs_nothing"}
    told = refused(save(house, body), 400, "bad_parameter", "codelist[geography]")
    assert told["title"] == "Non-existent codelist"


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b'{"tableId": "a", "tableId": "b"}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b" " * (64 * 1024 + 1), "application/json", 413),
    ],
)
def test_what_is_no_document_is_not_read(house, content, media_type, status):
    headers = {**house.bearer(BI), "content-type": media_type}
    assert house.client.post(SAVED, content=content, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("method", "path"), [("GET", SAVED), ("PUT", f"{SAVED}/x"), ("POST", f"{SAVED}/x/data")]
)
def test_other_methods_are_told_which_there_are(house, method, path):
    answer = house.client.request(method, path, headers=house.bearer(BI))
    assert answer.status_code == 405
    assert answer.headers["allow"]


def test_a_table_that_is_not_listed_is_saved_by_nobody_and_that_is_journaled(house):
    before = len(entries(house, "access.denied"))
    for table in ("job-seekers", "nothing"):
        refused(save(house, changed(tableId=table), STRANGER), 404, "product_not_found")
    assert len(entries(house, "access.denied")) == before + 2


def test_a_creator_has_so_many_and_room_again_after_a_deletion(house, bearer, monkeypatch):
    monkeypatch.setattr(saved_module, "SAVED_MAX", 2)
    headers = bearer("collector")

    def one(year: int):
        body = changed(as_of=f"{year}-01-01")
        return house.client.post(SAVED, json=body, headers=headers)

    first = one(2030)
    assert [first.status_code, one(2031).status_code, one(2030).status_code] == [201, 201, 201]
    told = refused(one(2032), 409, "too_many_saved_queries")
    assert "DELETE" in told["detail"]
    gone = house.client.delete(f"{SAVED}/{first.json()['id']}", headers=headers)
    assert (gone.status_code, one(2032).status_code) == (204, 201)


def test_saving_tells_of_no_cell_and_is_no_entry(house):
    before = len(house.entries())
    answer = save(house, changed(language="en"))
    assert house.get(BI, f"{SAVED}/{answer.json()['id']}/selection").status_code == 200
    assert len(house.entries()) == before
    assert "value" not in answer.json()


def test_a_combination_that_is_not_published_is_told_at_the_run_alone(house):
    """Which cells are hidden is in the delivery, and saving one is none."""
    body = deepcopy(QUERY)
    body["selection"] = {
        "selection": [
            {"variableCode": "geography", "codelist": "agg_job-seekers_geography_region", "valueCodes": ["*"]},
            {"variableCode": "sex", "valueCodes": ["1"]},
            {"variableCode": "age", "valueCodes": ["-24"]},
            {"variableCode": "month", "valueCodes": ["*"]},
            {"variableCode": "measure", "valueCodes": ["*"]},
        ]
    }  # fmt: skip
    assert save(house, body).status_code == 201


# --- run -------------------------------------------------------------------------------------


def test_its_data_are_those_of_the_same_request(house, query_id):
    run = house.get(BI, f"{SAVED}/{query_id}/data")
    asked = f"{ASKED}&heading=measure&stub=geography,month&lang=sv"
    direct = house.get(BI, f"{TABLE}/data?{asked}")
    assert (run.status_code, direct.status_code) == (200, 200)
    assert run.content == direct.content
    assert run.headers["etag"] == direct.headers["etag"]
    assert run.headers["jakelu-release"] == direct.headers["jakelu-release"]
    headers = {**house.bearer(BI), "if-none-match": run.headers["etag"]}
    assert house.client.get(f"{SAVED}/{query_id}/data", headers=headers).status_code == 304
    head = house.client.head(f"{SAVED}/{query_id}/data", headers=house.bearer(BI))
    assert (head.status_code, head.content) == (200, b"")


def test_a_run_is_journaled_like_the_same_request_for_the_table(house, query_id):
    def told(path: str) -> dict:
        assert house.get(BI, path).status_code == 200
        entry = entries(house, "access.intent")[-1]
        apart = {"seq", "event_id", "ts_utc", "request_id", "token_jti_hmac"}
        return {name: value for name, value in entry.items() if name not in apart}

    run = told(f"{SAVED}/{query_id}/data")
    asked = f"{ASKED}&heading=measure&stub=geography,month&lang=sv"
    assert run == told(f"{TABLE}/data?{asked}")
    assert run["product"] == "job-seekers"


def test_the_address_of_a_run_says_language_and_format_anew(house):
    csv = changed(outputFormat="csv", outputFormatParams=["UseCodes", "SeparatorTab"])
    path = f"{SAVED}/{save(house, csv).json()['id']}/data"
    assert "\t" in house.get(BI, path).text
    assert "," in house.get(BI, f"{path}?outputFormatParams=UseCodes").text
    fi, sv = (house.get(BI, f"{path}?OUTPUTFORMAT=json-stat2&lang={each}") for each in ("fi", ""))
    assert fi.json()["label"] == "Työnhakijat"
    assert sv.json()["label"] == "Arbetssökande"
    for wrong in ("lang=de", "outputFormat=pdf", "valuecodes[sex]=1", "heading=sex"):
        assert house.get(BI, f"{path}?{wrong}").status_code == 400


def test_a_run_has_the_rights_of_whoever_runs_it(house, query_id, bearer):
    """A colleague without the role knows of the table and of the query, and gets no cell."""
    colleague = bearer("colleague", roles=())
    assert house.client.get(f"{SAVED}/{query_id}", headers=colleague).status_code == 200
    before = len(entries(house, "access.denied"))
    answer = house.client.get(f"{SAVED}/{query_id}/data", headers=colleague)
    refused(answer, 403, "role_missing")
    denied = entries(house, "access.denied")
    assert len(denied) == before + 1
    assert denied[-1]["product"] == "job-seekers"


def test_expressions_are_codes_of_the_day_in_the_selection(house, query_id):
    told = house.get(BI, f"{SAVED}/{query_id}/selection?lang=en").json()
    chosen = {each["variableCode"]: each["valueCodes"] for each in told["selection"]}
    assert chosen["geography"] == ["TA39", "KU837", "KU536"]
    assert (chosen["month"], chosen["measure"], chosen["sex"]) == (["2026M06"], ["unemployed"], [])
    assert told["placement"] == {"heading": ["measure"], "stub": ["geography", "month"]}
    assert told["language"] == "en"


def test_a_selection_names_the_code_lists_it_was_made_by(house):
    body = deepcopy(QUERY)
    body["selection"]["selection"][0] |= {"codelist": "VS_job-seekers_geography_area", "valueCodes": ["*"]}  # fmt: skip
    saved = save(house, body).json()["id"]
    told = house.get(BI, f"{SAVED}/{saved}/selection").json()
    geography = next(each for each in told["selection"] if each["variableCode"] == "geography")
    assert geography["codelist"] == "vs_job-seekers_geography_area"
    assert geography["valueCodes"] == ["TA39"]


def test_a_new_release_is_what_a_query_tells_of_unless_it_is_pinned(fresh_house):
    with fresh_house.open():
        moving = save(fresh_house).json()["id"]
        pinned = save(fresh_house, changed(release="2026-05-31.1")).json()["id"]
        days = save(fresh_house, changed(as_of="2026-06-30")).json()["id"]
        fresh_house.publish_cube(as_of=date(2026, 7, 31))

        def release(query_id: str) -> str:
            answer = fresh_house.get(BI, f"{SAVED}/{query_id}/data")
            return answer.json()["extension"]["jakelu"]["release"]

        assert [release(each) for each in (moving, pinned, days)] == [
            "2026-07-31.1", "2026-05-31.1", "2026-06-30.1",
        ]  # fmt: skip
        told = fresh_house.get(BI, f"{TABLE}/metadata?savedQuery={pinned}").json()
        assert told["extension"]["jakelu"]["release"] == "2026-05-31.1"


# --- metadata --------------------------------------------------------------------------------


def test_metadata_tells_of_what_a_saved_query_selects(house, query_id):
    answer = house.get(BI, f"{TABLE}/metadata?savedQuery={query_id.upper()}&lang=en")
    told = answer.json()
    assert told["id"] == ["geography", "month", "measure"]
    assert list(told["dimension"]["geography"]["category"]["index"]) == ["TA39", "KU837", "KU536"]
    assert (told["value"], told["extension"]["px"]["language"]) == ([], "en")
    assert answer.headers["content-language"] == "en"


def test_metadata_takes_one_selection_of_its_own_table(house, query_id):
    for more in ("codelist[geography]=vs_job-seekers_geography_area", "defaultSelection=true"):
        answer = house.get(BI, f"{TABLE}/metadata?savedQuery={query_id}&{more}")
        refused(answer, 400, "bad_parameter", "savedQuery")
    other = house.get(BI, f"{PX}/tables/vacancies/metadata?savedQuery={query_id}")
    refused(other, 400, "bad_parameter", "savedQuery")


# --- whose -----------------------------------------------------------------------------------

ABOUT = ("", "/data", "/selection")


@pytest.mark.parametrize("organisation", ["KU536", "XX999"])
def test_a_strangers_query_is_one_that_is_not_there(house, query_id, bearer, organisation):
    headers = bearer(
        PERSONAS[BI].subject, organisation
    )  # the same name elsewhere is another person
    before = len(entries(house, "access.denied"))
    asked = [
        *(("GET", f"{each}{rest}") for each in (query_id, "0" * 32, "no-id") for rest in ABOUT),
        *(("DELETE", each) for each in (query_id, "0" * 32, "no-id")),
    ]
    told = [house.client.request(how, f"{SAVED}/{path}", headers=headers) for how, path in asked]
    bodies = [each.json() | {"instance": None} for each in told]
    assert {each.status_code for each in told} == {404}
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "saved_query_not_found"
    denied = entries(house, "access.denied")[before:]
    assert len(denied) == len(asked)
    assert {each["product"] for each in denied} == {None}
    assert house.get(BI, f"{SAVED}/{query_id}").status_code == 200


def test_whoever_is_of_no_known_organisation_shares_with_nobody(house, bearer):
    body = changed(tableId="vacancies", selection={"selection": []})
    mine, other = bearer("one", "XX999"), bearer("one", "XX999")
    saved = house.client.post(SAVED, json=body, headers=mine)
    assert saved.status_code == 201
    path = f"{SAVED}/{saved.json()['id']}"
    assert house.client.get(path, headers=other).status_code == 200
    assert house.client.get(path, headers=bearer("two", "XX999")).status_code == 404


def test_a_colleague_runs_it_and_only_whoever_saved_it_deletes_it(house, query_id, bearer):
    colleague = bearer("colleague")
    path = f"{SAVED}/{query_id}"
    for rest in ABOUT:
        assert house.client.get(f"{path}{rest}", headers=colleague).status_code == 200
    before = len(entries(house, "access.denied"))
    answer = house.client.delete(path, headers=colleague)
    refused(answer, 403, "saved_query_of_another")
    assert entries(house, "access.denied")[before:][0]["product"] == "job-seekers"
    gone = delete(house, query_id)
    assert (gone.status_code, gone.content) == (204, b"")
    for rest in ABOUT:
        assert house.get(BI, f"{path}{rest}").status_code == 404
    assert delete(house, query_id).status_code == 404


def test_the_key_after_a_rotation_is_the_same_owner_and_another_programs_is_of_the_circle():
    def key(identity: str, program: str, organisation: str = "KU837") -> Caller:
        return Caller(
            issuer="jakelu",
            subject=program,
            client_id=program,
            token_id=identity,
            strength=AuthStrength.KEY,
            organisation_claim=organisation,
            organisation=load_registry().find(organisation),
        )

    first, rotated, other = key("a", "bi"), key("b", "bi"), key("c", "reports")
    assert owner_of(first) == owner_of(rotated)
    assert owner_of(first).circle == owner_of(other).circle
    assert owner_of(first).creator != owner_of(other).creator
    neighbour, person = (
        owner_of(key("d", "bi", "KU536")),
        owner_of(replace(first, issuer="https://i")),
    )
    assert not {neighbour.circle, person.circle} & {owner_of(first).circle}


def test_a_malformed_id_is_never_looked_up(house, monkeypatch):
    def look(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("gateway.adapters.state_saved.StoredSavedQueries.find", look)
    for wrong in ("x", "0" * 31, "0" * 33, "g" * 32, "%00" * 32, "0" * 31 + "%0A"):
        refused(house.get(BI, f"{SAVED}/{wrong}/data"), 404, "saved_query_not_found")


def test_a_table_that_is_no_longer_listed_is_gone_for_its_queries(house, query_id, monkeypatch):
    monkeypatch.setattr("gateway.delivery.admission.is_listed", lambda *_: False)
    for rest in ("", "/selection"):
        refused(house.get(BI, f"{SAVED}/{query_id}{rest}"), 404, "product_not_found")
    assert delete(house, query_id).status_code == 204


def test_without_the_state_nothing_is_saved_or_run(fresh_house, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise StateUnavailable

    for name in ("find", "save"):
        monkeypatch.setattr(f"gateway.adapters.state_saved.StoredSavedQueries.{name}", fail)
    with fresh_house.open():
        refused(save(fresh_house), 503, "state_unavailable")
        refused(fresh_house.get(BI, f"{SAVED}/{'0' * 32}/data"), 503, "state_unavailable")


def test_the_state_holds_no_name_of_an_owner_and_no_cell(fresh_house):
    with fresh_house.open():
        save(fresh_house)
        state = fresh_house.settings().state
        content = state.read_bytes() + state.with_name(f"{state.name}-wal").read_bytes()
    assert b"from(TA39)" in content
    for name in (PERSONAS[BI].subject, "KU837"):
        assert name.encode() not in content
