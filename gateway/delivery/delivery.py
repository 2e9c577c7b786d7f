"""A delivery: an announced answer that is closed in the journal exactly once."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from gateway.delivery.body import Body, EncodedBody, StoredBody, StreamedBody
from gateway.delivery.plan import Plan
from gateway.journal.append import Journal
from gateway.limits.tolls import Toll
from gateway.model.entry import Completion, Outcome, Receipt

OK, PARTIAL, NOT_MODIFIED = 200, 206, 304


@dataclass(slots=True)
class Delivery:
    """The intent is durable; `finish` must follow, whatever happens.

    status: 200, 206 or 304. toll: closed with it; that of an answer without content is free. started: `time.monotonic()` seconds.
    """

    plan: Plan
    receipt: Receipt
    status: int
    body: Body
    journal: Journal
    toll: Toll = field(default_factory=Toll)
    started: float = field(default_factory=time.monotonic)
    is_finished: bool = False

    @property
    def size(self) -> int | None:
        """Bytes of the body, or of what a GET would send; None when it is known only at the end."""
        match self.body:
            case StoredBody(part=part):
                return part.length
            case EncodedBody() as encoded:
                return encoded.length
            case StreamedBody():
                return None
            case body:
                return body.size

    def finish(self, outcome: Outcome, *, sent: int, status: int | None = None) -> None:
        """Close the file, the toll and the intent; only the first call counts.

        sent: bytes handed to the server. status: when the answer became another than announced.
        Raises nothing: an intent that cannot be closed now is closed as unknown after a restart.
        """
        if self.is_finished:
            return
        self.is_finished = True
        match self.body:
            case StoredBody(file=file):
                file.close()
            case StreamedBody() as streamed:
                streamed.close()
            case _:
                pass
        self.toll.close(sent)
        self.journal.complete(self.receipt, self._completion(outcome, sent, status))

    def _completion(self, outcome: Outcome, sent: int, status: int | None) -> Completion:
        body = self.body
        is_whole = outcome is Outcome.COMPLETE and self.status == OK
        has_part = isinstance(body, StoredBody | EncodedBody)
        part = body.part if has_part and self.status == PARTIAL else None
        spans = () if part is None else part.spans
        rows, sha256 = self._content() if is_whole else (None, None)
        return Completion(
            outcome=outcome,
            http_status=status or self.status,
            rows=rows,
            bytes=sent,
            content_sha256=sha256,
            duration_ms=(time.monotonic() - self.started) * 1000,
            ranges=tuple((span.first, span.last) for span in spans),
        )

    def _content(self) -> tuple[int | None, str | None]:
        """Rows and hash of a whole answer; nothing for HEAD."""
        match self.body:
            case StoredBody():
                return self.plan.file.rows, self.plan.file.sha256
            case EncodedBody(encoded=encoded):
                return encoded.rows, encoded.sha256
            case StreamedBody() as streamed:
                return streamed.rows, streamed.sha256
            case _:
                return None, None
