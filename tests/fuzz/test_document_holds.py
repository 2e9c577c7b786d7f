"""What is answered is what the API document says: to who may, to who may not, and to nobody in particular.

Schemathesis reads the document as a client would, draws requests from it, and compares what comes with it. Most of what it
draws names nothing that is there, so a part of the requests takes the names of the document's own examples.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.serving import openapi_document
from gateway.surfaces.ops.interface import examples_of
from gateway.surfaces.public import METRICS_PATH, PUBLIC

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(openapi_document())
OPERATIONS = {
    each.definition.raw["operationId"]: each
    for each in (found.ok() for found in SCHEMA.get_all_operations())
}
# Who has a right to what begins so, and who has a right, but to something else.
PERSONAS = {
    "/v1/journal": ("auditor", "municipality-bi"),
    "/v1/keys": ("key-administrator", "auditor"),
    "/": ("municipality-bi", "koto-worker"),
}
CALLERS = ("who may", "who may not", "nobody")
# Without a token it answers, or no token opens it.
OPEN = {*PUBLIC, METRICS_PATH}
# Headers change how an answer is sent, and each has a status of its own.
_TAGS = st.sampled_from(['"no-such-tag"', "*", "not a tag"])
_RANGES = st.sampled_from(
    ["bytes=0-9", "bytes=0-1,5-7", "bytes=999999999-", "bytes=x", "lines=0-1"]
)
_TAKEN = st.sampled_from(["*/*", "image/png", "text/csv;q=0.1, */*;q=0", "no media type"])
HEADERS = st.fixed_dictionaries(
    {}, optional={"if-none-match": _TAGS, "range": _RANGES, "if-range": _TAGS, "accept": _TAKEN}
)


def _cases() -> list[tuple[str, str]]:
    """Open addresses have one kind of caller."""
    return [
        (name, caller)
        for name, operation in OPERATIONS.items()
        for caller in (CALLERS if operation.path not in OPEN else ("nobody",))
    ]


def _examples(operation: Any, place: str) -> dict[str, Any]:
    """What the document shows for each parameter of a path, or for each that a query must have."""
    found = {}
    for each in operation.definition.raw.get("parameters", ()):
        if each["in"] == place and each.get("required"):
            found[each["name"]] = next(iter(examples_of(each)), None)
    return found


@st.composite
def requests(draw: st.DrawFn, operation: Any) -> tuple[Any, bool]:
    """A request, and whether it names what is there.

    One that the document allows, or one that it does not; half of them at things that there are.
    """
    is_known = draw(st.booleans())
    mode = draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    case = draw(operation.as_strategy(generation_mode=mode))
    if is_known:
        case.path_parameters = _examples(operation, "path")
        if draw(st.booleans()):
            case.query = _examples(operation, "query")
            case.headers.clear()
            case.headers.update(draw(HEADERS))
    return case, is_known


@pytest.mark.parametrize(
    ("name", "caller"), _cases(), ids=[f"{name}, {caller}" for name, caller in _cases()]
)
def test_the_document_holds(tried_house, names, name, caller):
    operation = OPERATIONS[name]
    persona = _persona(operation.path, caller)
    bearer = tried_house.bearer(persona) if persona else {}

    @settings(
        settings.get_profile("some" if caller == "who may" else "few"),
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(operation))
    def holds(drawn: tuple[Any, bool]) -> None:
        case, is_known = drawn
        if is_known and name in names:
            case.query = {**case.query, **names[name]}
        _check(tried_house, case, bearer, caller=caller)

    holds()


def _check(house: Any, case: Any, bearer: dict[str, str], *, caller: str) -> None:
    answer = _sent(house, case, bearer)
    case.validate_response(answer, checks=CHECKS)
    if caller == "nobody" and case.path not in OPEN and "sp" not in case.query:
        assert answer.status_code in {400, 401, 403, 404, 405, 413, 414, 431}
        assert "jakelu-receipt" not in answer.headers


def _sent(house: Any, case: Any, bearer: dict[str, str]) -> Any:
    asked = case.as_transport_kwargs(base_url="http://testserver")
    headers = {
        name: str(value).encode("latin-1", "replace")
        for name, value in asked.pop("headers").items()
        if name.lower() not in {"authorization", "user-agent", "accept-encoding"}
    }
    asked.pop("cookies", None)
    if isinstance(asked.get("data"), str | bytes):
        asked["content"] = asked.pop("data")
    return house.client.request(
        **asked, headers={**headers, **{name: value.encode() for name, value in bearer.items()}}
    )


def _persona(path: str, caller: str) -> str | None:
    if caller == "nobody":
        return None
    right, wrong = next(who for begin, who in PERSONAS.items() if path.startswith(begin))
    return right if caller == "who may" else wrong
