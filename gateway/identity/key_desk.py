"""Access keys made, rotated and revoked, over HTTP and on the machine alike.

One transaction a change: look → decide → the journal's entry is durable → the change is. Killed between
the last two, the entry stands and nothing has changed: no secret was shown, and a key to be revoked
still works, of which nobody was told that it doesn't.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.errors import AccessKeyNotFound, BadParameter, KeyNotActive, TooManyKeys
from gateway.identity.key_grants import Grant, House, Obstacle, checked_grant, find_obstacle
from gateway.identity.key_text import KeyText, new_key_text
from gateway.journal.append import Journal
from gateway.journal.key_body import access_key_body
from gateway.model.access_key import (
    ENDED_KEPT,
    KEYS_MAX,
    MADE_A_DAY_MAX,
    OVERLAP_DAYS_MAX,
    AccessKey,
    KeyState,
)
from gateway.model.days import helsinki_day
from gateway.model.entry import Draft, EntryKind
from gateway.model.organisation import Organisation
from gateway.ports import AccessKeyStore, ChangingKeys, Clock


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes keys. name: what a key says of who made it; body: who it was, for the journal.

    refuse: tells the journal of a refusal by the policies.
    """

    name: str
    body: dict[str, Any]
    refuse: Callable[[Obstacle], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A new key. secret: its text, shown once and kept nowhere."""

    key: AccessKey
    secret: str
    before: AccessKey | None = None


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """forget: called with the id of each changed key, for what the process remembers of it."""

    store: AccessKeyStore
    journal: Journal
    house: House
    clock: Clock
    forget: Callable[[str], None]

    def keys(self, organisation: str) -> Sequence[AccessKey]:
        """Every key of an organisation, newest first. Raises StateUnavailable."""
        return self.store.of(organisation)

    def create(self, organisation: str, grant: Grant, author: Author) -> Made:
        """A new key. Raises BadParameter, Forbidden, TooManyKeys, StateUnavailable,
        JournalUnavailable.
        """
        now = self._now()
        wanted = checked_grant(grant)
        self._check(organisation, wanted, author, now=now)
        secret = new_key_text()
        key = _key(secret, organisation, wanted, author=author, now=now)
        with self.store.changing() as keys:
            _check_room(keys, organisation, now)
            self._announce(EntryKind.KEY_CREATED, access_key_body(author.body, key))
            keys.put(key)
        return Made(key, secret.text())

    def rotate(self, organisation: str, key_id: str, author: Author, *, overlap_days: int) -> Made:
        """A new key in the place of one, which works on for the overlap but no longer than it would have.

        The new one may have no more than a key made today, and lives as long as the old one was to.
        Raises as `create`, and AccessKeyNotFound, KeyNotActive.
        """
        if not 0 <= overlap_days <= OVERLAP_DAYS_MAX:
            raise BadParameter(
                f"The old key works on for 0 to {OVERLAP_DAYS_MAX} days.",
                parameter="overlap_days",
            )
        now = self._now()
        secret = new_key_text()
        with self.store.changing() as keys:
            old = _rotatable(keys, organisation, key_id, now=now)
            _check_pace(keys, organisation, now)
            wanted = checked_grant(_grant_of(old))
            self._check(organisation, wanted, author, now=now)
            new = _key(secret, organisation, wanted, author=author, now=now)
            new = replace(new, rotated_from=old.id)
            end = min(old.expires_at, now + timedelta(days=overlap_days))
            before = replace(old, rotates_to=new.id, expires_at=end)
            self._announce(EntryKind.KEY_ROTATED, access_key_body(author.body, new, before=before))
            keys.put(new)
            keys.put(before)
        self.forget(old.id)
        return Made(new, secret.text(), before)

    def revoke(self, organisation: str, key_id: str, author: Author) -> AccessKey:
        """End a key now; one that is revoked stays as it is, and nothing is journaled again.

        Raises AccessKeyNotFound, StateUnavailable, JournalUnavailable.
        """
        now = self._now()
        with self.store.changing() as keys:
            key = _own(keys, organisation, key_id)
            if key.revoked_at is None:
                key = replace(key, revoked_at=now)
                self._announce(EntryKind.KEY_REVOKED, access_key_body(author.body, key))
                keys.put(key)
        self.forget(key.id)
        return key

    def _check(self, organisation: str, grant: Grant, author: Author, *, now: datetime) -> None:
        found = self._organisation(organisation, now)
        obstacle = find_obstacle(grant, found, self.house, now=now, today=helsinki_day(now))
        if obstacle is None:
            return
        author.refuse(obstacle)
        raise obstacle.error()

    def _organisation(self, code: str, now: datetime) -> Organisation:
        found = self.house.registry.find(code)
        if found is None or not found.is_valid(helsinki_day(now)):
            raise BadParameter(
                "Give the registry code of an organisation that is valid today, like KU837.",
                parameter="organisation",
            )
        return found

    def _announce(self, kind: EntryKind, body: dict[str, Any]) -> None:
        """Durable when it returns; the change is not yet."""
        self.journal.append(Draft(kind, body))

    def _now(self) -> datetime:
        return self.clock.now().astimezone(UTC).replace(microsecond=0)


def _key(
    secret: KeyText, organisation: str, grant: Grant, *, author: Author, now: datetime
) -> AccessKey:
    return AccessKey(
        id=secret.id,
        digest=secret.digest(),
        organisation=organisation,
        service_account=grant.service_account,
        products=grant.products,
        roles=grant.roles,
        networks=grant.networks,
        created_at=now,
        created_by=author.name,
        expires_at=now + timedelta(days=grant.lifetime_days),
    )


def _grant_of(key: AccessKey) -> Grant:
    return Grant(
        service_account=key.service_account,
        products=key.products,
        roles=key.roles,
        networks=key.networks,
        lifetime_days=(key.expires_at - key.created_at).days,
    )


def _check_room(keys: ChangingKeys, organisation: str, now: datetime) -> None:
    keys.forget_ended(now - ENDED_KEPT)
    if keys.active(organisation, now) >= KEYS_MAX:
        raise TooManyKeys(f"An organisation has at most {KEYS_MAX}; revoke one that is not used.")
    _check_pace(keys, organisation, now)


def _check_pace(keys: ChangingKeys, organisation: str, now: datetime) -> None:
    """Whoever makes and revokes in a loop would fill the database that everybody shares."""
    if keys.made_since(organisation, now - timedelta(days=1)) >= MADE_A_DAY_MAX:
        raise TooManyKeys(
            f"An organisation makes at most {MADE_A_DAY_MAX} in a day; wait for tomorrow."
        )


def _own(keys: ChangingKeys, organisation: str, key_id: str) -> AccessKey:
    """Another organisation's key is answered like one that was never there."""
    key = keys.find(key_id)
    if key is None or key.organisation != organisation:
        raise AccessKeyNotFound("See /v1/keys for those that there are.")
    return key


def _rotatable(keys: ChangingKeys, organisation: str, key_id: str, *, now: datetime) -> AccessKey:
    """At most two secrets of one lineage work at a time."""
    key = _own(keys, organisation, key_id)
    if key.state(now) is not KeyState.ACTIVE:
        raise KeyNotActive("It is rotated already, expired or revoked; make a new key.")
    before = None if key.rotated_from is None else keys.find(key.rotated_from)
    if before is not None and before.state(now) is KeyState.ROTATED:
        raise KeyNotActive("The key before it still works; revoke that one first, or wait.")
    return key
