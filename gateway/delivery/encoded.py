"""Encoded answers by their ETag: equal requests of a release have equal bytes for ever."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

ANSWER_BYTES_MAX = 1 << 20
CACHE_BYTES_MAX = 16 << 20


@dataclass(frozen=True, slots=True)
class Encoded:
    """sha256: hex, of the content. rows: None for a cube."""

    content: bytes
    sha256: str
    rows: int | None = None

    @staticmethod
    def of(content: bytes, rows: int | None = None) -> Encoded:
        return Encoded(content, hashlib.sha256(content).hexdigest(), rows)


class EncodedCache:
    """Small answers only, within a fixed number of bytes; the least used goes first."""

    def __init__(self, *, limit_bytes: int = CACHE_BYTES_MAX) -> None:
        self._limit = limit_bytes
        self._held = 0
        self._answers: OrderedDict[str, Encoded] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, etag: str) -> Encoded | None:
        with self._lock:
            answer = self._answers.get(etag)
            if answer is not None:
                self._answers.move_to_end(etag)
            return answer

    def keep(self, etag: str, answer: Encoded) -> None:
        if len(answer.content) > ANSWER_BYTES_MAX:
            return
        with self._lock:
            replaced = self._answers.pop(etag, None)
            self._held += len(answer.content) - (len(replaced.content) if replaced else 0)
            self._answers[etag] = answer
            while self._held > self._limit:
                _, gone = self._answers.popitem(last=False)
                self._held -= len(gone.content)
