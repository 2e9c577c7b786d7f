"""What signs for a person: their key file, standard input, or a signature that was made elsewhere."""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.adapters.keys_file import signing_key
from gateway.adapters.keys_private_file import LIMIT_BYTES, read_private
from gateway.errors import BadParameter
from gateway.upkeep.statements import Sign

STANDARD_INPUT = Path("-")
Ask = Callable[[], str]  # asks the person at the keyboard for a passphrase


def signing_with(key: Path, ask: Ask) -> Sign:
    """Signs with a private key file of mode 0600, or with what standard input gives (`-`).

    ask: called where the key has a passphrase. Raises KeyFault.
    """
    pem = sys.stdin.buffer.read(LIMIT_BYTES) if key == STANDARD_INPUT else read_private(key)
    name = "The key on standard input" if key == STANDARD_INPUT else key.name
    passphrase = ask().encode() if _has_passphrase(pem) else None
    return signing_key(pem, name, passphrase=passphrase).sign


def signed_elsewhere(signature: str) -> Sign:
    """A signature that was made on another machine, in base64. Raises BadParameter."""
    try:
        made = base64.b64decode(signature, validate=True)
    except binascii.Error:
        raise BadParameter("Give the signature in base64.", parameter="signature") from None
    return lambda _: made


def _has_passphrase(pem: bytes) -> bool:
    try:
        load_pem_private_key(pem, password=None)
    except TypeError:
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return False
