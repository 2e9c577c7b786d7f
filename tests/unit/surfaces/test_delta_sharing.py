"""Delta Sharing over HTTP: what is listed, what a table tells, and the file that a query leads to."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from gateway.errors import JournalUnavailable

SHARES = "/delta-sharing/shares"
TABLE = f"{SHARES}/39/schemas/rows/tables/job-seeker-spells"
ME, NEIGHBOUR = "municipality-bi", "small-municipality-bi"


def post(house, path: str, body: dict | None = None, persona: str = ME, **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.client.post(path, json=body or {}, headers=named | house.bearer(persona))


def lines(answer) -> list[dict]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def file_of(house, persona: str = ME, path: str = TABLE, **body) -> dict:
    return lines(post(house, f"{path}/query", body, persona))[2]["file"]


def refused(answer, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code), answer.text
    assert set(answer.json()) == {"errorCode", "message"}
    return answer.json()["message"]


def names(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


# --- lists -----------------------------------------------------------------------------------


def test_a_share_is_the_own_area_and_no_other(house):
    assert names(house.get(ME, SHARES)) == ["39"]
    assert names(house.get(NEIGHBOUR, SHARES)) == ["40"]


@pytest.mark.parametrize("persona", ["ely-analyst", "koto-worker", "auditor", "stranger"])
def test_who_may_read_no_rows_has_no_share(house, persona):
    assert names(house.get(persona, SHARES)) == []
    refused(house.get(persona, f"{SHARES}/39"), 404, "share_not_found")


def test_a_share_has_one_schema_with_the_products_that_have_a_slice(house):
    assert house.get(ME, f"{SHARES}/39").json()["share"]["name"] == "39"
    assert names(house.get(ME, f"{SHARES}/39/schemas")) == ["rows"]
    for path in (f"{SHARES}/39/schemas/rows/tables", f"{SHARES}/39/all-tables"):
        (table,) = house.get(ME, path).json()["items"]
        told = {name: table[name] for name in ("name", "schema", "share")}
        assert told == {"name": "job-seeker-spells", "schema": "rows", "share": "39"}


def test_names_are_found_in_any_case_of_letters(house):
    path = f"{SHARES}/39/schemas/ROWS/tables/Job-Seeker-Spells/version"
    assert house.get(ME, path).headers["delta-table-version"] == "202606300001"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/schemas",
        "/all-tables",
        "/schemas/rows/tables",
        "/schemas/rows/tables/job-seeker-spells/version",
        "/schemas/rows/tables/job-seeker-spells/metadata",
    ],
)
@pytest.mark.parametrize("share", ["40", "99", "rows"])
def test_a_neighbours_share_is_not_there_and_the_asking_is_journaled(house, path, share):
    message = refused(house.get(ME, f"{SHARES}/{share}{path}"), 404, "share_not_found")
    assert "List /delta-sharing/shares" in message
    entry = house.entries()[-1]
    assert (entry.kind, entry.body["refusal"]) == ("access.denied", "share_not_found")
    assert entry.body["areas_requested"] == (["40"] if share == "40" else [])


def test_a_neighbours_rows_are_not_there_to_query(house):
    before = len(house.entries())
    answer = post(house, f"{SHARES}/40/schemas/rows/tables/job-seeker-spells/query")
    refused(answer, 404, "share_not_found")
    (entry,) = house.entries()[before:]
    assert (entry.kind, entry.body["product"]) == ("access.denied", "job-seeker-spells")


@pytest.mark.parametrize(
    "table", ["rows/tables/job-seekers", "rows/tables/nothing", "other/tables/job-seeker-spells"]
)
def test_a_cube_and_what_does_not_exist_are_no_tables(house, table):
    path = f"{SHARES}/39/schemas/{table}/metadata"
    refused(house.get(ME, path), 404, "table_not_found")


def test_who_lacks_the_role_hears_why(fresh_house, monkeypatch):
    from gateway.adapters import demo_issuer

    nobody = demo_issuer.Persona("nobody", "nobody-1", "nobody", "KU837")
    monkeypatch.setattr(demo_issuer, "PERSONAS", {**demo_issuer.PERSONAS, "nobody": nobody})
    with fresh_house.open():
        assert names(fresh_house.get("nobody", SHARES)) == []
        answer = post(fresh_house, f"{TABLE}/query", persona="nobody")
        refused(answer, 403, "role_missing")
        assert fresh_house.entries()[-1].body["refusal"] == "role_missing"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("maxResults=-1", "maxResults"),
        ("maxResults=many", "maxResults"),
        ("pageToken=zzz", "pageToken"),
        ("pageToken=YWZ0ZQ==", "pageToken"),
    ],
)
def test_a_bad_page_is_refused_by_its_name(house, query, name):
    message = refused(house.get(ME, f"{SHARES}?{query}"), 400, "bad_parameter")
    assert f"(parameter {name})" in message


def test_a_page_of_nothing_says_how_to_go_on(house):
    first = house.get(ME, f"{SHARES}?maxResults=0").json()
    assert first["items"] == []
    rest = house.get(ME, f"{SHARES}?pageToken={first['nextPageToken']}").json()
    assert [each["name"] for each in rest["items"]] == ["39"]
    assert "nextPageToken" not in rest


# --- a table ---------------------------------------------------------------------------------


def test_metadata_tells_the_columns_of_the_file(house):
    answer = house.get(ME, f"{TABLE}/metadata")
    protocol, told = lines(answer)
    assert protocol == {"protocol": {"minReaderVersion": 1}}
    assert answer.headers["delta-table-version"] == "202606300001"
    assert answer.headers["delta-sharing-capabilities"] == "responseformat=parquet"
    schema = json.loads(told["metaData"]["schemaString"])
    content = house.client.get(file_of(house)["url"]).content
    written = pq.read_schema(io.BytesIO(content))
    types = {"string": "string", "int64": "long", "double": "double", "date32[day]": "date"}
    assert [(each["name"], each["type"]) for each in schema["fields"]] == [
        (field.name, types[str(field.type)]) for field in written
    ]


def test_a_query_leads_to_the_stored_slice_without_a_header(house):
    file = file_of(house)
    assert "&sp=" in file["url"]
    assert "stats" not in file
    answer = house.client.get(file["url"])
    assert answer.status_code == 200
    assert len(answer.content) == file["size"]
    assert answer.content == house.get(ME, "/v1/rows/job-seeker-spells").content
    assert answer.headers["cache-control"] == "private, no-store"
    head = house.client.head(file["url"])
    assert (head.status_code, head.headers["content-length"]) == (200, str(file["size"]))
    part = house.client.get(file["url"], headers={"range": "bytes=4-11"})
    assert (part.status_code, part.content) == (206, answer.content[4:12])


def test_hints_narrow_nothing(house):
    hinted = file_of(
        house, limitHint=5, predicateHints=["sex = '1'"], jsonPredicateHints="{}", maxFiles=1
    )
    assert hinted["size"] == file_of(house)["size"]


def test_an_address_ends_with_its_time_or_with_the_token(fresh_house):
    with fresh_house.open(file_address_seconds=600):
        assert file_of(fresh_house)["expirationTimestamp"] == 1782885600_000 + 600_000
        bearer = fresh_house.bearer(ME, lifetime_seconds=60)
        answer = fresh_house.client.post(f"{TABLE}/query", json={}, headers=bearer)
        assert lines(answer)[2]["file"]["expirationTimestamp"] == 1782885600_000 + 60_000


def test_versions_and_days_travel_in_time(fresh_house):
    fresh_house.publish_rows(as_of=date(2026, 5, 31))
    fresh_house.publish_rows(as_of=date(2026, 5, 31))
    with fresh_house.open():

        def version(path: str = "/version") -> str:
            return fresh_house.get(ME, TABLE + path).headers["delta-table-version"]

        def queried(**body) -> int:
            return file_of(fresh_house, **body)["version"]

        assert version() == "202606300001"
        assert version("/version?startingTimestamp=2026-05-01T00:00:00Z") == "202605310001"
        assert version("/version?startingTimestamp=2026-06-01T00:00:00%2B03:00") == "202606300001"
        assert version("/metadata?version=202605310001") == "202605310001"
        assert queried() == 202606300001
        assert queried(version=202605310001) == 202605310001
        assert queried(timestamp="2026-06-29T12:00:00Z") == 202605310002
        # It is July in Finland already.
        assert queried(timestamp="2026-06-29T22:00:00Z") == 202606300001
        future = "/version?startingTimestamp=2026-07-01T00:00:00Z"
        refused(fresh_house.get(ME, TABLE + future), 404, "release_not_found")
        gone = post(fresh_house, f"{TABLE}/query", {"version": 202605310003})
        refused(gone, 404, "release_not_found")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"version": 1}, 404, "release_not_found"),
        ({"version": -1}, 404, "release_not_found"),
        ({"version": 202613010001}, 404, "release_not_found"),
        ({"version": 202606300000}, 404, "release_not_found"),
        ({"version": "202606300001"}, 400, "bad_parameter"),
        ({"timestamp": "yesterday"}, 400, "bad_parameter"),
        ({"timestamp": "2026-06-30T00:00:00"}, 400, "bad_parameter"),
        ({"timestamp": "2026-06-30T00:00:00Z", "version": 202606300001}, 400, "bad_parameter"),
        ({"startingVersion": 202606300001}, 400, "bad_parameter"),
    ],
)
def test_a_bad_query_is_refused_and_opens_nothing(house, body, status, code):
    refused(post(house, f"{TABLE}/query", body), status, code)


def test_a_body_that_is_no_object_is_refused(house):
    answer = house.client.post(f"{TABLE}/query", content=b"[1]", headers=house.bearer(ME))
    refused(answer, 400, "bad_request")


def test_a_client_that_reads_no_parquet_answers_is_told(house):
    answer = post(house, f"{TABLE}/query", delta_sharing_capabilities="responseformat=delta")
    refused(answer, 406, "format_not_available")
    both = post(house, f"{TABLE}/query", delta_sharing_capabilities="responseformat=delta,parquet")
    assert both.headers["delta-sharing-capabilities"] == "responseformat=parquet"


@pytest.mark.parametrize("path", [f"{TABLE}/changes", f"{TABLE}/temporary-credentials", "/x"])
def test_what_is_not_shared_says_so(house, path):
    answer = house.get(ME, path if path != "/x" else "/delta-sharing/x")
    assert "changes between versions are not shared" in refused(answer, 404, "not_found")


def test_another_method_and_another_parameter_are_refused(house):
    refused(house.get(ME, f"{TABLE}/query"), 405, "method_not_allowed")
    refused(house.client.delete(SHARES, headers=house.bearer(ME)), 405, "method_not_allowed")
    refused(house.get(ME, f"{SHARES}?area=40"), 400, "unknown_parameter")
    refused(house.client.get(SHARES), 401, "unauthenticated")


# --- the journal -----------------------------------------------------------------------------


def test_a_query_and_its_fetches_are_one_delivery(fresh_house):
    from gateway.adapters.journal_sqlite import SqliteJournal
    from gateway.batch.journal_view import verify_journal
    from gateway.journal.summary import Period, summarise

    with fresh_house.open() as client:
        answer = post(fresh_house, f"{TABLE}/query")
        file = lines(answer)[2]["file"]
        half = file["size"] // 2
        client.head(file["url"])
        client.get(file["url"], headers={"range": f"bytes=0-{half - 1}"})
        client.get(file["url"], headers={"range": f"bytes={half}-"})
        last = client.get(file["url"])
        fresh_house.closed(last.headers["jakelu-receipt"])
    entries = [each for each in fresh_house.entries() if each.kind == "access.intent"]
    query, *fetches = entries
    assert query.event_id == answer.headers["jakelu-receipt"]
    assert len(fetches) == 4
    trace = query.event_id.replace("-", "")
    assert {each.body["traceparent"].split("-")[1] for each in fetches} == {trace}
    assert {each.body["sub"] for each in entries} == {query.body["sub"]}
    ended = fresh_house.closed(query.event_id)
    assert (ended["outcome"], ended["bytes"], ended["content_sha256"]) == ("complete", 0, None)
    store = SqliteJournal(fresh_house.journal_path)
    day = date(2026, 7, 1)
    summary = summarise(
        store, Period(day, day), end=entries[-1].seq + 10, size_of=lambda _: file["size"]
    )
    store.close()
    (sums,) = summary.deliveries.values()
    assert (sums.deliveries, sums.whole, sums.parts) == (1, 1, 3)
    assert sums.bytes == 2 * file["size"]
    problems, *_ = verify_journal(fresh_house.settings())
    assert problems == ()


def test_nothing_is_given_away_while_the_journal_cannot_be_written(fresh_house):
    with fresh_house.open() as client:
        url = file_of(fresh_house)["url"]

        def broken(_):
            raise JournalUnavailable

        sharing = next(each for each in client.app._app.routes if each.path == SHARES).app.sharing
        sharing.services.journal.append = broken
        refused(post(fresh_house, f"{TABLE}/query"), 503, "journal_unavailable")
        refused(client.get(url), 503, "journal_unavailable")


def test_a_day_is_no_lifetime_of_an_address(fresh_house):
    with pytest.raises(ValidationError, match="file_address_seconds"):
        fresh_house.settings(file_address_seconds=int(timedelta(days=2).total_seconds()))
