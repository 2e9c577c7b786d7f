"""/v1/keys: an organisation's own administrator makes, rotates and revokes its access keys.

By token alone, and decided by the policies before anything of the request is read. A refusal is
journaled before it is told.
"""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from gateway.errors import AccessKeyNotFound, GatewayError
from gateway.identity.key_desk import Author, KeyDesk
from gateway.identity.key_grants import Obstacle
from gateway.journal.body import Asked, Origin, access_body
from gateway.journal.key_body import by_caller
from gateway.model.caller import Caller
from gateway.model.entry import Draft, EntryKind
from gateway.model.ruling import Action, Denial, Permit
from gateway.policy import rule_on_keys
from gateway.surfaces.inbound import caller_of, inbound_of
from gateway.surfaces.json_body import body_schema, read_body
from gateway.surfaces.rest.key_documents import (
    KeyDocument,
    KeysDocument,
    MadeKeyDocument,
    NewKey,
    Rotation,
)

router = APIRouter()


class NoParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Administration:
    """One request of somebody who may manage the keys of their own organisation."""

    def __init__(self, request: Request) -> None:
        """Raises Forbidden, journaled."""
        self.desk: KeyDesk = request.app.state.keys
        self._caller: Caller = caller_of(request.scope)
        self._origin: Origin = inbound_of(request.scope).origin
        self.organisation = self._caller.organisation.code if self._caller.organisation else ""
        self._permit = self._permitted()

    def author(self) -> Author:
        body = by_caller(self._caller, permit=self._permit, origin=self._origin)
        # Neither has a space in it, so this is one person of one issuer, and never `operator`.
        name = f"{self._caller.issuer} {self._caller.subject}"
        return Author(name, body, self._refuse_product)

    def check_own(self, key_id: str) -> None:
        """Before anything else is said: a key of another organisation is one that is not there.

        Raises AccessKeyNotFound, journaled with the ruling of the policies on that organisation's keys.
        """
        key = self.desk.store.find(key_id)
        ruling = rule_on_keys(
            self._caller, "" if key is None else key.organisation, self.desk.house.policy
        )
        if isinstance(ruling, Denial):
            self._journal(ruling, AccessKeyNotFound)
            raise AccessKeyNotFound("See /v1/keys for those that there are.")

    def _permitted(self) -> Permit:
        ruling = rule_on_keys(self._caller, self.organisation, self.desk.house.policy)
        if isinstance(ruling, Denial):
            error = ruling.error()
            self._journal(ruling, type(error))
            raise error
        return ruling

    def _refuse_product(self, obstacle: Obstacle) -> None:
        product = None if obstacle.product is None else obstacle.product.id
        self._journal(obstacle.denial, type(obstacle.error()), product)

    def _journal(
        self, denial: Denial, refusal: type[GatewayError], product: str | None = None
    ) -> None:
        asked = Asked(Action.MANAGE_KEYS, product)
        body = access_body(self._caller, asked, ruling=denial, origin=self._origin, refusal=refusal)
        self.desk.journal.append(Draft(EntryKind.DENIED, body))


async def _body(request: Request) -> bytes:
    return await request.body()


Administering = Annotated[Administration, Depends(Administration)]
Plain = Annotated[NoParameters, Query()]
KeyId = Annotated[
    str, Path(description="The id of an access key; see /v1/keys.", examples=["k3v9x0q2m7ab"])
]
Body = Annotated[bytes, Depends(_body)]


@router.get("/v1/keys", tags=["keys"], response_model=KeysDocument)
def keys(administration: Administering, _: Plain) -> Response:
    """Every access key of your organisation, newest first; never a secret."""
    now = administration.desk.clock.now()
    found = administration.desk.keys(administration.organisation)
    return _answer(KeysDocument(keys=[KeyDocument.of(key, now) for key in found]))


@router.post(
    "/v1/keys",
    tags=["keys"],
    status_code=201,
    response_model=MadeKeyDocument,
    openapi_extra=body_schema(NewKey),
)
def create_key(
    request: Request, administration: Administering, content: Body, _: Plain
) -> Response:
    """Make an access key. Its secret is in this answer and nowhere else, ever."""
    asked = read_body(content, NewKey, media_type=request.headers.get("content-type"))
    desk = administration.desk
    made = desk.create(administration.organisation, asked.grant(), administration.author())
    return _answer(MadeKeyDocument.of(made, desk.clock.now()), status=201)


@router.post(
    "/v1/keys/{key}/rotate",
    tags=["keys"],
    status_code=201,
    response_model=MadeKeyDocument,
    openapi_extra=body_schema(Rotation, required=False),
)
def rotate_key(
    key: KeyId, request: Request, administration: Administering, content: Body, _: Plain
) -> Response:
    """Make a key in the place of one, which works on for `overlap_days`, so that programs can change."""
    administration.check_own(key)
    media_type = request.headers.get("content-type")
    asked = read_body(content, Rotation, media_type=media_type) if content else Rotation()
    desk = administration.desk
    made = desk.rotate(
        administration.organisation,
        key,
        administration.author(),
        overlap_days=asked.overlap_days,
    )
    return _answer(MadeKeyDocument.of(made, desk.clock.now()), status=201)


@router.delete("/v1/keys/{key}", tags=["keys"], status_code=204, response_class=Response)
def revoke_key(key: KeyId, administration: Administering, _: Plain) -> Response:
    """End a key within two seconds, for good. Ending it again changes nothing."""
    administration.check_own(key)
    administration.desk.revoke(administration.organisation, key, administration.author())
    return Response(status_code=204, headers={"cache-control": "no-store"})


def _answer(document: BaseModel, *, status: int = 200) -> Response:
    return Response(
        orjson.dumps(document.model_dump(mode="json")),
        status,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )
