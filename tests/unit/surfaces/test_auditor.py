from __future__ import annotations

ENTRIES = "/v1/journal/entries"


def test_the_auditor_reads_who_got_what_and_the_reading_is_journaled(house):
    receipt = house.get("municipality-bi", "/v1/rows/job-seeker-spells").headers["jakelu-receipt"]
    house.closed(receipt)
    page = house.get(
        "auditor", f"{ENTRIES}?product=job-seeker-spells&kind=access.intent&limit=1000"
    )
    assert page.status_code == 200
    entry = next(each for each in page.json()["entries"] if each["event_id"] == receipt)
    assert (entry["outcome"], entry["body"]["organisation"]) == ("complete", "KU837")
    assert house.entries()[-1].kind == "journal.read"


def test_nobody_else_reads_the_journal_and_the_attempt_is_journaled(house):
    for persona in ("municipality-bi", "stranger"):
        answer = house.get(persona, ENTRIES)
        assert answer.status_code in {403, 404}
        assert house.entries()[-1].kind == "access.denied"


def test_a_page_without_entries_is_no_page(house):
    answer = house.get("auditor", f"{ENTRIES}?limit=0")
    assert (answer.status_code, answer.json()["parameter"]) == (400, "limit")


def test_the_auditor_gets_no_data(house):
    assert house.get("auditor", "/v1/rows/job-seeker-spells?area=39").status_code in {403, 404}
    assert house.get("auditor", "/v1/cubes/job-seekers/data").status_code in {403, 404}
