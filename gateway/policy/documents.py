"""The shape of each YAML file under `policies/`; an unknown or missing key is a fault."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from gateway.model.caller import RoleSource
from gateway.model.label import Label
from gateway.policy.vocabulary import GRANTABLE, Permission

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
BasisCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]
OrganisationCode = Annotated[
    str, StringConstraints(pattern=r"^(KU[0-9]{3}|(TA|ELY|EVK)[0-9]{2}|TEM|KEHA)$")
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _once(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError("a value is repeated")
    return values


Listed = AfterValidator(_once)


class Document(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class LabelText(Document):
    fi: Text
    sv: Text
    en: Text

    def label(self) -> Label:
        return Label(fi=self.fi, sv=self.sv, en=self.en)


class Validity(Document):
    """Days are inclusive."""

    valid_from: date
    valid_to: date

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Validity:
        if self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self


class RoleEntry(Document):
    source: Annotated[RoleSource, Field(strict=False)]
    role: Name
    label: LabelText
    permissions: Annotated[
        list[Annotated[Permission, Field(strict=False)]], Field(min_length=1), Listed
    ]

    @model_validator(mode="after")
    def _gives_what_its_source_may(self) -> RoleEntry:
        beyond = set(self.permissions) - GRANTABLE[self.source]
        if beyond:
            raise ValueError(f"a {self.source} role cannot give {min(beyond)}")
        return self


class RolesFile(Document):
    roles: list[RoleEntry]


class LegalBasisEntry(Document):
    code: BasisCode
    label: LabelText


class PurposeEntry(Document):
    code: Name
    label: LabelText
    legal_bases: Annotated[list[BasisCode], Field(min_length=1), Listed]


class PurposesFile(Document):
    legal_bases: Annotated[list[LegalBasisEntry], Field(min_length=1)]
    purposes: Annotated[list[PurposeEntry], Field(min_length=1)]


class SubscriptionEntry(Validity):
    """One subscription for each organisation and product named."""

    id: Name
    organisations: Annotated[list[OrganisationCode], Field(min_length=1), Listed]
    products: Annotated[list[Name], Field(min_length=1), Listed]
    purpose: Name
    legal_basis: BasisCode


class SubscriptionsFile(Document):
    subscriptions: list[SubscriptionEntry]


class PermitEntry(Validity):
    id: Name
    source: Name
    label: LabelText
    legal_basis: BasisCode


class PermitsFile(Document):
    """sources: those that deliver nothing without a valid permit."""

    sources: Annotated[list[Name], Listed]
    permits: list[PermitEntry]


class SwitchesFile(Document):
    """Both are off unless the file says `true`, and the file must say."""

    tem_access: bool
    koto_worker_employment_products: bool
