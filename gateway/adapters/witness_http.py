"""A witness over HTTP: C2SP tlog-witness, add-checkpoint."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from http import HTTPStatus

import httpx2

from gateway.adapters.key_source import is_safe_address
from gateway.errors import JournalForked, SettingsFault, WitnessUnavailable
from gateway.journal.note import SignatureType, VerifierKey
from gateway.journal.witness import Conflict

REQUEST_SECONDS = 5.0
ANSWER_BYTES = 16 * 1024
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\n")
_SAID = {
    404: "It does not know this journal; give it the journal's verifier key.",
    403: "It does not take the journal's signature; has the key changed?",
}


@dataclass(frozen=True, slots=True)
class HttpWitness:
    """key: its verifier key; url: its submission prefix."""

    key: VerifierKey
    url: str

    def add_checkpoint(self, request: str) -> str | Conflict:
        """One POST: no redirect, no proxy of the environment, bounded in time and size."""
        status, answer = self._sent(request.encode())
        match status:
            case HTTPStatus.OK:
                return answer
            case HTTPStatus.CONFLICT if found := _SIZE.fullmatch(answer):
                return Conflict(int(found[1]))
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                raise JournalForked(f"{self.key.name} has seen other entries")
            case _:
                raise WitnessUnavailable(_SAID.get(status, f"It answered {status}."))

    def _sent(self, request: bytes) -> tuple[int, str]:
        deadline = time.monotonic() + REQUEST_SECONDS
        answer = b""
        try:
            with (
                httpx2.Client(trust_env=False, timeout=REQUEST_SECONDS) as client,
                client.stream("POST", f"{self.url}/add-checkpoint", content=request) as response,
            ):
                for chunk in response.iter_raw():
                    answer += chunk
                    if len(answer) > ANSWER_BYTES or time.monotonic() > deadline:
                        raise WitnessUnavailable("Its answer is too long or too slow.")
            return response.status_code, answer.decode()
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
