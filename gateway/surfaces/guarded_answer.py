"""What every answer carries that passes the guard: security headers, and how the caller stands."""

from __future__ import annotations

from starlette.types import Message, Send

from gateway.model.access_key import KeyLimits
from gateway.model.days import helsinki_day

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


class GuardedAnswer:
    """Adds the security headers and `fields`, and remembers the status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status: int | None = None
        self.fields: list[tuple[bytes, bytes]] = []

    def tell_of_key(self, key: KeyLimits | None) -> None:
        """The day in Finland on which a key of the caller ends, once that is near."""
        if key is not None and key.is_ending:
            day = helsinki_day(key.expires_at).isoformat()
            self.fields.append((b"jakelu-key-expires", day.encode()))

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = list(message.get("headers", ()))
            names = {name for name, _ in given}
            is_for_others = any(name == b"cache-control" and b"public" in v for name, v in given)
            given += _HEADERS
            given.append((b"jakelu-request", self.request_id.encode()))
            if not is_for_others:  # a shared cache would tell them how one caller stands
                given += self.fields
            if _POLICY[0] not in names:  # a page of our own states a wider one itself
                given.append(_POLICY)
            if b"cache-control" not in names:
                given.append((b"cache-control", b"no-store"))
            message = {**message, "headers": given}
        await self._send(message)
