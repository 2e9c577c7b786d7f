"""The token bucket, in whole numbers: nothing is lost or won by rounding, however often it is asked.

A level is counted in drops. A token is DROPS of them, which is the microseconds of a minute, so that a
bucket of *n* tokens a minute gains exactly *n* drops each microsecond.
"""

from __future__ import annotations

from dataclasses import dataclass

DROPS = 60_000_000
# Processes of one gateway may read clocks that differ a little; a larger step back is a clock set anew.
STEP_BACK_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """per_minute: tokens that come in; burst: tokens that the bucket holds."""

    per_minute: int
    burst: int

    @property
    def fill_seconds(self) -> int:
        """From empty to full, rounded up."""
        return max(1, -(-self.burst * 60 // self.per_minute))


@dataclass(frozen=True, slots=True)
class Bucket:
    """level: in drops, at the moment `at_us` (microseconds of the epoch)."""

    level: int
    at_us: int

    @property
    def tokens(self) -> int:
        return self.level // DROPS

    def wait_us(self, rate: Rate) -> int:
        """Until there is one token."""
        return max(0, -(-(DROPS - self.level) // rate.per_minute))

    def full_us(self, rate: Rate) -> int:
        """The moment from which the bucket is as good as new."""
        return self.at_us + max(0, -(-(rate.burst * DROPS - self.level) // rate.per_minute))


def full_bucket(rate: Rate, now_us: int) -> Bucket:
    return Bucket(rate.burst * DROPS, now_us)


def refilled(bucket: Bucket, rate: Rate, now_us: int) -> Bucket:
    """The bucket now. No time passes while the clock is behind it.

    After a step back of more than STEP_BACK_US it goes on from the new time, so that nobody waits for
    the old one; a smaller one is waited out, so that two clocks never fill it twice.
    """
    passed = now_us - bucket.at_us
    if passed < -STEP_BACK_US:
        return Bucket(min(bucket.level, rate.burst * DROPS), now_us)
    gained = rate.per_minute * max(0, passed)
    return Bucket(min(bucket.level + gained, rate.burst * DROPS), max(now_us, bucket.at_us))


def lease(bucket: Bucket, most: int) -> int:
    """How many tokens a process takes at once: fewer when few are left, so that others find some."""
    return min(bucket.tokens, most, max(1, bucket.tokens // 4))


def without(bucket: Bucket, tokens: int) -> Bucket:
    return Bucket(bucket.level - tokens * DROPS, bucket.at_us)
