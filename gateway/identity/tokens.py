"""An access token in the hands of its holder: the token, its scheme, and what it is bound to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gateway.errors import InvalidProof, InvalidToken
from gateway.identity.authorization import Scheme
from gateway.identity.binding import check_certificate, read_binding
from gateway.identity.claims import CallerClaims, ClaimNames, read_claims
from gateway.identity.credentials import Credentials
from gateway.identity.reasons import TokenFault
from gateway.identity.voices import ALONE, Voice
from gateway.model.caller import AuthStrength
from gateway.ports import GoodProof, ProofVerifier, Target, TokenVerifier

DEFAULT_CLAIM_NAMES = ClaimNames()


@dataclass(frozen=True, slots=True)
class TokenChecks:
    """What access tokens are checked with.

    names: what an issuer calls its claims; voices: for whom it may speak; both by issuer.
    """

    verifier: TokenVerifier
    proofs: ProofVerifier
    names: Mapping[str, ClaimNames] = field(default_factory=dict[str, ClaimNames])
    voices: Mapping[str, Voice] = field(default_factory=dict[str, Voice])

    def read(self, claims: Mapping[str, Any]) -> CallerClaims:
        """What a verified token says, as far as its issuer may say it. Raises InvalidToken."""
        issuer = claims["iss"]
        read = read_claims(claims, self.names.get(issuer, DEFAULT_CLAIM_NAMES))
        return self.voices.get(issuer, ALONE).heard(read)


@dataclass(frozen=True, slots=True)
class HeldToken:
    """What a token says of its holder, and how well it is held. proof: good, and still to be used up."""

    claims: CallerClaims
    until: datetime
    strength: AuthStrength
    proof: GoodProof | None


def check_token(
    token: str, credentials: Credentials, *, scheme: Scheme, checks: TokenChecks
) -> HeldToken:
    """Raises InvalidToken, InvalidProof, IssuerUnavailable."""
    claims = checks.verifier.verify(token)
    strength, proof = _check_holder(token, claims, credentials, scheme=scheme, proofs=checks.proofs)
    until = datetime.fromtimestamp(claims["exp"], UTC)
    return HeldToken(checks.read(claims), until, strength, proof)


def _check_holder(
    token: str,
    claims: Mapping[str, Any],
    credentials: Credentials,
    *,
    scheme: Scheme,
    proofs: ProofVerifier,
) -> tuple[AuthStrength, GoodProof | None]:
    """Everything that the token is bound to must be there."""
    binding = read_binding(claims)
    if binding.key is not None and scheme is not Scheme.DPOP:  # RFC 9449 section 7.2
        raise InvalidToken(TokenFault.BOUND)
    if binding.key is None and scheme is Scheme.DPOP:
        raise InvalidToken(TokenFault.NOT_BOUND)
    if binding.certificate is not None:
        check_certificate(binding.certificate, credentials.certificate)
    if binding.key is not None:
        target = Target(credentials.method, credentials.url, token, binding.key)
        return AuthStrength.DPOP, proofs.check(_only_proof(credentials.proofs), target)
    return AuthStrength.BEARER if binding.certificate is None else AuthStrength.MTLS, None


def _only_proof(proofs: tuple[str, ...]) -> str:
    """RFC 9449 section 4.3, check 1."""
    if len(proofs) != 1:
        raise InvalidProof(TokenFault.PROOF_REPEATED if proofs else TokenFault.PROOF_MISSING)
    return proofs[0]
