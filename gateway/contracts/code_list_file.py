"""Code lists: `products/codelists/<id>.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from gateway.contracts.faults import ContractFaults, Fault
from gateway.contracts.marked_yaml import MarkedYaml, read_marked
from gateway.contracts.strict_model import Id, LabelTerms, Name, StrictModel, Text, read_terms
from gateway.model.codes import Code, CodeList


@dataclass(frozen=True, slots=True)
class Grouping:
    """Source code → group code; whatever is not a key goes to `otherwise`."""

    groups: Mapping[str, str]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Lists:
    """Every code list by id, those of the registry included, and the groupings of each."""

    codes: Mapping[str, CodeList]
    groupings: Mapping[str, Mapping[str, Grouping]]


class CodeTerms(StrictModel):
    code: Text
    level: Name
    parents: tuple[Text, ...] = ()
    label: LabelTerms


class GroupingTerms(StrictModel):
    """groups: group code → the source codes in it."""

    otherwise: Text
    groups: dict[Text, tuple[Text, ...]]


class CodeListTerms(StrictModel):
    id: Id
    label: LabelTerms
    codes: Annotated[tuple[CodeTerms, ...], Field(min_length=1)]
    groupings: dict[Name, GroupingTerms] = Field(default_factory=dict[str, GroupingTerms])


def read_code_list(path: Path) -> tuple[CodeList, Mapping[str, Grouping]]:
    """One file. Raises ContractFaults."""
    source = read_marked(path)
    terms = read_terms(CodeListTerms, source.value, source, ())
    faults = [*_name_faults(terms, source, path.stem), *_code_faults(terms, source)]
    faults += _grouping_faults(terms, source)
    if faults:
        raise ContractFaults(faults)
    codes = tuple(Code(c.code, c.label.label(), c.level, c.parents) for c in terms.codes)
    groupings = {name: _grouping(grouping) for name, grouping in terms.groupings.items()}
    return CodeList(terms.id, terms.label.label(), codes), groupings


def read_code_lists(folder: Path, registry_lists: Mapping[str, CodeList]) -> Lists:
    """Every `*.yaml` of the folder beside the lists of the registry. Raises ContractFaults."""
    codes = dict(registry_lists)
    groupings: dict[str, Mapping[str, Grouping]] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            read, groups = read_code_list(path)
        except ContractFaults as found:
            faults += found.faults
            continue
        if read.id in registry_lists:
            message = f"The registry has a code list `{read.id}` already."
            faults.append(Fault(str(path), 1, message, "Rename this one."))
        codes[read.id], groupings[read.id] = read, groups
    if faults:
        raise ContractFaults(faults)
    return Lists(codes, groupings)


def _grouping(terms: GroupingTerms) -> Grouping:
    groups = {source: group for group, sources in terms.groups.items() for source in sources}
    return Grouping(groups, terms.otherwise)


def _name_faults(terms: CodeListTerms, source: MarkedYaml, stem: str) -> Iterator[Fault]:
    if terms.id != stem:
        remedy = f"Write `id: {stem}`, or rename the file to {terms.id}.yaml."
        yield source.fault(("id",), "The file is not named after the code list.", remedy)


def _code_faults(terms: CodeListTerms, source: MarkedYaml) -> Iterator[Fault]:
    place = {code.code: index for index, code in reversed(list(enumerate(terms.codes)))}
    for index, code in enumerate(terms.codes):
        path = ("codes", index)
        if place[code.code] != index:
            yield source.fault(
                path, f"The code `{code.code}` is given twice.", "Keep one of the two."
            )
        for parent in code.parents:
            if parent not in place:
                message = f"The parent `{parent}` of `{code.code}` is not in the list."
                yield source.fault(path, message, "Add the parent, or correct its code.")
        if _is_own_ancestor(code.code, {c.code: c.parents for c in terms.codes}):
            message = f"The code `{code.code}` is above itself."
            yield source.fault(path, message, "Break the circle of parents.")


def _is_own_ancestor(code: str, parents: Mapping[str, tuple[str, ...]]) -> bool:
    seen: set[str] = set()
    waiting = list(parents.get(code, ()))
    while waiting:
        ancestor = waiting.pop()
        if ancestor == code:
            return True
        if ancestor not in seen:
            seen.add(ancestor)
            waiting += parents.get(ancestor, ())
    return False


def _grouping_faults(terms: CodeListTerms, source: MarkedYaml) -> Iterator[Fault]:
    known = {code.code for code in terms.codes}
    for name, grouping in terms.groupings.items():
        path = ("groupings", name)
        for group in (*grouping.groups, grouping.otherwise):
            if group not in known:
                message = f"The group `{group}` of `{name}` is not a code of the list."
                yield source.fault(path, message, "Add it to `codes`, with its labels.")
        members = [member for sources in grouping.groups.values() for member in sources]
        for member in sorted({m for m in members if members.count(m) > 1}):
            message = f"The source code `{member}` is in two groups of `{name}`."
            yield source.fault(path, message, "Keep it in one of them.")
