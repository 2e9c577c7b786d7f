"""The proxies in front of the gateway: whose word is taken for the client's address and certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model.address import Address, Network, read_address


@dataclass(frozen=True, slots=True)
class Way:
    """How a request came. client: None when its peer has no address, as on a socket file, or when a proxy
    does not tell whose request it is: an unknown address is in no network.

    proxies: the trusted ones that it passed, nearest last; empty when the peer is none of them.
    """

    client: str | None
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """networks: of peers that are proxies of ours; empty means that nobody is one."""

    networks: tuple[Network, ...] = ()

    def way(self, peer: str | None, forwarded: Sequence[str]) -> Way:
        """peer: whose connection it is, as text. forwarded: every `X-Forwarded-For`, in order.

        Each proxy adds at the right whom it was asked by, so the list is read from there, and only for as
        long as a trusted proxy wrote it: what stands further left anybody may have written.
        """
        nearest = read_address(peer)
        if nearest is None or not self._trusts(nearest):
            return Way(None if nearest is None else str(nearest))
        passed = [str(nearest)]
        for text in reversed(",".join(forwarded).split(",")):
            address = read_address(_without_port(text.strip(" \t")))
            if address is None:
                break
            if not self._trusts(address):
                return Way(str(address), tuple(reversed(passed)))
            passed.append(str(address))
        return Way(None, (str(nearest),))

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def _without_port(text: str) -> str:
    """`192.0.2.1:4711` and `[2001:db8::1]:443`, as some proxies write them."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
