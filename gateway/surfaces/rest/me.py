"""GET /v1/me: who am I, what do I see, and why not the rest."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from gateway.model.access_key import KeyLimits
from gateway.model.caller import Caller
from gateway.model.days import utc_text
from gateway.organisations.registry import Registry
from gateway.policy import Explanation
from gateway.surfaces.rest.documents import Document, LabelDocument


class OrganisationDocument(Document):
    code: str = Field(examples=["KU837"])
    kind: str
    name: LabelDocument


class AreaDocument(Document):
    code: str = Field(examples=["39"])
    name: LabelDocument


class AccessDocument(Document):
    """One product that is listed to the caller: permitted, or why not."""

    product: str
    action: str = Field(description="`read_rows` or `read_cube`.")
    permitted: bool
    purpose: str | None
    policies: list[str] = Field(description="The ids of the policies that decided.")
    code: str | None = Field(description="The error code that a request would get.")
    missing: str | None = Field(description="What is missing, in one sentence.")

    @staticmethod
    def of(explanation: Explanation) -> AccessDocument:
        return AccessDocument(
            product=explanation.product,
            action=explanation.action.value,
            permitted=explanation.is_permitted,
            purpose=explanation.purpose,
            policies=list(explanation.policies),
            code=explanation.code,
            missing=explanation.missing,
        )


class KeyLimitsDocument(Document):
    """What an access key opens, however much its organisation may have."""

    id: str = Field(examples=["k3v9x0q2m7ab"])
    expires: str = Field(description="From this moment (UTC) the key is refused.")
    products: list[str]

    @staticmethod
    def of(key: KeyLimits) -> KeyLimitsDocument:
        return KeyLimitsDocument(
            id=key.id, expires=utc_text(key.expires_at), products=sorted(key.products)
        )


class MeDocument(Document):
    """The caller as the gateway sees it today."""

    issuer: str
    subject: str
    client_id: str
    acting_subject: str | None
    auth_strength: str
    organisation: OrganisationDocument | None = Field(
        description="Null when the token's organisation is not in the registry or not valid today."
    )
    areas: list[AreaDocument] = Field(
        description="From the organisation registry and the day, never from the token."
    )
    municipalities: list[str]
    roles: list[str]
    permissions: list[str]
    key: KeyLimitsDocument | None = Field(description="With an access key; null with a token.")
    products: list[AccessDocument]

    @staticmethod
    def of(caller: Caller, explanations: Iterable[Explanation], registry: Registry) -> MeDocument:
        return MeDocument(
            issuer=caller.issuer,
            subject=caller.subject,
            client_id=caller.client_id,
            acting_subject=caller.acting_subject,
            auth_strength=caller.strength.value,
            organisation=_organisation(caller),
            areas=[
                AreaDocument(code=code, name=LabelDocument.of(registry.areas[code]))
                for code in sorted(caller.scope.areas)
            ],
            municipalities=sorted(caller.scope.municipalities),
            roles=sorted(role.name for role in caller.roles),
            permissions=sorted(caller.permissions),
            key=None if caller.key is None else KeyLimitsDocument.of(caller.key),
            products=[AccessDocument.of(explanation) for explanation in explanations],
        )


def _organisation(caller: Caller) -> OrganisationDocument | None:
    found = caller.organisation
    if found is None:
        return None
    return OrganisationDocument(
        code=found.code, kind=found.kind.value, name=LabelDocument.of(found.label)
    )
