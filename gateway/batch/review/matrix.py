"""Who gets what: the rulings of the real policy engine over roles, products, areas and switches.

Nothing is decided or written by hand here. What is equal is told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from gateway.batch.review.callers import caller, roles_named
from gateway.batch.review.house import PolicyHouse
from gateway.batch.review.matrix_callers import SAMPLES, Roles, Sample, role_cases
from gateway.batch.review.matrix_products import imagined_products
from gateway.errors import PolicyFault
from gateway.model.caller import AuthStrength, Caller
from gateway.model.product import Classification, Product, ProductKind
from gateway.model.ruling import Action, Denial, Permit, Ruling
from gateway.model.subscription import Subscription
from gateway.policy import Policy, rule
from gateway.policy.denials import reason_for
from gateway.policy.explain import READ
from gateway.policy.loading import Switches
from gateway.policy.tags import own_tag, tags_of
from gateway.policy.vocabulary import DEFAULT_DENY

EXPERT_TAG = "AS-000001"
SWITCHES = ("tem_access", "koto_worker_employment_products")
_OFF = frozenset[str]()
_ALL_ON = frozenset(SWITCHES)
_SETTINGS = (_OFF, *(frozenset({name}) for name in SWITCHES), _ALL_ON)


class Token(StrEnum):
    UNBOUND = "unbound"
    BOUND = "bound"  # to the sender's key or certificate
    NO_TAG = "no_expert_tag"
    OWN_TAG = "own_expert_tag"


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer. needs: switches that must be on; several sets are alternatives; None when nothing
    permits, the empty set when no switch is needed. decided_by: the policy that permits, or the one
    whose reason the caller hears, and for a switch both.
    """

    needs: tuple[frozenset[str], ...] | None
    is_listed: bool
    decided_by: tuple[str, ...]

    @property
    def is_permitted(self) -> bool:
        return self.needs is not None


@dataclass(frozen=True, slots=True)
class Answers:
    """own, other, none: an area of the caller's own, another area, and no area.

    own: None when the caller has no area and the two others differ, or when there are no areas (the
    journal, where other is None too).
    """

    own: Cell | None
    other: Cell | None
    none: Cell

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in (self.own, self.other, self.none) if cell is not None)

    @property
    def permits(self) -> bool:
        return any(cell.is_permitted for cell in self.cells)

    @property
    def permits_now(self) -> bool:
        """Whatever the switches."""
        return any(cell.needs == (frozenset(),) for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Line:
    """What some organisations get with some roles."""

    samples: tuple[Sample, ...]
    roles: tuple[Roles, ...]
    answers: Answers


@dataclass(frozen=True, slots=True)
class Section:
    """Products of which all answers are equal. products: empty for the journal.

    token: what the caller's token is like, where the answers depend on it.
    """

    products: tuple[Product, ...]
    lines: tuple[Line, ...]
    is_imagined: bool = False
    token: Token | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    sections: tuple[Section, ...]
    cases: tuple[Roles, ...]


def compute_matrix(house: PolicyHouse) -> Matrix:
    """Every role of the house, on every product of the house and of the imagined ones."""
    cases = role_cases(house)
    imagined = imagined_products()
    products = sorted(house.products, key=lambda each: (each.kind is ProductKind.CUBE, each.id))
    assumed = _assumed(house, (*products, *imagined))
    found = [
        *(s for each in products for s in _sections(assumed, each, cases)),
        *(
            replace(s, is_imagined=True)
            for each in imagined
            for s in _sections(assumed, each, cases)
        ),
        Section((), tuple(_lines(assumed, None, cases))),
    ]
    return Matrix(tuple(_merged(found)), cases)


def _merged(sections: Iterable[Section]) -> Iterable[Section]:
    """One section for the products of which everything else is equal."""
    together: dict[object, Section] = {}
    for section in sections:
        key = replace(section, products=section.products[:0]), bool(section.products)
        before = together.get(key)
        products = before.products if before else ()
        together[key] = replace(section, products=(*products, *section.products))
    return together.values()


def _sections(
    house: PolicyHouse, product: Product, cases: tuple[Roles, ...]
) -> tuple[Section, ...]:
    """One, or two where the answers depend on what the token is like."""
    is_restricted = product.classification is Classification.RESTRICTED
    if not is_restricted and "expert" not in tags_of(product):
        return (Section((product,), tuple(_lines(house, product, cases))),)
    tokens = (Token.UNBOUND, Token.BOUND) if is_restricted else (Token.NO_TAG, Token.OWN_TAG)
    without, having = (
        tuple(_lines(house, product, cases, has_token=has_token)) for has_token in (False, True)
    )
    if without == having:
        return (Section((product,), without),)
    return (
        Section((product,), without, token=tokens[0]),
        Section((product,), having, token=tokens[1]),
    )


def _assumed(house: PolicyHouse, products: Iterable[Product]) -> PolicyHouse:
    """The house with a subscription of everything for everybody, and no data permit missing.

    The matrix tells of roles, areas and switches; a subscription or permit that is missing or has
    ended refuses all of it.
    """
    subscriptions = tuple(
        Subscription(
            f"{sample.code}.{each.id}",
            sample.code,
            each.id,
            each.purposes[0],
            "",
            date.min,
            date.max,
        )
        for each in products
        for sample in SAMPLES
        if sample.code
    )
    policy = replace(
        house.policy, subscriptions=subscriptions, permits=(), sources_under_permit=frozenset()
    )
    return replace(house, policy=policy)


def _lines(
    house: PolicyHouse,
    product: Product | None,
    cases: tuple[Roles, ...],
    *,
    has_token: bool = False,
) -> Iterator[Line]:
    """Organisations that get equal answers with every role stand together, and so do their roles.

    has_token: the caller's token is bound and has an expert tag.
    """
    together: dict[tuple[tuple[Answers, tuple[Roles, ...]], ...], list[Sample]] = {}
    for sample in SAMPLES:
        by_answers: dict[Answers, list[Roles]] = {}
        for roles in cases:
            who = caller(
                house,
                sample.code,
                roles_named(roles),
                on=sample.on,
                strength=AuthStrength.DPOP if has_token else AuthStrength.BEARER,
                expert_tag=EXPERT_TAG if has_token else None,
            )
            by_answers.setdefault(_answers(house, product, sample, who), []).append(roles)
        together.setdefault(_told(by_answers), []).append(sample)
    for key, samples in together.items():
        for answers, roles in sorted(
            key, key=lambda one: (not one[0].permits_now, not one[0].permits)
        ):
            yield Line(tuple(samples), roles, answers)


def _told(
    by_answers: Mapping[Answers, list[Roles]],
) -> tuple[tuple[Answers, tuple[Roles, ...]], ...]:
    """An organisation that gets nothing with any role is told once, with all the reasons."""
    if any(answers.permits for answers in by_answers):
        return tuple((answers, tuple(roles)) for answers, roles in by_answers.items())
    cells = [cell for answers in by_answers for cell in answers.cells]
    reasons = tuple(sorted({policy for cell in cells for policy in cell.decided_by}))
    nothing = Cell(None, any(cell.is_listed for cell in cells), reasons)
    cases = tuple(roles for together in by_answers.values() for roles in together)
    by_area = next(iter(by_answers)).other is not None
    answers = Answers(nothing, nothing, nothing) if by_area else Answers(None, None, nothing)
    return ((answers, cases),)


def _answers(house: PolicyHouse, product: Product | None, sample: Sample, who: Caller) -> Answers:
    none = _cell(house, who, product, None, on=sample.on)
    if product is None:
        return Answers(None, None, none)
    other = _cell(house, who, product, sample.other, on=sample.on)
    if sample.own is not None:
        return Answers(_cell(house, who, product, sample.own, on=sample.on), other, none)
    return Answers(other if other == none else None, other, none)


def _cell(
    house: PolicyHouse, who: Caller, product: Product | None, area: str | None, *, on: date
) -> Cell:
    """The answer and what it depends on. Raises PolicyFault when a switch closes something."""

    def ruled(switches: frozenset[str]) -> Ruling:
        return _rule(_switched(house.policy, switches), who, product, area, on)

    off, all_on = ruled(_OFF), ruled(_ALL_ON)
    is_listed = isinstance(off, Permit) or off.is_listed
    if off.policies == all_on.policies:  # a switch only opens: what both leave, each of them leaves
        needs = (_OFF,) if isinstance(off, Permit) else None
        return Cell(needs, is_listed, _deciders((off,)))
    known = {_OFF: off, _ALL_ON: all_on}
    rulings = {on: known[on] if on in known else ruled(on) for on in _SETTINGS}
    permits = {on: ruling for on, ruling in rulings.items() if isinstance(ruling, Permit)}
    least = tuple(on for on in permits if not any(other < on for other in permits))
    if any(on >= some and on not in permits for some in least for on in rulings):
        raise PolicyFault("A switch that is on closes something: the matrix cannot tell it.")
    if off in permits.values() or not permits:
        return Cell(least or None, is_listed, _deciders((off,)))
    return Cell(least, is_listed, _deciders((*(permits[on] for on in least), off)))


def _switched(policy: Policy, on: frozenset[str]) -> Policy:
    return replace(policy, switches=Switches(**{name: name in on for name in SWITCHES}))


def _rule(
    policy: Policy, who: Caller, product: Product | None, area: str | None, on: date
) -> Ruling:
    if product is None:
        return rule(who, Action.READ_JOURNAL, None, None, policy, today=on)
    tag = own_tag(who, product)
    return rule(who, READ[product.kind], product, area, policy, today=on, expert_tag=tag)


def _deciders(rulings: Iterable[Ruling]) -> tuple[str, ...]:
    """The policy that permits, or the one of the reason that the caller hears; each once."""
    named: dict[str, None] = {}
    for ruling in rulings:
        match ruling:
            case Permit(policies=policies):
                named |= dict.fromkeys(policies)
            case Denial(policies=policies):
                named[reason_for(policies).policy or DEFAULT_DENY] = None
    return tuple(named)
