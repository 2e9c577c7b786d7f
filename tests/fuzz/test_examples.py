"""The examples of the API document were answered by a running gateway, and are what it answers today.

`EXAMPLES=write` (`make examples`) asks each operation with the document's own parameters and bodies and writes down what comes;
without it what comes must have the form that is written down.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

import gateway.surfaces.examples as shown_files
from gateway.errors import error_codes
from gateway.serving import openapi_document
from gateway.surfaces.examples import OCCURRENCE, load_shown

DOCUMENT = openapi_document()
FOLDER = Path(shown_files.__file__).parent
JSON = re.compile(r"application/([a-z.-]+\+)?json")
YAML = "application/yaml"
LINES = ("application/x-ndjson", "text/csv", "text/plain")
# It would show itself.
ITSELF = "openapi_json"
KEY = "k3v9x0q2m7ab"
# Of lists so many, of lines so many: an example is to be read.
ITEMS, LINES_SHOWN = 2, 6
_VARYING = (
    (re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"), OCCURRENCE),
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])"), "5f" * 32),
    (
        re.compile(r"\?until=[^\"]+"),
        f"?until=1782889200&entry={OCCURRENCE}&who=key.{KEY}&sp=NvWf1nSg",
    ),
    # Who asked in the tests is nobody whom the document is to name.
    (re.compile(r"tampere-bi"), "city-bi"),
    (re.compile(r"jkl_[a-z0-9]+_[A-Za-z0-9_-]+"), f"jkl_{KEY}_told-once-and-never-again"),
)


def _operations() -> dict[str, tuple[str, str, dict]]:
    return {
        operation["operationId"]: (path, method, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }


OPERATIONS = _operations()


def _has_text(media_type: str) -> bool:
    return JSON.fullmatch(media_type) is not None or media_type in {YAML, *LINES}


def _answers() -> Iterator[tuple[str, str, str, dict]]:
    for name, (_, _, operation) in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for media_type, told in response.get("content", {}).items():
                yield name, status, media_type, told


def test_every_body_and_every_answer_has_an_example():
    bodies = {
        name
        for name, (_, _, operation) in OPERATIONS.items()
        if "requestBody" in operation
        and "example" not in operation["requestBody"]["content"]["application/json"]
    }
    answers = {
        (name, status, media_type)
        for name, status, media_type, told in _answers()
        if status != "206" and name != ITSELF and _has_text(media_type) and "example" not in told
    }
    assert (bodies, answers) == (set(), set())


def test_every_parameter_has_an_example():
    without = {
        (name, each["name"])
        for name, (_, _, operation) in OPERATIONS.items()
        for each in operation.get("parameters", ())
        if "example" not in each and not each["schema"].get("examples")
    }
    assert without == set()


def test_every_example_is_what_its_schema_says():
    for name, _, media_type, told in _answers():
        if "example" in told and "schema" in told and not media_type.startswith("text/"):
            schema = {**told["schema"], "components": DOCUMENT["components"]}
            found = jsonschema_rs.validator_for(schema).iter_errors(told["example"])
            assert [(name, str(error)) for error in found] == []


def test_every_refusal_is_one_of_ours():
    codes = error_codes()
    for name, status, _, told in _answers():
        # Whether the gateway is ready is no refusal.
        if status.startswith(("4", "5")) and "example" in told and name != "health_ready":
            code = told["example"].get("code", told["example"].get("errorCode"))
            assert code in codes, (name, status)
            assert told["example"].get("status", int(status)) == int(status)


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_shown_is_what_is_answered(shown_house, campaign, name):
    found: dict[tuple[str, str], Any] = {}
    for form, example in _recorded(shown_house, name):
        found.setdefault(form, example)  # of a media type's formats, the one that comes unasked
    if not found:
        pytest.fail(f"{name} gives nothing for the parameters of its examples")
    answers: dict[str, dict[str, Any]] = {}
    for (status, media_type), example in found.items():
        if name != ITSELF and _has_text(media_type):
            answers.setdefault(status, {})[media_type] = example
    if campaign.writes_examples:
        _write(name, answers)
    else:
        shown = load_shown(name).get("answers", {})
        committed = {status: shown.get(status) for status in answers}
        assert _form(answers) == _form(committed), "run: make examples"


def _recorded(house: Any, name: str) -> Iterator[tuple[tuple[str, str], Any]]:
    """By status and media type, in each form that the operation can be asked for."""
    for parameters in _ways(name):
        answer = house.ask(name, parameters)
        assert answer.status_code in {200, 201, 204}, (name, parameters, answer.text[:400])
        assert str(answer.status_code) in OPERATIONS[name][2]["responses"]
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        example = None if name == ITSELF else _shortened(answer, media_type, house.keys)
        yield (str(answer.status_code), media_type), example


def _ways(name: str) -> Iterator[Mapping[str, Any]]:
    """As its file says, and then in each format."""
    asked = load_shown(name).get("query", {})
    yield asked
    for each in OPERATIONS[name][2].get("parameters", ()):
        if each["name"] in {"format", "outputFormat"} and each["in"] == "query":
            for value in each["schema"].get("enum", ()):
                yield {**asked, each["name"]: value}


def _shortened(answer: Any, media_type: str, keys: set[str]) -> Any:
    if not _has_text(media_type):
        return None
    text = answer.text
    for pattern, fixed in _VARYING:
        text = pattern.sub(fixed, text)
    for key in keys:
        text = text.replace(key, KEY)
    if media_type in LINES:
        return "".join(text.splitlines(keepends=True)[:LINES_SHOWN])
    return _short(yaml.safe_load(text) if media_type == YAML else json.loads(text))


def _short(value: Any) -> Any:
    """A dataset of JSON-stat stays whole: its parts have one length."""
    if isinstance(value, dict):
        if value.get("class") == "dataset":
            return value
        return {key: _short(each) for key, each in value.items()}
    return [_short(each) for each in value[:ITEMS]] if isinstance(value, list) else value


def _form(value: Any) -> Any:
    """Members and types, without values."""
    if isinstance(value, dict):
        return {key: _form(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_form(value[0])] if value else []
    return "null or a value" if value is None or isinstance(value, str | int | float) else value


def _write(name: str, answers: Mapping[str, Any]) -> None:
    path = FOLDER / f"{name}.json"
    kept = load_shown(name)
    told = kept | {"answers": {**kept.get("answers", {}), **answers}}
    if answers:
        text = json.dumps(told, indent=1, ensure_ascii=False)
        path.write_text(f"{text}\n", encoding="utf-8")
