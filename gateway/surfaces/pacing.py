"""How fast, asked by the guard: requests of whoever is known, and failed logins of an address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gateway.errors import Busy, GatewayError, InvalidToken, TooManyFailures, TooManyRequests
from gateway.identity.reasons import TokenFault
from gateway.limits.allowance import Limits, client_of
from gateway.limits.failures import FailedLogins
from gateway.limits.pace import Pace
from gateway.model.caller import Caller
from gateway.surfaces.rate_fields import rate_fields
from gateway.surfaces.state_threads import StateThreads

# Whoever goes on guessing waits for each answer; so many may wait at once, the others do not.
SLOW_SECONDS = 1.0
SLOWED_MAX = 100


@dataclass(slots=True)
class Pacing:
    """state: for asking the store; count_refusal: told of each refusal by a limit, with its code."""

    limits: Limits
    requests: Pace
    failed: FailedLogins
    logins: FailedLogins
    state: StateThreads
    count_refusal: Callable[[Caller, str], None]
    slowed: int = 0

    async def admit(self, caller: Caller, fields: list[tuple[bytes, bytes]]) -> None:
        """Count a request, and add what the answer says of the limits to `fields`.

        Mostly nothing but memory is touched. Raises RateLimited, StateUnavailable.
        """
        client = client_of(caller, self.limits)
        standing = self.requests.at_hand(client)
        if standing is None:
            standing = await self.state.run(self.requests.draw, client)
        fields += rate_fields(standing, client.allowance)
        standing.check()

    def check_open(self, caller: Caller, fields: list[tuple[bytes, bytes]]) -> None:
        """Refuse, as `admit` would, whoever is known to be shut; nothing is spent and nothing written.

        Raises RateLimited.
        """
        client = client_of(caller, self.limits)
        standing = self.requests.shut(client)
        if standing is not None:
            fields += rate_fields(standing, client.allowance)
            standing.check()

    async def count_failure(self, error: GatewayError, address: str | None) -> None:
        """A token or key that was sent and is not valid. Raises TooManyFailures in place of `error`.

        One that has only expired was somebody's: its owner must learn of it (401), and guesses nothing.
        """
        if isinstance(error, InvalidToken) and error.reason == TokenFault.EXPIRED:
            return
        try:
            self.failed.count(address)
        except TooManyFailures:
            if self.slowed < SLOWED_MAX:
                self.slowed += 1
                try:
                    await asyncio.sleep(SLOW_SECONDS)
                finally:
                    self.slowed -= 1
            raise

    def count_login(self, address: str | None) -> None:
        """A login that anybody may begin or end, without being known. Raises TooManyFailures."""
        self.logins.count(address)

    def note(self, refusal: GatewayError, caller: Caller | None) -> None:
        """For the journal, which counts these refusals instead of keeping each.

        Failures are an address's: whose they claim to be does not count.
        """
        if caller is None or isinstance(refusal, TooManyFailures):
            return
        if isinstance(refusal, TooManyRequests | Busy):
            self.count_refusal(caller, refusal.code)
