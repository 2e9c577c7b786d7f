"""The examples of the API document were answered by a running gateway, and are what it answers today.

`EXAMPLES=write` (`make examples`) asks each operation with the document's own parameters and bodies and writes down what comes;
without it what comes must have the form that is written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest

from gateway.errors import GatewayError
from gateway.serving import openapi_document
from gateway.surfaces.examples import load_shown
from gateway.surfaces.ops.interface import examples_of
from gateway.surfaces.pxweb.words import TYPE as PXWEB_TYPE

DOCUMENT = openapi_document()
# It would show itself.
ITSELF = "openapi_json"


def _operations() -> dict[str, tuple[str, str, dict]]:
    return {
        operation["operationId"]: (path, method, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }


OPERATIONS = _operations()


def _answers() -> Iterator[tuple[str, str, str, dict]]:
    for name, (_, _, operation) in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for media_type, told in response.get("content", {}).items():
                yield name, status, media_type, told


def _bodies() -> Iterator[tuple[str, str, str, dict]]:
    for name, (_, _, operation) in OPERATIONS.items():
        for media_type, told in operation.get("requestBody", {}).get("content", {}).items():
            yield name, "body", media_type, told


def _parameters() -> Iterator[tuple[str, str, dict, list]]:
    """With all examples of each, which stand beside its schema or in it."""
    for name, (_, _, operation) in OPERATIONS.items():
        for each in operation.get("parameters", ()):
            yield name, each["name"], each["schema"], examples_of(each)


def _tree() -> dict[str, type[GatewayError]]:
    found: dict[str, type[GatewayError]] = {}
    waiting: list[type[GatewayError]] = [GatewayError]
    while waiting:
        each = waiting.pop()
        found[each.code] = each
        waiting += each.__subclasses__()
    return found


def test_every_body_and_every_answer_has_an_example(shortening):
    without = {
        (name, place, media_type)
        for name, place, media_type, told in (*_bodies(), *_answers())
        # A part of a file is shown by the whole of it.
        if (place, name) != ("200", ITSELF) and place != "206" and shortening.has_text(media_type)
        if "example" not in told
    }
    assert without == set()


def test_every_parameter_has_an_example():
    assert [(name, place) for name, place, _, examples in _parameters() if not examples] == []


def test_every_example_is_what_its_schema_says():
    shown = [
        (name, place, told["schema"], told["example"])
        for name, place, _, told in (*_bodies(), *_answers())
        if "example" in told
    ]
    shown += [
        (name, place, schema, each)
        for name, place, schema, examples in _parameters()
        for each in examples
    ]
    wrong = [
        (name, place, str(error))
        for name, place, schema, example in shown
        for error in _validator(schema).iter_errors(example)
    ]
    assert wrong == []


def test_every_refusal_is_one_of_ours():
    tree = _tree()
    for name, status, _, told in _answers():
        # Whether the gateway is ready is no refusal.
        if status < "400" or "example" not in told or name == "health_ready":
            continue
        shown = told["example"]
        kind = tree[shown.get("code") or shown["errorCode"]]
        assert kind.status == int(status), (name, status)
        if "errorCode" in shown:
            assert shown["message"].startswith(f"{kind.title}. ")
        else:
            assert shown["status"] == kind.status
            assert (shown["type"], shown["title"]) == ("about:blank", kind.title) or (
                shown["type"] == PXWEB_TYPE and name.startswith("pxweb_")
            )


def _validator(schema: dict) -> Any:
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})


# What is another in each house: a saved query, the size of a journal. What says nothing alone: an issuer
# without an organisation, parameters without their format.
NOT_ALONE = {"savedQuery", "since", "issuer", "outputFormatParams"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_may_be_left_out_can_be_given_as_it_is_shown(shown_house, name):
    asked = load_shown(name).get("query", {})
    for each in OPERATIONS[name][2].get("parameters", ()):
        if each["in"] == "query" and not each["required"] and each["name"] not in NOT_ALONE:
            given = _as_sent(each)
            answer = shown_house.ask(name, {**asked, **given})
            assert answer.status_code < 400, (given, answer.text[:400])


def _as_sent(parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    """Its example in the query, by its `style`."""
    name = parameter["name"]
    shown = examples_of(parameter)[0]
    if not isinstance(shown, Mapping):
        return {name: shown}
    if parameter["style"] == "deepObject":
        return {f"{name}[{key}]": value for key, value in shown.items()}
    return shown


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_shown_is_what_is_answered(shown_house, campaign, shortening, name):
    found: dict[tuple[str, str], Any] = {}
    for form, example in _recorded(shown_house, shortening, name):
        found.setdefault(form, example)  # of a media type's formats, the one that comes unasked
    if not found:
        pytest.fail(f"{name} gives nothing for the parameters of its examples")
    answers: dict[str, dict[str, Any]] = {}
    for (status, media_type), example in found.items():
        if example is not None:
            answers.setdefault(status, {})[media_type] = example
    if campaign.writes_examples:
        told = load_shown(name)
        shortening.write(name, told | {"answers": {**told.get("answers", {}), **answers}})
    else:
        shown = load_shown(name).get("answers", {})
        committed = {status: shown.get(status) for status in answers}
        assert shortening.form(answers) == shortening.form(committed), "run: make examples"


def _recorded(house: Any, shortening: Any, name: str) -> Iterator[tuple[tuple[str, str], Any]]:
    """By status and media type, in each form that the operation can be asked for."""
    for parameters in _ways(name):
        answer = house.ask(name, parameters)
        assert answer.status_code in {200, 201, 204}, (name, parameters, answer.text[:400])
        assert str(answer.status_code) in OPERATIONS[name][2]["responses"]
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        is_shown = name != ITSELF and shortening.has_text(media_type)
        example = (
            shortening.shortened(answer.text, media_type, keys=house.keys) if is_shown else None
        )
        yield (str(answer.status_code), media_type), example


def _ways(name: str) -> Iterator[Mapping[str, Any]]:
    """As its file says, and then in each format."""
    asked = load_shown(name).get("query", {})
    yield asked
    for each in OPERATIONS[name][2].get("parameters", ()):
        if each["name"] in {"format", "outputFormat"} and each["in"] == "query":
            for value in each["schema"].get("enum", ()):
                yield {**asked, each["name"]: value}
