from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.cedar import CedarEngine
from gateway.errors import PolicyFault
from gateway.policy import PolicyFiles, read_policy_files
from gateway.policy.denials import REASONS
from gateway.ports import Answer, Question

POLICIES = Path(__file__).parents[3] / "policies"
SCHEMA = """
namespace Jakelu {
  entity Caller = { "areas": Set<String>, "number": Long };
  entity Product = { "kind": String };
  action "read" appliesTo { principal: Caller, resource: Product, context: { "area": String } };
}
"""
PERMIT = """
@id("everybody") @title_fi("a") @title_sv("b") @ground("c")
permit (principal, action, resource);
"""
FORBID = """
@id("overflow") @title_fi("a") @title_sv("b") @ground("c")
forbid (principal is Jakelu::Caller, action, resource)
when { principal.number + 9223372036854775807 < 0 };
"""


def engine(*policies: str, schema: str = SCHEMA) -> CedarEngine:
    texts = {f"{number}.cedar": text for number, text in enumerate(policies)}
    return CedarEngine(PolicyFiles(texts | {"schema.cedarschema": schema}, "0" * 64))


def decide(
    chosen: CedarEngine, *, number: Any = 0, area: Any = "39", action: str = "read"
) -> Answer:
    return chosen.decide(
        Question(
            principal={"type": "Caller", "id": "c", "areas": frozenset({"39"}), "number": number},
            action=action,
            resource={"type": "Product", "id": "p", "kind": "rows"},
            context={"area": area},
        )
    )


def test_answers_with_the_policies_own_ids():
    assert decide(engine(PERMIT)) == Answer(allowed=True, policies=("everybody",), errors=())


def test_what_no_policy_permits_is_denied():
    never = PERMIT.replace("resource);", 'resource) when { context.area == "00" };')
    assert decide(engine(never)) == Answer(allowed=False, policies=(), errors=())


def test_a_forbid_whose_condition_fails_denies_although_cedar_says_allow():
    answer = decide(engine(PERMIT, FORBID), number=1)
    assert answer == Answer(allowed=False, policies=(), errors=("overflow",))
    assert decide(engine(PERMIT, FORBID), number=0).allowed


@pytest.mark.parametrize(
    "question",
    [
        {"area": 39},
        {"area": None},
        {"number": "1"},
        {"number": None},
        {"action": "write"},
        {"number": 2**80},
    ],
)
def test_a_question_that_does_not_fit_the_schema_is_denied(question: dict[str, Any]):
    answer = decide(engine(PERMIT), **question)
    assert answer == Answer(allowed=False, policies=(), errors=("request",))


def test_an_attribute_that_the_schema_does_not_have_is_denied():
    principal = {"type": "Caller", "id": "c", "areas": frozenset[str](), "number": 0, "more": "x"}
    resource = {"type": "Product", "id": "p", "kind": "rows"}
    answer = engine(PERMIT).decide(Question(principal, "read", resource, {"area": "39"}))
    assert answer == Answer(allowed=False, policies=(), errors=("request",))


def test_an_odd_subject_is_only_a_name():
    chosen = engine(PERMIT)
    for subject in ('"', "\\", "a::b", "'; permit", "\n", "ä", ""):
        principal = {"type": "Caller", "id": subject, "areas": frozenset[str](), "number": 0}
        resource = {"type": "Product", "id": subject, "kind": "rows"}
        assert chosen.decide(Question(principal, "read", resource, {"area": subject})).allowed


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        ((PERMIT, PERMIT), "`everybody` is repeated"),
        ((PERMIT + PERMIT,), "`everybody` is repeated"),
        ((PERMIT.replace('@id("everybody")', ""),), "@id is missing"),
        ((PERMIT.replace('@title_fi("a")', ""),), "everybody: @title_fi is missing"),
        ((PERMIT.replace('@title_sv("b")', '@title_sv("")'),), "everybody: @title_sv is missing"),
        ((PERMIT.replace('@ground("c")', "@ground"),), "everybody: @ground is missing"),
        ((PERMIT.replace("everybody", "default-deny"),), "cannot be an @id"),
        ((PERMIT.replace("everybody", "Every body"),), "cannot be an @id"),
        ((PERMIT.replace("resource);", "resource"),), "0.cedar: "),
        ((PERMIT.replace("principal,", "principal == ?principal,"),), "0.cedar: "),
        ((FORBID.replace("principal.number", "principal.age"),), "overflow"),
        ((FORBID.replace("principal.number", "principal.areas"),), "overflow"),
        ((FORBID.replace("Jakelu::Caller", "Jakelu::Somebody"),), "overflow"),
        ((PERMIT.replace("action,", 'action == Jakelu::Action::"write",'),), "everybody"),
        (("",), "no Cedar policies"),
        ((), "no Cedar policies"),
    ],
)
def test_wrong_policies_refuse_the_start(policies: tuple[str, ...], told: str):
    with pytest.raises(PolicyFault) as refused:
        engine(*policies)
    assert told in refused.value.detail


@pytest.mark.parametrize("schema", ["", "entity {", SCHEMA.replace("Set<String>", "Set<Strin>")])
def test_a_broken_schema_refuses_the_start(schema: str):
    with pytest.raises(PolicyFault):
        engine(PERMIT, schema=schema)


def test_every_reason_belongs_to_a_policy_of_the_house_and_every_forbid_has_one():
    text = read_policy_files(POLICIES).texts["forbids.cedar"]
    ids = [line.split('"')[1] for line in text.splitlines() if line.startswith("@id(")]
    assert sorted(ids) == sorted(reason.policy for reason in REASONS)
