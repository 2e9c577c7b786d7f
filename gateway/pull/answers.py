"""What the gateway's answers say: problems, digests, ranges, and how long to wait."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from gateway.pull.faults import NotTheGateway, PullFault, Refused, TryLater

PROBLEM_BYTES_MAX = 65_536
TEXT_MAX = 400
_TOKEN_LIKE = re.compile(r"eyJ[A-Za-z0-9_=-]{8,}(\.[A-Za-z0-9_=-]*)*")
_CODE = re.compile(r"[a-z0-9_]{1,64}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]*):")
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")
_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Offer:
    """The representation that an answer is, or is a part of.

    size: bytes, None for a stream. sha256: hex, None where the gateway tells none.
    can_resume: whether a rest of it can be asked for later.
    """

    etag: str
    size: int | None
    sha256: str | None
    can_resume: bool
    release: str
    as_of: str
    receipt: str
    request: str


def offer_of(response: httpx2.Response) -> Offer:
    """Read from the headers of a 200 or 206. Raises NotTheGateway."""
    headers = response.headers
    etag, release = headers.get("etag", ""), headers.get("jakelu-release", "")
    if not etag or not release:
        raise NotTheGateway(
            "The answer has no ETag or no Jakelu-Release: something between here and the gateway "
            "answers in its place.",
            http_status=response.status_code,
        )
    if headers.get("content-encoding", "identity") != "identity":
        raise NotTheGateway("The answer was compressed on its way, so that it cannot be checked.")
    size = _size(response)
    is_strong = etag.startswith('"')
    return Offer(
        etag=etag,
        size=size,
        sha256=_sha256(headers.get("repr-digest")),
        can_resume=is_strong and size is not None and headers.get("accept-ranges") == "bytes",
        release=clean(release),
        as_of=clean(headers.get("jakelu-as-of", "")),
        receipt=clean(headers.get("jakelu-receipt", "")),
        request=request_of(response) or "",
    )


def span_of(response: httpx2.Response) -> tuple[int, int, int]:
    """First byte, last byte and whole size of a 206. Raises NotTheGateway."""
    found = _RANGE.fullmatch(response.headers.get("content-range", ""))
    if found is None:
        raise NotTheGateway("A part was sent without saying which (Content-Range).")
    first, last, size = map(int, found.groups())
    return first, last, size


def request_of(response: httpx2.Response) -> str | None:
    """The gateway's id of the request, by which support finds it."""
    text = response.headers.get("jakelu-request", "")
    return text if _UUID.fullmatch(text) else None


def fault_of(response: httpx2.Response) -> PullFault:
    """A refusal or an outage, with the gateway's own words when it gave a problem (RFC 9457)."""
    status = response.status_code
    if 300 <= status < 400:
        return NotTheGateway(
            f"The answer is a redirect ({status}), which is not followed: it would take the token "
            "elsewhere. Check the address in the config.",
            http_status=status,
        )
    problem = _problem(response)
    said = [problem.get(name) for name in ("title", "detail")]
    texts = [clean(each).rstrip(".") for each in said if isinstance(each, str) and each]
    if isinstance(problem.get("parameter"), str):
        texts.append(f"Parameter: {clean(problem['parameter'])}")
    detail = ". ".join(texts) or f"HTTP {status} without a reason"
    code = problem.get("code")
    code = code if isinstance(code, str) and _CODE.fullmatch(code) else None
    request = request_of(response)
    if status in _PASSING or status >= 500:
        wait = retry_after(response.headers.get("retry-after"), now=datetime.now(UTC))
        return TryLater(
            f"{detail}.", http_status=status, code=code, request=request, wait_seconds=wait
        )
    return Refused(f"{detail}.", http_status=status, code=code, request=request)


def retry_after(text: str | None, *, now: datetime) -> float | None:
    """Seconds from now; None when nothing usable is said (RFC 9110 section 10.2.3)."""
    if text is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", text.strip()):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def clean(text: str) -> str:
    """Another's words for a terminal or a log: one printable line, nothing that looks like a token."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return _TOKEN_LIKE.sub("…", line)[:TEXT_MAX]


def _size(response: httpx2.Response) -> int | None:
    if response.status_code == 206:
        return span_of(response)[2]
    text = response.headers.get("content-length")
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text) else None


def _sha256(text: str | None) -> str | None:
    """Hex, from Repr-Digest (RFC 9530), which is of the whole file also in a 206."""
    found = None if text is None else _SHA256.search(text)
    if found is None:
        return None
    try:
        digest = base64.b64decode(found[1], validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != 32:
        raise NotTheGateway("The answer's Repr-Digest is not a SHA-256.")
    return digest.hex()


def _problem(response: httpx2.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("content-type", ""):
        return {}
    content = b""
    for chunk in response.iter_raw(8192):
        content += chunk
        if len(content) > PROBLEM_BYTES_MAX:
            return {}
    try:
        document = json.loads(content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
