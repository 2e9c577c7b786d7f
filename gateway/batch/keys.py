"""`jakelu key`: the desk of access keys over the state database and the journal of this machine."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.adapters.cedar import CedarEngine
from gateway.adapters.clock import SystemClock
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_keys import StoredAccessKeys
from gateway.batch.operating_login import operating_login
from gateway.batch.publish import open_journal
from gateway.batch.report_format import Format, is_json
from gateway.contracts import load_catalog
from gateway.errors import AccessKeyNotFound
from gateway.identity.key_desk import Author, KeyDesk, Made
from gateway.identity.key_grants import Grant, House, Obstacle
from gateway.journal.key_body import by_operator
from gateway.model.access_key import AccessKey
from gateway.organisations import load_registry
from gateway.policy.loading import load_policy
from gateway.settings import SharedSettings
from gateway.surfaces.rest.key_documents import KeyDocument

_HEADINGS = ("id", "state", "service account", "products", "expires", "last used")


@dataclass(frozen=True, slots=True)
class _Operation:
    desk: KeyDesk
    login: str

    def author(self, organisation: str) -> Author:
        """The journal has the login; the key itself shows the organisation only that it was us."""
        return Author("operator", by_operator(self.login, organisation=organisation), _unjournaled)

    def organisation_of(self, key_id: str) -> str:
        key = self.desk.store.find(key_id)
        if key is None:
            raise AccessKeyNotFound("`jakelu key list --organisation CODE` shows those there are.")
        return key.organisation


def create(settings: SharedSettings, organisation: str, grant: Grant) -> Made:
    """A new key. Raises what `KeyDesk.create` raises."""
    with _operating(settings) as operation:
        return operation.desk.create(organisation, grant, operation.author(organisation))


def rotate(settings: SharedSettings, key_id: str, *, overlap_days: int) -> Made:
    """A key in the place of one. Raises what `KeyDesk.rotate` raises."""
    with _operating(settings) as operation:
        organisation = operation.organisation_of(key_id)
        author = operation.author(organisation)
        return operation.desk.rotate(organisation, key_id, author, overlap_days=overlap_days)


def revoke(settings: SharedSettings, key_id: str) -> AccessKey:
    """The ended key. Raises what `KeyDesk.revoke` raises."""
    with _operating(settings) as operation:
        organisation = operation.organisation_of(key_id)
        return operation.desk.revoke(organisation, key_id, operation.author(organisation))


def key_lines(settings: SharedSettings, organisation: str, *, form: Format) -> list[str]:
    """A line a key, with a heading in a table. Raises StateUnavailable."""
    state = StateDatabase(settings.state)
    try:
        keys = StoredAccessKeys(state).of(organisation)
    finally:
        state.close()
    now = SystemClock().now()
    told = [KeyDocument.of(key, now) for key in keys]
    if is_json(form, sys.stdout):
        return [each.model_dump_json() for each in told]
    return list(_table([_HEADINGS, *(_cells(each) for each in told)]))


@contextmanager
def _operating(settings: SharedSettings) -> Generator[_Operation]:
    registry = load_registry()
    lists = {"geography": registry.geography()}
    catalog = load_catalog(settings.products_dir, registry_lists=lists, runs_sql=False)
    policy = load_policy(settings.policies_dir, engine_from=CedarEngine)
    state = StateDatabase(settings.state, is_flushed=True)
    try:
        journal = open_journal(settings.journal, config_hash=policy.sha256)
        try:
            house = House(catalog, policy, registry)
            store = StoredAccessKeys(state)
            # This process remembers no keys; the serving ones look again within a second.
            desk = KeyDesk(store, journal, house, SystemClock(), forget=lambda _: None)
            yield _Operation(desk, operating_login())
        finally:
            journal.close()
    finally:
        state.close()


def _unjournaled(_: Obstacle) -> None:
    """Who can run this can write the policies as well: a refusal here keeps nobody from anything."""


def _cells(told: KeyDocument) -> tuple[str, ...]:
    products, last_used = ",".join(told.products), told.last_used or "never"
    return (told.id, told.state.value, told.service_account, products, told.expires, last_used)


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADINGS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
