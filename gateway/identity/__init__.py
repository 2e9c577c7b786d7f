"""Token, key or session → Caller."""

from gateway.identity.authentication import authenticate
from gateway.identity.authorization import only_header
from gateway.identity.reasons import TokenFault

__all__ = ["TokenFault", "authenticate", "only_header"]
