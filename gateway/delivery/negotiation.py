"""Which format a request gets, and in which content coding (RFC 9110 section 12.5).

`?format=` goes before `Accept`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.encoding.compression import Coding
from gateway.encoding.formats import Format
from gateway.errors import NotAcceptable

_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def choose_format(
    formats: Mapping[str, Format], asked: str | None, *, accept: str | None
) -> Format:
    """The format to answer in; without a wish the first. Raises NotAcceptable."""
    offered = ", ".join(formats)
    if asked is not None:
        if asked not in formats:
            raise NotAcceptable(f"The formats here are {offered}.", parameter="format")
        return formats[asked]
    ranges = read_weights(accept or "*/*")
    weights = {name: _weight(each, ranges) for name, each in formats.items()}
    best = max(weights, key=lambda name: weights[name])
    if weights[best] <= 0:
        types = ", ".join(each.accepted[0] for each in formats.values() if each.accepted)
        raise NotAcceptable(
            f"None of the accepted media types is offered. Accept one of {types}, "
            f"or choose with `format`: {offered}."
        )
    return formats[best]


def choose_coding(chosen: Format, accept_encoding: str | None) -> Coding | None:
    """The content coding of an answer; None to send it as it is (RFC 9110 section 12.5.3).

    A coding is used only where the client names it: `*` alone is no wish for one. Whoever refuses
    `identity` and every coding that there is gets the answer as it is, as the RFC allows.
    """
    if chosen.is_compressed or accept_encoding is None:
        return None
    weights = read_weights(accept_encoding)
    best = max(Coding, key=lambda coding: weights.get(coding, 0.0))
    weight = weights.get(best, 0.0)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None


def read_weights(header: str) -> dict[str, float]:
    """Each name of an `Accept` or `Accept-Encoding` with its weight (RFC 9110 section 12.4.2).

    Without a weight it is 1; a malformed weight counts as zero.
    """
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (text.strip() for text in part.split(";"))
        given = next((text[2:].strip() for text in parameters if text.startswith("q=")), "1")
        weights[name] = float(given) if _WEIGHT.fullmatch(given) else 0.0
    return weights


def _weight(offered: Format, ranges: Mapping[str, float]) -> float:
    """The weight of the most specific range that covers a format, by any of its names."""
    kinds = dict.fromkeys(f"{media.partition('/')[0]}/*" for media in offered.accepted)
    anything = ("*/*",) if offered.accepted else ()
    for names in (offered.accepted, tuple(kinds), anything):
        found = [ranges[name] for name in names if name in ranges]
        if found:
            return max(found)
    return 0.0
