"""What Delta Sharing calls our things: a share is an area, a table a product, a version a release.

Names are compared without regard to case, as the protocol does; ours are digits and small letters.
"""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from datetime import date, datetime

from gateway.delivery.requests import Edition
from gateway.errors import BadParameter, ReleaseNotFound
from gateway.model.days import helsinki_day
from gateway.model.release import ReleaseId

FOLDER = "/delta-sharing"
FILES = f"{FOLDER}/files/"
SCHEMA = "rows"  # one for the one kind of product that is shared

_OURS = uuid.UUID("6f1d2b7e-6a0c-5d0e-9c53-2b7f0d6f4a11")
# The day, and four digits for its releases: the number of a release never changes, whichever others are
# kept, and a later release has a larger one.
_A_DAY = 10_000
_VERSION_MAX = 9999_12_31 * _A_DAY + _A_DAY - 1
_DIGITS = re.compile(r"[0-9]{1,12}")


def id_of(*names: str) -> str:
    """A UUID of names that is the same for ever (RFC 9562 section 5.5)."""
    return str(uuid.uuid5(_OURS, "/".join(names)))


def version_of(release: ReleaseId) -> int:
    """`2026-06-30.1` → 202606300001. Raises ReleaseNotFound for a number with more than four digits."""
    if release.number >= _A_DAY:
        raise ReleaseNotFound("Its number is too large for a version; use /v1/rows.")
    return int(f"{release.as_of:%Y%m%d}") * _A_DAY + release.number


def release_of(version: int) -> ReleaseId:
    """Raises ReleaseNotFound for a number that stands for no release."""
    day, number = divmod(version, _A_DAY)
    if 0 <= version <= _VERSION_MAX and number:
        with suppress(ValueError):
            return ReleaseId(date(day // 10_000, day // 100 % 100, day % 100), number)
    raise ReleaseNotFound(
        "A version is the day and four digits, like 202606300001; the table's `version` tells the newest.",
        parameter="version",
    )


def read_version(text: str) -> int:
    """A version in an address. Raises BadParameter."""
    if _DIGITS.fullmatch(text) is None:
        raise BadParameter("Give a version like 202606300001.", parameter="version")
    return int(text)


def read_day(text: str, parameter: str) -> date:
    """The day in Finland at a timestamp. Raises BadParameter."""
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return helsinki_day(moment)
    raise BadParameter(
        "Give a moment with its offset, like 2026-06-30T00:00:00Z.", parameter=parameter
    )


def edition_of(version: int | None, timestamp: str | None) -> Edition:
    """Which release is meant: the newest when nothing is said. Raises BadParameter, ReleaseNotFound.

    timestamp: what the table told on that day, so the newest release of that day or an earlier one.
    """
    if version is not None and timestamp is not None:
        raise BadParameter("Give a version or a timestamp, not both.", parameter="timestamp")
    if version is not None:
        return Edition(release_of(version), None)
    return Edition(None, None if timestamp is None else read_day(timestamp, "timestamp"))
