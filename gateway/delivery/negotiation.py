"""Which format a request gets: `?format=` first, then `Accept` (RFC 9110 section 12.5.1)."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.encoding.formats import Format
from gateway.errors import NotAcceptable


def choose_format(
    formats: Mapping[str, Format], asked: str | None, *, accept: str | None
) -> Format:
    """The format to answer in; without a wish the first. Raises NotAcceptable."""
    offered = ", ".join(formats)
    if asked is not None:
        if asked not in formats:
            raise NotAcceptable(f"The formats here are {offered}.", parameter="format")
        return formats[asked]
    ranges = _ranges(accept or "*/*")
    weights = {name: _weight(each, ranges) for name, each in formats.items()}
    best = max(weights, key=lambda name: weights[name])
    if weights[best] <= 0:
        raise NotAcceptable(f"None of the accepted media types is offered. Formats: {offered}.")
    return formats[best]


def _ranges(accept: str) -> dict[str, float]:
    """media range → weight; a malformed weight counts as zero."""
    ranges: dict[str, float] = {}
    for part in accept.lower().split(","):
        media, *parameters = (text.strip() for text in part.split(";"))
        weight = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            ranges[media] = float(weight)
        except ValueError:
            ranges[media] = 0.0
    return ranges


def _weight(offered: Format, ranges: Mapping[str, float]) -> float:
    """The weight of the most specific range that covers a format."""
    for media in offered.accepted:
        for media_range in (media, f"{media.partition('/')[0]}/*", "*/*"):
            if media_range in ranges:
                return ranges[media_range]
    return 0.0
