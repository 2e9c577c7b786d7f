"""Which hosts are this machine: nobody on the network hears what is sent there without TLS."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Of an address without brackets, or the name `localhost`; no other name is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
