"""The OpenAPI document as a page for people tells it: by parts, each operation with what to send and what comes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

_ADDRESS = "$JAKELU_URL"
_AUTHORIZED = '-H "Authorization: Bearer $TOKEN"'
_BODY_FILE = "body.json"
_JSON = "application/json"
_SENTENCE_END = re.compile(r"(?<=\.)\s")


@dataclass(frozen=True, slots=True)
class Parameter:
    """place: path, query or header. example: as text."""

    name: str
    place: str
    is_required: bool
    description: str
    example: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """examples: as text, by media type; none of what cannot be read."""

    status: str
    description: str
    media_types: Sequence[str]
    examples: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """code: of the problem, empty where there is no example of one."""

    status: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """lead: the first sentence of its description. command: for curl, with the token in TOKEN and the gateway's
    address in JAKELU_URL. body: an example of it.
    """

    name: str
    method: str
    path: str
    lead: str
    description: str
    command: str
    parameters: Sequence[Parameter]
    body: str | None
    answers: Sequence[Answer]
    refusals: Sequence[Refusal]


@dataclass(frozen=True, slots=True)
class Part:
    """Operations of one tag."""

    name: str
    description: str
    operations: Sequence[Operation]


def parts_of(document: Mapping[str, Any]) -> Sequence[Part]:
    """In the order of the document's tags."""
    by_tag: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            by_tag[told["tags"][0]].append(_operation(path, method.upper(), told))
    return [Part(tag["name"], tag["description"], by_tag[tag["name"]]) for tag in document["tags"]]


def _operation(path: str, method: str, told: Mapping[str, Any]) -> Operation:
    parameters = [_parameter(each) for each in told.get("parameters", ())]
    body = told.get("requestBody", {}).get("content", {}).get(_JSON, {}).get("example")
    description = told.get("description") or told["summary"]
    return Operation(
        name=told["operationId"],
        method=method,
        path=path,
        lead=_SENTENCE_END.split(description)[0],
        description=description,
        command=_command(path, method, told, parameters, has_body=body is not None),
        parameters=parameters,
        body=None if body is None else _text(body),
        answers=list(_answers(told["responses"])),
        refusals=list(_refusals(told["responses"])),
    )


def examples_of(parameter: Mapping[str, Any]) -> list[Any]:
    """What the document shows of a parameter: beside its schema, in it, or nothing."""
    beside = [parameter["example"]] if "example" in parameter else []
    return [*beside, *parameter["schema"].get("examples", ())]


def _parameter(told: Mapping[str, Any]) -> Parameter:
    example = next(iter(examples_of(told)), None)
    shown = None if example is None else _short(example)
    description = told.get("description") or told["schema"].get("description", "")
    return Parameter(told["name"], told["in"], bool(told.get("required")), description, shown)


def _command(
    path: str,
    method: str,
    told: Mapping[str, Any],
    parameters: Sequence[Parameter],
    *,
    has_body: bool,
) -> str:
    """With what is required, each as in its example."""
    needed = [each for each in parameters if each.is_required and each.example is not None]
    for each in needed:
        if each.place == "path":
            path = path.replace(f"{{{each.name}}}", quote(str(each.example), safe="/"))
    query = urlencode({each.name: each.example for each in needed if each.place == "query"})
    address = f"{path}?{query}" if query else path
    words = ["curl", "-sS", "--fail-with-body"]
    if method != "GET":
        words += ["-X", method]
    if any("accessToken" in each for each in told["security"]):
        words.append(_AUTHORIZED)
    if has_body:
        words += ["-H", shlex.quote(f"Content-Type: {_JSON}"), "-d", f"@{_BODY_FILE}"]
    return " ".join([*words, f'"{_ADDRESS}{address}"'])


def _answers(responses: Mapping[str, Any]) -> Iterator[Answer]:
    for status, response in responses.items():
        if status < "400":
            content = response.get("content", {})
            examples = {
                media_type: _text(told["example"])
                for media_type, told in content.items()
                if "example" in told
            }
            yield Answer(status, response["description"], list(content), examples)


def _refusals(responses: Mapping[str, Any]) -> Iterator[Refusal]:
    """By the example of each: a problem (RFC 9457), or an error of Delta Sharing."""
    for status, response in sorted(responses.items()):
        if status >= "400":
            contents = response.get("content", {}).values()
            shown = next((each["example"] for each in contents if "example" in each), {})
            code = shown.get("code", shown.get("errorCode", ""))
            said = [shown.get("title", ""), shown.get("detail", ""), shown.get("message", "")]
            text = ". ".join(each.rstrip(".") for each in said if each)
            yield Refusal(status, code, f"{text}." if text else response["description"])


def _short(example: object) -> str:
    return example if isinstance(example, str) else orjson.dumps(example).decode()


def _text(example: object) -> str:
    if isinstance(example, str):
        return example
    return orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
