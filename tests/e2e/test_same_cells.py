"""Whatever is selected of whichever cube: our own interface, PxWeb by GET and by POST, and the whole file tell
the same values and marks, and every JSON-stat document keeps the rules of its format: ours, read from its page,
and those of jsonstat-validator, which is not ours.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonstat_validator import validate_jsonstat
from starlette.testclient import TestClient

from gateway.batch.demo import demo_token
from gateway.batch.journal_key import create_journal_key
from gateway.encoding.heading import LANGUAGES
from gateway.serving import create_app
from gateway.settings import ServeSettings

PX = "/pxweb/api/v2/tables"
ROOT = Path(__file__).parents[2]
CUBES = sorted(
    path.stem
    for path in (ROOT / "products").glob("*.yaml")
    if "product_kind: cube\n" in path.read_text()
)
CALLER = "municipality-bi"
TOTAL, MEASURE, NOT_PUBLISHED = "SSS", "measure", ".."
CODES_MAX = 4
MANY = {"requests_per_minute": 1_000_000, "burst": 10_000}
Cells = dict[frozenset[tuple[str, str]], tuple[float | None, str | None]]


@dataclass(frozen=True, slots=True)
class Whole:
    """A cube as its whole file tells it. codes: by variable, `measure` first; standing: the variables that a
    request may leave out, by their total; combinations: codes by dimension that are published together.

    values, marks: an axis per variable; a combination that has no row is not published.
    """

    product: str
    codes: Mapping[str, Sequence[str]]
    standing: Mapping[str, str]
    combinations: Sequence[Mapping[str, Sequence[str]]]
    values: np.ndarray
    marks: np.ndarray

    def cells(self, selection: Mapping[str, Sequence[str]]) -> Cells:
        asked = {name: selection.get(name) or [self.standing.get(name)] for name in self.codes}
        places = np.ix_(*([self.codes[name].index(c) for c in asked[name]] for name in asked))
        values, marks = self.values[places].reshape(-1), self.marks[places].reshape(-1)
        return {
            named(asked, codes): (None if np.isnan(value) else value, mark)
            for codes, value, mark in zip(
                itertools.product(*asked.values()), values.tolist(), marks.tolist(), strict=True
            )
        }


def named(variables: Sequence[str], codes: Sequence[str]) -> frozenset[tuple[str, str]]:
    """A cell by its codes, without variables at their total, which one interface leaves out and the other not."""
    return frozenset(pair for pair in zip(variables, codes, strict=True) if pair[1] != TOTAL)


def cells(document: dict[str, Any]) -> Cells:
    """The cells of a JSON-stat document."""
    names = document["id"]
    lists = [list(document["dimension"][name]["category"]["index"]) for name in names]
    marks = document.get("status", {})
    return {
        named(names, codes): (document["value"][i], marks.get(str(i)))
        for i, codes in enumerate(itertools.product(*lists))
    }


@pytest.fixture(scope="module")
def get(published, tmp_path_factory) -> Iterator[Callable[..., Any]]:
    """Asks an application over the demo's releases, in this process."""
    folder = tmp_path_factory.mktemp("same")
    told = tomllib.loads(published.serve_settings.read_text()) | {
        "journal_path": folder / "journal.sqlite",
        "journal_key_path": folder / "signing-key.pem",
        "limits": {"person": MANY, "service": MANY},
    }
    create_journal_key(folder / "signing-key.pem")
    bearer = {"Authorization": f"Bearer {demo_token(CALLER, published.root, minutes=60)}"}
    with TestClient(create_app(ServeSettings.model_validate(told)), headers=bearer) as client:

        def asked(path: str, body: object = None) -> Any:
            return client.get(path) if body is None else client.post(path, json=body)

        yield asked


@pytest.fixture(scope="module", params=CUBES)
def whole(get, request) -> Whole:
    told = get(f"/v1/cubes/{request.param}").json()
    dimensions = {each["name"]: each for each in told["dimensions"]}
    every = "&".join(f"{name}=*" for name in dimensions)
    table = pl.read_parquet(get(f"/v1/cubes/{request.param}/data?{every}&format=parquet").content)
    measures = [each["name"] for each in told["measures"]]
    codes = {MEASURE: measures}
    codes |= {n: [c["code"] for c in each["codes"]] for n, each in dimensions.items()}
    values = np.full([len(each) for each in codes.values()], np.nan)
    marks = np.full(values.shape, NOT_PUBLISHED, dtype=object)
    places = tuple(
        table[name].cast(pl.String).replace_strict(codes[name], range(len(codes[name]))).to_numpy()
        for name in dimensions
    )
    for number, measure in enumerate(measures):
        values[(number, *places)] = table[measure].cast(pl.Float64).fill_null(np.nan).to_numpy()
        marks[(number, *places)] = table[f"{measure}_status"].cast(pl.String).to_list()
    return Whole(
        request.param,
        codes,
        {n: TOTAL for n, each in dimensions.items() if each["omitted"] == [TOTAL]},
        [_codes_of(dimensions, each["levels"]) for each in told["combinations"]],
        values,
        marks,
    )


@pytest.fixture(scope="module")
def checked(json_stat) -> Callable[..., dict[str, Any]]:
    """The document of an answer, which keeps the rules and has the marks that it explains."""

    def document(answer: Any, *, has_values: bool = True) -> dict[str, Any]:
        assert answer.status_code == 200
        told = answer.json()
        assert json_stat.faults(told, has_values=has_values) == []
        assert validate_jsonstat(told)
        assert set(told.get("status", {}).values()) <= set(told["extension"]["jakelu"]["status"])
        return told

    return document


def _codes_of(
    dimensions: Mapping[str, dict[str, Any]], levels: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    return {
        name: [c["code"] for c in each["codes"] if name not in levels or c["level"] in levels[name]]
        for name, each in dimensions.items()
    }


@st.composite
def selections(draw: st.DrawFn, whole: Whole) -> dict[str, list[str]]:
    """Some codes of some variables in any order, mostly of what is published together."""
    together = {**whole.codes, **draw(st.sampled_from([*whole.combinations, {}]))}
    eliminable = st.lists(st.sampled_from([*whole.standing]), unique=True)
    mandatory = [name for name in whole.codes if name not in whole.standing]
    some = partial(st.lists, min_size=1, max_size=CODES_MAX, unique=True)
    return {
        name: draw(some(st.sampled_from(together[name])))
        for name in draw(st.permutations([*draw(eliminable), *mandatory]))
    }


def test_four_doors_tell_the_same_cells(get, whole, checked):
    path = f"{PX}/{whole.product}/data"

    @given(selections(whole))
    @settings(settings.get_profile("some"), deadline=None)
    def same(selection: dict[str, list[str]]) -> None:
        texts = {name: ",".join(codes) for name, codes in selection.items()}
        own = "&".join(f"{name}={text}" for name, text in texts.items())
        query = "&".join(f"valuecodes[{name}]={text}" for name, text in texts.items())
        body = [{"variableCode": name, "valueCodes": codes} for name, codes in selection.items()]
        rest = get(f"/v1/cubes/{whole.product}/data?{own}")
        got, posted = get(f"{path}?{query}"), get(path, {"selection": body})
        assert rest.status_code == got.status_code == posted.status_code
        expected = whole.cells(selection)
        if rest.status_code != 200:
            assert {e.json()["code"] for e in (rest, got, posted)} == {"aggregation_not_published"}
            assert set(expected.values()) == {(None, NOT_PUBLISHED)}
            return
        assert got.content == posted.content
        assert cells(checked(rest)) == cells(checked(got)) == expected
        for name, codes in selection.items():
            assert list(got.json()["dimension"][name]["category"]["index"]) == codes

    same()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_told_without_a_selection_is_json_stat(get, whole, checked, lang):
    for path in (f"/v1/cubes/{whole.product}/data", f"{PX}/{whole.product}/data"):
        assert checked(get(f"{path}?lang={lang}"))["value"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("selection", ["false", "true"])
def test_metadata_is_json_stat_without_values(get, whole, checked, lang, selection):
    asked = f"{PX}/{whole.product}/metadata?lang={lang}&defaultSelection={selection}"
    told = checked(get(asked), has_values=False)
    lists = [each["extension"]["codelists"] for each in told["dimension"].values()]
    for name, each in zip(told["dimension"], lists, strict=True):
        for codelist in each:
            checked(get(f"{asked}&codelist[{name}]={codelist['id']}"), has_values=False)


def test_the_cubes_have_every_mark_to_be_told(whole):
    """Else the comparison would prove nothing."""
    shown = {
        (mark, bool(np.isnan(value)))
        for mark, value in zip(whole.marks.flat, whole.values.flat, strict=True)
    }
    assert (None, False) in shown
    if whole.product != "vacancies":  # whose contract hides nothing and publishes every combination
        assert {("...", True), (NOT_PUBLISHED, True)} <= shown
