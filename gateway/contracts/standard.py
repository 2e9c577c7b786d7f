"""The Open Data Contract Standard v3: its official JSON Schema first, then its model.

The schema goes first because the model alone lets unknown column fields and wrong types through.
Both come with the package `open-data-contract-standard` (Bitol, Linux Foundation; Apache-2.0).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import jsonschema_rs
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from gateway.contracts.faults import ContractFaults, Fault
from gateway.contracts.marked_yaml import MarkedYaml
from gateway.contracts.strict_model import faults_of

VERSIONS = ("v3.1.0", "v3.2.0")


def read_standard(source: MarkedYaml) -> OpenDataContractStandard:
    """The file as an ODCS contract. Raises ContractFaults."""
    faults = [*_schema_faults(source), *_version_faults(source)]
    if faults:
        raise ContractFaults(faults)
    try:
        return OpenDataContractStandard.model_validate(source.value)
    except ValidationError as error:
        raise ContractFaults(faults_of(error, source, ())) from error


@cache
def _validator() -> jsonschema_rs.Validator:
    # Not `OpenDataContractStandard.json_schema()`: it opens the file by a deprecated function.
    schema = files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    return jsonschema_rs.validator_for(json.loads(schema))


def _schema_faults(source: MarkedYaml) -> Iterator[Fault]:
    for error in _validator().iter_errors(source.value):
        path = tuple(error.instance_path)
        match error.kind:
            case jsonschema_rs.ValidationErrorKind.UnevaluatedProperties(
                unexpected
            ) | jsonschema_rs.ValidationErrorKind.AdditionalProperties(unexpected):
                for key in unexpected:
                    yield source.fault(
                        (*path, key),
                        f"The standard has no field `{key}` here.",
                        "Correct the spelling, or move it under the custom property `jakelu`.",
                    )
            case jsonschema_rs.ValidationErrorKind.Required(key):
                yield source.fault(path, f"The field `{key}` is missing.", f"Add `{key}`.")
            case jsonschema_rs.ValidationErrorKind.Enum(options):
                allowed = ", ".join(str(option) for option in options)
                yield source.fault(path, f"{error.message}.", f"Use one of: {allowed}.")
            case _:
                yield source.fault(
                    path, f"{error.message}.", "Write it as the Open Data Contract Standard says."
                )


def _version_faults(source: MarkedYaml) -> Iterator[Fault]:
    if isinstance(source.value, dict) and source.value.get("apiVersion") not in VERSIONS:
        yield source.fault(
            ("apiVersion",),
            "The contract is written in another version of the standard.",
            f"Use one of: {', '.join(VERSIONS)}.",
        )
