"""A witness over HTTP: C2SP tlog-witness, add-checkpoint."""

from __future__ import annotations

import asyncio
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus

import httpx2

from gateway.adapters.key_source import is_safe_address
from gateway.errors import SettingsFault, WitnessUnavailable
from gateway.journal.note import SignatureType, VerifierKey
from gateway.journal.witness import Conflict, Refused

REQUEST_SECONDS = 5.0
ANSWER_BYTES = 16 * 1024
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\n")
_SAID = {
    404: "It does not know this journal; give it the journal's verifier key.",
    403: "It does not take the journal's signature; has the key changed?",
}


@dataclass(frozen=True, slots=True)
class HttpWitness:
    """key: its verifier key; url: its submission prefix, under which it also shows its last checkpoint."""

    key: VerifierKey
    url: str

    def add_checkpoint(self, request: str) -> str | Conflict | Refused:
        """C2SP tlog-witness, add-checkpoint."""
        status, answer = self._asked("POST", "add-checkpoint", request)
        match status:
            case HTTPStatus.OK:
                return answer
            case HTTPStatus.CONFLICT if found := _SIZE.fullmatch(answer):
                return Conflict(int(found[1]))
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                return Refused()
            case _:
                raise WitnessUnavailable(_SAID.get(status, f"It answered {status}."))

    def last_checkpoint(self, origin: str) -> str | None:
        """As `tools/jakelu_witness.py` serves it; a witness may serve none."""
        name = hashlib.sha256(origin.encode()).hexdigest()
        status, answer = self._asked("GET", f"{name}/checkpoint")
        return answer if status == HTTPStatus.OK else None

    def _asked(self, method: str, path: str, request: str | None = None) -> tuple[int, str]:
        """In a thread with a loop of its own, since only there the whole exchange has one deadline: the
        timeouts of a socket begin anew with every byte that comes.
        """
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self._exchange(method, path, request)).result()

    async def _exchange(self, method: str, path: str, request: str | None) -> tuple[int, str]:
        """No redirect, no proxy of the environment, bounded in time and size."""
        content, answer = None if request is None else request.encode(), b""
        try:
            async with (
                asyncio.timeout(REQUEST_SECONDS),
                httpx2.AsyncClient(trust_env=False, timeout=REQUEST_SECONDS) as client,
                client.stream(method, f"{self.url}/{path}", content=content) as response,
            ):
                async for chunk in response.aiter_raw():
                    answer += chunk
                    if len(answer) > ANSWER_BYTES:
                        raise WitnessUnavailable("Its answer is too long.")
            return response.status_code, answer.decode()
        except TimeoutError:
            raise WitnessUnavailable("It is too slow.") from None
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, ValueError) as fault:
            raise WitnessUnavailable(f"It does not answer ({type(fault).__name__}).") from None


def open_witness(key: str, url: str) -> HttpWitness:
    """Raises SettingsFault for a key or an address that cannot be a witness's."""
    try:
        parsed = VerifierKey.parse(key)
    except ValueError as fault:
        raise SettingsFault(f"A witness's key: {fault}.", parameter="witnesses") from None
    if parsed.type is not SignatureType.COSIGNATURE:
        raise SettingsFault(
            "A witness's key is of type 04 (tlog-cosignature).", parameter="witnesses"
        )
    if not is_safe_address(url):
        raise SettingsFault(
            "Give a witness's https address, or an http address on loopback.", parameter="witnesses"
        )
    return HttpWitness(parsed, url.rstrip("/"))
