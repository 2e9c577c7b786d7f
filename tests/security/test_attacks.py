"""Attacks through HTTP and on the disk: what each kind of reader tries, and does not get."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from datetime import date

import pytest

from gateway.model.product import Classification

ROWS, CUBE = "/v1/rows/job-seeker-spells", "/v1/cubes/job-seekers/data"
PUBLIC_CUBE = "/v1/cubes/vacancies/data"
NEIGHBOUR, OWNER = "municipality-bi", "small-municipality-bi"  # areas 39 and 40
CANARY = "c4n4ry-010190-900X"


COUNTED = {"jakelu-request", "ratelimit"}  # of each request by itself


def _slice(house, area: str):
    return house.releases_dir / "job-seeker-spells" / "2026-06-30.1" / f"area={area}"


def _logged(caplog) -> str:
    """What the gateway logged; the test's own HTTP client logs too."""
    records = (record for record in caplog.records if not record.name.startswith("httpx"))
    return "\n".join(record.getMessage() for record in records)


def _refused(answer, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert "etag" not in answer.headers
    assert "content-range" not in answer.headers


# --- the neighbouring area -----------------------------------------------------------------------

NOT_AN_AREA = ("040", "%D9%A4%D9%A0", "%EF%BC%94%EF%BC%90", "TA40", "*", "39%00", "39%0a", "+40")


@pytest.mark.parametrize("text", NOT_AN_AREA)
def test_an_area_has_one_spelling(house, text):
    _refused(house.get(NEIGHBOUR, f"{ROWS}?area={text}"), 400, "unknown_area")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("area=39&area=40", "repeated_parameter"),
        ("area=39&%61rea=40", "repeated_parameter"),
        ("area=39&AREA=40", "unknown_parameter"),
        ("area=39&area[]=40", "unknown_parameter"),
        ("area=39&area%5B0%5D=40", "unknown_parameter"),
        ("area=39,40", "bad_parameter"),
        ("area=39;area=40", "unknown_area"),
        ("area=39%26area%3D40", "unknown_area"),
        ("area=39&municipality=047", "unknown_municipality"),
        ("area=39&municipality=837,047", "unknown_municipality"),
    ],
)
def test_a_second_area_cannot_be_smuggled_in(house, query, code):
    _refused(house.get(NEIGHBOUR, f"{ROWS}?{query}"), 400, code)


def test_the_neighbours_slice_is_refused_whatever_else_is_asked(house):
    tag = house.get(OWNER, f"{ROWS}?area=40").headers["etag"]
    asked = [
        ("", {}),
        ("&release=2026-06-30.1", {}),
        ("&release=2099-01-01.1", {}),
        ("&as_of=9999-12-31", {}),
        ("&format=csv&columns=sex", {}),
        ("", {"if_none_match": tag}),
        ("", {"if_none_match": "*"}),
        ("", {"range": "bytes=0-0"}),
        ("", {"range": "bytes=99999999-"}),
        ("", {"range": "bytes=0-0", "if_range": tag}),
        ("", {"x_forwarded_for": "10.0.0.1", "x_original_url": "/metrics", "x_area": "40"}),
    ]
    texts = set()
    for query, headers in asked:
        answer = house.get(NEIGHBOUR, f"{ROWS}?area=4%30{query}", **headers)
        _refused(answer, 403, "area_out_of_scope")
        texts.add(re.sub(r"urn:uuid:[0-9a-f-]+", "", answer.text))
    assert len(texts) == 1


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "POST", "PUT", "DELETE", "PATCH", "QUERY"])
def test_only_get_and_head_reach_the_rows(house, method):
    answer = house.client.request(method, f"{ROWS}?area=39", headers=house.bearer(NEIGHBOUR))
    _refused(answer, 405, "method_not_allowed")
    assert house.client.request(method, f"{ROWS}?area=39").status_code == 401


def test_head_of_the_neighbours_slice_tells_nothing(house):
    answer = house.client.head(f"{ROWS}?area=40", headers=house.bearer(NEIGHBOUR))
    assert (answer.status_code, answer.content) == (403, b"")
    assert not {"etag", "repr-digest", "jakelu-release"} & set(answer.headers)


@pytest.mark.parametrize(
    "path",
    [
        f"{ROWS}%2F..%2F..%2Fjob-seekers",
        f"{ROWS}/area=40/part-0.parquet",
        "/v1/rows/..%2f..%2fjournal%2fjournal.sqlite",
        "//v1/rows/job-seeker-spells",
        f"{PUBLIC_CUBE}/../../job-seekers/data".replace("/..", "%2F.."),
        "/health/live%2f..%2f..%2fv1%2fme",
        "/docs%2f..%2fv1%2fme",
    ],
)
def test_a_path_is_never_walked(house, path):
    _refused(house.get(NEIGHBOUR, path), 404, "not_found")
    assert house.client.get(path).status_code == 401


# --- what is not listed, and the public product as a way in --------------------------------------


@pytest.mark.parametrize(
    "path", [f"{ROWS}?area=40", f"{CUBE}?geography=*", "/v1/products/job-seekers", ROWS]
)
def test_an_unlisted_product_and_an_unknown_one_have_the_same_answer(house, path):
    answers = [
        house.get("stranger", path),
        house.get("stranger", re.sub("job-seeker[a-z-]*", "no-such-product", path)),
    ]
    told = [
        (
            answer.status_code,
            re.sub(r"urn:uuid:[0-9a-f-]+", "", answer.text),
            {name: answer.headers[name] for name in answer.headers if name not in COUNTED},
        )
        for answer in answers
    ]
    assert told[0] == told[1]


def test_the_public_product_leads_to_nothing_else(house):
    assert house.get("stranger", PUBLIC_CUBE).status_code == 200
    _refused(house.get("stranger", "/v1/rows/vacancies?area=39"), 400, "wrong_product_kind")
    for query in ("geography=../../job-seekers", "product=job-seekers", "sex=1"):
        assert house.get("stranger", f"{PUBLIC_CUBE}?{query}").status_code == 400
    listed = house.get("stranger", "/v1/products").json()["products"]
    assert [product["id"] for product in listed] == ["vacancies"]


def test_a_product_that_became_public_does_not_open_what_was_published_before(fresh_house):
    fresh_house.publish_cube(
        product="vacancies", as_of=date(2026, 5, 31), classification=Classification.INTERNAL
    )
    with fresh_house.open():
        _refused(
            fresh_house.get("stranger", f"{PUBLIC_CUBE}?as_of=2026-06-01"),
            404,
            "product_not_found",
        )
        denied = fresh_house.entries()[-1]
        assert (denied.kind, denied.body["product"]) == ("access.denied", "vacancies")
        assert fresh_house.get("stranger", PUBLIC_CUBE).status_code == 200


# --- who may not read what -----------------------------------------------------------------------

EVERYBODY_ELSE = (
    "municipality-bi",
    "small-municipality-bi",
    "ely-analyst",
    "koto-worker",
    "tem-analyst",
    "stranger",
)


@pytest.mark.parametrize("persona", EVERYBODY_ELSE)
def test_only_the_auditor_reads_the_journal(house, persona):
    _refused(house.get(persona, "/v1/journal/entries?kind=nothing"), 403, "role_missing")


@pytest.mark.parametrize("path", [ROWS + "?area=39", "/v1/rows/service-periods?area=39", CUBE])
def test_the_auditor_reads_no_data(house, path):
    _refused(house.get("auditor", path), 404, "product_not_found")


@pytest.mark.parametrize("area", ["39", "40", "01"])
def test_an_ely_analyst_gets_no_rows_of_any_area(house, area):
    answer = house.get("ely-analyst", f"{ROWS}?area={area}&format=csv&columns=sex")
    _refused(answer, 403, "organisation_not_in_audience")


# --- tokens --------------------------------------------------------------------------------------


def test_a_good_token_anywhere_but_in_its_header_is_no_token(house):
    bearer = house.bearer(NEIGHBOUR)["Authorization"]
    token = bearer.removeprefix("Bearer ")
    for headers in (
        {"Cookie": f"access_token={token}; Authorization={bearer}"},
        {"Proxy-Authorization": bearer},
        {"X-Forwarded-Authorization": bearer},
        {"Authorization": f"Bearer\t{token}"},
        {"Authorization": f"Basic {token}"},
        {"Authorization": f"{bearer}, {bearer}"},
    ):
        assert house.client.get("/v1/me", headers=headers).status_code == 401, headers
    assert house.client.get(f"/v1/me?access_token={token}").status_code == 401


def test_a_token_with_another_organisation_pasted_in_is_refused(house):
    mine, theirs = (house.bearer(who)["Authorization"].split(".") for who in (NEIGHBOUR, OWNER))
    for parts in ((mine[0], theirs[1], mine[2]), (theirs[0], mine[1], theirs[2])):
        answer = house.client.get(f"{ROWS}?area=40", headers={"Authorization": ".".join(parts)})
        _refused(answer, 401, "invalid_token")


# --- canaries ------------------------------------------------------------------------------------


def test_what_a_caller_writes_reaches_no_log_metric_journal_or_problem(fresh_house, caplog):
    caplog.set_level("DEBUG")
    answers = []
    with fresh_house.open() as client:
        for persona in ("municipality-bi", "auditor"):
            token = fresh_house.bearer(persona)["Authorization"]
            for path in (
                f"/v1/rows/{CANARY}?area=39",
                f"{ROWS}?area={CANARY}",
                f"{ROWS}?purpose={CANARY}",
                f"{ROWS}?columns={CANARY}&format=csv",
                f"{CUBE}?geography={CANARY}",
                f"{CUBE}?{CANARY}%20=1",
                f"/v1/products/{CANARY}",
                f"/v1/{CANARY}",
                f"/v1/journal/entries?client={CANARY.replace('010190-900X', '')}",
                f"/v1/journal/entries?subject={CANARY}",
            ):
                headers = {
                    "Authorization": token,
                    "User-Agent": CANARY,
                    "traceparent": CANARY,
                    "X-Request-Id": CANARY,
                    "Accept": f"*/*;q={CANARY}" if "columns" in path else "*/*",
                }
                answers.append(client.get(path, headers=headers))
            for credentials in (
                {"Authorization": f"Bearer {CANARY}"},
                {"Authorization": f"Bearer jkl_{CANARY}"},
                {"Authorization": f"Basic {CANARY}"},
                {"Authorization": token.replace("Bearer", "DPoP"), "DPoP": CANARY},
                {"Authorization": token, "Client-Cert": f":{CANARY}:"},
            ):
                answers.append(client.get("/v1/me", headers=credentials))
                assert answers[-1].status_code == 401
        metrics = fresh_house.metrics()
    kept = b"".join(
        path.read_bytes()
        for path in fresh_house.journal_path.parent.glob("journal.sqlite*")
        if path.is_file()
    ).decode("latin-1")
    for place in (_logged(caplog), metrics, kept, *(answer.text for answer in answers)):
        assert "c4n4ry" not in place
        assert "010190-900X" not in place
        assert token[-30:] not in place


def test_a_line_feed_in_an_address_makes_no_line_in_the_log(house, caplog):
    caplog.set_level("INFO")
    house.get(NEIGHBOUR, "/v1/rows/x%0d%0aINFO%20forged?area=39%0aforged")
    assert "/v1/rows/{product} 400" in _logged(caplog)
    assert "forged" not in _logged(caplog)


def test_what_is_public_tells_of_nobody(house):
    house.get(NEIGHBOUR, f"{ROWS}?area=39")  # who the metrics must not tell of
    paths = ("/health/live", "/health/ready", "/docs", "/openapi.json")
    told = {path: house.client.get(path).text for path in paths} | {"/metrics": house.metrics()}
    for path, text in told.items():
        for needle in ("svc-tampere", str(house.root), "127.0.0.1:1", "SELECT"):
            assert needle not in text, (path, needle)


# --- the disk ------------------------------------------------------------------------------------


def _over(source, target) -> None:
    target.unlink()
    shutil.copy(source, target)


def _linked(source, target) -> None:
    target.unlink()
    target.hardlink_to(source)


def _symlinked(source, target) -> None:
    target.unlink()
    target.symlink_to(source)


@pytest.mark.parametrize("swap", [_over, _linked, _symlinked])
def test_another_areas_file_in_the_place_of_ones_own_is_not_sent(fresh_house, swap):
    with fresh_house.open():
        for area in ("39", "40"):  # both hashes are known to the process before the swap
            persona = NEIGHBOUR if area == "39" else OWNER
            assert fresh_house.get(persona, f"{ROWS}?area={area}").status_code == 200
        theirs, own = (_slice(fresh_house, area) / "part-0.parquet" for area in ("40", "39"))
        swap(theirs, own)
        for query in ("", "?format=csv", "?columns=sex"):
            _refused(fresh_house.get(NEIGHBOUR, ROWS + query), 503, "release_damaged")


@pytest.mark.parametrize("depth", ["area=39", ".", ".."])
def test_a_folder_that_is_a_link_is_not_followed(fresh_house, tmp_path, depth):
    folder = (_slice(fresh_house, "39").parent / depth).resolve()
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with fresh_house.open():
        _refused(fresh_house.get(NEIGHBOUR, ROWS), 503, "release_damaged")


def test_a_signed_release_under_another_name_or_product_is_not_served(fresh_house):
    release = _slice(fresh_house, "39").parent
    shutil.copytree(release, release.parent / "2026-07-01.1")
    shutil.copytree(release, fresh_house.releases_dir / "service-periods" / "2026-06-30.1")
    with fresh_house.open():
        _refused(fresh_house.get(NEIGHBOUR, ROWS), 503, "release_damaged")
        _refused(fresh_house.get(NEIGHBOUR, "/v1/rows/service-periods"), 503, "release_damaged")


def test_areas_exchanged_in_a_manifest_break_its_signature(fresh_house):
    manifest = _slice(fresh_house, "39").parent / "manifest.json"
    text = manifest.read_text().replace('"area":"39"', '"area":"xx"')
    manifest.write_text(
        text.replace('"area":"40"', '"area":"39"').replace('"area":"xx"', '"area":"40"')
    )
    with fresh_house.open():
        _refused(fresh_house.get(NEIGHBOUR, ROWS), 503, "release_damaged")


def test_a_locked_journal_stops_head_and_the_auditor_too(fresh_house):
    with fresh_house.open(intent_timeout_seconds=0.3):
        other = sqlite3.connect(fresh_house.journal_path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        try:
            _refused(fresh_house.get("auditor", "/v1/journal/entries"), 503, "journal_unavailable")
            _refused(fresh_house.get(NEIGHBOUR, "/v1/journal/entries"), 503, "journal_unavailable")
            head = fresh_house.client.head(ROWS, headers=fresh_house.bearer(NEIGHBOUR))
            assert (head.status_code, "etag" in head.headers) == (503, False)
        finally:
            other.execute("ROLLBACK")
            other.close()


def test_a_length_of_thousands_of_digits_is_a_body_too_large(house):
    headers = house.bearer(NEIGHBOUR) | {"Content-Length": "9" * 5000}
    _refused(house.client.get("/v1/me", headers=headers), 413, "body_too_large")


def test_problems_hold_no_more_than_their_members(house):
    for path in (f"{ROWS}?area=40", "/nothing", f"{ROWS}?x=1"):
        members = set(json.loads(house.get(NEIGHBOUR, path).text))
        assert members == {
            "type",
            "code",
            "title",
            "status",
            "detail",
            "instance",
            "parameter",
        }
