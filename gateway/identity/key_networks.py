"""The address ranges of an access key: each in one spelling, together less than everything."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from itertools import chain

from gateway.errors import BadParameter
from gateway.model.access_key import ANYWHERE
from gateway.model.address import Network, read_address

# IPv4 addresses as IPv6 writes them (RFC 4291 section 2.5.5.2). Clients are compared without that coat.
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def checked_networks(ranges: Sequence[str]) -> tuple[str, ...]:
    """Ranges without overlaps or seams, IPv4 as IPv4; ANYWHERE as it is. Raises BadParameter.

    Whoever writes everything in pieces would have a key that looks as if it were bound to a place.
    """
    if tuple(ranges) == ANYWHERE:
        return ANYWHERE
    try:
        read = [_network(text) for text in ranges]
    except ValueError:
        raise BadParameter(
            "Give ranges like 192.0.2.0/24 or 2001:db8::/32, without host bits or zones.",
            parameter="networks",
        ) from None
    joined = tuple(
        chain(
            ipaddress.collapse_addresses(n for n in read if isinstance(n, ipaddress.IPv4Network)),
            ipaddress.collapse_addresses(n for n in read if isinstance(n, ipaddress.IPv6Network)),
        )
    )
    if not joined or any(network.prefixlen == 0 for network in joined):
        raise BadParameter(
            "Leave it out for a key that works from everywhere; with no range it works from nowhere, and "
            "ranges that are every address of IPv4 or IPv6 together bind it to no place.",
            parameter="networks",
        )
    return tuple(sorted(str(network) for network in joined))


def is_from(address: str | None, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the ranges; an unknown address is in none."""
    found = read_address(address)
    return found is not None and any(found in ipaddress.ip_network(each) for each in networks)


def _network(text: str) -> Network:
    """Raises ValueError."""
    if "%" in text:
        raise ValueError("a zone names an interface of one machine")
    network = ipaddress.ip_network(text)
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        bits = int(network.network_address) & 0xFFFF_FFFF
        return ipaddress.IPv4Network((bits, network.prefixlen - _MAPPED.prefixlen))
    return network
