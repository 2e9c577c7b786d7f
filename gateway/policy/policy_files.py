"""The files under `policies/`, read once: their bytes, and one hash over all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from gateway.errors import PolicyFault

SUFFIXES = frozenset({".cedar", ".cedarschema", ".yaml"})
D = TypeVar("D", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """texts: file name → content. sha256: hex, over the names and contents of all files.

    Everything that decides is parsed from these texts, so the hash names exactly what decided.
    """

    texts: Mapping[str, str]
    sha256: str

    def named(self, suffix: str) -> Mapping[str, str]:
        """The files whose name ends with `suffix`, by name."""
        return {name: text for name, text in self.texts.items() if name.endswith(suffix)}


def read_policy_files(policies_dir: Path) -> PolicyFiles:
    """Read every policy file of a folder, in order of name. Raises PolicyFault."""
    try:
        paths = sorted(path for path in policies_dir.iterdir() if path.suffix in SUFFIXES)
        contents = {path.name: path.read_bytes() for path in paths}
        texts = {name: content.decode("utf-8") for name, content in contents.items()}
    except (OSError, UnicodeDecodeError) as fault:
        raise PolicyFault(f"{policies_dir}: cannot be read ({type(fault).__name__}).") from None
    if not texts:
        raise PolicyFault(f"{policies_dir}: there are no policy files.")
    listing = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in contents.items()
    )
    return PolicyFiles(texts, hashlib.sha256(listing.encode()).hexdigest())


def parse(files: PolicyFiles, name: str, document: type[D]) -> D:
    """One YAML file as its strict model. Raises PolicyFault that names the file and the field."""
    text = files.texts.get(name)
    if text is None:
        raise PolicyFault(f"{name}: the file is missing.")
    try:
        return document.model_validate(yaml.load(text, Loader=_Loader))  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as fault:
        raise PolicyFault(f"{name}: {' '.join(str(fault).split())}.") from None
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        field = ".".join(str(step) for step in first["loc"])
        raise PolicyFault(f"{name}: {field}: {first['msg']}.") from None


class _Loader(yaml.SafeLoader):
    """YAML in which a key stands once and every mapping is written out."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen or name == "<<":
                raise yaml.constructor.ConstructorError(
                    problem=f"the key `{name}` is repeated or merged", problem_mark=key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)
