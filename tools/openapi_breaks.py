#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# ///
"""What breaks for clients between a released OpenAPI 3 document and the current one.

    openapi_breaks.py RELEASED.json CURRENT.json [--json]

What a client sends must still be taken, so requests may only become wider; what a client reads must still
be what it knows, so answers may only become narrower. One relation decides both: is every value of one schema
a value of the other? For requests it is asked of the released schema within the current one, for answers
the other way round.

Breaks: a path, method, parameter, body, status, media type, header, property or security scheme that is gone;
a parameter, body, property or token that is newly required; a type, enum, limit, format, item, union or set of
members that takes less (requests) or gives more (answers); a property of an answer that is no longer certain.
No breaks: everything that is added and may be left out or ignored; a member that an answer gains; a value that
an enum of an answer gains, unless the released schema says `x-closed: true`; other words.
Not looked at: servers, callbacks, webhooks, links, examples, and limits of lengths and numbers in answers.

One break a line on standard output (`place: what [code]`), or with --json one JSON object a line with
`code`, `place` and `detail`; the count on standard error.
Exit code: 0 nothing breaks, 1 something breaks, 2 a document cannot be read or wrong usage.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, cast
from urllib.parse import unquote

Node: TypeAlias = Mapping[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
NOT_PARAMETERS = frozenset(
    {"accept", "content-type", "authorization"}
)  # OpenAPI 3.1, section 4.8.12.2
STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
LOWER_LIMITS = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")
UPPER_LIMITS = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
# Two of these are compared by being the same, for which values they allow is not decided here.
OPAQUE = (
    *("not", "if", "then", "else", "patternProperties", "propertyNames", "contains", "minContains"),
    *("maxContains", "dependentRequired", "dependentSchemas", "unevaluatedProperties"),
    *("unevaluatedItems", "prefixItems"),
)
WIDER_FORMATS = frozenset({("int32", "int64"), ("float", "double")})
ANNOTATIONS = frozenset(
    {
        *("title", "description", "example", "examples", "default", "deprecated", "externalDocs"),
        *("xml", "summary", "$comment", "$id", "$schema", "$defs"),
    }
)
_PARAMETER = re.compile(r"\{([^{}]+)\}")


class Unreadable(Exception):
    """A document is not what it must be; the text says where."""


@dataclass(frozen=True, slots=True)
class Break:
    """code: what kind, never reused; place: operation and part of it; detail: for people."""

    code: str
    place: str
    detail: str


# --- a document, its references, and its schemas as unions -------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """One OpenAPI document. name: for what is said of it."""

    root: Node
    name: str
    unions: dict[str, tuple[Node, ...]] = field(default_factory=dict[str, tuple[Node, ...]])

    def resolved(self, node: object) -> Node:
        """What a node is, through references of references. Raises Unreadable."""
        seen = set[str]()
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            reference = cast("str", node["$ref"])
            if reference in seen:
                raise Unreadable(f"{self.name}: {reference} refers to itself alone")
            seen.add(reference)
            node = self._at(reference)
        if not isinstance(node, dict):
            raise Unreadable(f"{self.name}: an object is missing where there must be one")
        return cast("Node", node)

    def _at(self, reference: str) -> object:
        if reference != "#" and not reference.startswith("#/"):
            raise Unreadable(f"{self.name}: {reference} is outside the document; bundle it first")
        found: object = self.root
        for part in reference.split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and key in found:
                found = cast("Node", found)[key]
            elif isinstance(found, list) and key.isdigit() and int(key) < len(found):
                found = cast("list[object]", found)[int(key)]
            else:
                raise Unreadable(f"{self.name}: {reference} points to nothing")
        return found

    def union(self, schema: object) -> tuple[Node, ...]:
        """The members of a schema: without references, unions and allOf, each of one type or of any."""
        key = text_of(schema)
        if key not in self.unions:
            self.unions[key] = self._members(schema, ())
        return self.unions[key]

    def _members(self, schema: object, way: tuple[str, ...]) -> tuple[Node, ...]:
        """way: references that are being followed; one that leads back into itself adds no member."""
        if schema is True:
            return ({},)
        if schema is False:
            return ()
        if not isinstance(schema, dict):
            raise Unreadable(f"{self.name}: a schema is neither an object nor a boolean")
        node = {name: value for name, value in schema.items() if name not in ANNOTATIONS}
        parts: list[tuple[Node, ...]] = []
        reference = node.pop("$ref", None)
        if isinstance(reference, str):
            if reference in way:
                return ()
            parts.append(self._members(self._at(reference), (*way, reference)))
        unions = [node.pop(name) for name in ("anyOf", "oneOf") if name in node]
        parts += [
            tuple(one for each in union for one in self._members(each, way)) for union in unions
        ]
        parts += [self._members(each, way) for each in node.pop("allOf", ())]
        found = tuple(_of_one_type(node))
        for part in parts:
            found = tuple(both for a in found for b in part if (both := _both(a, b)) is not None)
        return found


def text_of(node: object) -> str:
    return json.dumps(node, sort_keys=True)


def _of_one_type(node: dict[str, Any]) -> Iterator[Node]:
    """A schema of several types as one for each. `nullable` is OpenAPI 3.0's."""
    if "const" in node:
        node = {**node, "enum": [node["const"]], "x-closed": True}
        del node["const"]
    given = node.get("type")
    types = list(given) if isinstance(given, list) else [given] if given else []
    if not types and "enum" in node:
        types = list(dict.fromkeys(_type_of(each) for each in node["enum"]))
    if node.get("nullable") is True and types and "null" not in types:
        types.append("null")
    rest = {name: value for name, value in node.items() if name not in {"type", "nullable"}}
    if not types:
        yield rest
        return
    for each in types:
        one = {**rest, "type": each}
        if "enum" in rest:
            one["enum"] = [v for v in rest["enum"] if _is_of(v, each)]
            if each == "null":
                del one["enum"]
        if one.get("enum") != []:
            yield one


def _type_of(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _is_of(value: object, name: str) -> bool:
    return _type_of(value) == name or (name == "number" and _type_of(value) == "integer")


def _both(a: Node, b: Node) -> Node | None:
    """What both allow; None when nothing is of both types."""
    merged: dict[str, Any] = {**a, **b}
    types = {each["type"] for each in (a, b) if "type" in each}
    if len(types) > 1:
        if types != {"integer", "number"}:
            return None
        merged["type"] = "integer"
    merged["required"] = sorted({*a.get("required", ()), *b.get("required", ())})
    if "enum" in a and "enum" in b:
        merged["enum"] = [each for each in a["enum"] if each in b["enum"]]
    for names, pick in ((LOWER_LIMITS, max), (UPPER_LIMITS, min)):
        merged |= {name: pick(a[name], b[name]) for name in names if name in a and name in b}
    if "properties" in a and "properties" in b:
        merged["properties"] = {
            name: _all_of(
                [each["properties"][name] for each in (a, b) if name in each["properties"]]
            )
            for name in {**a["properties"], **b["properties"]}
        }
    for name in ("items", "additionalProperties"):
        if name in a and name in b:
            merged[name] = _all_of((a[name], b[name]))
    return merged


def _all_of(schemas: Sequence[object]) -> object:
    """Every part once, so that schemas that hold themselves come to an end."""
    parts: dict[str, object] = {}
    for schema in schemas:
        is_list = isinstance(schema, dict) and set(cast("Node", schema)) == {"allOf"}
        for each in cast("Any", schema)["allOf"] if is_list else (schema,):
            parts[text_of(each)] = each
    found = [parts[key] for key in sorted(parts)]
    return found[0] if len(found) == 1 else False if False in found else {"allOf": found}


# --- one schema within another ------------------------------------------------------------------------


@dataclass(slots=True)
class Comparison:
    """The released and the current document, and what was found to break."""

    old: Document
    new: Document
    breaks: dict[Break, None] = field(default_factory=dict[Break, None])

    def tell(self, code: str, place: str, detail: str) -> None:
        self.breaks.setdefault(Break(code, place, detail))

    def request(self, old: object, new: object, place: str) -> None:
        """Every value that was taken must be taken."""
        for found in Within(self.old, self.new, is_request=True).faults(old, new, place):
            self.breaks.setdefault(found)

    def answer(self, old: object, new: object, place: str) -> None:
        """Every value that comes must be one that could have come."""
        for found in Within(self.new, self.old, is_request=False).faults(new, old, place):
            self.breaks.setdefault(found)


@dataclass(slots=True)
class Within:
    """Is every value of `a` one of `b`? seen: pairs that are being compared, or have been."""

    a: Document
    b: Document
    is_request: bool
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def faults(self, a: object, b: object, place: str) -> list[Break]:
        pair = (text_of(a), text_of(b))
        if pair in self.seen:
            return []
        self.seen.add(pair)
        found: list[Break] = []
        members = self.b.union(b)
        for one in self.a.union(a):
            found += self._nearest(one, members, place)
        return found

    def _nearest(self, one: Node, members: Sequence[Node], place: str) -> list[Break]:
        """The faults against the member that it fits best; none when it fits one."""
        alike = [each for each in members if _is_type_within(one, each)]
        if not alike:
            return [self._break("type", place, _types(one, members, is_request=self.is_request))]
        found: list[list[Break]] = []
        before = set(self.seen)
        for each in alike:
            self.seen = set(before)
            found.append(list(self._against(one, each, place)))
            if not found[-1]:
                return []
        self.seen = before
        return min(found, key=len)

    def _break(self, what: str, place: str, detail: str) -> Break:
        return Break(f"{'request' if self.is_request else 'answer'}-{what}", place, detail)

    def _against(self, a: Node, b: Node, place: str) -> Iterator[Break]:
        yield from self._enum(a, b, place)
        yield from self._limits(a, b, place)
        yield from self._members(a, b, place)
        if "items" in b or "items" in a:
            yield from self.faults(a.get("items", True), b.get("items", True), f"{place}[]")
        for name in OPAQUE:
            if name in b and text_of(a.get(name)) != text_of(b[name]):
                yield self._break("keyword", place, f"`{name}` changed; judge it by eye")

    def _enum(self, a: Node, b: Node, place: str) -> Iterator[Break]:
        if "enum" not in b or not (self.is_request or b.get("x-closed") is True):
            return
        if "enum" not in a:
            if a.get("type") == "boolean" and {True, False} <= set(b["enum"]):
                return
            yield self._break("enum", place, "the values are limited by an enum on one side alone")
            return
        more = [each for each in a["enum"] if each not in b["enum"]]
        if more:
            verb = "no longer taken" if self.is_request else "new in a closed enum"
            yield self._break("enum", place, f"{verb}: {', '.join(map(text_of, more))}")

    def _limits(self, a: Node, b: Node, place: str) -> Iterator[Break]:
        one, other = a.get("format"), b.get("format")
        if other is not None and one != other and (one, other) not in WIDER_FORMATS:
            yield self._break(
                "format", place, f"the format `{other}` is on one side, `{one}` on the other"
            )
        if not self.is_request:
            return
        for names, is_stricter in ((LOWER_LIMITS, _is_more), (UPPER_LIMITS, _is_less)):
            for name in names:
                if name in b and is_stricter(b[name], a.get(name)):
                    yield self._break("limit", place, f"`{name}` is stricter: {b[name]}")
        for name in ("pattern", "multipleOf", "uniqueItems"):
            if b.get(name) not in (None, False) and a.get(name) != b[name]:
                yield self._break("limit", place, f"`{name}` is new or another: {b[name]}")

    def _members(self, a: Node, b: Node, place: str) -> Iterator[Break]:
        """Of objects. In answers a member more is none too many: clients ignore what they do not know."""
        yield from self._required(a, b, place)
        mine, theirs = self._properties(a), self._properties(b)
        rest_a, rest_b = a.get("additionalProperties", True), b.get("additionalProperties", True)
        for name, schema in mine.items():
            if name in theirs:
                yield from self.faults(schema, theirs[name], f"{place}.{name}")
            elif self.is_request:
                yield from self._free(schema, rest_b, f"{place}.{name}")
        if not self.is_request:
            for name in sorted(theirs.keys() - mine.keys()):
                yield self._break("property", f"{place}.{name}", "the property is gone")
            if rest_a is False and isinstance(rest_b, dict) and rest_b:
                yield self._break("closed", place, "members of any name no longer come")
        if rest_a is not False and (self.is_request or isinstance(rest_b, dict)):
            yield from self._free(rest_a, rest_b, f"{place}.*")

    def _required(self, a: Node, b: Node, place: str) -> Iterator[Break]:
        known = self._properties(a)
        for name in sorted({*b.get("required", ())} - {*a.get("required", ())}):
            here = f"{place}.{name}"
            if not self.is_request and name in known:
                yield self._break("required", here, "the property is no longer certain to come")
            if self.is_request and not _is(b.get("properties", {}).get(name), "readOnly"):
                yield self._break("required", here, "the property is newly required")

    def _free(self, a: object, b: object, place: str) -> Iterator[Break]:
        """Members that are not named."""
        if b is False:
            yield self._break("closed", place, "members that are not named are no longer taken")
        elif b is not True:
            yield from self.faults(a, b, place)

    def _properties(self, node: Node) -> Node:
        hidden = "readOnly" if self.is_request else "writeOnly"
        return {n: s for n, s in node.get("properties", {}).items() if not _is(s, hidden)}


def _is(schema: object, mark: str) -> bool:
    return isinstance(schema, dict) and cast("Node", schema).get(mark) is True


def _is_type_within(a: Node, b: Node) -> bool:
    if "type" not in b:
        return True
    return a.get("type") == b["type"] or (a.get("type") == "integer" and b["type"] == "number")


def _is_more(limit: Any, other: Any) -> bool:  # noqa: ANN401 (as JSON has it)
    return other is None or limit > other


def _is_less(limit: Any, other: Any) -> bool:  # noqa: ANN401 (as JSON has it)
    return other is None or limit < other


def _types(one: Node, members: Sequence[Node], *, is_request: bool) -> str:
    kind = one.get("type", "any type")
    others = ", ".join(dict.fromkeys(str(each.get("type")) for each in members)) or "nothing"
    if is_request:
        return f"{kind} is no longer taken, only {others}"
    return f"{kind} may come, where only {others} came"


# --- operations and their parts ------------------------------------------------------------------------


def find_breaks(released: Node, current: Node) -> list[Break]:
    """What breaks, in the order of the released document. Raises Unreadable."""
    found = Comparison(
        Document(released, "the released document"), Document(current, "the current document")
    )
    old_paths, new_paths = _paths(found.old), _paths(found.new)
    for shape, (path, old) in old_paths.items():
        if shape not in new_paths:
            found.tell("path-removed", path, "the path is gone")
            continue
        new_path, new = new_paths[shape]
        names = dict(zip(_PARAMETER.findall(new_path), _PARAMETER.findall(path), strict=True))
        for method in METHODS:
            if method not in old:
                continue
            place = f"{method.upper()} {path}"
            if method not in new:
                found.tell("method-removed", place, "the method is gone")
                continue
            _compare_operation(
                found, (old, old[method]), (new, new[method]), place=place, names=names
            )
    _compare_schemes(found)
    return list(found.breaks)


def _paths(document: Document) -> dict[str, tuple[str, Node]]:
    """By the path without the names of its parameters, which no client sees."""
    paths = cast("Node", document.root.get("paths", {}))
    return {
        _PARAMETER.sub("{}", path): (path, document.resolved(item)) for path, item in paths.items()
    }


def _compare_operation(
    found: Comparison,
    old: tuple[Node, Node],
    new: tuple[Node, Node],
    *,
    place: str,
    names: Mapping[str, str],
) -> None:
    """old, new: the path item and its operation. names: of path parameters, new → old."""
    _compare_security(found, old[1], new[1], place)
    _compare_parameters(
        found, _parameters(found.old, old), _parameters(found.new, new, names), place
    )
    _compare_bodies(found, old[1], new[1], place)
    _compare_answers(found, old[1].get("responses", {}), new[1].get("responses", {}), place)


def _parameters(
    document: Document, place: tuple[Node, Node], names: Mapping[str, str] | None = None
) -> dict[tuple[str, str], Node]:
    """By place and name; those of the operation go before those of the path."""
    known: dict[tuple[str, str], Node] = {}
    for owner in place:
        for each in owner.get("parameters", ()):
            node = document.resolved(each)
            where, name = str(node["in"]), str(node["name"])
            if where == "header":
                name = name.lower()
                if name in NOT_PARAMETERS:
                    continue
            if where == "path":
                name = str((names or {}).get(name, name))
            known[where, name] = node
    return known


def _compare_parameters(
    found: Comparison,
    old: Mapping[tuple[str, str], Node],
    new: Mapping[tuple[str, str], Node],
    place: str,
) -> None:
    for (where, name), before in old.items():
        here = f"{place} {where} parameter {name}"
        after = new.get((where, name))
        if after is None:
            found.tell("parameter-removed", here, "the parameter is gone")
            continue
        if after.get("required") and not before.get("required"):
            found.tell("parameter-required", here, "the parameter is newly required")
        for term, default in (("style", STYLES[where]), ("explode", None)):
            if before.get(term, default) != after.get(term, default):
                found.tell("parameter-style", here, f"`{term}` is another")
        if "content" in before or "content" in after:
            _compare_content(found, before, after, here, compare=found.request, code="parameter")
        else:
            found.request(before.get("schema", True), after.get("schema", True), here)
    for (where, name), after in new.items():
        if (where, name) not in old and after.get("required"):
            here = f"{place} {where} parameter {name}"
            found.tell("parameter-required", here, "a new parameter is required")


def _compare_bodies(found: Comparison, old: Node, new: Node, place: str) -> None:
    here = f"{place} body"
    before = found.old.resolved(old["requestBody"]) if "requestBody" in old else None
    after = found.new.resolved(new["requestBody"]) if "requestBody" in new else None
    if after is not None and after.get("required") and not (before or {}).get("required"):
        found.tell("body-required", here, "a body is newly required")
    if before is None:
        return
    if after is None:
        found.tell("body-removed", here, "a body is no longer taken")
        return
    _compare_content(found, before, after, here, compare=found.request, code="body")


def _compare_content(
    found: Comparison,
    old: Node,
    new: Node,
    place: str,
    *,
    compare: Callable[[object, object, str], None],
    code: str,
) -> None:
    after = {_plain(name): node for name, node in new.get("content", {}).items()}
    for name, node in old.get("content", {}).items():
        kind = _plain(name)
        fitting = [each for each in (kind, f"{kind.partition('/')[0]}/*", "*/*") if each in after]
        if not fitting:
            found.tell(f"{code}-media-type-removed", f"{place} {kind}", "the media type is gone")
            continue
        compare(node.get("schema", True), after[fitting[0]].get("schema", True), f"{place} {kind}")


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _compare_answers(found: Comparison, old: Node, new: Node, place: str) -> None:
    for status, node in old.items():
        here = f"{place} answer {status}"
        covers = [each for each in (status, f"{status[0]}XX", "default") if each in new]
        if not covers:
            found.tell("status-removed", here, "the status is gone")
            continue
        before, after = found.old.resolved(node), found.new.resolved(new[covers[0]])
        _compare_content(found, before, after, here, compare=found.answer, code="answer")
        _compare_headers(found, before.get("headers", {}), after.get("headers", {}), here)


def _compare_headers(found: Comparison, old: Node, new: Node, place: str) -> None:
    present = {name.lower(): node for name, node in new.items()}
    for name, node in old.items():
        here = f"{place} header {name}"
        if name.lower() not in present:
            found.tell("header-removed", here, "the header is gone")
            continue
        before = found.old.resolved(node)
        after = found.new.resolved(present[name.lower()])
        if before.get("required") and not after.get("required"):
            found.tell("header-not-certain", here, "the header is no longer certain to come")
        found.answer(before.get("schema", True), after.get("schema", True), here)


# --- security --------------------------------------------------------------------------------------------


def _compare_security(found: Comparison, old: Node, new: Node, place: str) -> None:
    """Whoever could come in one way must still come in, with the same or with less."""
    ways = _ways(found.new.root, new)
    for way in _ways(found.old.root, old):
        if not any(_is_enough(way, each) for each in ways):
            known = " and ".join(sorted(way)) or "nothing at all"
            found.tell("security", place, f"{known} is no longer enough to come in")


def _ways(root: Node, operation: Node) -> list[dict[str, frozenset[str]]]:
    given = operation.get("security", root.get("security", ()))
    return [{name: frozenset(scopes) for name, scopes in each.items()} for each in given] or [{}]


def _is_enough(had: Mapping[str, frozenset[str]], asked: Mapping[str, frozenset[str]]) -> bool:
    return all(name in had and scopes <= had[name] for name, scopes in asked.items())


def _compare_schemes(found: Comparison) -> None:
    old, new = (
        cast("Node", each.root.get("components", {})).get("securitySchemes", {})
        for each in (found.old, found.new)
    )
    for name, node in old.items():
        here = f"security scheme {name}"
        if name not in new:
            found.tell("scheme-removed", here, "the security scheme is gone")
            continue
        before, after = found.old.resolved(node), found.new.resolved(new[name])
        for term in ("type", "scheme", "in", "name", "openIdConnectUrl"):
            one, other = (str(each.get(term, "")) for each in (before, after))
            if one.lower() != other.lower():
                found.tell("scheme-changed", here, f"`{term}` is another")


# --- the command ------------------------------------------------------------------------------------------


def load_document(path: str) -> Node:
    """`-` is standard input. Raises Unreadable."""
    name = "standard input" if path == "-" else path
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        document = json.loads(text)
    except (OSError, ValueError) as error:
        raise Unreadable(f"{name}: {error}") from error
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise Unreadable(f"{name}: this is not an OpenAPI 3 document in JSON")
    return cast("Node", document)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="openapi_breaks.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "released",
        metavar="RELEASED.json",
        help="what clients were written for; - for standard input",
    )
    parser.add_argument(
        "current", metavar="CURRENT.json", help="what is to be released; - for standard input"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args(arguments)
    if options.released == options.current == "-":
        parser.error("only one of the two can be standard input")
    try:
        breaks = find_breaks(load_document(options.released), load_document(options.current))
    except (Unreadable, AttributeError, KeyError, TypeError, RecursionError) as error:
        reason = (
            error
            if isinstance(error, Unreadable)
            else f"it is not built as OpenAPI says ({error!r})"
        )
        print(f"openapi_breaks.py: {reason}", file=sys.stderr)
        return 2
    for each in breaks:
        print(
            json.dumps(asdict(each))
            if options.json
            else f"{each.place}: {each.detail} [{each.code}]"
        )
    count = len(breaks)
    print("Nothing breaks." if not count else f"{count} break{'s' * (count > 1)}.", file=sys.stderr)
    return 1 if breaks else 0


if __name__ == "__main__":
    sys.exit(main())
