"""The counted loop, against a server that is slow, gone, or broken."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.adapters.releases_files import DiskFile
from gateway.delivery.body import EncodedBody, NoBody, StoredBody
from gateway.delivery.conditions import Span
from gateway.delivery.delivery import Delivery
from gateway.delivery.encoded import Encoded
from gateway.delivery.multipart import Parts
from gateway.model.entry import Completion, Outcome, Receipt
from gateway.model.release import StoredFile
from gateway.surfaces import streaming
from gateway.surfaces.streaming import Sender

SIZE = 5_000_000
RECEIPT = Receipt(1, "event", "0" * 64)


def no_headers(_: Delivery) -> list[tuple[bytes, bytes]]:
    return []


class KeptJournal:
    """Remembers completions."""

    def __init__(self) -> None:
        self.completions: list[Completion] = []

    def complete(self, receipt: Receipt, completion: Completion) -> None:
        assert receipt is RECEIPT
        self.completions.append(completion)


class Client:
    """The server's side of a client. goes_after: bytes after which it is gone; stalls_after: stops reading;
    late_seconds: how long the server does not tell that it has gone.
    """

    def __init__(
        self,
        *,
        goes_after: int | None = None,
        stalls_after: int | None = None,
        late_seconds: float = 0.0,
    ) -> None:
        self.late_seconds = late_seconds
        self.content = bytearray()
        self.goes_after = goes_after
        self.stalls_after = stalls_after
        self.gone = asyncio.Event()
        self.is_complete = False
        self.chunks: list[int] = []

    async def receive(self) -> dict:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict) -> None:
        if message["type"] != "http.response.body":
            return
        if self.stalls_after is not None and len(self.content) >= self.stalls_after:
            await asyncio.sleep(60)
        self.content += message["body"]
        self.chunks.append(len(message["body"]))
        if self.goes_after is not None and len(self.content) >= self.goes_after:
            if self.late_seconds:
                asyncio.get_running_loop().call_later(self.late_seconds, self.gone.set)
            else:
                self.gone.set()
        self.is_complete = not message["more_body"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "part-0.parquet"
    path.write_bytes(os.urandom(SIZE))
    return path


def stored(path: Path, span: Span | Parts | None = None, status: int = 200) -> Delivery:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    manifested = StoredFile(path.name, 7, SIZE, sha256)
    file = DiskFile(os.open(path, os.O_RDONLY), manifested, hashes={})
    plan = SimpleNamespace(file=SimpleNamespace(rows=7, sha256="ab", bytes=SIZE))
    body = StoredBody(file, span or Span(0, SIZE - 1))
    return Delivery(plan, RECEIPT, status, body, KeptJournal())


def sent(delivery: Delivery, client: Callable[[], Client], *, idle: float = 5.0) -> Client:
    """Send in a fresh loop; gives the client as it was left."""

    async def run() -> Client:
        reached = client()
        with ThreadPoolExecutor(2) as threads:
            sender = Sender(threads, idle, finished.append)
            await sender.send(delivery, no_headers, receive=reached.receive, send=reached.send)
            assert sender.running == 0
        return reached

    finished: list[streaming.Finished] = []
    reached = asyncio.run(run())
    assert [each.outcome for each in finished] == [delivery.journal.completions[0].outcome]
    return reached


def completion(delivery: Delivery) -> Completion:
    (one,) = delivery.journal.completions
    return one


def test_a_whole_file_is_sent_and_counted(path):
    delivery = stored(path)
    client = sent(delivery, Client)
    assert bytes(client.content) == path.read_bytes()
    assert client.is_complete
    done = completion(delivery)
    assert (done.outcome, done.bytes, done.rows) == (Outcome.COMPLETE, SIZE, 7)
    assert done.content_sha256 == "ab"


def test_a_file_ends_in_small_chunks(path):
    client = sent(stored(path), Client)
    assert max(client.chunks) == streaming.CHUNK_BYTES
    assert max(client.chunks[-10:]) <= streaming.TAIL_CHUNK_BYTES


def test_a_part_is_counted_with_its_bounds_and_no_hash(path):
    delivery = stored(path, Span(10, 999_999), status=206)
    client = sent(delivery, Client)
    assert bytes(client.content) == path.read_bytes()[10:1_000_000]
    done = completion(delivery)
    assert (done.ranges, done.bytes) == (((10, 999_999),), 999_990)
    assert (done.rows, done.content_sha256) == (None, None)


PARTS = Parts.of(
    (Span(2_000_000, 2_999_999), Span(0, 0), Span(SIZE - 700_000, SIZE - 1)),
    size=SIZE,
    media_type="application/vnd.apache.parquet",
    etag='"tag"',
)


def test_several_parts_are_sent_as_small_and_counted_as_exactly_as_one(path):
    delivery = stored(path, PARTS, status=206)
    client = sent(delivery, Client)
    whole = path.read_bytes()
    assert len(client.content) == delivery.size
    for span in PARTS.spans:
        assert b"\r\n\r\n" + whole[span.first : span.last + 1] + b"\r\n--" in client.content
    assert max(client.chunks) <= streaming.CHUNK_BYTES
    assert max(client.chunks[-10:]) <= streaming.TAIL_CHUNK_BYTES
    done = completion(delivery)
    assert (done.outcome, done.bytes) == (Outcome.COMPLETE, delivery.size)
    assert done.ranges == ((2_000_000, 2_999_999), (0, 0), (SIZE - 700_000, SIZE - 1))
    assert (done.rows, done.content_sha256) == (None, None)


@pytest.mark.parametrize("goes_after", [1, 1_000_200, PARTS.length - 1000])
def test_a_client_that_goes_amid_several_parts_is_never_complete(path, goes_after):
    delivery = stored(path, PARTS, status=206)
    client = sent(delivery, lambda: Client(goes_after=goes_after))
    done = completion(delivery)
    assert done.outcome is Outcome.CLIENT_ABORT
    assert len(client.content) <= done.bytes <= PARTS.length
    with pytest.raises(OSError, match=r"closed|Bad file"):
        os.fstat(delivery.body.file.fileno())


def test_parts_of_a_file_that_became_shorter_are_never_complete(path):
    delivery = stored(path, PARTS, status=206)
    os.truncate(path, SIZE - 100)
    client = sent(delivery, Client)
    assert not client.is_complete
    assert completion(delivery).outcome is Outcome.SERVER_ERROR


def test_parts_of_what_is_in_memory_are_sent_in_pieces():
    whole = os.urandom(SIZE)
    body = EncodedBody(Encoded.of(whole), PARTS)
    delivery = Delivery(SimpleNamespace(), RECEIPT, 206, body, KeptJournal())
    client = sent(delivery, Client)
    assert bytes(client.content) == b"".join(body.pieces())
    assert len(client.content) == delivery.size == completion(delivery).bytes
    assert max(client.chunks) <= streaming.CHUNK_BYTES


@pytest.mark.parametrize("goes_after", [1, 1_500_000, SIZE - 1000])
def test_a_client_that_goes_is_seen_and_never_complete(path, goes_after):
    delivery = stored(path)
    client = sent(delivery, lambda: Client(goes_after=goes_after))
    done = completion(delivery)
    assert done.outcome is Outcome.CLIENT_ABORT
    assert len(client.content) <= done.bytes <= SIZE
    assert not client.is_complete
    assert done.content_sha256 is None


def test_a_client_whose_going_is_told_late_is_never_complete(path, monkeypatch):
    """A server under load takes all that is left before it says so."""
    monkeypatch.setattr(streaming, "GRACE_BYTES", SIZE)
    monkeypatch.setattr(streaming, "GRACE_SECONDS", 5.0)
    delivery = stored(path)
    sent(delivery, lambda: Client(goes_after=1_000_000, late_seconds=0.2))
    assert completion(delivery).outcome is Outcome.CLIENT_ABORT


def test_a_client_that_stalls_is_given_up(path):
    delivery = stored(path)
    client = sent(delivery, lambda: Client(stalls_after=1_000_000), idle=0.1)
    done = completion(delivery)
    assert done.outcome is Outcome.TIMEOUT
    assert done.bytes >= len(client.content)


def test_a_file_that_became_shorter_is_never_complete(path):
    delivery = stored(path)
    os.truncate(path, 3_000_000)
    client = sent(delivery, Client)
    assert completion(delivery).outcome is Outcome.SERVER_ERROR
    assert not client.is_complete


def test_a_server_that_breaks_is_journaled(path):
    delivery = stored(path)

    class Broken(Client):
        async def send(self, message: dict) -> None:
            if message["type"] == "http.response.body":
                raise ConnectionResetError

    sent(delivery, Broken)
    assert completion(delivery).outcome is Outcome.SERVER_ERROR


def test_a_cancelled_download_is_closed_too(path):
    delivery = stored(path)

    async def run() -> None:
        client = Client(stalls_after=0)
        with ThreadPoolExecutor(2) as threads:
            sender = Sender(threads, 30.0, lambda _: None)
            task = asyncio.create_task(
                sender.send(delivery, no_headers, receive=client.receive, send=client.send)
            )
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert completion(delivery).outcome is Outcome.SERVER_ERROR


def test_cold_pages_are_read_in_a_thread(path, monkeypatch):
    def cold(*_: object) -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "preadv", cold)
    delivery = stored(path)
    assert bytes(sent(delivery, Client).content) == path.read_bytes()


def test_a_system_without_nowait_reads_in_a_thread(path, monkeypatch):
    def unsupported(*_: object) -> int:
        raise OSError(95, "not supported")

    monkeypatch.setattr(os, "preadv", unsupported)
    delivery = stored(path)
    assert bytes(sent(delivery, Client).content) == path.read_bytes()
    assert completion(delivery).outcome is Outcome.COMPLETE


def test_more_downloads_take_smaller_chunks(path):
    async def run() -> Client:
        client = Client()
        with ThreadPoolExecutor(2) as threads:
            sender = Sender(threads, 5.0, lambda _: None, running=streaming.CROWD)
            await sender.send(stored(path), no_headers, receive=client.receive, send=client.send)
        return client

    assert max(asyncio.run(run()).chunks) == streaming.CROWDED_CHUNK_BYTES


@pytest.mark.parametrize("size", [0, 100, streaming.WHOLE_BYTES_MAX + 1, 3_000_000])
def test_an_encoded_answer_is_sent_and_counted(size):
    content = os.urandom(size)
    delivery = Delivery(
        SimpleNamespace(), RECEIPT, 200, EncodedBody(Encoded.of(content)), KeptJournal()
    )
    client = sent(delivery, Client)
    assert (bytes(client.content), client.is_complete) == (content, True)
    assert completion(delivery).bytes == size


def test_nothing_is_sent_for_what_has_not_changed():
    delivery = Delivery(SimpleNamespace(), RECEIPT, 304, NoBody(), KeptJournal())
    client = sent(delivery, Client)
    assert (bytes(client.content), client.is_complete) == (b"", True)
    done = completion(delivery)
    assert (done.outcome, done.http_status, done.bytes) == (Outcome.NOT_MODIFIED, 304, 0)


def test_a_delivery_is_finished_once(path):
    delivery = stored(path)
    sent(delivery, Client)
    delivery.finish(Outcome.SERVER_ERROR, sent=0)
    assert completion(delivery).outcome is Outcome.COMPLETE


def test_a_delivery_whose_headers_cannot_be_made_is_closed(path):
    delivery = stored(path)

    def broken(_: Delivery) -> list[tuple[bytes, bytes]]:
        raise ValueError

    async def run() -> None:
        client = Client()
        with ThreadPoolExecutor(1) as threads:
            sender = Sender(threads, 5.0, lambda _: None)
            await sender.send(delivery, broken, receive=client.receive, send=client.send)

    asyncio.run(run())
    done = completion(delivery)
    assert (done.outcome, done.bytes) == (Outcome.SERVER_ERROR, 0)
    assert done.http_status == 500
