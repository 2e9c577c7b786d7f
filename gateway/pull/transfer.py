"""One file: ask with what is held, receive what is missing, check it, put it in place."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

import httpx2

from gateway.pull.answers import Offer, fault_of, offer_of, span_of
from gateway.pull.faults import Damaged, NotTheGateway, TryLater
from gateway.pull.place import Digest, Notes, Place, disk_faults, hash_of
from gateway.pull.report import Progress
from gateway.pull.results import Check, Outcome


@dataclass(slots=True)
class Transfer:
    """The attempts at one file. asked: the whole address. received: bytes of bodies, of all attempts."""

    client: httpx2.Client
    asked: str
    place: Place
    progress: Progress
    received: int = 0
    from_byte: int = 0
    check: Check | None = None
    was_damaged: bool = False
    notes: Notes | None = None

    def prepare(self) -> None:
        """Finish what a killed run had received whole, and look at what is in place.

        Raises DiskFault.
        """
        self.place.finish_interrupted_put()
        self.notes, self.was_damaged = self.place.look(self.asked)

    def attempt(self) -> Outcome:
        """Raises TryLater, Refused, NotTheGateway, Damaged, DiskFault."""
        part = self.place.interrupted(self.asked)
        have = 0 if part is None else self.place.part_size()
        try:
            with self.client.stream("GET", self.asked, headers=self._headers(part)) as response:
                match response.status_code:
                    case 304 if self.notes is not None:
                        self.place.discard()
                        return Outcome.UNCHANGED
                    case 200:
                        return self._receive_whole(response)
                    case 206 if part is not None:
                        return self._receive_rest(response, part, have=have)
                    case 416 if part is not None:
                        self.place.discard()
                        raise TryLater("What was interrupted cannot go on.", wait_seconds=0)
                    case status if status < 300 or status == 304:
                        raise NotTheGateway(f"Nobody asked for the answer {status}.")
                    case _:
                        raise fault_of(response)
        except httpx2.TransportError as error:
            raise TryLater(f"The connection broke ({type(error).__name__}).") from error
        except httpx2.HTTPError as error:
            raise NotTheGateway(f"The answer is not HTTP ({type(error).__name__}).") from error

    def _headers(self, part: Notes | None) -> dict[str, str]:
        """RFC 9110 section 13.2.2: If-None-Match is looked at before Range and If-Range."""
        headers: dict[str, str] = {}
        if self.notes is not None:
            headers["if-none-match"] = self.notes.etag
        if part is not None:
            headers["range"] = f"bytes={self.place.part_size()}-"
            headers["if-range"] = part.etag
        return headers

    def _receive_whole(self, response: httpx2.Response) -> Outcome:
        offer = offer_of(response)
        self.from_byte = 0
        self.place.begin(self._notes(offer))
        self.progress.began(0, offer.size)
        self._append(response, offer, hashlib.sha256(), have=0)
        return Outcome.FETCHED

    def _receive_rest(self, response: httpx2.Response, part: Notes, *, have: int) -> Outcome:
        """A 206 must be the rest of the very file whose beginning is here."""
        offer = offer_of(response)
        first, last, size = span_of(response)
        if (offer.etag, first, last, size) != (part.etag, have, size - 1, part.size):
            self.place.discard()
            raise NotTheGateway("A part was sent that is not the rest of what was interrupted.")
        self.from_byte = have
        self.progress.began(have, size)
        with disk_faults():
            digest = hash_of(self.place.part)
        self._append(response, offer, digest, have=have)
        return Outcome.RESUMED

    def _append(
        self, response: httpx2.Response, offer: Offer, digest: Digest, *, have: int
    ) -> None:
        """Every chunk reaches the file before the next is asked for: a killed run keeps them all."""
        with disk_faults():
            descriptor = os.open(self.place.part, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            for chunk in response.iter_raw():
                with disk_faults():
                    _write_all(descriptor, chunk)
                digest.update(chunk)
                have += len(chunk)
                self.received += len(chunk)
                self.progress.advanced(len(chunk))
        finally:
            os.close(descriptor)
        self._accept(offer, digest.hexdigest(), size=have)

    def _accept(self, offer: Offer, sha256: str, *, size: int) -> None:
        """Put in place what is what was announced. Raises Damaged, and then keeps nothing of it."""
        if offer.size not in {None, size} or offer.sha256 not in {None, sha256}:
            self.place.discard()
            what = "SHA-256" if offer.size in {None, size} else "length"
            raise Damaged(
                f"The {what} of the bytes is not what the gateway announced; nothing was put in "
                "place. Look at what stands between here and the gateway, and at this disk.",
                request=offer.request,
            )
        self.notes = self._notes(offer).model_copy(update={"sha256": sha256, "size": size})
        self.check = _check(offer)
        self.place.put(self.notes)

    def _notes(self, offer: Offer) -> Notes:
        return Notes(
            asked=self.asked,
            etag=offer.etag,
            size=offer.size,
            sha256=offer.sha256,
            can_resume=offer.can_resume,
            release=offer.release,
            as_of=offer.as_of,
            receipt=offer.receipt,
            request=offer.request,
        )


def _check(offer: Offer) -> Check:
    if offer.sha256 is not None:
        return Check.SHA256
    return Check.END if offer.size is None else Check.LENGTH


def _write_all(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
