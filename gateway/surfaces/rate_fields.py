"""The RateLimit header fields: draft-ietf-httpapi-ratelimit-headers-11, lists of Structured Fields (RFC 9651).

A bucket of `q` requests that fills in `w` seconds; `r` are left, and whoever spreads them over `t` seconds
never meets the limit. Section 6: a `Retry-After` beside them is never earlier than `t`.
"""

from __future__ import annotations

from gateway.errors import QuotaUsedUp, RateLimited, TooManyExtracts
from gateway.limits.allowance import Allowance
from gateway.limits.pace import Standing

DAY_SECONDS = 86_400


def rate_fields(standing: Standing, allowance: Allowance) -> list[tuple[bytes, bytes]]:
    """What every answer to somebody who is known says of the limits."""
    rate = standing.rate
    window = standing.wait_seconds or max(1, -(-standing.left * 60 // rate.per_minute))
    policies = (
        f'"{RateLimited.limit}";q={rate.burst};w={rate.fill_seconds}',
        f'"{TooManyExtracts.limit}";q={allowance.concurrent_extracts};qu="concurrent-requests"',
        f'"{QuotaUsedUp.limit}";q={allowance.bytes_per_day};w={DAY_SECONDS};qu="content-bytes"',
    )
    return [
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", limit_item(RateLimited.limit, standing.left, window).encode()),
    ]


def limit_item(limit: str, left: int, seconds: int) -> str:
    """One item of `RateLimit` (section 4.1)."""
    return f'"{limit}";r={left};t={seconds}'
