"""HTTP clients that send nothing to anybody but the address they are for."""

from __future__ import annotations

import ssl
from importlib.metadata import version
from typing import Any

import httpx2

from gateway.pull.config import Config, is_local
from gateway.pull.faults import ConfigFault


def client_options(config: Config, address: str) -> dict[str, Any]:
    """Options for a client of one server: no redirect is followed, for it would take the token along.

    Proxies of the environment are used with TLS only: through one, a request to this machine
    without TLS would leave it, token and all. Raises ConfigFault.
    """
    return {
        "timeout": config.patience.timeout_seconds,
        "follow_redirects": False,
        "trust_env": not is_local(address),
        "verify": _trusted(config),
    }


def open_gateway(config: Config, login: httpx2.Auth) -> httpx2.Client:
    """Bytes are wanted as they are stored, so that their hash and their ranges hold: no compression.

    Raises ConfigFault.
    """
    try:
        return httpx2.Client(
            base_url=config.gateway,
            auth=login,
            headers={
                "accept-encoding": "identity",
                "user-agent": f"jakelu-pull/{version('jakelu')}",
            },
            **client_options(config, config.gateway),
        )
    except (ValueError, ImportError) as error:
        raise ConfigFault(
            "A proxy that the environment names (HTTPS_PROXY, ALL_PROXY) cannot be used."
        ) from error


def _trusted(config: Config) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context()
        if config.ca_file is not None:
            context.load_verify_locations(config.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigFault(f"ca_file: {config.ca_file} holds no certificate as PEM.") from error
    return context
