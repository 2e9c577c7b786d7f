"""Token, key or session → Caller."""

from gateway.identity.authentication import Identified, authenticate, caller_of_session
from gateway.identity.authorization import only_header
from gateway.identity.credentials import Credentials
from gateway.identity.reasons import TokenFault
from gateway.identity.tokens import TokenChecks

__all__ = [
    "Credentials",
    "Identified",
    "TokenChecks",
    "TokenFault",
    "authenticate",
    "caller_of_session",
    "only_header",
]
