"""Sending what was announced so that it is known how many bytes were handed to the server.

The loop: read a chunk, count it, hand it over, let the loop turn, see whether the client is still
there. Granian's `send` never fails after a disconnect, so `receive` is watched beside it, and a file
ends in small chunks, the last one tiny, so that a late abort is seen. A response that is not finished closes the
connection, which is how the client learns of it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import Executor
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

from starlette.types import Receive, Send

from gateway.delivery.body import EncodedBody, NoBody, StoredBody
from gateway.errors import GatewayError
from gateway.model.entry import Outcome, Receipt
from gateway.ports import OpenFile

CHUNK_BYTES = 1 << 20
CROWDED_CHUNK_BYTES = 256 << 10
CROWD = 4
TAIL_BYTES = 1 << 20
TAIL_CHUNK_BYTES = 64 << 10
LAST_BYTES = 512
# A server under load tells late that a client has gone, and takes everything meanwhile.
GRACE_BYTES = 8 << 20
GRACE_SECONDS = 0.05
WHOLE_BYTES_MAX = 256 << 10

Headers = list[tuple[bytes, bytes]]

_NOWAIT = getattr(os, "RWF_NOWAIT", 0)
_NO_NOWAIT = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS})
_LOG = logging.getLogger("jakelu.deliveries")


class ClientGone(Exception):
    """The client closed the connection before the end."""


class Truncated(Exception):
    """There were fewer bytes than announced."""


class Chunked(Protocol):
    """A body that is made while it is sent, by one thread at a time."""

    def next_chunk(self) -> bytes:
        """The next bytes, empty at the end. It may block."""
        ...


class Announced(Protocol):
    """What is sent: a delivery, or an export of the journal. size: of the body, None when nobody knows."""

    @property
    def receipt(self) -> Receipt: ...
    @property
    def status(self) -> int: ...
    @property
    def size(self) -> int | None: ...
    @property
    def body(self) -> NoBody | StoredBody | EncodedBody | Chunked: ...

    def finish(self, outcome: Outcome, *, sent: int, status: int | None = None) -> None:
        """Raises nothing; only the first call counts."""
        ...


A = TypeVar("A", bound=Announced)


@dataclass(frozen=True, slots=True)
class Finished:
    """One closed intent, for the metrics."""

    outcome: Outcome
    bytes: int


@dataclass(slots=True)
class Sender:
    """Sends deliveries.

    threads: for cold pages and encoding; idle_timeout_seconds: how long a chunk may wait for the
    client; observe: told of each finished delivery; running: downloads now.
    """

    threads: Executor
    idle_timeout_seconds: float
    observe: Callable[[Finished], None]
    running: int = 0

    async def send(
        self,
        delivery: A,
        headers_of: Callable[[A], Headers],
        *,
        receive: Receive,
        send: Send,
    ) -> None:
        """Send the answer and finish the delivery, exactly once and whatever happens."""
        stream = _Stream(send, self.idle_timeout_seconds)
        outcome = Outcome.SERVER_ERROR
        self.running += 1
        try:
            await stream.start(delivery.status, headers_of(delivery))
            await self._send_body(delivery, stream=stream, receive=receive)
            outcome = _whole(delivery)
        except ClientGone:
            outcome = Outcome.CLIENT_ABORT
        except TimeoutError:
            outcome = Outcome.TIMEOUT
        except Exception as fault:  # nothing more can be told to the client: the connection closes
            _LOG.error("delivery %s: %s", delivery.receipt.event_id, type(fault).__name__)
        finally:
            self.running -= 1
            delivery.finish(outcome, sent=stream.sent, status=None if stream.is_started else 500)
            self.observe(Finished(outcome, stream.sent))

    async def _send_body(self, delivery: Announced, *, stream: _Stream, receive: Receive) -> None:
        body = delivery.body
        if isinstance(body, NoBody):
            await stream.end(b"")
        elif isinstance(body, EncodedBody) and body.length <= WHOLE_BYTES_MAX:
            await stream.end(b"".join(body.pieces()))
        else:
            await self._send_long(body, delivery.size, stream=stream, receive=receive)

    async def _send_long(
        self,
        body: StoredBody | EncodedBody | Chunked,
        size: int | None,
        *,
        stream: _Stream,
        receive: Receive,
    ) -> None:
        watch = asyncio.create_task(_until_gone(receive))
        try:
            async with aclosing(self._chunks(body)) as chunks:
                async for chunk in chunks:
                    if _ends(stream.sent + len(chunk), size):
                        await asyncio.wait({watch}, timeout=GRACE_SECONDS)
                        if watch.done():
                            raise ClientGone
                    await stream.push(chunk)
                    await asyncio.sleep(0)
                    # Whoever leaves before the last few bytes has not got them; whoever leaves after
                    # them may have got the announced length, and the server accepted it all.
                    if watch.done() and stream.sent != size:
                        raise ClientGone
            if size is not None and stream.sent != size:
                raise Truncated
            await stream.end(b"")
        finally:
            watch.cancel()

    def _chunks(
        self, body: StoredBody | EncodedBody | Chunked
    ) -> AsyncGenerator[bytes | bytearray | memoryview]:
        match body:
            case StoredBody():
                return self._stored(body)
            case EncodedBody():
                return self._pieces(body.pieces(), body.length)
            case _:
                return self._streamed(body)

    async def _stored(self, body: StoredBody) -> AsyncGenerator[bytearray | memoryview | bytes]:
        reader = _Reader(body.file, self.threads)
        left = body.part.length
        for piece in body.part.pieces():
            if isinstance(piece, bytes):
                yield piece
                left -= len(piece)
                continue
            offset, end = piece.first, piece.last + 1
            while offset < end:
                chunk = await reader.read(offset, min(end - offset, self._length(left)))
                if not chunk:
                    return
                yield chunk
                offset += len(chunk)
                left -= len(chunk)

    async def _pieces(
        self, contents: Iterable[bytes | memoryview], left: int
    ) -> AsyncGenerator[memoryview]:
        """left: bytes of all contents."""
        for content in contents:
            view, offset = memoryview(content), 0
            while offset < len(view):
                piece = view[offset : offset + self._length(left)]
                yield piece
                offset += len(piece)
                left -= len(piece)

    async def _streamed(self, body: Chunked) -> AsyncGenerator[memoryview]:
        """The next chunk is encoded while this one is sent; the last thread ends before the stream."""
        following = self.threads.submit(body.next_chunk)
        try:
            while chunk := await asyncio.wrap_future(following):
                following = self.threads.submit(body.next_chunk)
                async for piece in self._pieces((chunk,), len(chunk)):
                    yield piece
        finally:
            (last,), _ = await asyncio.wait([asyncio.wrap_future(following)])
            if not last.cancelled():
                last.exception()  # looked at, or asyncio would write it into the log with its text

    def _length(self, left: int) -> int:
        """How much to hand over at once."""
        if left <= LAST_BYTES:
            return left
        if left <= TAIL_BYTES:
            return min(left - LAST_BYTES, TAIL_CHUNK_BYTES)
        chunk = CHUNK_BYTES if self.running <= CROWD else CROWDED_CHUNK_BYTES
        return min(chunk, left - TAIL_BYTES)


def _ends(sent: int, size: int | None) -> bool:
    """Whether the last bytes of a long body are next."""
    return size is not None and size >= GRACE_BYTES and sent == size


class _Stream:
    """Counts what is handed to the server: before it is handed over, so that it is never too little."""

    def __init__(self, send: Send, idle_timeout_seconds: float) -> None:
        self._send = send
        self._idle = idle_timeout_seconds
        self.sent = 0
        self.is_started = False

    async def start(self, status: int, headers: Headers) -> None:
        self.is_started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def push(self, chunk: bytes | bytearray | memoryview) -> None:
        await self._hand_over(chunk, more=True)

    async def end(self, chunk: bytes) -> None:
        await self._hand_over(chunk, more=False)

    async def _hand_over(self, chunk: bytes | bytearray | memoryview, *, more: bool) -> None:
        self.sent += len(chunk)
        async with asyncio.timeout(self._idle):
            await self._send({"type": "http.response.body", "body": chunk, "more_body": more})


class _Reader:
    """Reads a file without ever blocking the event loop: warm pages at once, cold ones in a thread."""

    def __init__(self, file: OpenFile, threads: Executor) -> None:
        self._file = file
        self._threads = threads
        self._descriptor = file.fileno() if _NOWAIT else None

    async def read(self, offset: int, length: int) -> bytearray | memoryview | bytes:
        """At most `length` bytes; empty at the end of the file."""
        if self._descriptor is not None:
            buffer = bytearray(length)
            try:
                count = os.preadv(self._descriptor, [buffer], offset, _NOWAIT)
            except BlockingIOError:
                count = 0
            except OSError as error:
                if error.errno not in _NO_NOWAIT:
                    raise
                self._descriptor, count = None, 0
            if count and self._file.is_untouched():
                return buffer if count == length else memoryview(buffer)[:count]
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._file.read_at, offset, length)


async def _until_gone(receive: Receive) -> None:
    """Returns when the client has closed the connection; what it sends is read and dropped."""
    with suppress(GatewayError):  # a body that is too large: no reason to go on either
        while (await receive())["type"] != "http.disconnect":
            pass


def _whole(delivery: Announced) -> Outcome:
    return Outcome.NOT_MODIFIED if delivery.status == 304 else Outcome.COMPLETE
