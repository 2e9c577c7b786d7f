from __future__ import annotations

from datetime import date


def test_a_municipal_team_learns_who_it_is_and_what_it_may_have(house):
    me = house.get("municipality-bi", "/v1/me").json()
    assert me["organisation"]["code"] == "KU837"
    assert [area["code"] for area in me["areas"]] == ["39"]
    access = {each["product"]: each for each in me["products"]}
    assert access["job-seeker-spells"]["permitted"]
    assert access["job-seeker-spells"]["purpose"] == "employment-service-management"


def test_a_centre_learns_why_it_gets_no_rows(house):
    me = house.get("ely-analyst", "/v1/me").json()
    access = {each["product"]: each for each in me["products"]}
    assert access["job-seekers"]["permitted"]
    assert not access["job-seeker-spells"]["permitted"]
    assert access["job-seeker-spells"]["code"] == "organisation_not_in_audience"
    assert access["job-seeker-spells"]["missing"]


def test_a_stranger_sees_the_public_product_only(house):
    me = house.get("stranger", "/v1/me").json()
    assert (me["organisation"], me["areas"], me["roles"]) == (None, [], [])
    listed = house.get("stranger", "/v1/products").json()["products"]
    assert [each["id"] for each in listed] == ["vacancies"]


def test_products_tell_their_newest_release(house):
    listed = house.get("municipality-bi", "/v1/products").json()["products"]
    newest = {each["id"]: each["newest_release"] for each in listed}
    assert newest["job-seeker-spells"] == "2026-06-30.1"
    assert newest["service-periods"] is None


def test_a_product_tells_its_columns_terms_and_labels(house):
    detail = house.get("municipality-bi", "/v1/products/job-seeker-spells").json()
    names = [column["name"] for column in detail["columns"]]
    assert "pseudonym" in names
    assert set(detail["title"]) == {"fi", "sv", "en"}
    assert detail["purposes"]
    assert detail["legal_bases"]
    cube = house.get("municipality-bi", "/v1/products/job-seekers").json()
    assert "geography" in cube["dimensions"]


def test_releases_tell_what_is_ready_and_what_changed(fresh_house):
    changed = fresh_house.publish_rows(as_of=date(2026, 7, 1))
    columns = (*changed.columns[:-1],)
    fresh_house.publish_rows(as_of=date(2026, 7, 2), columns=columns, definition_version="9")
    with fresh_house.open():
        answer = fresh_house.get(
            "municipality-bi", "/v1/products/job-seeker-spells/releases"
        ).json()
    assert answer["newest_as_of"] == "2026-07-02"
    ids = [each["release"] for each in answer["releases"]]
    assert ids == ["2026-07-02.1", "2026-07-01.1", "2026-06-30.1"]
    assert all(each["ready"] for each in answer["releases"])
    newest, _, first = answer["releases"]
    assert newest["changes"]["removed"][0]["name"] == changed.columns[-1].name
    assert newest["changes"]["definition"]["to"] == "9"
    assert first["changes"] is None
    assert first["areas"] == ["39", "40"]


def test_a_product_without_a_release_says_so(house):
    answer = house.get("municipality-bi", "/v1/products/service-periods/releases").json()
    assert (answer["newest_as_of"], answer["releases"]) == (None, [])


def test_what_is_not_listed_is_refused_alike_and_journaled(house):
    answers = [
        house.get("stranger", f"/v1/products/{name}{rest}")
        for name in ("job-seekers", "no-such-thing")
        for rest in ("", "/releases")
    ]
    problems = [answer.json() | {"instance": ""} for answer in answers]
    assert all(problem == problems[0] for problem in problems)
    assert problems[0]["code"] == "product_not_found"
    assert [entry.kind for entry in house.entries()[-4:]] == ["access.denied"] * 4


def test_to_tell_of_a_listed_product_is_no_delivery(house):
    before = len(house.entries())
    for path in ("/v1/me", "/v1/products", "/v1/products/job-seekers", "/v1/cubes/job-seekers"):
        assert house.get("ely-analyst", path).status_code == 200
    assert len(house.entries()) == before


def test_the_protection_report_tells_of_the_callers_own_area_only(fresh_house):
    told = fresh_protection(fresh_house, "municipality-bi", "ely-analyst", "tem-analyst")
    assert told["municipality-bi"]["areas"]["39"]["suppressed"]["by_column"] == {"sex": 3}
    assert set(told["municipality-bi"]["areas"]) == {"39"}
    # Who is no recipient of the rows is told of no area; of the whole, everybody the same.
    for persona in ("ely-analyst", "tem-analyst"):
        assert told[persona]["areas"] == {}
        assert told[persona] == {**told["municipality-bi"], "areas": {}}


def test_the_protection_report_tells_method_k_l_and_rows_altered_by_step(fresh_house):
    told = fresh_protection(fresh_house, "municipality-bi")["municipality-bi"]
    assert (told["k"], told["k_reached"], told["l"], told["l_reached"]) == (5, 6, 2, 2)
    assert told["method"] == "ladder"
    assert (told["rows_generalised"], told["rows_suppressed"]) == (90, 7)
    assert told["steps"][0]["areas"] == 2
    assert told["steps"][0]["rows_altered"] == 90
    assert told["areas"]["39"]["steps"][0]["rows_below_k"] == 10
    assert told["limits"] == ["trajectories"]


def test_what_is_not_on_the_list_of_the_report_is_not_told(fresh_house):
    told = fresh_protection(fresh_house, "municipality-bi")["municipality-bi"]
    assert "secret" not in str(told)


def test_a_report_of_another_shape_tells_nothing(fresh_house):
    odd = {"k": "five", "areas": {"39": {"levels": 3}}}
    told = fresh_protection(fresh_house, "municipality-bi", report=odd)["municipality-bi"]
    assert (told["k"], told["areas"]) == (None, {})


def test_the_protection_of_a_cube_is_told_without_what_is_not_on_its_list(fresh_house):
    with fresh_house.open():
        answer = fresh_house.get("ely-analyst", "/v1/products/job-seekers/releases").json()
    told = answer["releases"][0]["protection"]
    assert set(told) == {
        "method", "rules", "threshold", "reason", "cells", "source_faults", "not_covered", "audit",
    }  # fmt: skip
    assert told["audit"] is None


AREA_39 = {
    "k_reached": 6,
    "l_reached": 2,
    "levels": {"sex": "all"},
    "steps": [
        {"column": "sex", "level": "all", "rows_altered": 40, "rows_below_k": 10, "secret": 1}
    ],
    "rows_published": 50,
    "suppressed": {"rows": 3, "share": 0.06, "by_column": {"sex": 3}},
    "secret": "neighbours",
}
REPORT = {
    "method": "ladder",
    "k": 5,
    "k_reached": 6,
    "l": 2,
    "l_reached": 2,
    "rows_generalised": 90,
    "rows_suppressed": 7,
    "steps": [{"column": "sex", "level": "all", "areas": 2, "rows_altered": 90}],
    "limits": ["trajectories"],
    "secret": "figures",
    "areas": {"39": AREA_39, "40": {**AREA_39, "rows_published": 51}},
}


def fresh_protection(house, *personas, report=REPORT):
    """What each persona is told of a release with this report."""
    house.publish_rows(as_of=date(2026, 7, 1), protection=report)
    path = "/v1/products/job-seeker-spells/releases"
    with house.open():
        answers = {one: house.get(one, path).json()["releases"][0] for one in personas}
    return {one: answer["protection"] for one, answer in answers.items()}


def test_head_is_the_same_answer_without_its_body(house):
    for path in ("/v1/me", "/v1/products", "/health/live", "/docs"):
        bearer = house.bearer("ely-analyst")
        head, got = (house.client.request(m, path, headers=bearer) for m in ("HEAD", "GET"))
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]
    assert house.client.head("/v1/nothing", headers=bearer).status_code == 404
