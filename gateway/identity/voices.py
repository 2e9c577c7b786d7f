"""For whom an issuer may speak: with several of them, none may speak for everybody by default."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import InvalidToken
from gateway.identity.claims import CallerClaims, RoleClaim
from gateway.identity.reasons import TokenFault
from gateway.model.caller import RoleSource

EVERY_ORGANISATION = "*"


@dataclass(frozen=True, slots=True)
class Voice:
    """organisations: registry codes, or `*`; sources: of the roles that it may tell of."""

    organisations: frozenset[str]
    sources: frozenset[str]

    def heard(self, read: CallerClaims) -> CallerClaims:
        """What counts of an issuer's claims: roles of its sources, and the tags of A-TMT with those.

        Raises InvalidToken for an organisation that is not its own to speak for.
        """
        named = read.organisation
        if named is not None and not self.organisations & {EVERY_ORGANISATION, named}:
            raise InvalidToken(TokenFault.ORGANISATION_FOREIGN)
        roles = [role for role in read.roles if _source_of(role) in self.sources]
        tag = read.expert_tag if RoleSource.ATMT in self.sources else None
        return read.model_copy(update={"roles": roles, "expert_tag": tag})


def _source_of(role: RoleClaim | str) -> str:
    return role.partition(":")[0] if isinstance(role, str) else role.source


ALONE = Voice(frozenset({EVERY_ORGANISATION}), frozenset(source.value for source in RoleSource))
