"""Why a token was refused: a closed set for the journal and the metrics, never for the caller."""

from __future__ import annotations

from enum import StrEnum


class TokenFault(StrEnum):
    """The reason inside an InvalidToken. Codes are never reused."""

    # the header of the request
    REPEATED_HEADER = "repeated_header"
    MALFORMED_HEADER = "malformed_header"
    # the token before its signature
    TOO_LONG = "token_too_long"
    NOT_A_JWS = "token_not_a_jws"
    JOSE_HEADER_MALFORMED = "jose_header_malformed"
    JOSE_HEADER_FORBIDDEN = "jose_header_forbidden"
    ALGORITHM = "algorithm_not_allowed"
    TYPE = "type_not_access_token"
    KEY_ID_MISSING = "key_id_missing"
    KEY_UNKNOWN = "key_unknown"
    # the signature, and what it covers
    SIGNATURE = "signature_wrong"
    PAYLOAD_MALFORMED = "payload_malformed"
    CLAIM_MISSING = "claim_missing"
    CLAIM_WRONG_TYPE = "claim_wrong_type"
    ISSUER = "issuer_wrong"
    AUDIENCE = "audience_wrong"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    ISSUED_IN_FUTURE = "issued_in_future"
    LIFETIME = "lifetime_too_long"
    BOUND = "bound_token_as_bearer"
    # what the gateway itself reads from it
    CLAIMS = "claims_malformed"
    IDENTITY_CODE = "identity_code_in_token"
