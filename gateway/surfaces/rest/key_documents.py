"""Access keys as documents: what is asked for, and what is told. A digest is in none of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.identity.key_desk import Made
from gateway.identity.key_grants import NETWORKS_MAX, PRODUCTS_MAX, ROLES_MAX, Grant
from gateway.model.access_key import (
    ANYWHERE,
    LIFETIME_DAYS_MAX,
    OVERLAP_DAYS,
    OVERLAP_DAYS_MAX,
    AccessKey,
    KeyState,
)
from gateway.model.days import utc_text
from gateway.surfaces.rest.documents import Document

_Text = Annotated[str, StringConstraints(max_length=128)]


class _Asked(BaseModel):
    """Strict: a number is no text, and an unknown member is a mistake."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class NewKey(_Asked):
    """For whom the key is, and what it opens. The organisation is the administrator's own."""

    service_account: _Text = Field(
        examples=["bi-reports"],
        description="The program: a code of a-z, 0-9 and hyphens; never a person.",
    )
    products: list[_Text] = Field(
        examples=[["job-seekers"]],
        max_length=PRODUCTS_MAX,
        description="Product ids. The key opens these and no others.",
    )
    roles: list[_Text] = Field(
        default=[],
        examples=[["heti:tilastokuutiot"]],
        max_length=ROLES_MAX,
        description="Roles of the HETI portal that give what the products ask for; none for public products.",
    )
    networks: list[_Text] = Field(
        default=list(ANYWHERE),
        examples=[["192.0.2.0/24"]],
        max_length=NETWORKS_MAX,
        description="Address ranges (CIDR) that the key is accepted from, together not everything; everywhere "
        "when left out.",
    )
    expires_in_days: int = Field(
        default=LIFETIME_DAYS_MAX, description=f"1 to {LIFETIME_DAYS_MAX} days of 24 hours."
    )

    def grant(self) -> Grant:
        return Grant(
            service_account=self.service_account,
            products=tuple(self.products),
            roles=tuple(self.roles),
            networks=tuple(self.networks),
            lifetime_days=self.expires_in_days,
        )


class Rotation(_Asked):
    overlap_days: int = Field(
        default=OVERLAP_DAYS,
        description=f"How long the old key works on: 0 to {OVERLAP_DAYS_MAX} days of 24 hours.",
    )


class KeyDocument(Document):
    """One access key."""

    id: str = Field(examples=["k3v9x0q2m7ab"])
    state: KeyState = Field(description="`rotated`: works until `expires`, another has its place.")
    organisation: str
    service_account: str
    products: list[str]
    roles: list[str]
    networks: list[str]
    created: str
    created_by: str = Field(
        examples=["https://login.example admin-4"],
        description="Issuer and subject of the token, with a space between; `operator` on the machine.",
    )
    expires: str = Field(description="From this moment (UTC) the key is refused.")
    last_used: str | None = Field(description="To about a minute.")
    revoked: str | None
    rotated_from: str | None = Field(description="The id of the key that this one replaced.")
    rotates_to: str | None = Field(description="The id of the key that replaced this one.")

    @staticmethod
    def of(key: AccessKey, now: datetime) -> KeyDocument:
        return KeyDocument(
            id=key.id,
            state=key.state(now),
            organisation=key.organisation,
            service_account=key.service_account,
            products=list(key.products),
            roles=list(key.roles),
            networks=list(key.networks),
            created=utc_text(key.created_at),
            created_by=key.created_by,
            expires=utc_text(key.expires_at),
            last_used=None if key.last_used_at is None else utc_text(key.last_used_at),
            revoked=None if key.revoked_at is None else utc_text(key.revoked_at),
            rotated_from=key.rotated_from,
            rotates_to=key.rotates_to,
        )


class KeysDocument(Document):
    keys: list[KeyDocument]


class MadeKeyDocument(Document):
    """A new key with its secret, which is told here once; `before` after a rotation."""

    key: KeyDocument
    secret: str = Field(
        description="`Authorization: Bearer <secret>`, or Basic with the id as the user and this as the "
        "password."
    )
    before: KeyDocument | None

    @staticmethod
    def of(made: Made, now: datetime) -> MadeKeyDocument:
        return MadeKeyDocument(
            key=KeyDocument.of(made.key, now),
            secret=made.secret,
            before=None if made.before is None else KeyDocument.of(made.before, now),
        )
