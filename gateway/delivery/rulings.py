"""Rulings remembered for a day: the same caller asking the same again gets the same ruling.

A ruling is a pure function of caller, action, product, area, purpose, expert tag and day under one policy set,
and all of them are in the key, so remembering changes no answer. Asking the policies costs about as
much as all the rest of a cube request.
"""

from __future__ import annotations

import threading
from datetime import date

from gateway.model.caller import Caller
from gateway.model.product import Product
from gateway.model.ruling import Action, Ruling
from gateway.policy import Policy, rule

RULINGS_MAX = 4096

_Key = tuple[Caller, Action, str | None, str | None, str | None, str | None, date]


class Rulings:
    """The rulings of one policy set. Safe to use from many threads."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._lock = threading.Lock()
        self._known: dict[_Key, Ruling] = {}

    def rule(
        self,
        caller: Caller,
        action: Action,
        product: Product | None,
        *,
        today: date,
        area: str | None = None,
        purpose: str | None = None,
        expert_tag: str | None = None,
    ) -> Ruling:
        """As `gateway.policy.rule`; the product is one of the catalog that the process started with."""
        name = None if product is None else product.id
        key = (caller, action, name, area, purpose, expert_tag, today)
        known = self._known.get(key)
        if known is None:
            known = rule(
                caller,
                action,
                product,
                area,
                self._policy,
                today=today,
                purpose=purpose,
                expert_tag=expert_tag,
            )
            with self._lock:
                if len(self._known) >= RULINGS_MAX:
                    self._known.clear()
                self._known[key] = known
        return known
