"""The strict base of our terms, and its faults in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from gateway.contracts.faults import ContractFaults, Fault
from gateway.contracts.marked_yaml import MarkedYaml, YamlPath
from gateway.model.label import Label

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]


class StrictModel(BaseModel):
    """Unknown keys are refused, and nothing is coerced: a code is text, so it is quoted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LabelTerms(StrictModel):
    """One text in the three languages."""

    fi: Text
    sv: Text
    en: Text

    def label(self) -> Label:
        return Label(fi=self.fi, sv=self.sv, en=self.en)


Terms = TypeVar("Terms", bound=StrictModel)


def read_terms(model: type[Terms], value: object, source: MarkedYaml, path: YamlPath) -> Terms:
    """`value`, which stands at `path` of the file, as a model. Raises ContractFaults."""
    try:
        # Through JSON, since that mode is strict about values but takes lists and enum texts.
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise ContractFaults(faults_of(error, source, path)) from error


def faults_of(error: ValidationError, source: MarkedYaml, path: YamlPath) -> Iterator[Fault]:
    """A Pydantic error as faults at the lines of the file."""
    for detail in error.errors(include_url=False, include_input=False):
        place = (*path, *detail["loc"])
        name = str(detail["loc"][-1]) if detail["loc"] else "the terms"
        message, remedy = _words(detail["type"], name, detail["msg"], detail.get("ctx", {}))
        yield source.fault(place, message, remedy)


def _words(kind: str, name: str, text: str, context: dict[str, Any]) -> tuple[str, str]:
    match kind:
        case "missing":
            return f"The term `{name}` is missing.", f"Add `{name}`."
        case "extra_forbidden":
            remedy = "Correct the spelling, or remove it; docs/contracts.md has every term."
            return f"There is no term `{name}` here.", remedy
        case "enum" | "literal_error":
            return f"`{name}` has an unknown value.", f"Use {context.get('expected')}."
        case "string_type":
            return f"`{name}` is not text.", "Put the value in quotes."
        case "string_too_short":
            return f"`{name}` is empty.", "Write the text."
        case "union_tag_not_found" | "union_tag_invalid":
            expected = context.get("expected_tags", "one of the kinds in docs/contracts.md")
            return f"`{name}` has no known `kind`.", f"Give `kind`: {expected}."
        case _:
            return f"`{name}` is wrong: {text}.", "Correct the value; see docs/contracts.md."
