"""What a request brings to say who asks: read once by the guard, and judged by `authenticate`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """authorization: the one `Authorization` header, None when there is none. proofs: every `DPoP` header.

    method, url: of the request as the client sees them; no query and no fragment. certificate: DER, of
    the client, as a trusted proxy tells. client_address: None where there is none, as on a socket file.
    """

    authorization: str | None = field(repr=False)
    method: str
    url: str = field(repr=False)
    proofs: tuple[str, ...] = field(default=(), repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    client_address: str | None = None
