"""The journal as a log that others can verify: who signs it, who witnesses it, and whether they do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from gateway.adapters.witness_http import open_witness
from gateway.errors import GatewayError, JournalForked
from gateway.journal.periodic import Periodic
from gateway.journal.signing import Signing
from gateway.journal.store import TreeStore
from gateway.journal.witnessed import Witnessed
from gateway.ports import Clock
from gateway.settings import JournalSettings

_log = logging.getLogger("jakelu.journal")


@dataclass(frozen=True, slots=True)
class Log:
    """gate: raises JournalUnwitnessed while the journal cannot be relied on."""

    signing: Signing | None
    witnessed: Witnessed
    seconds: float

    @property
    def gate(self) -> Callable[[], None]:
        return self.witnessed.check

    def start(self, opened: ExitStack) -> None:
        """Sign now, then from a thread of its own, and once more at the end. Raises JournalForked, KeyFault."""
        if self.signing is None:
            return
        self.signing.step()
        periodic = Periodic(self._step_quietly, name="signing", period_seconds=self.seconds)
        periodic.start()
        opened.callback(periodic.close)

    def _step_quietly(self) -> None:
        if self.signing is None:
            return
        try:
            self.signing.step()
        except JournalForked as fault:
            _log.critical("the journal is forked: %s; nothing is served", fault.detail)
            self.witnessed.condemn(fault.detail)
        except GatewayError as fault:
            _log.warning("the journal is not signed now: %s", fault.code)
        except (
            Exception
        ) as fault:  # the thread goes on: nobody else would sign, and nobody would know
            _log.critical("the journal cannot be signed: %s", type(fault).__name__)


def log_of(settings: JournalSettings, store: TreeStore, clock: Clock) -> Log:
    """Raises KeyFault, SettingsFault."""
    witnesses = tuple(open_witness(each.key, each.url) for each in settings.witnesses)
    witnessed = Witnessed(
        store,
        settings.journal_origin or "",  # there are no witnesses without it
        tuple(each.key for each in witnesses),
        needed=settings.witnesses_needed if witnesses else 0,
        most_age=timedelta(seconds=settings.witness_age_seconds),
        clock=clock,
    )
    signing = None
    signer = settings.note_signer()
    if signer is not None and settings.journal_origin is not None:
        origin, earlier = settings.journal_origin, settings.earlier_keys
        signing = Signing(store, origin, signer, clock, witnesses, earlier)
    return Log(signing, witnessed, settings.checkpoint_seconds)
