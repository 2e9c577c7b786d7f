"""What the serve road works with: one frozen value, made by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.contracts import Catalog
from gateway.delivery.encoded import EncodedCache
from gateway.delivery.rulings import Rulings
from gateway.delivery.shelf import CubeShelf
from gateway.journal.append import Journal
from gateway.journal.witnessed import Witnessed
from gateway.limits.tolls import Tolls
from gateway.model.days import helsinki_day
from gateway.organisations.registry import Registry
from gateway.policy import Policy
from gateway.ports import Clock, ReleaseStore


@dataclass(frozen=True, slots=True)
class Services:
    """Adapters behind their ports, and what was loaded at start."""

    catalog: Catalog
    registry: Registry
    policy: Policy
    rulings: Rulings
    releases: ReleaseStore
    journal: Journal
    clock: Clock
    cubes: CubeShelf
    encoded: EncodedCache
    tolls: Tolls
    witnessed: Witnessed

    def today(self) -> date:
        return helsinki_day(self.clock.now())
