"""One entry with its end, the ruling in words, and where its release stands."""

from __future__ import annotations

import pytest

ENTRIES = "/v1/journal/entries"


@pytest.fixture
def delivered(house) -> dict:
    """The intent of a delivery of rows that has ended."""
    receipt = house.get("municipality-bi", "/v1/rows/job-seeker-spells").headers["jakelu-receipt"]
    house.closed(receipt)
    return next(entry for entry in house.entries() if entry.event_id == receipt)


def test_shows_a_delivery_with_its_end_and_where_the_release_stands(house, delivered):
    answer = house.get("auditor", f"{ENTRIES}/{delivered.seq}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["entry"]["event_id"] == delivered.event_id
    assert told["entry"]["body"] == dict(delivered.body)
    assert told["completion"]["body"]["intent_seq"] == delivered.seq
    assert told["completion"]["seq"] == told["entry"]["completion_seq"]
    assert told["links"] == {
        "intent": None,
        "completion": f"{ENTRIES}/{told['completion']['seq']}",
        "proof": f"{ENTRIES}/{delivered.seq}/proof",
        "releases": "/v1/products/job-seeker-spells/releases",
    }
    assert house.get("municipality-bi", told["links"]["releases"]).status_code == 200


def test_tells_the_policies_that_decided_in_words_and_with_their_ground(house, delivered):
    ruling = house.get("auditor", f"{ENTRIES}/{delivered.seq}").json()["ruling"]
    assert (ruling["ruling"], ruling["is_in_force"], ruling["refusal"]) == ("permit", True, None)
    assert ruling["policies"] == [
        {
            "id": "rows-employment-authority",
            "effect": "permit",
            "title_fi": "Työvoimaviranomainen saa oman alueensa raakadatan",
            "title_sv": "Arbetskraftsmyndigheten får rådata om sitt eget område",
            "ground": "380/2023",
        }
    ]


def test_tells_why_a_caller_was_refused(house):
    assert house.get("municipality-bi", "/v1/rows/job-seeker-spells?area=40").status_code == 403
    denied = house.entries()[-1]
    told = house.get("auditor", f"{ENTRIES}/{denied.seq}").json()
    assert (told["ruling"]["ruling"], told["ruling"]["refusal"]) == ("deny", "area_out_of_scope")
    (own_area,) = [each for each in told["ruling"]["policies"] if each["id"] == "rows-own-area"]
    assert (own_area["effect"], own_area["ground"]) == ("forbid", "380/2023; GDPR art. 5")
    assert told["completion"] is told["links"]["releases"] is None


def test_a_completion_leads_to_its_intent_and_has_no_ruling(house, delivered):
    completion = house.get("auditor", f"{ENTRIES}/{delivered.seq}").json()["completion"]
    told = house.get("auditor", f"{ENTRIES}/{completion['seq']}").json()
    assert told["ruling"] is None
    assert told["links"]["intent"] == f"{ENTRIES}/{delivered.seq}"


def test_says_that_the_policies_have_changed_and_gives_no_words_of_others(fresh_house, tmp_path):
    policies = tmp_path / "policies"
    policies.mkdir()
    for path in fresh_house.settings().policies_dir.iterdir():
        (policies / path.name).write_bytes(path.read_bytes())
    with fresh_house.open(policies_dir=policies):
        fresh_house.get("municipality-bi", "/v1/rows/job-seeker-spells?area=40")
    denied = fresh_house.entries()[-1]
    forbids = policies / "forbids.cedar"
    forbids.write_text(forbids.read_text() + "// a line more\n")
    with fresh_house.open(policies_dir=policies):
        ruling = fresh_house.get("auditor", f"{ENTRIES}/{denied.seq}").json()["ruling"]
    assert ruling["is_in_force"] is False
    assert ruling["policy_set_hash"] == denied.body["policy_set_hash"]
    assert {each["id"] for each in ruling["policies"]} >= {"rows-own-area"}
    assert {each["title_fi"] or each["ground"] for each in ruling["policies"]} == {None}


def test_the_reading_is_journaled_before_it(house, delivered):
    house.get("auditor", f"{ENTRIES}/{delivered.seq}")
    newest = house.entries()[-1]
    assert newest.kind == "journal.read"
    assert newest.body["filters"] == {"view": "entry", "seq": str(delivered.seq)}
    assert (newest.body["after"], newest.body["limit"]) == (delivered.seq - 1, 1)


def test_what_is_not_there_is_not_found_and_neither_is_the_reading_itself(house):
    last = house.entries()[-1].seq
    for seq in (last + 1, last + 100):
        answer = house.get("auditor", f"{ENTRIES}/{seq}")
        assert (answer.status_code, answer.json()["code"]) == (404, "entry_not_found")
    assert house.entries()[-1].seq == last + 2


@pytest.mark.parametrize("seq", ["0", "-1", "01", "1.0", "٣", "9" * 17, "x", "010190-900X"])
def test_refuses_what_is_no_seq_and_reads_nothing(house, seq):
    before = len(house.entries())
    answer = house.get("auditor", f"{ENTRIES}/{seq}")
    assert (answer.status_code, answer.json()["parameter"]) == (400, "seq")
    assert "010190" not in answer.text
    assert len(house.entries()) == before


def test_refuses_parameters_and_everybody_else(house, delivered):
    path = f"{ENTRIES}/{delivered.seq}"
    assert house.get("auditor", f"{path}?a=1").json()["code"] == "unknown_parameter"
    assert house.get(None, path).status_code == 401
    for persona in ("municipality-bi", "stranger"):
        answer = house.get(persona, path)
        assert (answer.status_code, house.entries()[-1].kind) == (403, "access.denied")
        assert delivered.event_id not in answer.text


def test_nothing_is_shown_when_the_reading_cannot_be_written(fresh_house):
    with fresh_house.open():
        fresh_house.journal_path.rename(fresh_house.journal_path.with_suffix(".gone"))
        answer = fresh_house.get("auditor", f"{ENTRIES}/1")
        assert (answer.status_code, answer.json()["code"]) == (503, "journal_unavailable")
