"""A break of each kind is named, and what breaks nobody is not."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import openapi_breaks
import pytest

PROGRAM = Path(openapi_breaks.__file__)
TEXT, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
NULL = {"type": "null"}
THING = {"$ref": "#/components/schemas/Thing"}


def api(
    *,
    asked: Any = None,
    told: Any = None,
    operation: dict | None = None,
    path: str = "/things/{id}",
    **top: Any,
) -> dict:
    """A document of one operation. asked: schema of the body; told: schema of the answer."""
    content = lambda schema: {"content": {"application/json": {"schema": schema}}}  # noqa: E731
    one: dict[str, Any] = {"responses": {"200": {"description": "", **content(told)}}}
    if told is None:
        one["responses"]["200"] = {"description": ""}
    if asked is not None:
        one["requestBody"] = content(asked)
    return {"openapi": "3.1.0", "paths": {path: {"post": one | (operation or {})}}, **top}


def codes(old: dict, new: dict) -> list[str]:
    return [each.code for each in openapi_breaks.find_breaks(old, new)]


def members(required: tuple[str, ...] = (), /, **properties: Any) -> dict:
    return {"type": "object", "properties": properties, "required": list(required)}


def asking(*parameters: dict) -> dict:
    return api(operation={"parameters": list(parameters)})


def query(schema: Any = TEXT, **terms: Any) -> dict:
    return {"name": "area", "in": "query", "schema": schema, **terms}


def answering(**answer: Any) -> dict:
    return api(operation={"responses": {"200": {"description": "", **answer}}})


REQUESTS = {
    "a type is narrowed": (NUMBER, WHOLE, "type"),
    "null is no longer taken": ({"type": ["string", "null"]}, TEXT, "type"),
    "nullable of 3.0 is gone": ({**TEXT, "nullable": True}, TEXT, "type"),
    "an untyped value is typed": ({}, TEXT, "type"),
    "a value of an enum is gone": ({"enum": ["a", "b"]}, {"enum": ["a"]}, "enum"),
    "an enum is new": (TEXT, {**TEXT, "enum": ["a"]}, "enum"),
    "a constant is another": ({"const": "a"}, {"const": "b"}, "enum"),
    "a property is newly required": (members(a=TEXT), members(("a",), a=TEXT), "required"),
    "a new property is required": (members(), members(("a",), a=TEXT), "required"),
    "a property is narrowed": (members(a=NUMBER), members(a=WHOLE), "type"),
    "items are newly typed": ({"type": "array"}, {"type": "array", "items": TEXT}, "type"),
    "items are narrowed": (
        {"type": "array", "items": NUMBER},
        {"type": "array", "items": WHOLE},
        "type",
    ),
    "a member of a union is gone": ({"anyOf": [TEXT, WHOLE]}, {"anyOf": [TEXT]}, "type"),
    "one of a union is gone": ({"oneOf": [TEXT, NULL]}, TEXT, "type"),
    "additional members are closed": (
        members(a=TEXT),
        {**members(a=TEXT), "additionalProperties": False},
        "closed",
    ),
    "additional members are typed": (
        {"type": "object", "additionalProperties": True},
        {"type": "object", "additionalProperties": WHOLE},
        "type",
    ),
    "a closed body loses a property": (
        {**members(a=TEXT, b=TEXT), "additionalProperties": False},
        {**members(a=TEXT), "additionalProperties": False},
        "closed",
    ),
    "a text must be shorter": ({**TEXT, "maxLength": 9}, {**TEXT, "maxLength": 8}, "limit"),
    "a number has a least": (WHOLE, {**WHOLE, "minimum": 1}, "limit"),
    "a pattern is new": (TEXT, {**TEXT, "pattern": "^a"}, "limit"),
    "a format is new": (TEXT, {**TEXT, "format": "date"}, "format"),
    "what is meant by not changed": (TEXT, {**TEXT, "not": {"const": "a"}}, "keyword"),
    "nothing is taken any more": (TEXT, False, "type"),
    "one part of allOf is narrower": (
        {"allOf": [members(a=TEXT), members(b=NUMBER)]},
        {"allOf": [members(a=TEXT), members(b=WHOLE)]},
        "type",
    ),
}

ANSWERS = {
    "a type is widened": (TEXT, {"type": ["string", "null"]}, "type"),
    "null joins a union": (TEXT, {"anyOf": [TEXT, NULL]}, "type"),
    "whole numbers become numbers": (WHOLE, NUMBER, "type"),
    "a type is another": (TEXT, WHOLE, "type"),
    "a typed value is untyped": (TEXT, {}, "type"),
    "a property is gone": (members(a=TEXT), members(), "property"),
    "a property is no longer required": (members(("a",), a=TEXT), members(a=TEXT), "required"),
    "a property is widened": (members(a=WHOLE), members(a=NUMBER), "type"),
    "items are widened": (
        {"type": "array", "items": WHOLE},
        {"type": "array", "items": NUMBER},
        "type",
    ),
    "a member joins a union": (
        {"anyOf": [members(("a",), a=TEXT), NULL]},
        {"anyOf": [members(("a",), a=TEXT), NULL, TEXT]},
        "type",
    ),
    "a closed enum is widened": (
        {"enum": ["a"], "x-closed": True},
        {"enum": ["a", "b"], "x-closed": True},
        "enum",
    ),
    "a constant is another": ({"const": "a"}, {"const": "b"}, "enum"),
    "a format is another": (
        {**TEXT, "format": "date"},
        {**TEXT, "format": "date-time"},
        "format",
    ),
    "members of any name are widened": (
        {"type": "object", "additionalProperties": TEXT},
        {"type": "object", "additionalProperties": {}},
        "type",
    ),
    "members of any name no longer come": (
        {"type": "object", "additionalProperties": TEXT},
        {"type": "object", "additionalProperties": False},
        "closed",
    ),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_a_body_that_takes_less_breaks(case):
    old, new, code = REQUESTS[case]
    assert set(codes(api(asked=old), api(asked=new))) == {f"request-{code}"}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_that_gives_more_or_less_certainly_breaks(case):
    old, new, code = ANSWERS[case]
    assert set(codes(api(told=old), api(told=new))) == {f"answer-{code}"}


WIDER = [case for case in REQUESTS if "another" not in case and "any more" not in case]


@pytest.mark.parametrize("case", WIDER)
def test_a_body_that_takes_more_does_not_break(case):
    new, old, _ = REQUESTS[case]
    assert codes(api(asked=old), api(asked=new)) == []


@pytest.mark.parametrize(
    "case",
    [
        "a type is widened",
        "null joins a union",
        "whole numbers become numbers",
        "a typed value is untyped",
        "a property is gone",
        "a property is no longer required",
        "items are widened",
        "a member joins a union",
        "a closed enum is widened",
        "members of any name are widened",
    ],
)
def test_an_answer_that_is_narrower_or_has_more_members_does_not_break(case):
    new, old, _ = ANSWERS[case]
    assert codes(api(told=old), api(told=new)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"enum": ["a"]}, {"enum": ["a", "b"]}),
        ({"enum": ["a"], **TEXT}, TEXT),
        (TEXT, {**TEXT, "description": "other words", "examples": ["a"]}),
        ({**TEXT, "maxLength": 8}, {**TEXT, "maxLength": 9}),
        ({"type": ["string", "null"]}, {"anyOf": [NULL, TEXT]}),
        ({**members(a=TEXT), "additionalProperties": False}, members(a=TEXT, b=TEXT)),
        (members(("a",), a=TEXT), {"allOf": [members(("a",), a=TEXT), members(b=TEXT)]}),
    ],
    ids=str,
)
def test_what_clients_of_an_answer_need_not_know_does_not_break(old, new):
    assert codes(api(told=old), api(told=new)) == []


def test_paths_and_methods_that_are_gone_break():
    old = api()
    old["paths"]["/things/{id}"]["get"] = {"responses": {}}
    assert codes(old, api()) == ["method-removed"]
    assert codes(old, {"openapi": "3.1.0", "paths": {}}) == ["path-removed"]
    assert codes(api(), old) == []


def test_another_name_of_a_path_parameter_breaks_nobody():
    def named(name: str, schema: Any) -> dict:
        parameter = {"name": name, "in": "path", "required": True, "schema": schema}
        return api(path=f"/things/{{{name}}}", operation={"parameters": [parameter]})

    assert codes(named("id", TEXT), named("thing", TEXT)) == []
    assert codes(named("id", TEXT), named("thing", WHOLE)) == ["request-type"]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ((query(),), (), ["parameter-removed"]),
        ((query(),), (query(required=True),), ["parameter-required"]),
        ((), (query(required=True),), ["parameter-required"]),
        ((query(NUMBER),), (query(WHOLE),), ["request-type"]),
        ((query({"enum": ["a", "b"]}),), (query({"enum": ["a"]}),), ["request-enum"]),
        ((query(),), (query(style="pipeDelimited"),), ["parameter-style"]),
        ((), (query(),), []),
        ((query(required=True),), (query(),), []),
        ((query(),), (query(style="form", description="words"),), []),
        (
            ({"name": "Range", "in": "header", "schema": TEXT},),
            ({"name": "range", "in": "header", "schema": TEXT},),
            [],
        ),
        (({"name": "Accept", "in": "header", "schema": TEXT},), (), []),
    ],
)
def test_parameters(old, new, found):
    assert codes(asking(*old), asking(*new)) == found


def test_a_parameter_of_the_path_goes_for_its_operations():
    old, new = asking(query()), api()
    new["paths"]["/things/{id}"]["parameters"] = [query()]
    assert codes(old, new) == []


def test_bodies():
    none, some = api(), api(asked=TEXT)
    must = copy.deepcopy(some)
    must["paths"]["/things/{id}"]["post"]["requestBody"]["required"] = True
    assert codes(none, must) == ["body-required"]
    assert codes(some, must) == ["body-required"]
    assert codes(some, none) == ["body-removed"]
    assert codes(none, some) == codes(must, some) == []
    xml = copy.deepcopy(some)
    content = xml["paths"]["/things/{id}"]["post"]["requestBody"]["content"]
    content["application/xml"] = content.pop("application/json")
    assert codes(some, xml) == ["body-media-type-removed"]
    content["*/*"] = {"schema": TEXT}
    assert codes(some, xml) == []


def test_statuses():
    def of(*statuses: str) -> dict:
        return api(operation={"responses": {each: {"description": ""} for each in statuses}})

    assert codes(of("200", "404"), of("200")) == ["status-removed"]
    assert codes(of("200", "404"), of("200", "4XX")) == []
    assert codes(of("200", "404"), of("200", "default")) == []
    assert codes(of("200"), of("200", "429")) == []


def test_media_types_and_headers_of_an_answer():
    def media(*names: str) -> dict:
        return answering(content={each: {"schema": TEXT} for each in names})

    both = media("application/json; charset=utf-8", "text/csv")
    assert codes(both, media("application/json")) == ["answer-media-type-removed"]
    assert codes(both, media("text/csv", "application/json", "text/html")) == []

    def headers(**named: Any) -> dict:
        return answering(headers=named)

    told = headers(ETag={"schema": TEXT, "required": True})
    assert codes(told, headers()) == ["header-removed"]
    assert codes(told, headers(etag={"schema": TEXT})) == ["header-not-certain"]
    assert codes(told, headers(ETag={"schema": {}, "required": True})) == ["answer-type"]
    assert codes(told, headers(etag={"schema": TEXT, "required": True}, Age={})) == []


TOKEN, KEY = {"type": "http", "scheme": "bearer"}, {"type": "http", "scheme": "basic"}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ([{"token": []}, {"key": []}], [{"token": []}], ["security"]),
        ([], [{"token": []}], ["security"]),
        (None, [{"token": []}], ["security"]),
        ([{"token": []}], [{"token": [], "key": []}], ["security"]),
        ([{"token": []}], [{"token": ["write"]}], ["security"]),
        ([{"token": []}], [{"token": []}, {"key": []}], []),
        ([{"token": [], "key": []}], [{"key": []}], []),
        ([{"token": []}], [], []),
        ([{"token": []}], [{}, {"token": []}], []),
    ],
)
def test_who_may_come_in(old, new, found):
    def secured(ways: Any) -> dict:
        return api(operation={} if ways is None else {"security": ways})

    assert codes(secured(old), secured(new)) == found


def test_security_of_the_document_goes_for_operations_without_their_own():
    assert codes(api(), api(security=[{"token": []}])) == ["security"]
    assert codes(api(), api(security=[{"token": []}], operation={"security": []})) == []


def test_security_schemes():
    def schemes(**named: dict) -> dict:
        return api(components={"securitySchemes": named})

    assert codes(schemes(token=TOKEN, key=KEY), schemes(token=TOKEN)) == ["scheme-removed"]
    assert codes(schemes(token=TOKEN), schemes(token=KEY)) == ["scheme-changed"]
    shouted = {**TOKEN, "scheme": "Bearer", "description": "words"}
    assert codes(schemes(token=TOKEN), schemes(token=shouted, key=KEY)) == []


def tree(leaf: Any) -> dict:
    """A schema that holds itself, by items, by a union and by allOf."""
    thing = members(
        ("name",),
        name=leaf,
        children={"type": "array", "items": THING},
        parent={"anyOf": [THING, NULL]},
        twin={"allOf": [THING, THING]},
    )
    return api(told=THING, components={"schemas": {"Thing": thing}})


def test_schemas_that_hold_themselves_come_to_an_end():
    assert codes(tree(TEXT), tree(TEXT)) == []
    assert codes(tree(WHOLE), tree(WHOLE)) == []
    found = openapi_breaks.find_breaks(tree(WHOLE), tree(NUMBER))
    assert {each.code for each in found} == {"answer-type"}
    assert found[0].place == "POST /things/{id} answer 200 application/json.name"


def test_a_schema_by_reference_is_the_same_as_one_in_its_place():
    by_name = api(told=THING, components={"schemas": {"Thing": members(a=TEXT)}})
    assert codes(by_name, api(told=members(a=TEXT))) == []
    assert codes(api(told=members(a=TEXT)), by_name) == []
    described = api(told={**THING, "description": "words"}, components=by_name["components"])
    assert codes(by_name, described) == []


def test_a_fault_in_a_member_that_was_tried_is_told_where_it_counts():
    """What was compared for a member of a union that did not fit is compared again elsewhere."""
    one = lambda leaf: members(("kind", "leaf"), kind={"const": "a"}, leaf=leaf)  # noqa: E731
    old = members(first={"anyOf": [one(members(x=WHOLE)), NULL]}, second=members(x=WHOLE))
    new = members(first={"anyOf": [one(members(x=NUMBER)), NULL]}, second=members(x=NUMBER))
    assert "answer-type" in codes(api(told=old), api(told=new))


def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROGRAM, *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.fixture
def written(tmp_path):
    def write(name: str, document: Any) -> str:
        path = tmp_path / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    return write


def test_the_program_tells_by_its_exit_code(written):
    old, new = written("old.json", api(told=TEXT)), written("new.json", api(told=WHOLE))
    same = run(old, old)
    assert (same.returncode, same.stdout, same.stderr) == (0, "", "Nothing breaks.\n")
    broken = run(old, new)
    place = "POST /things/{id} answer 200 application/json"
    line = f"{place}: integer may come, where only string came [answer-type]\n"
    assert (broken.returncode, broken.stdout, broken.stderr) == (1, line, "1 break.\n")
    told = json.loads(run(old, "-", "--json", text=json.dumps(api(told=WHOLE))).stdout)
    assert told == {
        "code": "answer-type",
        "place": place,
        "detail": "integer may come, where only string came",
    }


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"swagger": "2.0"}, "not an OpenAPI 3 document"),
        ([], "not an OpenAPI 3 document"),
        (api(told=THING), "points to nothing"),
        (api(told={"$ref": "https://example.org/x.json"}), "outside the document"),
        (api(told=THING, components={"schemas": {"Thing": 3}}), "neither an object nor a boolean"),
    ],
)
def test_what_cannot_be_read_is_no_verdict(written, document, told):
    done = run(written("one.json", document), written("two.json", document))
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage_and_help(written):
    assert run("nowhere.json", "nowhere.json").returncode == 2
    assert run("-", "-", text="{}").returncode == 2
    assert run().returncode == 2
    shown = run("--help")
    assert shown.returncode == 0
    for word in ("Exit code", "x-closed", "--json", "Not looked at"):
        assert word in shown.stdout
