"""What ends soon: subscriptions and data permits of the policy files, warned of a month ahead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import product as pairs
from pathlib import Path
from typing import TypeVar

from gateway.errors import PolicyFault
from gateway.policy import read_policy_files
from gateway.policy.documents import (
    PermitEntry,
    PermitsFile,
    SubscriptionEntry,
    SubscriptionsFile,
    Validity,
)
from gateway.policy.policy_files import parse

WARNED_DAYS = 30
V = TypeVar("V", bound=Validity)


def ending(policies_dir: Path, on: date) -> tuple[str, ...]:
    """One line for each entry that ends on a day or in WARNED_DAYS after it, the first to end first.

    Last days are inclusive. What another entry goes on with on the next day is not told, and what has
    ended is history. Empty when the files cannot be read: that is a fault, and told as one.
    """
    try:
        files = read_policy_files(policies_dir)
        subscriptions = parse(files, "subscriptions.yaml", SubscriptionsFile).subscriptions
        permits = parse(files, "permits.yaml", PermitsFile).permits
    except PolicyFault:
        return ()
    found = [
        (each.valid_to, f"{policies_dir / 'permits.yaml'}: the data permit {each.id}")
        for each in _soon(permits, on)
        if not _is_renewed(each, permits)
    ]
    for each in _soon(subscriptions, on):
        left = _not_renewed(each, subscriptions)
        if left:
            organisations, products = ({pair[i] for pair in left} for i in (0, 1))
            found.append(
                (
                    each.valid_to,
                    (
                        f"{policies_dir / 'subscriptions.yaml'}: the subscription {each.id} "
                        f"({_count(organisations, 'organisation')}, {_count(products, 'product')})"
                    ),
                )
            )
    return tuple(f"{what} {_when(last, on)}" for last, what in sorted(found))


def _soon(entries: Iterable[V], on: date) -> Iterator[V]:
    for each in entries:
        if each.valid_from <= on <= each.valid_to <= on + timedelta(WARNED_DAYS):
            yield each


def _goes_on(other: Validity, ended: Validity) -> bool:
    return other.valid_from <= ended.valid_to + timedelta(1) <= other.valid_to


def _is_renewed(permit: PermitEntry, permits: Iterable[PermitEntry]) -> bool:
    return any(other.source == permit.source and _goes_on(other, permit) for other in permits)


def _not_renewed(
    entry: SubscriptionEntry, entries: Iterable[SubscriptionEntry]
) -> set[tuple[str, str]]:
    """The organisations and products that no entry of the same purpose goes on with."""
    left = set(pairs(entry.organisations, entry.products))
    for other in entries:
        if other.purpose == entry.purpose and _goes_on(other, entry):
            left -= set(pairs(other.organisations, other.products))
    return left


def _count(things: set[str], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _when(last: date, on: date) -> str:
    left = (last - on).days
    days = "today is the last day" if left == 0 else f"{left} day{'' if left == 1 else 's'} left"
    return (
        f"ends: last day {last.isoformat()}, {days}. Renew it with an entry from the next day on."
    )
