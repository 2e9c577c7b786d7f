"""The ruling: may this caller do this, today, and on what ground. Pure; the engine is passed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from gateway.model.caller import Caller
from gateway.model.organisation import OrganisationKind
from gateway.model.product import Product
from gateway.model.ruling import Action, Denial, Permit, Ruling
from gateway.model.subscription import Subscription
from gateway.policy import denials
from gateway.policy.denials import Reason, reason_for
from gateway.policy.loading import Policy
from gateway.policy.question import Circumstances, journal_question, keys_question, product_question
from gateway.policy.subscriptions import choose, valid_subscriptions
from gateway.policy.vocabulary import AUDIT_PURPOSE, DEFAULT_DENY, Permission
from gateway.ports import Answer

AREA_SHOWN = "39"  # to whoever has no area


def is_listed(caller: Caller, product: Product) -> bool:
    """Whether the caller may know that the product exists."""
    if product.is_public:
        return True
    return caller.organisation is not None and caller.organisation.kind in product.listed_to


def rule(  # noqa: PLR0913 (all that a ruling depends on)
    caller: Caller,
    action: Action,
    product: Product | None,
    area: str | None,
    policy: Policy,
    *,
    today: date,
    purpose: str | None = None,
    expert_tag: str | None = None,
) -> Ruling:
    """Permit or Denial, with the policies that decided.

    product: None only for the journal. area: two digits, for rows. today: the day in Helsinki.
    purpose: as the request states it; None means that the caller's only subscription decides.
    expert_tag: the delivery will be cut to rows with this tag. Whoever does not cut leaves it out, and
    what has expert tags is refused.
    """
    if action is Action.READ_JOURNAL:
        return _rule_on_journal(caller, purpose or AUDIT_PURPOSE, policy)
    if product is None:
        return _denial(denials.NO_POLICY_PERMITS, (), policy, is_listed=False)
    seen = replace(
        _circumstances(caller, product, area, policy, today=today, purpose=purpose),
        expert_tag=expert_tag,
    )
    answer = policy.engine.decide(
        product_question(caller, action, product, seen=seen, policy=policy)
    )
    if not answer.allowed:
        return _refuse(caller, product, answer, seen, policy)
    # A public product needs no subscription, but what goes to the journal is of the closed list.
    if seen.chosen is None and purpose is not None and purpose not in policy.purposes:
        words = {"purposes": _listing(policy.purposes)}
        return _denial(denials.PURPOSE_UNKNOWN, (), policy, is_listed=True, words=words)
    return Permit(
        policies=answer.policies,
        policy_set_sha256=policy.sha256,
        purpose=seen.chosen.purpose if seen.chosen else purpose,
        legal_basis=seen.chosen.legal_basis if seen.chosen else None,
        subscription=seen.chosen.id if seen.chosen else None,
        areas=frozenset({area}) if area and action is Action.READ_ROWS else frozenset(),
        expert_tag=expert_tag,
    )


def _circumstances(
    caller: Caller,
    product: Product,
    area: str | None,
    policy: Policy,
    *,
    today: date,
    purpose: str | None,
) -> Circumstances:
    candidates = valid_subscriptions(policy.subscriptions, caller, product=product, today=today)
    return Circumstances(
        area=area,
        candidates=candidates,
        chosen=choose(candidates, purpose),
        missing_permits=policy.missing_permits(product.sources, today),
        expert_tag=None,
    )


def _refuse(
    caller: Caller, product: Product, answer: Answer, seen: Circumstances, policy: Policy
) -> Denial:
    reason = denials.POLICIES_FAILED if answer.errors else reason_for(answer.policies)
    return _denial(
        reason,
        answer.policies,
        policy,
        is_listed=is_listed(caller, product),
        errors=answer.errors,
        chosen=seen.chosen,
        words={
            "roles": _roles(product.required_permission, policy),
            "area": min(caller.scope.areas, default=AREA_SHOWN),
            "purposes": _listing(candidate.purpose for candidate in seen.candidates),
            "sources": _listing(seen.missing_permits),
        },
    )


def _rule_on_journal(caller: Caller, purpose: str, policy: Policy) -> Ruling:
    answer = policy.engine.decide(journal_question(caller, purpose, policy))
    if answer.allowed:
        return Permit(
            policies=answer.policies,
            policy_set_sha256=policy.sha256,
            purpose=purpose,
            legal_basis=policy.purposes[purpose].legal_bases[0],
            subscription=None,
        )
    return _denial(
        denials.POLICIES_FAILED if answer.errors else _why_no_journal(caller),
        answer.policies,
        policy,
        is_listed=True,
        errors=answer.errors,
        words={"roles": _roles(Permission.JOURNAL_READ, policy), "purposes": AUDIT_PURPOSE},
    )


def rule_on_keys(caller: Caller, organisation: str, policy: Policy) -> Ruling:
    """May this caller manage the access keys of an organisation?

    organisation: registry code, empty for a key that does not exist: nobody may manage that.
    """
    answer = policy.engine.decide(keys_question(caller, organisation, policy))
    if answer.allowed:
        return Permit(
            policies=answer.policies,
            policy_set_sha256=policy.sha256,
            purpose=None,
            legal_basis=None,
            subscription=None,
        )
    return _denial(
        denials.POLICIES_FAILED if answer.errors else _why_no_keys(caller),
        answer.policies,
        policy,
        is_listed=True,
        errors=answer.errors,
        words={"roles": _roles(Permission.KEYS_MANAGE, policy)},
    )


def _why_no_keys(caller: Caller) -> Reason:
    if caller.key is not None:
        return denials.TOKEN_ONLY
    if Permission.KEYS_MANAGE not in caller.permissions:
        return denials.KEY_ADMINISTRATORS_ONLY
    if caller.organisation is None:
        return denials.NO_ORGANISATION
    return denials.NO_POLICY_PERMITS


def _why_no_journal(caller: Caller) -> Reason:
    if caller.key is not None:
        return denials.TOKEN_ONLY
    if Permission.JOURNAL_READ not in caller.permissions:
        return denials.AUDITORS_ONLY
    if caller.organisation is None or caller.organisation.kind is not OrganisationKind.KEHA:
        return denials.KEHA_ONLY
    return denials.AUDIT_ONLY


def _denial(
    reason: Reason,
    policies: tuple[str, ...],
    policy: Policy,
    *,
    is_listed: bool,
    errors: tuple[str, ...] = (),
    chosen: Subscription | None = None,
    words: Mapping[str, str] = MappingProxyType({}),
) -> Denial:
    """words: fill the sentence; codes of the policy files and contracts, never the caller's."""
    return Denial(
        error_type=reason.error_type,
        detail=reason.sentence.format_map(words),
        policies=policies or (DEFAULT_DENY,),
        policy_set_sha256=policy.sha256,
        is_listed=is_listed,
        parameter=reason.parameter,
        errors=errors,
        purpose=chosen.purpose if chosen else None,
        legal_basis=chosen.legal_basis if chosen else None,
        subscription=chosen.id if chosen else None,
    )


def _roles(permission: str | None, policy: Policy) -> str:
    """The roles that give it, by the names under which an administrator grants them."""
    return " or ".join(f"`{role}`" for role in policy.roles.roles_with(permission or ""))


def _listing(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes))
