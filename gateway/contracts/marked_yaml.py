"""YAML files that remember the line of everything in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gateway.contracts.faults import ContractFaults, Fault

YamlPath = tuple[str | int, ...]

_TEXT_TAG = "tag:yaml.org,2002:str"
_SCALARS = {f"tag:yaml.org,2002:{name}" for name in ("str", "bool", "int", "float", "null")}


class _CoreLoader(yaml.CSafeLoader):
    """The scalars of YAML 1.2: `NO` is Norway and not false, `01` is text, a date is text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own form


def _resolve(kind: str, pattern: str, first: str) -> None:
    _CoreLoader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
        f"tag:yaml.org,2002:{kind}",
        re.compile(pattern),
        [*first, ""] if kind == "null" else [*first],
    )


_resolve("bool", r"^(?:true|false)$", "tf")
_resolve("null", r"^(?:null|~|)$", "n~")
_resolve("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789")
_resolve("float", r"^[-+]?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$", "-+0123456789")


@dataclass(frozen=True, slots=True)
class MarkedYaml:
    """A file's value, with the line of every key and item.

    lines: path → line from 1. blocks: paths whose value is a literal block (`|`).
    """

    file: str
    value: Any
    sha256: str
    lines: dict[YamlPath, int] = field(default_factory=dict[YamlPath, int])
    blocks: set[YamlPath] = field(default_factory=set[YamlPath])

    def line(self, path: YamlPath) -> int:
        """The line of a path; parts that the file does not have are skipped."""
        found: YamlPath = ()
        for part in path:
            if (*found, part) in self.lines:
                found = (*found, part)
        return self.lines.get(found, 1)

    def text_line(self, path: YamlPath, offset: int) -> int:
        """The line of a character of a text; of the text's key when it is not a literal block."""
        if path not in self.blocks:
            return self.line(path)
        text: Any = self.value
        for part in path:
            text = text[part]
        return self.lines[path] + 1 + str(text).count("\n", 0, offset)

    def fault(self, path: YamlPath, message: str, remedy: str) -> Fault:
        return Fault(self.file, self.line(path), message, remedy)


def read_marked(path: Path) -> MarkedYaml:
    """Read one YAML file. Raises ContractFaults: not UTF-8, not YAML, two documents, a key given twice."""
    content = path.read_bytes()
    marked = MarkedYaml(str(path), {}, hashlib.sha256(content).hexdigest())
    try:
        loader = _CoreLoader(content.decode("utf-8"))
        try:
            node = loader.get_single_node()
            if node is None:
                raise _refused(
                    marked, 1, "The file is empty.", "Write a contract, or delete the file."
                )
            value = _value(loader, node, (), marked)
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(marked, line, "The file is not UTF-8.", "Save it as UTF-8.") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _refused(
            marked, line, f"Not YAML: {error.problem}.", "Correct the syntax."
        ) from error
    except yaml.YAMLError as error:
        raise _refused(marked, 1, "Not YAML.", "Remove control characters.") from error
    return MarkedYaml(marked.file, value, marked.sha256, marked.lines, marked.blocks)


def _refused(marked: MarkedYaml, line: int, message: str, remedy: str) -> ContractFaults:
    return ContractFaults([Fault(marked.file, line, message, remedy)])


def _value(loader: _CoreLoader, node: yaml.Node, path: YamlPath, marked: MarkedYaml) -> object:
    """The plain value of a node; its line and those beneath it go to `marked`."""
    marked.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        pairs = _pairs(node, path, marked)
        return {key: _value(loader, child, (*path, key), marked) for key, child in pairs}
    if isinstance(node, yaml.SequenceNode):
        items = enumerate(node.value)
        return [_value(loader, child, (*path, index), marked) for index, child in items]
    if node.tag not in _SCALARS:
        line = node.start_mark.line + 1
        raise _refused(marked, line, f"The tag {node.tag} has no meaning here.", "Remove the tag.")
    if getattr(node, "style", None) == "|":
        marked.blocks.add(path)
    return loader.construct_object(node)  # pyright: ignore[reportUnknownMemberType]


def _pairs(
    node: yaml.MappingNode, path: YamlPath, marked: MarkedYaml
) -> Iterator[tuple[str, yaml.Node]]:
    seen: set[str] = set()
    for key_node, child in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _TEXT_TAG:
            raise _refused(marked, line, "A key is not text.", "Put the key in quotes.")
        key = str(key_node.value)
        if key in seen:
            message = f"The key `{key}` is given twice."
            raise _refused(marked, line, message, "Keep one of the two.")
        seen.add(key)
        marked.lines[(*path, key)] = line
        yield key, child
