"""What the publish road works with: one frozen value, made by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.contracts import Catalog
from gateway.model.release import Manifest
from gateway.organisations import Registry
from gateway.ports import KeyRing, ReleaseStore, Warehouse

if TYPE_CHECKING:
    from gateway.publishing.cube_audit import Audited

# Called with what is being done and the share of it that is done, 0 to 1.
Progress = Callable[[str, float], None]


def silent(_what: str, _share: float) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class PublishServices:
    """Adapters behind their ports, and what was loaded at start.

    journal_published: writes the entry `release.published` and returns when it is durable.
    build: version of this gateway. processes: how many slices of a cube are protected and attacked
    at once; audit_seconds: the attack's time for one release, above which it is refused; newest_months:
    for trials, how many months an attacked cube has, 0 for all that its contract says; keep_limits: a
    cube that hides more than its contract allows is refused. masks: those
    that were made in this run, by what they were made of: linked cubes have one together.
    """

    catalog: Catalog
    registry: Registry
    warehouse: Warehouse
    keys: KeyRing
    releases: ReleaseStore
    journal_published: Callable[[Manifest], None]
    policy_set_sha256: str
    build: str
    processes: int = 1
    audit_seconds: float = 1200.0
    newest_months: int = 0
    keep_limits: bool = True
    masks: dict[str, Audited] = field(default_factory=dict, compare=False, repr=False)
