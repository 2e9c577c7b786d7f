"""For how long the bodies of entries are kept, and the addresses that they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gateway.journal.store import Cutoffs
from gateway.model.days import HELSINKI
from gateway.model.entry import EntryKind

# Entries of these tell why a body is gone; without them a hole could not be told from a theft.
KEPT_FOR_GOOD = frozenset({EntryKind.JOURNAL_PRUNED})


@dataclass(frozen=True, slots=True)
class Retention:
    """In days. kind_days, product_days: where something else is stated than entry_days.

    Where both a kind and a product state it, the longer time holds: whoever stated it relies on it.
    """

    entry_days: int
    address_days: int
    kind_days: Mapping[EntryKind, int]
    product_days: Mapping[str, int]

    def cutoffs(self, day: date) -> Cutoffs:
        """As of a day in Finland. An entry is kept through the day that is so many days after its own."""

        def begin(days: int) -> datetime:
            return datetime.combine(day - timedelta(days=days), time(), HELSINKI)

        return Cutoffs(
            entries=begin(self.entry_days),
            addresses=begin(self.address_days),
            kinds={kind: begin(days) for kind, days in self.kind_days.items()},
            products={product: begin(days) for product, days in self.product_days.items()},
        )

    def stated(self) -> dict[str, int]:
        """All of it under one name each, for the journal."""
        kinds = {f"kind:{kind.value}": days for kind, days in self.kind_days.items()}
        products = {f"product:{product}": days for product, days in self.product_days.items()}
        return {"entry": self.entry_days, "address": self.address_days, **kinds, **products}
