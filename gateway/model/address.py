"""Addresses of clients: one spelling for each, and how far one of them counts as one client."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# A subnet is a /64 (RFC 4291 section 2.5.4), so whoever has one has 2^64 addresses to come from.
_SUBNET_BITS = 64


def read_address(text: str | None) -> Address | None:
    """An IP address, in its IPv4 form where it has one; None for what is none.

    A socket for both families shows IPv4 clients as `::ffff:192.0.2.1` (RFC 4291 section 2.5.5.2). The
    zone of an address (RFC 4007 section 11) names an interface of one machine, and is left out.
    """
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return address
    return address.ipv4_mapped or ipaddress.IPv6Address(int(address))


def counted_address(text: str | None) -> str | None:
    """The address that counts: of IPv4 itself, of IPv6 the /64; None for what is no address."""
    match read_address(text):
        case ipaddress.IPv6Address() as address:
            return str(ipaddress.IPv6Network((int(address), _SUBNET_BITS), strict=False))
        case None:
            return None
        case address:
            return str(address)
