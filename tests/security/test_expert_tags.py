"""A product on the level of an expert, over HTTP: the expert gets the rows of the own tag and no byte more.

The contract is one of the house whose team column is called `expert_tag`; the tags are the invented texts
of the house's rows.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gateway.adapters.demo_issuer import PERSONAS, Persona
from gateway.contracts import load_catalog
from gateway.organisations import load_registry

ROOT = Path(__file__).parents[2]
ROWS = "/v1/rows/job-seeker-spells"
BI = ("heti:raakadata", "heti:tilastokuutiot")
TAG, OTHER_TAG = "25-49", "-24"  # as the house fills text columns; a quarter of the rows each
QUARTER = 500

EXPERTS = (
    Persona("expert", "e-1", "bi", "KU837", BI, expert_tag=TAG),
    Persona("other-expert", "e-2", "bi", "KU837", BI, expert_tag=OTHER_TAG),
    Persona("expert-elsewhere", "e-3", "bi", "KU047", BI, expert_tag=TAG),
    Persona("expert-without-clients", "e-4", "bi", "KU837", BI, expert_tag="AS-nobody"),
    Persona("expert-of-evk", "e-5", "evk", "EVK04", BI, expert_tag=TAG),
)


def products_with_expert_column(folder: Path) -> Path:
    shutil.copytree(ROOT / "products", folder)
    contract = folder / "job-seeker-spells.yaml"
    text = contract.read_text().replace("- name: team_tag", "- name: expert_tag")
    contract.write_text(text.replace("AS team_tag", "AS expert_tag"))
    return folder


@pytest.fixture(scope="module")
def served(model_house, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    root = tmp_path_factory.mktemp("experts")
    house = type(model_house)(
        Path(shutil.copytree(model_house.root, root / "house")), model_house.signing_key
    )
    products = products_with_expert_column(root / "products")
    lists = {"geography": load_registry().geography()}
    house.catalog = load_catalog(products, registry_lists=lists, runs_sql=False)
    house.publish_rows(as_of=date(2026, 7, 1))
    with pytest.MonkeyPatch.context() as patch, house.open(products_dir=products):
        for persona in EXPERTS:
            patch.setitem(PERSONAS, persona.name, persona)
        yield house


def table(answer) -> pa.Table:
    assert answer.status_code == 200, answer.text
    return pq.read_table(io.BytesIO(answer.content))


def test_an_expert_gets_the_rows_of_the_own_tag_and_no_other(served):
    for persona, tag in (("expert", TAG), ("other-expert", OTHER_TAG)):
        rows = table(served.get(persona, ROWS))
        assert rows.num_rows == QUARTER
        assert set(rows["expert_tag"].to_pylist()) == {tag}


@pytest.mark.parametrize("form", ["parquet", "csv", "ndjson", "arrow"])
def test_the_stored_file_never_goes_out_in_any_format(served, form):
    answer = served.get("expert", f"{ROWS}?format={form}")
    assert answer.status_code == 200
    assert answer.headers["accept-ranges"] == "none"
    assert "content-length" not in answer.headers
    completion = served.closed(answer.headers["jakelu-receipt"])
    assert completion["rows"] == QUARTER


def test_the_tag_is_cut_by_even_when_its_column_is_not_asked_for(served):
    own = set(table(served.get("expert", ROWS))["municipality"].to_pylist())
    place = min(own)
    rows = table(served.get("expert", f"{ROWS}?columns=sex,municipality&municipality={place}"))
    assert rows.column_names == ["municipality", "sex"]
    mine = table(served.get("expert", f"{ROWS}?municipality={place}"))
    assert 0 < rows.num_rows == mine.num_rows < QUARTER
    assert set(mine["expert_tag"].to_pylist()) == {TAG}
    assert table(served.get("expert", f"{ROWS}?columns=sex")).num_rows == QUARTER


def test_a_range_is_not_of_the_stored_file(served):
    whole = served.get("expert", ROWS)
    answer = served.get("expert", ROWS, range="bytes=0-99")
    assert answer.status_code == 200
    assert len(answer.content) == len(whole.content) != 100


def test_two_experts_have_different_etags_and_neither_is_the_stored_files(served):
    tags = {served.get(persona, ROWS).headers["etag"] for persona in ("expert", "other-expert")}
    slice_ = served.root.joinpath("releases/job-seeker-spells/2026-07-01.1/area=39/part-0.parquet")
    stored = hashlib.sha256(slice_.read_bytes()).hexdigest()
    assert len(tags) == 2
    assert f'"{stored}"' not in tags
    theirs = served.get("other-expert", ROWS).headers["etag"]
    assert served.get("expert", ROWS, if_none_match=theirs).status_code == 200
    mine = served.get("expert", ROWS).headers["etag"]
    assert served.get("expert", ROWS, if_none_match=mine).status_code == 304


@pytest.mark.parametrize("persona", ["municipality-bi", "small-municipality-bi"])
def test_who_has_no_tag_is_refused_with_the_reason(served, persona):
    problem = served.get(persona, ROWS).json()
    assert (problem["status"], problem["code"]) == (403, "organisation_not_in_audience")
    assert "own tag" in problem["detail"]
    refusal = served.entries()[-1].body
    assert refusal["policies"] == ["expert-own-tag"]


def test_a_tag_is_never_taken_from_the_request(served):
    for name in ("expert_tag", "tag"):
        problem = served.get("municipality-bi", f"{ROWS}?{name}={TAG}").json()
        assert problem["code"] == "unknown_parameter"
        problem = served.get("expert", f"{ROWS}?{name}={OTHER_TAG}").json()
        assert problem["code"] == "unknown_parameter"


def test_a_tag_is_good_in_the_own_area_only(served):
    problem = served.get("expert", f"{ROWS}?area=40").json()
    assert problem["code"] == "area_out_of_scope"
    elsewhere = table(served.get("expert-elsewhere", ROWS))
    assert "837" not in elsewhere["municipality"].to_pylist()
    problem = served.get("expert-of-evk", f"{ROWS}?area=39").json()
    assert problem["code"] == "organisation_not_in_audience"


def test_an_expert_without_clients_gets_no_row(served):
    assert table(served.get("expert-without-clients", ROWS)).num_rows == 0


def test_the_journal_says_to_whose_rows_the_delivery_was_cut(served):
    answer = served.get("expert", ROWS)
    receipt = answer.headers["jakelu-receipt"]
    body = next(entry.body for entry in served.entries() if entry.event_id == receipt)
    assert body["selection"] == {"expert_tag": [TAG]}


def test_a_release_from_before_the_contract_had_tags_is_refused_and_journaled(served):
    problem = served.get("expert", f"{ROWS}?release=2026-06-30.1").json()
    assert (problem["status"], problem["code"]) == (403, "organisation_not_in_audience")
    assert "newer" in problem["detail"]
    assert served.entries()[-1].body["policies"] == ["expert-own-tag"]


def test_a_release_with_tags_stays_closed_when_the_contract_stops_naming_them(
    served, tmp_path: Path
):
    house = dataclasses.replace(served, root=Path(shutil.copytree(served.root, tmp_path / "house")))
    with house.open() as _:  # the house's own contracts, where the column is a team's
        for persona in ("municipality-bi", "expert"):
            problem = house.get(persona, f"{ROWS}?release=2026-07-01.1").json()
            assert (problem["status"], problem["code"]) == (403, "organisation_not_in_audience")
        assert house.get("municipality-bi", f"{ROWS}?release=2026-06-30.1").status_code == 200


def test_the_expert_learns_beforehand_what_is_permitted(served):
    for persona, is_permitted in (("expert", True), ("municipality-bi", False)):
        told = {p["product"]: p for p in served.get(persona, "/v1/me").json()["products"]}
        assert told["job-seeker-spells"]["permitted"] is is_permitted


SHARED = "/delta-sharing/shares/39/schemas/rows/tables/job-seeker-spells/query"


def shared_file(served, persona: str) -> dict:
    answer = served.client.post(SHARED, json={}, headers=served.bearer(persona))
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text.splitlines()[2])["file"]


def test_a_shared_file_holds_the_own_rows_alone_and_has_a_length_and_ranges(served):
    for persona, tag in (("expert", TAG), ("other-expert", OTHER_TAG)):
        file = shared_file(served, persona)
        whole = served.client.get(file["url"])
        assert set(table(whole)["expert_tag"].to_pylist()) == {tag}
        assert len(whole.content) == file["size"] == int(whole.headers["content-length"])
        assert int(served.client.head(file["url"]).headers["content-length"]) == file["size"]
        completion = served.closed(whole.headers["jakelu-receipt"])
        assert (completion["rows"], completion["bytes"]) == (QUARTER, file["size"])
        half = file["size"] // 2
        first = served.client.get(file["url"], headers={"range": f"bytes=0-{half - 1}"})
        rest = served.client.get(file["url"], headers={"range": f"bytes={half}-"})
        assert (first.status_code, rest.status_code) == (206, 206)
        assert first.content + rest.content == whole.content
        assert rest.headers["content-range"] == f"bytes {half}-{file['size'] - 1}/{file['size']}"
        both = served.client.get(file["url"], headers={"range": f"bytes=0-9,{half}-{half + 9}"})
        assert both.headers["content-type"].startswith("multipart/byteranges")
        assert int(both.headers["content-length"]) == len(both.content)
        for part in (whole.content[:10], whole.content[half : half + 10]):
            assert b"\r\n\r\n" + part + b"\r\n--" in both.content
        ended = served.closed(rest.headers["jakelu-receipt"])
        assert (ended["range_start"], ended["bytes"]) == (half, file["size"] - half)


def test_a_range_outside_a_shared_file_is_refused_and_its_entry_closed(served):
    file = shared_file(served, "expert")
    answer = served.client.get(file["url"], headers={"range": f"bytes={file['size']}-"})
    assert (answer.status_code, answer.json()["errorCode"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{file['size']}"
    intents = [each for each in served.entries() if each.kind == "access.intent"]
    ended = served.closed(intents[-1].event_id)
    assert (ended["http_status"], ended["bytes"]) == (416, 0)
