"""The attack matrix: each attack by name, through HTTP, with the exact answer and what the journal says.

A refusal by the policies is an entry of its own; a token that is not good is counted by its reason;
a request that cannot be read changes nothing and is no entry. Attacks with proofs, certificates, keys
and logins stand in files of their own beside this one.
"""

from __future__ import annotations

import base64
import hmac
import json
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

ROWS, CUBE = "/v1/rows/job-seeker-spells", "/v1/cubes/job-seekers/data"
JOURNAL = "/v1/journal/entries"
TAMPERE, SMALL = "municipality-bi", "small-municipality-bi"  # areas 39 and 40
FAILURES = "jakelu_authentication_failures_total"
AT = 1782885600  # 2026-07-01T06:00:00Z, the day of the house


@dataclass(frozen=True)
class Attack:
    """entry: the code of the journaled refusal; reason: as a failed authentication is counted.

    who: a persona, or None for nobody; token: in place of the persona's, made by `_TOKENS`.
    """

    name: str
    path: str
    status: int
    code: str
    entry: str | None = None
    reason: str | None = None
    who: str | None = TAMPERE
    token: str | None = None
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    policy: str | None = None


def _attacks(*attacks: Attack) -> tuple[Attack, ...]:
    assert len({attack.name for attack in attacks}) == len(attacks)
    return attacks


# --- tokens: signed by the house's own issuer, unless the name says otherwise --------------------


def _key(house) -> ECKey:
    return ECKey.import_key(json.loads((house.root / "issuer" / "issuer-key.json").read_text()))


def _claims(**changes: Any) -> dict[str, Any]:
    claims = {
        "iss": "https://issuer.demo.invalid",
        "aud": "jakelu",
        "sub": "svc-tampere-bi",
        "client_id": "tampere-bi",
        "jti": str(uuid.uuid4()),
        "iat": AT,
        "exp": AT + 600,
        "organisation": "KU837",
        "roles": ["heti:raakadata", "heti:tilastokuutiot"],
    }
    return {name: each for name, each in (claims | changes).items() if each is not None}


def _signed(house, *, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    key = _key(house)
    head = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid} | dict(header or {})
    return jwt.encode(head, _claims(**claims), key, algorithms=["ES256"])


def _by(house, key: ECKey | RSAKey, algorithm: str) -> str:
    head = {"alg": algorithm, "typ": "at+jwt", "kid": _key(house).kid}
    return jwt.encode(head, _claims(), key, algorithms=[algorithm])


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _unsigned(house) -> str:
    head, body, _ = _signed(house).split(".")
    none = json.dumps({"alg": "none", "typ": "at+jwt", "kid": _key(house).kid}).encode()
    return f"{_base64(none)}.{body}.{head[:8]}"


def _keyed_with_the_public_key(house) -> str:
    """The library refuses to sign so, the attacker does not."""
    head = json.dumps({"alg": "HS256", "typ": "at+jwt", "kid": _key(house).kid}).encode()
    signed = f"{_base64(head)}.{_base64(json.dumps(_claims()).encode())}"
    secret = _key(house).as_pem(private=False)
    return f"{signed}.{_base64(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _pasted(house) -> str:
    """The signature of one token under the claims of another."""
    mine, theirs = _signed(house).split("."), _signed(house, organisation="KU047").split(".")
    return ".".join((mine[0], theirs[1], mine[2]))


_TOKENS = {
    "expired": lambda h: _signed(h, iat=AT - 700, exp=AT - 11),
    "of tomorrow": lambda h: _signed(h, iat=AT + 60, exp=AT + 600),
    "not yet valid": lambda h: _signed(h, nbf=AT + 60),
    "for two hours": lambda h: _signed(h, exp=AT + 7200),
    "for another audience": lambda h: _signed(h, aud="another"),
    "of another issuer": lambda h: _signed(h, iss="https://issuer.demo.invalid/"),
    "without a subject": lambda h: _signed(h, sub=None),
    "without an id": lambda h: _signed(h, jti=None),
    "true as its end": lambda h: _signed(h, exp=True),
    "an identity code as its subject": lambda h: _signed(h, sub="010190-900P"),
    "bound to a key": lambda h: _signed(h, cnf={"jkt": "0" * 43}),
    "an id token": lambda h: _signed(h, header={"typ": "JWT"}),
    "an unknown key": lambda h: _signed(h, header={"kid": "another"}),
    "a key in its header": lambda h: _signed(h, header={"jwk": _key(h).as_dict(private=False)}),
    "an address of keys": lambda h: _signed(h, header={"jku": "https://keys.invalid/jwks"}),
    "none": _unsigned,
    "the public key as a secret": _keyed_with_the_public_key,
    "a key of the attacker": lambda h: _by(h, ECKey.generate_key("P-256"), "ES256"),
    "RS256": lambda h: _by(h, RSAKey.generate_key(2048), "RS256"),
    "a signature from elsewhere": _pasted,
    "too long": lambda h: _signed(h, padding="x" * 8192),
    "two segments": lambda h: _signed(h).rpartition(".")[0],
    "areas of its own": lambda h: _signed(h, areas=["40"], area="40", scope="area:40"),
    "a role of nobody": lambda h: _signed(h, roles=["admin:root", "heti:everything"]),
    "a role that ended yesterday": lambda h: _signed(
        h, roles=[{"source": "heti", "role": "raakadata", "valid_until": "2026-06-30"}]
    ),
    "a role in upper case": lambda h: _signed(h, roles=["HETI:RAAKADATA"]),
    "a role with another organisation": lambda h: _signed(
        h, roles=[{"source": "heti", "role": "raakadata", "organisation": "KU047"}]
    ),
    "an organisation in lower case": lambda h: _signed(h, organisation="ku837"),
    "an organisation of full-width digits": lambda h: _signed(h, organisation="KU８３７"),
    "an ELY centre of last year": lambda h: _signed(h, organisation="ELY04"),
    "the name of an area": lambda h: _signed(h, organisation="TA40 "),
}


def _bad(token: str, reason: str) -> Attack:
    return Attack(
        f"token: {token}", f"{ROWS}?area=39", 401, "invalid_token", reason=reason, token=token
    )


TOKENS = _attacks(
    Attack(
        "no token", f"{ROWS}?area=39", 401, "unauthenticated", reason="unauthenticated", who=None
    ),
    _bad("expired", "expired"),
    _bad("of tomorrow", "issued_in_future"),
    _bad("not yet valid", "not_yet_valid"),
    _bad("for two hours", "lifetime_too_long"),
    _bad("for another audience", "audience_wrong"),
    _bad("of another issuer", "issuer_wrong"),
    _bad("without a subject", "claim_missing"),
    _bad("without an id", "claim_missing"),
    _bad("true as its end", "claim_wrong_type"),
    _bad("an identity code as its subject", "identity_code_in_token"),
    _bad("bound to a key", "bound_token_as_bearer"),
    _bad("an id token", "type_not_access_token"),
    _bad("an unknown key", "key_unknown"),
    _bad("a key in its header", "jose_header_forbidden"),
    _bad("an address of keys", "jose_header_forbidden"),
    _bad("none", "algorithm_not_allowed"),
    _bad("the public key as a secret", "algorithm_not_allowed"),
    _bad("a key of the attacker", "signature_wrong"),
    _bad("RS256", "algorithm_not_allowed"),
    _bad("a signature from elsewhere", "signature_wrong"),
    _bad("too long", "token_too_long"),
    _bad("two segments", "token_not_a_jws"),
    _bad("a role with another organisation", "claims_malformed"),
    _bad("an organisation of full-width digits", "claims_malformed"),
    _bad("the name of an area", "claims_malformed"),
)


# --- what a good token does not give ---------------------------------------------------------------


def _denied(name: str, path: str, code: str, policy: str, **more: Any) -> Attack:
    status = 404 if code == "product_not_found" else 403
    return Attack(name, path, status, code, entry=code, policy=policy, **more)


AREAS = "rows-own-area"
RIGHTS = _attacks(
    _denied("the neighbour's slice", f"{ROWS}?area=40", "area_out_of_scope", AREAS),
    _denied(
        "no area by somebody of another one",
        f"{ROWS}?area=01",
        "area_out_of_scope",
        AREAS,
        who=SMALL,
    ),
    _denied("an area percent-encoded", f"{ROWS}?area=%34%30", "area_out_of_scope", AREAS),
    _denied(
        "areas in the token",
        f"{ROWS}?area=40",
        "area_out_of_scope",
        AREAS,
        token="areas of its own",
    ),
    _denied(
        "an area in headers",
        f"{ROWS}?area=40",
        "area_out_of_scope",
        AREAS,
        headers={"X-Area": "40", "X-Original-URL": f"{ROWS}?area=39", "Forwarded": "for=127.0.0.1"},
    ),
    _denied("a neighbour's HEAD", f"{ROWS}?area=40", "area_out_of_scope", AREAS, method="HEAD"),
    _denied(
        "a range of the neighbour's",
        f"{ROWS}?area=40",
        "area_out_of_scope",
        AREAS,
        headers={"Range": "bytes=0-9"},
    ),
    _denied(
        "a tag of any version",
        f"{ROWS}?area=40",
        "area_out_of_scope",
        AREAS,
        headers={"If-None-Match": "*"},
    ),
    _denied(
        "the neighbour's of last month",
        f"{ROWS}?area=40&as_of=2026-05-31",
        "area_out_of_scope",
        AREAS,
    ),
    _denied(
        "rows by an EVK centre",
        f"{ROWS}?area=39",
        "organisation_not_in_audience",
        "rows-employment-authorities-only",
        who="ely-analyst",
    ),
    _denied(
        "rows by the ministry",
        f"{ROWS}?area=39",
        "organisation_not_in_audience",
        "rows-employment-authorities-only",
        who="tem-analyst",
    ),
    _denied(
        "a cube by the ministry, the switch off",
        CUBE,
        "switched_off",
        "tem-access-switch",
        who="tem-analyst",
    ),
    _denied(
        "rows by an integration worker",
        f"{ROWS}?area=39",
        "role_missing",
        "permission-of-the-product",
        who="koto-worker",
    ),
    _denied(
        "a cube by an integration worker",
        CUBE,
        "role_missing",
        "permission-of-the-product",
        who="koto-worker",
    ),
    _denied(
        "rows by the auditor",
        f"{ROWS}?area=39",
        "product_not_found",
        "rows-employment-authorities-only",
        who="auditor",
    ),
    _denied(
        "a cube by the auditor",
        CUBE,
        "product_not_found",
        "auditors-read-no-products",
        who="auditor",
    ),
    _denied(
        "rows by a stranger",
        f"{ROWS}?area=39",
        "product_not_found",
        "rows-employment-authorities-only",
        who="stranger",
    ),
    _denied(
        "a cube by a stranger", CUBE, "product_not_found", "audience-of-the-product", who="stranger"
    ),
    _denied(
        "a cube that does not exist", "/v1/cubes/no-such/data", "product_not_found", "default-deny"
    ),
    _denied(
        "rows that do not exist", "/v1/rows/no-such?area=39", "product_not_found", "default-deny"
    ),
    _denied(
        "a product by another case",
        "/v1/rows/Job-Seeker-Spells?area=39",
        "product_not_found",
        "default-deny",
    ),
    _denied(
        "a product by a look-alike letter",
        "/v1/rows/jоb-seeker-spells?area=39",
        "product_not_found",
        "default-deny",
    ),
    _denied(
        "a product with a full-width hyphen",
        "/v1/rows/job－seeker－spells?area=39",
        "product_not_found",
        "default-deny",
    ),
    _denied(
        "a product with a dot",
        "/v1/rows/job-seeker-spells.?area=39",
        "product_not_found",
        "default-deny",
    ),
    _denied(
        "a product with a trailing space",
        "/v1/rows/job-seeker-spells%20?area=39",
        "product_not_found",
        "default-deny",
    ),
    _denied(
        "a product with a null",
        "/v1/rows/job-seeker-spells%00?area=39",
        "product_not_found",
        "default-deny",
    ),
    _denied(
        "a product's page by a stranger",
        "/v1/products/job-seekers",
        "product_not_found",
        "default-deny",
        who="stranger",
    ),
    _denied("the journal by a municipality", JOURNAL, "role_missing", "default-deny"),
    _denied(
        "the journal by an EVK centre", JOURNAL, "role_missing", "default-deny", who="ely-analyst"
    ),
    _denied(
        "a purpose that nobody has",
        f"{ROWS}?area=39&purpose=curiosity",
        "purpose_refused",
        "purpose-required",
    ),
    _denied(
        "the auditor's purpose",
        f"{ROWS}?area=39&purpose=audit",
        "purpose_refused",
        "purpose-required",
    ),
    _denied(
        "a purpose in upper case",
        f"{ROWS}?area=39&purpose=EMPLOYMENT-SERVICE-MANAGEMENT",
        "purpose_refused",
        "purpose-required",
    ),
    _denied(
        "roles that do not exist",
        f"{ROWS}?area=39",
        "role_missing",
        "permission-of-the-product",
        token="a role of nobody",
    ),
    _denied(
        "a role that ended yesterday",
        f"{ROWS}?area=39",
        "role_missing",
        "permission-of-the-product",
        token="a role that ended yesterday",
    ),
    _denied(
        "a role by another case",
        f"{ROWS}?area=39",
        "role_missing",
        "permission-of-the-product",
        token="a role in upper case",
    ),
    _denied(
        "an organisation by another case",
        f"{ROWS}?area=39",
        "product_not_found",
        "rows-own-area",
        token="an organisation in lower case",
    ),
    _denied(
        "an ELY centre after its end",
        CUBE,
        "product_not_found",
        "audience-of-the-product",
        token="an ELY centre of last year",
    ),
)


# --- requests that cannot be read: no entry, and nothing delivered ------------------------------------


def _unread(name: str, path: str, code: str, status: int = 400, **more: Any) -> Attack:
    return Attack(name, path, status, code, **more)


REQUESTS = _attacks(
    _unread("an area twice", f"{ROWS}?area=39&area=40", "repeated_parameter"),
    _unread("an area twice, once encoded", f"{ROWS}?area=39&%61rea=40", "repeated_parameter"),
    _unread("a parameter by another case", f"{ROWS}?area=39&AREA=40", "unknown_parameter"),
    _unread("an area as a list", f"{ROWS}?area[]=40", "unknown_parameter"),
    _unread("two areas with a comma", f"{ROWS}?area=39,40", "bad_parameter"),
    _unread("two areas with a semicolon", f"{ROWS}?area=39;area=40", "unknown_area"),
    _unread("two areas with an encoded ampersand", f"{ROWS}?area=39%26area%3D40", "unknown_area"),
    _unread("an area with a null", f"{ROWS}?area=39%00", "unknown_area"),
    _unread("an area with a line feed", f"{ROWS}?area=39%0a", "unknown_area"),
    _unread("an area in Arabic digits", f"{ROWS}?area=%D9%A4%D9%A0", "unknown_area"),
    _unread("an area in full-width digits", f"{ROWS}?area=%EF%BC%94%EF%BC%90", "unknown_area"),
    _unread("all areas", f"{ROWS}?area=*", "unknown_area"),
    _unread("an area by its long code", f"{ROWS}?area=TA40", "unknown_area"),
    _unread(
        "a neighbour's municipality", f"{ROWS}?area=39&municipality=047", "unknown_municipality"
    ),
    _unread("a column that is dropped", f"{ROWS}?area=39&columns=henkilo_id", "unknown_column"),
    _unread("a column as SQL", f"{ROWS}?area=39&columns=1%20OR%201=1", "unknown_column"),
    _unread(
        "the journal for a purpose of one's own",
        f"{JOURNAL}?purpose=curiosity",
        "unknown_parameter",
        who="auditor",
    ),
    _unread("a filter that does not exist", f"{ROWS}?area=39&where=1=1", "unknown_parameter"),
    _unread("a token in the query", f"{ROWS}?area=39&access_token=abc", "unknown_parameter"),
    _unread("a release as a path", f"{ROWS}?area=39&release=../../etc", "bad_parameter"),
    _unread(
        "a release and a day",
        f"{ROWS}?area=39&release=2026-06-30.1&as_of=2026-06-30",
        "bad_parameter",
    ),
    _unread("a day that is none", f"{ROWS}?area=39&as_of=2026-02-30", "bad_parameter"),
    _unread(
        "a format that does not exist", f"{ROWS}?area=39&format=exe", "format_not_available", 406
    ),
    _unread("a code that does not exist", f"{CUBE}?geography=TA99", "unknown_value"),
    _unread("a code by another case", f"{CUBE}?geography=ta39", "unknown_value"),
    _unread("a code with a look-alike letter", f"{CUBE}?geography=ТA39", "unknown_value"),
    _unread("a dimension twice", f"{CUBE}?geography=TA39&geography=SSS", "repeated_parameter"),
    _unread("a sum of one's own", f"{CUBE}?sum=TA39,MK06", "unknown_dimension"),
    _unread("a measure that does not exist", f"{CUBE}?measure=names", "unknown_value"),
    _unread("a query that is no UTF-8", f"{ROWS}?area=%ff", "bad_request"),
    _unread("an address of 9 KiB", f"{ROWS}?area={'4' * 9000}", "url_too_long", 414),
    _unread("a path walked upwards", f"{ROWS}%2F..%2F..%2Fjob-seekers", "not_found", 404),
    _unread("a slice by its file", f"{ROWS}/area=40/part-0.parquet", "not_found", 404),
    _unread("an encoded slash to the journal", "/v1/rows/..%2f..%2fjournal", "not_found", 404),
    _unread("two slashes before the path", "//v1/rows/job-seeker-spells", "not_found", 404),
    _unread("a public path as a way in", "/health/live%2f..%2f..%2fv1%2fme", "not_found", 404),
    _unread("a path by another case", "/V1/rows/job-seeker-spells", "not_found", 404),
    _unread("a trailing slash", f"{ROWS}/?area=39", "not_found", 404),
    _unread("the file of the journal", "/journal.sqlite", "not_found", 404),
    _unread("rows asked of a cube", "/v1/rows/job-seekers?area=39", "wrong_product_kind", 400),
    *(
        _unread(f"the verb {verb}", f"{ROWS}?area=39", "method_not_allowed", 405, method=verb)
        for verb in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
    ),
    _unread(
        "a verb in a header",
        f"{ROWS}?area=40",
        "area_out_of_scope",
        403,
        headers={"X-HTTP-Method-Override": "PUT"},
        entry="area_out_of_scope",
        policy=AREAS,
    ),
    _unread(
        "17 KiB of headers", f"{ROWS}?area=39", "headers_too_large", 431, headers={"X": "x" * 17000}
    ),
    _unread(
        "a body of 65 KiB announced",
        f"{ROWS}?area=39",
        "body_too_large",
        413,
        headers={"Content-Length": str(65 * 1024 + 1)},
    ),
)


@pytest.fixture(scope="module")
def tokens(house) -> dict[str, str]:
    return {name: make(house) for name, make in _TOKENS.items()}


def _send(house, attack: Attack, tokens: Mapping[str, str]):
    headers = dict(attack.headers)
    if attack.token is not None:
        headers["Authorization"] = f"Bearer {tokens[attack.token]}"
    elif attack.who is not None:
        headers |= house.bearer(attack.who)
    return house.client.request(attack.method, attack.path, headers=headers)


def _failures(house) -> Counter[str]:
    lines = house.metrics().splitlines()
    found = (line.split() for line in lines if line.startswith(FAILURES))
    return Counter({name.split('"')[1]: int(float(count)) for name, count in found})


@pytest.mark.parametrize("attack", [*TOKENS, *RIGHTS, *REQUESTS], ids=lambda attack: attack.name)
def test_is_refused_exactly_so(house, tokens, attack):
    before = _failures(house)
    answer = _send(house, attack, tokens)
    assert answer.status_code == attack.status, answer.text
    if attack.method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == attack.code, answer.text
    assert not {"etag", "content-range", "repr-digest", "jakelu-release"} & set(answer.headers)
    request = answer.headers["jakelu-request"]
    entries = [entry for entry in house.entries() if entry.body.get("request_id") == request]
    told = [(entry.kind.value, entry.body["refusal"]) for entry in entries]
    assert told == ([("access.denied", attack.entry)] if attack.entry else [])
    for entry in entries:
        assert attack.policy in entry.body["policies"], entry.body["policies"]
    reasons = _failures(house) - before
    assert reasons == (Counter({attack.reason: 1}) if attack.reason else Counter())


def test_failed_authentications_are_in_the_journal_by_their_reasons(fresh_house):
    with fresh_house.open():
        made = {name: make(fresh_house) for name, make in _TOKENS.items()}
        for attack in TOKENS:
            _send(fresh_house, attack, made)
    counts: Counter[str] = Counter()
    for entry in fresh_house.entries():
        if entry.kind.value == "auth.failed":
            counts.update(entry.body["counts"])
    assert counts == Counter(attack.reason for attack in TOKENS)


def test_there_are_attacks_enough():
    assert len([*TOKENS, *RIGHTS, *REQUESTS]) >= 80
