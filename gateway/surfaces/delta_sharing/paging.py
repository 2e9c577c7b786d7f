"""Pages of a list in the order of its names: a page goes on after the last name of the one before.

So it does whatever was added or removed in between: what is there all the while is told exactly once.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import BadParameter

PARAMETERS = ("maxResults", "pageToken")
PAGE_MAX = 500


@dataclass(frozen=True, slots=True)
class PageAsked:
    """most: 0 is allowed. after: the name that the page before ended with, None for the first."""

    most: int
    after: str | None


def read_page(parameters: Mapping[str, str]) -> PageAsked:
    """Raises BadParameter."""
    most = parameters.get("maxResults", str(PAGE_MAX))
    if not (most.isascii() and most.isdigit() and len(most) <= 10):
        raise BadParameter("Give a number from 0.", parameter="maxResults")
    token = parameters.get("pageToken") or None  # clients send an empty one for the first page
    return PageAsked(min(int(most), PAGE_MAX), None if token is None else _name(token))


def page_of(
    items: Sequence[dict[str, Any]], asked: PageAsked, *, name: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """`items` and, when there are more, `nextPageToken`. items: in any order, names differ."""
    left = sorted(
        (each for each in items if asked.after is None or name(each) > asked.after), key=name
    )
    page = left[: asked.most]
    if len(page) == len(left):
        return {"items": page}
    last = name(page[-1]) if page else (asked.after or "")
    return {"items": page, "nextPageToken": _token(last)}


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(f"after {name}".encode()).decode()


def _name(token: str) -> str:
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not text.startswith("after "):
        raise BadParameter(
            "Give the `nextPageToken` of the page before, as it stands.", parameter="pageToken"
        )
    return text.removeprefix("after ")
