"""The closed lists that the policy files are held against."""

from __future__ import annotations

from enum import StrEnum

from gateway.model.caller import RoleSource


class Permission(StrEnum):
    """What a role may give. A product asks for exactly one of the first four."""

    EMPLOYMENT_ROWS = "employment.rows"
    EMPLOYMENT_CUBES = "employment.cubes"
    INTEGRATION_ROWS = "integration.rows"
    INTEGRATION_CUBES = "integration.cubes"
    JOURNAL_READ = "journal.read"
    KEYS_MANAGE = "keys.manage"


_EMPLOYMENT = frozenset({Permission.EMPLOYMENT_ROWS, Permission.EMPLOYMENT_CUBES})
_INTEGRATION = frozenset({Permission.INTEGRATION_ROWS, Permission.INTEGRATION_CUBES})
DATA_PERMISSIONS = _EMPLOYMENT | _INTEGRATION

# A-TMT roles never reach integration products, nor Koto-AJ roles employment-service products:
# only a separate HETI role crosses over.
GRANTABLE = {
    RoleSource.ATMT: _EMPLOYMENT,
    RoleSource.KOTOAJ: _INTEGRATION,
    RoleSource.HETI: DATA_PERMISSIONS | {Permission.JOURNAL_READ, Permission.KEYS_MANAGE},
}

AUDIT_PURPOSE = "audit"
DEFAULT_DENY = "default-deny"
