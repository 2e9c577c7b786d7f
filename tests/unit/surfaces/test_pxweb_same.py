"""Whatever is selected, our own interface and PxWeb by GET and by POST tell the same cells."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

CODES = {
    "geography": ["SSS", "MK06", "TA39", "KU837", "KU536"],
    "month": ["2026M05", "2026M06"],
    "sex": ["SSS", "1", "2"],
    "age": ["SSS", "-24", "25-"],
    "citizenship": ["SSS", "FI", "MUU"],
    "measure": ["job_seekers", "unemployed", "long_term_unemployed", "mean_duration"],
}
MANDATORY = ("month", "measure")
BI = "municipality-bi"


@st.composite
def selections(draw: st.DrawFn) -> dict[str, list[str]]:
    """Some codes of some variables, in any order; the mandatory ones always."""
    names = draw(st.sets(st.sampled_from([n for n in CODES if n not in MANDATORY])))
    return {
        name: draw(st.lists(st.sampled_from(CODES[name]), min_size=1, unique=True))
        for name in draw(st.permutations([*names, *MANDATORY]))
    }


def cells(document: dict) -> dict:
    """(variable, code) pairs → value and mark; without what only stands at its total."""
    names = document["id"]
    lists = [list(document["dimension"][name]["category"]["index"]) for name in names]
    marks = document.get("status", {})
    return {
        frozenset((name, code) for name, code in zip(names, codes, strict=True) if code != "SSS"): (
            document["value"][i],
            marks.get(str(i)),
        )
        for i, codes in enumerate(itertools.product(*lists))
    }


@given(selections())
@settings(settings.get_profile("many"), deadline=None)
def test_three_doors_tell_the_same_cells(house, selection):
    own = "&".join(f"{name}={','.join(codes)}" for name, codes in selection.items())
    query = "&".join(f"valuecodes[{name}]={','.join(codes)}" for name, codes in selection.items())
    body = {
        "selection": [{"variableCode": n, "valueCodes": codes} for n, codes in selection.items()]
    }
    bearer = house.bearer(BI)
    rest = house.client.get(f"/v1/cubes/job-seekers/data?{own}", headers=bearer)
    path = "/pxweb/api/v2/tables/job-seekers/data"
    got = house.client.get(f"{path}?{query}", headers=bearer)
    posted = house.client.post(path, json=body, headers=bearer)
    assert rest.status_code == got.status_code == posted.status_code
    if rest.status_code != 200:
        codes = {each.json()["code"] for each in (rest, got, posted)}
        assert codes == {"aggregation_not_published"}
        return
    assert got.content == posted.content
    assert cells(got.json()) == cells(rest.json())
    for name, codes in selection.items():
        assert list(got.json()["dimension"][name]["category"]["index"]) == codes
