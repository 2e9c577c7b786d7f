"""The one error tree. A subclass is a code, an HTTP status and a title.

Codes are never reused and titles never contain data. Surfaces render the tree as RFC 9457
problems; the command line prints `detail` and exits with 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a problem is called in another protocol's words: its `type` and its `title`."""

    type: str
    title: str


class GatewayError(Exception):
    """Anything the gateway refuses or cannot do.

    detail: one sentence for the caller, naming the remedy; never data, tokens or values.
    parameter: the offending request parameter, when there is one.
    spoken: the words of the protocol that was asked in, when it has its own.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        detail: str = "",
        *,
        parameter: str | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.parameter = parameter
        self.retry_after_seconds = retry_after_seconds
        self.spoken: Spoken | None = None


def error_codes() -> frozenset[str]:
    """The closed list of codes."""
    found, waiting = set[str](), [GatewayError]
    while waiting:
        each = waiting.pop()
        found.add(each.code)
        waiting += each.__subclasses__()
    return frozenset(found)


# --- who asks (401) --------------------------------------------------------------------------


class Unauthenticated(GatewayError):
    code, status, title = "unauthenticated", 401, "A valid access token is required"


class InvalidToken(GatewayError):
    """The caller is not told which check failed; `reason` goes to the journal and the metrics.

    scheme: of the `Authorization` header, which the challenge answers in.
    """

    code, status, title = "invalid_token", 401, "The access token or key is not valid"
    remedy: ClassVar[str] = (
        "Obtain a new access token and try again. An access key may be mistyped, ended or revoked, or come "
        "from a network that it is not for."
    )

    def __init__(self, reason: str, *, scheme: str = "Bearer") -> None:
        super().__init__(self.remedy)
        self.reason = reason
        self.scheme = scheme


class InvalidProof(InvalidToken):
    """The token is good, the proof of holding its key is not (RFC 9449 section 7.1)."""

    code, title = "invalid_dpop_proof", "The DPoP proof is not valid"
    remedy = "Make a new proof for this request with the key of the access token, and try again."

    def __init__(self, reason: str) -> None:
        super().__init__(reason, scheme="DPoP")


class InvalidFileAddress(InvalidToken):
    """A signed address opens nothing; sending credentials with it would change nothing, hence no 401."""

    code, status, title = "invalid_file_address", 403, "The address of the file is not valid"
    remedy = "Query the table again: its answer has a new address."


class FileAddressExpired(InvalidFileAddress):
    code, title = "file_address_expired", "The address of the file has expired"


class LoginRequired(GatewayError):
    """Told to a page without a session; the guard sends the browser to the login."""

    code, status, title = "login_required", 401, "Log in first"


class LoginRefused(GatewayError):
    """The person is not told which check failed; `reason` goes to the journal and the metrics."""

    code, status, title = "login_refused", 400, "The login did not succeed"

    def __init__(self, reason: str) -> None:
        super().__init__("Begin the login again from the front page.")
        self.reason = reason


# --- what they may have (403, 404) -----------------------------------------------------------


class Forbidden(GatewayError):
    code, status, title = "forbidden", 403, "Access is refused"


class CsrfRefused(Forbidden):
    code, title = "csrf_refused", "The form was not sent from a page of this session"


class AreaOutOfScope(Forbidden):
    code, title = "area_out_of_scope", "The area is outside your organisation's scope"


class AudienceRefused(Forbidden):
    code, title = "organisation_not_in_audience", "The product is not for your kind of organisation"


class RoleMissing(Forbidden):
    code, title = "role_missing", "No role of yours gives access to this"


class SubscriptionMissing(Forbidden):
    code, title = "subscription_missing", "Your organisation has no valid subscription"


class PurposeRefused(Forbidden):
    code, title = "purpose_refused", "The purpose is not one your subscription allows"


class PermitMissing(Forbidden):
    code, title = "data_permit_missing", "A data permit of a source is missing or has expired"


class BoundTokenRequired(Forbidden):
    code, title = "bound_token_required", "This product demands a sender-constrained token"


class SwitchedOff(Forbidden):
    code, title = "switched_off", "A policy switch keeps this access closed"


class IncomeRegisterRowsRefused(Forbidden):
    code, title = "income_register_rows", "Income Register data is never delivered as rows"


class KeyProductRefused(Forbidden):
    code, title = "product_not_in_key", "The access key is not for this product"


class KeyRefused(Forbidden):
    code, title = "access_key_refused", "Access keys are accepted for products only"


class SavedQueryOfAnother(Forbidden):
    code, title = "saved_query_of_another", "The saved query was made by somebody else"


class NotFound(GatewayError):
    code, status, title = "not_found", 404, "There is nothing at this address"


class ProductNotFound(NotFound):
    code, title = "product_not_found", "There is no such product"


class ReleaseNotFound(NotFound):
    code, title = "release_not_found", "There is no such release"


class SliceNotFound(NotFound):
    code, title = "slice_not_found", "The release has no slice for this area"


class ShareNotFound(NotFound):
    code, title = "share_not_found", "There is no such share"


class TableNotFound(NotFound):
    code, title = "table_not_found", "The share has no such table"


class NotSignedYet(NotFound):
    code, title = (
        "not_signed_yet",
        "The journal has no such checkpoint, tile or entry under one yet",
    )


class EntryNotFound(NotFound):
    code, title = "entry_not_found", "The journal has no such entry"


class AccessKeyNotFound(NotFound):
    code, title = "access_key_not_found", "Your organisation has no such access key"


class SavedQueryNotFound(NotFound):
    code, title = "saved_query_not_found", "There is no such saved query"


# --- how they asked (4xx) --------------------------------------------------------------------


class BadRequest(GatewayError):
    code, status, title = "bad_request", 400, "The request is not understood"


class BadParameter(BadRequest):
    code, title = "bad_parameter", "A parameter has an unusable value"


class UnknownParameter(BadRequest):
    code, title = "unknown_parameter", "There is no such parameter"


class MissingParameter(BadRequest):
    code, title = "missing_parameter", "A required parameter is missing"


class RepeatedParameter(BadRequest):
    code, title = "repeated_parameter", "A parameter is given more than once"


class UnknownArea(BadRequest):
    code, title = "unknown_area", "There is no such employment area"


class UnknownMunicipality(BadRequest):
    code, title = "unknown_municipality", "There is no such municipality in the slice"


class UnknownColumn(BadRequest):
    code, title = "unknown_column", "There is no such column"


class UnknownDimension(BadRequest):
    code, title = "unknown_dimension", "There is no such dimension"


class UnknownValue(BadRequest):
    code, title = "unknown_value", "There is no such value in the dimension"


class AggregationNotPublished(BadRequest):
    code, title = "aggregation_not_published", "This combination is not published"


class TooManyCells(BadRequest):
    code, title = "too_many_cells", "The selection has too many cells"


class WrongKind(BadRequest):
    code, title = "wrong_product_kind", "The product is of the other kind"


class HttpVersionTooOld(BadRequest):
    code, title = "http_version_too_old", "The answer has no length, which HTTP/1.0 cannot carry"


class EntryRefused(BadRequest):
    code, title = "entry_refused", "A value of the request may not be written in the journal"


class MethodNotAllowed(GatewayError):
    """allowed: the methods of the address, which the answer tells in Allow (RFC 9110 section 15.5.6)."""

    code, status, title = "method_not_allowed", 405, "The method is not allowed here"

    def __init__(self, allowed: tuple[str, ...] = ("GET", "HEAD")) -> None:
        super().__init__(f"Use {' or '.join(allowed)}.")
        self.allowed = allowed


class WrongMediaType(GatewayError):
    code, status, title = "wrong_media_type", 415, "The body has a media type that is not read"


class NotAcceptable(GatewayError):
    code, status, title = "format_not_available", 406, "The format is not available"


class KeyNotActive(GatewayError):
    code, status, title = "access_key_not_active", 409, "The access key can no longer be rotated"


class TooManyKeys(GatewayError):
    code, status, title = "too_many_access_keys", 409, "The organisation has too many access keys"


class TooManySavedQueries(GatewayError):
    code, status, title = "too_many_saved_queries", 409, "You have too many saved queries"


class ReleasesNotComparable(GatewayError):
    code, status, title = "releases_not_comparable", 409, "The two releases cannot be compared"


class BodyTooLarge(GatewayError):
    code, status, title = "body_too_large", 413, "The request body is too large"


class UrlTooLong(GatewayError):
    code, status, title = "url_too_long", 414, "The address is too long"


class RangeNotSatisfiable(GatewayError):
    """size: bytes of the file, which the answer tells in Content-Range."""

    code, status, title = "range_not_satisfiable", 416, "The range is outside the file"

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes.", parameter="Range")
        self.size = size


class TooManyRequests(GatewayError):
    """A limit of one client. limit: its name in the RateLimit headers."""

    code, status, title = "too_many_requests", 429, "Too many requests"
    limit: ClassVar[str] = ""


class RateLimited(TooManyRequests):
    code, title = "rate_limited", "Too many requests in a short time"
    limit = "requests"


class TooManyExtracts(TooManyRequests):
    code, title = "too_many_extracts", "Too many downloads at once"
    limit = "extracts"


class QuotaUsedUp(TooManyRequests):
    code, title = "quota_used_up", "The bytes of the day are used up"
    limit = "bytes"


class TooManyFailures(TooManyRequests):
    code, title = "too_many_failures", "Too many requests without a valid token or key"


class HeadersTooLarge(GatewayError):
    code, status, title = "headers_too_large", 431, "The request headers are too large"


# --- what we cannot do now (503) -------------------------------------------------------------


class Unavailable(GatewayError):
    code, status, title = "unavailable", 503, "The service is not available now"


class JournalUnavailable(Unavailable):
    code, title = "journal_unavailable", "The journal cannot be written, so nothing is served"


class JournalUnwitnessed(JournalUnavailable):
    """Forked, or not seen by its witnesses lately."""

    code, title = "journal_unwitnessed", "The journal is not witnessed, so nothing is served"


class JournalForked(GatewayError):
    """Its entries are not those that were signed or seen."""

    code, title = "journal_forked", "The journal is forked"


class WitnessUnavailable(Unavailable):
    code, title = "witness_unavailable", "A witness of the journal gave no cosignature"


class ReleaseDamaged(Unavailable):
    code, title = "release_damaged", "The release failed its integrity check"


class Busy(Unavailable):
    """Everybody's limit, not the caller's; unlike other 503s it says what to do."""

    code, title = "busy", "All places for large deliveries are taken"


class TooManyWaiting(Unavailable):
    """Of the pages for people: whoever comes again in a moment finds a place."""

    code, title = "too_many_waiting", "Too many are waiting for this page"


class StateUnavailable(Unavailable):
    code, title = "state_unavailable", "The gateway's own state cannot be read or written"


class IssuerUnavailable(Unavailable):
    code, title = "issuer_unavailable", "The identity provider's keys cannot be read"


# --- the publish road and the command line ---------------------------------------------------


class ContractFault(GatewayError):
    code, title = "contract_fault", "A contract is wrong"


class SettingsFault(GatewayError):
    code, title = "settings_fault", "A setting is missing or wrong"


class PolicyFault(GatewayError):
    code, title = "policy_fault", "The policies are wrong"


class WarehouseUnavailable(GatewayError):
    code, title = "warehouse_unavailable", "The warehouse cannot be read"


class KeyFault(GatewayError):
    code, title = "key_fault", "A key is missing, unreadable or open to others"


class EpochUsed(GatewayError):
    code, title = "epoch_used", "The epoch has been used before"


class UpkeepRefused(GatewayError):
    """A crosswalk or a re-identification that is refused. reason: a code for the journal."""

    code, title = "upkeep_refused", "The request is refused"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class ReleaseRefused(GatewayError):
    code, title = "release_refused", "The release fails a protection check"


class NegativeCount(GatewayError):
    code, title = "negative_count", "A count is negative"
