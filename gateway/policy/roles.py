"""Roles → permissions. A role that is not in the table gives nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.model.caller import HeldRole
from gateway.model.label import Label


@dataclass(frozen=True, slots=True)
class RoleTable:
    """permissions: `source:role` → what it gives; labels: what people call the role."""

    permissions: Mapping[str, frozenset[str]]
    labels: Mapping[str, Label] = field(default_factory=dict[str, Label])

    def permissions_of(self, roles: Iterable[HeldRole]) -> frozenset[str]:
        """The union of what the roles give."""
        return frozenset[str]().union(
            *(self.permissions.get(role.name, frozenset()) for role in roles)
        )

    def roles_with(self, permission: str) -> list[str]:
        """The roles that give a permission, as `source:role`, in the order of the alphabet."""
        return sorted(role for role, gives in self.permissions.items() if permission in gives)

    def sources_of(self, roles: Iterable[HeldRole]) -> frozenset[str]:
        """Where the roles that give anything come from: `atmt`, `heti`, `kotoaj`."""
        return frozenset(role.source.value for role in roles if self.permissions.get(role.name))
