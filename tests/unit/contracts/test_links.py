"""A linked cube has the extract, dimensions and disclosure of its leader, and says nothing else of them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from gateway.contracts import load_catalog

LEADER, FOLLOWER = "job-seekers.yaml", "job-seekers-detailed.yaml"


@pytest.fixture
def contract(workshop) -> dict[str, Any]:
    """A contract of the unemployed at every level, linked to the job seekers, as YAML would be read."""
    document = yaml.safe_load(workshop.text(LEADER))
    document["id"] = FOLLOWER.removesuffix(".yaml")
    columns = document["schema"][0]["properties"]
    kept = [c for c in columns if c["semanticType"] == "dimension" or c["name"] == "unemployed"]
    document["schema"][0]["properties"] = kept
    levels = {c["name"]: terms(c)["levels"] for c in kept if c["semanticType"] == "dimension"}
    terms(document)["cube"] = {
        "linked_to": "job-seekers",
        "combinations": [{"measures": ["unemployed"], "levels": levels}],
    }
    return document


def terms(of: dict[str, Any]) -> dict[str, Any]:
    return of["customProperties"][0]["value"]


def column(contract: dict[str, Any], name: str) -> dict[str, Any]:
    return next(c for c in contract["schema"][0]["properties"] if c["name"] == name)


def write(workshop, contract: dict[str, Any], name: str = FOLLOWER) -> None:
    text = yaml.safe_dump(contract, allow_unicode=True, sort_keys=False, width=1000)
    (workshop.folder / name).write_text(text, "utf-8")


def test_takes_a_cube_that_is_linked_to_another(workshop, contract):
    write(workshop, contract)
    assert workshop.faults() == ()
    catalog = load_catalog(workshop.folder, registry_lists=workshop.registry_lists)
    leader, own = (catalog.find(name.removesuffix(".yaml")).cube for name in (LEADER, FOLLOWER))
    assert own.linked_to == "job-seekers"
    assert (own.extract, own.dimensions) == (leader.extract, leader.dimensions)
    assert own.disclosure == leader.disclosure
    assert own.nestings == ()
    assert [measure.name for measure in own.measures] == ["unemployed"]
    assert own.measures[0] in leader.measures


def test_takes_from_the_leader_what_is_left_out(workshop, contract):
    for name in ("residual", "code_list", "months", "column"):
        for each in contract["schema"][0]["properties"]:
            terms(each).pop(name, None)
    write(workshop, contract)
    assert workshop.faults() == ()


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ("extract", "SELECT 1 AS a"),
        ("nestings", []),
        ("disclosure", {"threshold": 5, "reason": "x"}),
    ],
)
def test_refuses_what_only_the_leader_says(workshop, contract, term, value):
    terms(contract)["cube"][term] = value
    write(workshop, contract)
    message = f"no `{term}` of its own: `job-seekers` has it"
    workshop.expect(FOLLOWER, f"{term}:", message, f"Remove `{term}`")


@pytest.mark.parametrize("term", ["extract", "nestings", "disclosure"])
def test_refuses_a_cube_that_neither_says_how_it_is_made_nor_who_does(workshop, term):
    leader = yaml.safe_load(workshop.text(LEADER))
    del terms(leader)["cube"][term]
    write(workshop, leader, LEADER)
    workshop.expect(LEADER, "cube:", f"`{term}` is missing", f"Add `{term}`")


def test_blames_only_the_leader_for_its_own_faults(workshop, contract):
    write(workshop, contract)
    workshop.change(LEADER, "product_kind: cube", "product_kind: cubes")
    assert {fault.file for fault in workshop.faults()} == {str(workshop.folder / LEADER)}


def test_refuses_a_leader_that_is_not_there(workshop, contract):
    terms(contract)["cube"]["linked_to"] = "job-hunters"
    write(workshop, contract)
    workshop.expect(FOLLOWER, "linked_to:", "no other cube `job-hunters`", "job-seekers")


def test_refuses_a_leader_that_is_no_cube_or_the_cube_itself(workshop, contract):
    workshop.text("job-seeker-spells.yaml")
    for name in ("job-seeker-spells", "job-seekers-detailed"):
        terms(contract)["cube"]["linked_to"] = name
        write(workshop, contract)
        workshop.expect(
            FOLLOWER, "linked_to:", f"no other cube `{name}`", "Use one of: job-seekers."
        )


def test_refuses_a_leader_that_follows_another(workshop, contract):
    write(workshop, contract)
    further = {**contract, "id": "job-seekers-further"}
    terms(further)["cube"]["linked_to"] = "job-seekers-detailed"
    write(workshop, further, "job-seekers-further.yaml")
    terms(contract)["cube"]["linked_to"] = "job-seekers"
    write(workshop, contract)
    message = "`job-seekers-detailed` is linked to another cube itself"
    remedy = "Write `linked_to: job-seekers`"
    workshop.expect("job-seekers-further.yaml", "linked_to:", message, remedy)


def test_refuses_other_sources_and_another_class(workshop, contract):
    terms(contract)["sources"] = ["ya"]
    terms(contract)["classification"] = "confidential"
    write(workshop, contract)
    workshop.expect(FOLLOWER, "sources:", "not those of `job-seekers`", "Write `sources: [atmt")
    workshop.expect(
        FOLLOWER, "classification:", "classified otherwise", "`classification: internal`"
    )


def test_refuses_dimensions_in_another_order(workshop, contract):
    columns = contract["schema"][0]["properties"]
    columns[0], columns[1] = columns[1], columns[0]
    write(workshop, contract)
    at = "properties:"
    workshop.expect(FOLLOWER, at, "dimensions are not those", "in this order: geography, month")


def test_refuses_a_dimension_that_is_told_otherwise(workshop, contract):
    terms(column(contract, "sex"))["levels"] = ["total"]
    terms(contract)["cube"]["combinations"][0]["levels"]["sex"] = ["total"]
    terms(column(contract, "age"))["label"]["en"] = "Years"
    write(workshop, contract)
    faults = {(fault.message, fault.remedy) for fault in workshop.faults()}
    assert faults == {
        ("`levels` of `sex` is not as in `job-seekers`.", "Write the same."),
        ("`label` of `age` is not as in `job-seekers`.", "Write the same."),
    }


def test_refuses_sql_of_its_own(workshop, contract):
    sex = terms(column(contract, "sex"))
    del sex["code_list"]
    sex["codes_sql"] = "SELECT 1 AS code"
    write(workshop, contract)
    workshop.expect(FOLLOWER, "codes_sql:", "no SQL of its own", "Leave `codes_sql` out")


def test_refuses_a_measure_that_the_leader_does_not_count(workshop, contract):
    leader = yaml.safe_load(workshop.text(LEADER))
    columns = contract["schema"][0]["properties"]
    columns.append(column(leader, "activation_rate"))
    write(workshop, contract)
    at = "- name: activation_rate"
    workshop.expect(FOLLOWER, at, "`activation_rate` is no count of `job-seekers`", "unemployed")


def test_refuses_a_measure_or_a_lineage_that_is_another(workshop, contract):
    unemployed = column(contract, "unemployed")
    terms(unemployed)["column"] = "job_seekers"
    unemployed["transformSourceObjects"] = ["atmt.henkilo.henkilo_id"]
    write(workshop, contract)
    messages = {fault.message for fault in workshop.faults()}
    assert messages == {
        "`column` of `unemployed` is not as in `job-seekers`.",
        "`unemployed` comes from elsewhere than in `job-seekers`.",
    }


def test_refuses_a_dimension_without_codes_where_nobody_else_has_them(workshop):
    workshop.change(LEADER, "              code_list: sex\n", "")
    (fault,) = workshop.faults()
    assert "does not say where its codes come from" in fault.message
    assert "exactly one of code_list, codes_sql and months" in fault.remedy
