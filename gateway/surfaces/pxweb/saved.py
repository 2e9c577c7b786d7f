"""Saved queries of callers: whose they are, what they may say, and what they mean today.

A saved query opens nothing. It is run with the rights of whoever runs it, at that moment, and is checked
here by codes alone: saving one tells of no cell, and makes no entry in the journal.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.delivery.admission import find_manifest, rule_on_nothing
from gateway.delivery.conditions import Conditions
from gateway.delivery.journaling import refuse
from gateway.delivery.services import Services
from gateway.encoding.formats import XLSX
from gateway.errors import (
    BadParameter,
    GatewayError,
    SavedQueryNotFound,
    SavedQueryOfAnother,
    TooManySavedQueries,
)
from gateway.journal.body import Asked, Origin
from gateway.limits.allowance import digest_of
from gateway.model.caller import Caller
from gateway.model.product import Product
from gateway.model.ruling import Action
from gateway.model.saved_query import SAVED_MAX, Owner, SavedQuery
from gateway.ports import SavedQueryStore
from gateway.surfaces.json_body import JSON, read_body
from gateway.surfaces.pxweb.deliveries import Ask, Read, read_ask
from gateway.surfaces.pxweb.reading import Parameters
from gateway.surfaces.pxweb.saved_documents import SavedRequest, read_kept
from gateway.surfaces.pxweb.selection import Meant, Wanted, understand
from gateway.surfaces.pxweb.tables import find_table, product_id
from gateway.surfaces.pxweb.variables import Codelist
from gateway.surfaces.pxweb.xlsx_layout import check_sheet

ID_BYTES = 16
_ID = re.compile(r"[0-9a-f]{32}")
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Saved:
    """A query that the caller may read and run."""

    query: SavedQuery
    request: SavedRequest

    def ask(self, given: Mapping[str, str], conditions: Conditions, origin: Origin) -> Ask:
        """The call for data that it stands for. given: what the address says anew."""
        return Ask(
            table=self.request.table,
            parameters=self.request.parameters(given),
            body=self.request.body(),
            media_type=JSON,
            conditions=conditions,
            is_post=False,
            origin=origin,
        )


@dataclass(frozen=True, slots=True)
class SavedDesk:
    """Where saved queries are made, looked at and taken back. It may block."""

    store: SavedQueryStore
    services: Services

    def save(
        self, caller: Caller, content: bytes, *, media_type: str | None, origin: Origin
    ) -> Saved:
        """Keep a query that is understood today; the same one is kept once.

        Raises BadRequest, WrongMediaType, ProductNotFound (journaled), ReleaseNotFound, ReleaseDamaged,
        TooManySavedQueries, StateUnavailable.
        """
        sent = read_body(content, SavedRequest, media_type=media_type)
        sent = sent.model_copy(update={"language": sent.checked_language()})
        read = _read(sent, origin, self.services)
        product = find_table(caller, sent.table, origin=origin, services=self.services)
        self._understood(product, read)
        request = sent.model_copy(
            update={"id": None, "table": product.id, "format": read.request.format.name}
        )
        now = self.services.clock.now().replace(microsecond=0)
        query = SavedQuery(secrets.token_hex(ID_BYTES), owner_of(caller), request.kept(), now)
        kept = self.store.save(query, most=SAVED_MAX)
        if kept is None:
            raise TooManySavedQueries(
                f"You may have {SAVED_MAX}; delete one that is not used, with DELETE on its address."
            )
        return Saved(replace(query, id=kept), request)

    def find(self, caller: Caller, wanted: str, *, origin: Origin) -> Saved:
        """A query of the caller's own circle; another's is one that is not there.

        Raises SavedQueryNotFound (journaled), StateUnavailable.
        """
        query_id = wanted.lower()
        query = self.store.find(query_id) if _ID.fullmatch(query_id) else None
        if query is None or query.owner.circle != owner_of(caller).circle:
            told = SavedQueryNotFound("Its id is in the answer that saved it.", parameter="id")
            raise self._refused(caller, None, told, origin)
        return Saved(query, read_kept(query.request))

    def remove(self, caller: Caller, wanted: str, *, origin: Origin) -> None:
        """Raises SavedQueryNotFound, SavedQueryOfAnother (journaled), StateUnavailable."""
        saved = self.find(caller, wanted, origin=origin)
        if saved.query.owner.creator != owner_of(caller).creator:
            told = SavedQueryOfAnother("Only whoever saved it can delete it; save your own.")
            raise self._refused(caller, saved.request.table, told, origin)
        self.store.remove(saved.query)

    def meant(
        self, caller: Caller, saved: Saved, *, origin: Origin
    ) -> tuple[Product, Meant, Mapping[str, Codelist]]:
        """What it selects today. Raises ProductNotFound (journaled), BadRequest, ReleaseNotFound."""
        product = find_table(caller, saved.request.table, origin=origin, services=self.services)
        read = _read(saved.request, origin, self.services)
        return product, *self._understood(product, read)

    def wanted_of(
        self, caller: Caller, product: Product, parameters: Parameters, *, origin: Origin
    ) -> tuple[Parameters, Wanted]:
        """For metadata with `savedQuery`: its selection, and its release unless the address names one.

        Raises BadParameter, SavedQueryNotFound (journaled), StateUnavailable.
        """
        plain = dict(parameters.plain)
        if parameters.codelists or "defaultselection" in plain:
            raise BadParameter(
                "It says what is selected: leave `codelist` and `defaultSelection` out.",
                parameter="savedQuery",
            )
        saved = self.find(caller, plain.pop("savedquery"), origin=origin)
        if saved.request.table != product.id:
            raise BadParameter("It is a query of another table.", parameter="savedQuery")
        if not plain.keys() & {"release", "as_of"}:
            pinned = {"release": saved.request.release, "as_of": saved.request.as_of}
            plain |= {name: text for name, text in pinned.items() if text is not None}
        wanted = _read(saved.request, origin, self.services).wanted
        return replace(parameters, plain=plain), wanted

    def _understood(self, product: Product, read: Read) -> tuple[Meant, Mapping[str, Codelist]]:
        manifest = find_manifest(product.id, read.request.edition, self.services.releases)
        cube = self.services.cubes.cube(manifest)
        meant, lists = understand(product.id, cube, read.wanted)
        if read.request.format == XLSX:
            check_sheet(meant)
        return meant, lists

    def _refused(
        self, caller: Caller, table: str | None, told: GatewayError, origin: Origin
    ) -> GatewayError:
        denial = rule_on_nothing(caller, Action.LIST, self.services)
        known = None if table is None else product_id(table, self.services)
        what = Asked(Action.LIST, known)
        return refuse(caller, what, denial, origin=origin, services=self.services, told=told)


def owner_of(caller: Caller) -> Owner:
    """Whoever is of no organisation that is known has a circle of their own.

    An access key stands for its program: the key that comes after a rotation is the same owner.
    """
    names = ("saved query", caller.issuer, caller.organisation_claim)
    creator = digest_of(*names, caller.subject)
    return Owner(creator, creator if caller.organisation is None else digest_of(*names))


def _read(request: SavedRequest, origin: Origin, services: Services) -> Read:
    query = Saved(SavedQuery("", Owner(b"", b""), "", services.clock.now()), request)
    return read_ask(query.ask(_NOTHING, Conditions(), origin), services)
