"""What upkeep works with: who is at the desk, and the register behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gateway.contracts import Catalog
from gateway.errors import BadParameter, UpkeepRefused
from gateway.journal.append import Journal
from gateway.journal.pseudonym_body import About, refused_body
from gateway.model.days import helsinki_day
from gateway.model.entry import Draft, EntryKind
from gateway.model.product import Product
from gateway.organisations import Registry
from gateway.policy import Policy
from gateway.ports import Clock, KeyRing, ReleaseStore
from gateway.protection.pseudonym import is_epoch_name

CASE_PATTERN = re.compile(r"[A-Z]{2,12}/[1-9][0-9]{0,7}/20[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Desk:
    """operator: the login of the operating system that runs the command."""

    journal: Journal
    policy: Policy
    clock: Clock
    operator: str

    def today(self) -> date:
        return helsinki_day(self.clock.now())

    @contextmanager
    def journaling_refusals(
        self,
        action: str,
        about: About,
        *,
        epochs: tuple[str | None, str | None] = (None, None),
        reidentification: str | None = None,
    ) -> Generator[None]:
        """As `refusing_with`, for what is about one recipient's pseudonyms."""

        def draft(reason: str) -> Draft:
            body = refused_body(
                about,
                action=action,
                refusal=reason,
                epochs=epochs,
                reidentification=reidentification,
            )
            return Draft(EntryKind.PSEUDONYM_REFUSED, body)

        with self.refusing_with(draft):
            yield

    @contextmanager
    def refusing_with(self, draft: Callable[[str], Draft]) -> Generator[None]:
        """An UpkeepRefused raised within is durable in the journal before anybody is told.

        draft: the entry of a refusal, from its reason.
        """
        try:
            yield
        except UpkeepRefused as refusal:
            self.journal.append(draft(refusal.reason))
            raise


@dataclass(frozen=True, slots=True)
class Register:
    """Keys, releases and the register of persons.

    person_ids: the distinct internal ids behind a product's extract of a day, (persons) int64;
    pseudonym_purpose: the purpose in the pseudonym domain of a rows product.
    """

    keys: KeyRing
    releases: ReleaseStore
    catalog: Catalog
    registry: Registry
    person_ids: Callable[[Product, date], NDArray[np.int64]]
    pseudonym_purpose: Callable[[Product], str]


def checked_case(text: str) -> str:
    """A case number like KEHA/123/2026. Raises BadParameter."""
    if CASE_PATTERN.fullmatch(text) is None:
        raise BadParameter("Give the case number as KEHA/123/2026.", parameter="case")
    return text


def checked_epoch_name(text: str) -> str:
    """What an epoch may be called. Raises BadParameter."""
    if not is_epoch_name(text):
        raise BadParameter(
            "An epoch is a word like 2027: letters, digits, points and hyphens, 32 at most.",
            parameter="epoch",
        )
    return text


def checked_epoch(text: str, register: Register, *, parameter: str) -> str:
    """An epoch that was started. Raises BadParameter."""
    if text not in register.keys.epochs():
        raise BadParameter("There was never such an epoch.", parameter=parameter)
    return text


def check_ground(purpose: str, legal_basis: str, policy: Policy) -> None:
    """Raises BadParameter unless a purpose is a declared one and can rest on the legal basis."""
    found = policy.purposes.get(purpose)
    if found is None:
        raise BadParameter("The purpose is not one of purposes.yaml.", parameter="purpose")
    if legal_basis not in found.legal_bases:
        raise BadParameter("The purpose cannot rest on this legal basis.", parameter="legal-basis")
