"""Why a token was refused: a closed set for the journal and the metrics, never for the caller."""

from __future__ import annotations

from enum import StrEnum


class TokenFault(StrEnum):
    """The reason inside an InvalidToken. Codes are never reused."""

    # the header of the request
    REPEATED_HEADER = "repeated_header"
    MALFORMED_HEADER = "malformed_header"
    CERTIFICATE_UNTRUSTED = "certificate_from_untrusted_peer"
    CERTIFICATE_REPEATED = "certificate_header_repeated"
    CERTIFICATE_MALFORMED = "certificate_header_malformed"
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
    # what the token is bound to
    BOUND = "bound_token_as_bearer"
    NOT_BOUND = "unbound_token_as_dpop"
    BINDING_UNKNOWN = "binding_unknown"
    BINDING_MALFORMED = "binding_malformed"
    CERTIFICATE_MISSING = "certificate_missing"
    CERTIFICATE_WRONG = "certificate_wrong"
    # the proof of holding its key
    PROOF_MISSING = "proof_missing"
    PROOF_REPEATED = "proof_repeated"
    PROOF_TOO_LONG = "proof_too_long"
    PROOF_NOT_A_JWS = "proof_not_a_jws"
    PROOF_HEADER_MALFORMED = "proof_header_malformed"
    PROOF_HEADER_FORBIDDEN = "proof_header_forbidden"
    PROOF_TYPE = "proof_type"
    PROOF_ALGORITHM = "proof_algorithm_not_allowed"
    PROOF_KEY_REFUSED = "proof_key_refused"
    PROOF_KEY_OTHER = "proof_of_another_key"
    PROOF_SIGNATURE = "proof_signature_wrong"
    PROOF_PAYLOAD_MALFORMED = "proof_payload_malformed"
    PROOF_CLAIM_MISSING = "proof_claim_missing"
    PROOF_CLAIM_WRONG_TYPE = "proof_claim_wrong_type"
    PROOF_METHOD = "proof_for_another_method"
    PROOF_TARGET = "proof_for_another_address"
    PROOF_ATH = "proof_for_another_token"
    PROOF_TIME = "proof_not_fresh"
    PROOF_REPLAYED = "proof_replayed"
    # what the gateway itself reads from it
    CLAIMS = "claims_malformed"
    IDENTITY_CODE = "identity_code_in_token"
    ORGANISATION_FOREIGN = "organisation_of_another_issuer"
    # an access key instead of a token
    ACCESS_KEY_MALFORMED = "access_key_malformed"
    ACCESS_KEY_UNKNOWN = "access_key_unknown"
    ACCESS_KEY_WRONG = "access_key_wrong"
    ACCESS_KEY_REVOKED = "access_key_revoked"
    ACCESS_KEY_EXPIRED = "access_key_expired"
    ACCESS_KEY_NETWORK = "access_key_from_elsewhere"
    ACCESS_KEY_ORGANISATION = "access_key_of_no_organisation"
    # the signed address of a file
    ADDRESS_MALFORMED = "file_address_malformed"
    ADDRESS_SIGNATURE = "file_address_signature_wrong"


class LoginFault(StrEnum):
    """The reason inside a LoginRefused. Codes are never reused."""

    STATE = "login_state_unknown"  # unknown, used, too old, or of another browser
    ISSUER = "login_issuer_wrong"
    PROVIDER = "login_refused_by_provider"
    CALLBACK = "login_callback_malformed"
    CODE = "login_code_refused"
    ID_TOKEN = "login_id_token_wrong"  # noqa: S105 (a reason)
    SUBJECT = "login_subject_differs"
    CLIENT = "login_client_differs"
    NO_TOKEN = "login_without_token"  # noqa: S105 (a reason)
