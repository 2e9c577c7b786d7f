from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from gateway.delivery.conditions import Conditions
from gateway.delivery.plan import SMALL_CELLS_MAX, CubePlan, is_extract, plan_rows
from gateway.delivery.requests import Edition, RowsRequest
from gateway.encoding.cube_tables import encode_csv
from gateway.encoding.formats import CSV, PARQUET
from gateway.errors import SliceNotFound, UnknownColumn, UnknownMunicipality, UnknownParameter
from gateway.journal.body import Origin
from gateway.model.label import Label
from gateway.model.product import Classification, ProductKind
from gateway.model.release import DeliveredColumn, Manifest, ReleaseId, StoredFile

TEXT = Label("fi", "sv", "en")
OF_AREA = frozenset({"837", "536"})
COLUMNS = ("pseudonym", "municipality", "sex")
REQUEST = RowsRequest(
    product="spells",
    area="39",
    edition=Edition(None, None),
    format=PARQUET,
    municipalities=None,
    columns=None,
    purpose=None,
    conditions=Conditions(),
    origin=Origin(),
)
MANIFEST = Manifest(
    product="spells",
    kind=ProductKind.ROWS,
    release=ReleaseId(date(2026, 6, 30), 1),
    created_utc="",
    title=TEXT,
    contract_version="1.0.0",
    contract_sha256="0" * 64,
    definition_version="1",
    classification=Classification.CONFIDENTIAL,
    personal_data=True,
    sources=("atmt",),
    columns=tuple(DeliveredColumn(name, "string", TEXT) for name in COLUMNS),
    files=(StoredFile("area=39/part-0.parquet", 10, 1000, "a" * 64, "39"),),
    protection={},
    policy_set_sha256="",
    inputs_sha256="",
    build="",
)


def product(*columns: str):
    """As much of a product as planning looks at."""
    made = tuple(
        SimpleNamespace(
            name=name,
            is_delivered=True,
            levels=(SimpleNamespace(pooled_code="MUU"), SimpleNamespace(pooled_code="")),
        )
        for name in columns
    )
    anonymity = SimpleNamespace(suppressed_code="*")
    return SimpleNamespace(rows=SimpleNamespace(columns=made, anonymity=anonymity))


def plan(**changes: object):
    request = replace(REQUEST, **changes)
    return plan_rows(request, product(*COLUMNS), MANIFEST, of_area=OF_AREA)


def test_the_stored_slice_goes_out_as_it_is_and_is_named_by_its_hash():
    made = plan()
    assert made.is_stored
    assert made.etag == f'"{"a" * 64}"'


@pytest.mark.parametrize(
    "changes", [{"format": CSV}, {"columns": ("sex",)}, {"municipalities": ("837",)}]
)
def test_anything_else_is_encoded_and_has_a_tag_of_its_own(changes):
    made = plan(**changes)
    assert not made.is_stored
    assert made.etag != plan().etag
    assert made.etag == plan(**changes).etag


def test_the_tag_follows_the_file_the_selection_and_the_format():
    tags = {
        plan(format=CSV).etag,
        plan(format=CSV, columns=("sex",)).etag,
        plan(format=CSV, municipalities=("837",)).etag,
        plan(columns=("sex",)).etag,
    }
    assert len(tags) == 4
    assert plan(municipalities=("837", "536")).etag == plan(municipalities=("536", "837")).etag


def test_columns_come_in_the_releases_order_and_all_of_them_is_no_narrowing():
    assert plan(columns=("sex", "pseudonym")).narrowing.columns == ("pseudonym", "sex")
    assert plan(columns=("sex", "municipality", "pseudonym")).is_stored


def test_an_area_without_rows_is_not_found():
    with pytest.raises(SliceNotFound) as refused:
        plan(area="40")
    assert refused.value.parameter == "area"


def test_a_column_that_is_not_delivered_is_unknown():
    with pytest.raises(UnknownColumn):
        plan(columns=("henkilotunnus",))


@pytest.mark.parametrize("code", ["837", "MUU", "*"])
def test_members_of_the_area_and_merged_codes_can_be_asked_for(code):
    assert plan(municipalities=(code,)).narrowing.municipalities == {code}


@pytest.mark.parametrize("codes", [("091",), ("837", "091"), ("Tampere",)])
def test_a_municipality_of_another_area_is_unknown(codes):
    with pytest.raises(UnknownMunicipality) as refused:
        plan(municipalities=codes)
    assert refused.value.parameter == "municipality"


def test_a_product_without_municipalities_cannot_be_narrowed_by_them():
    request = replace(REQUEST, municipalities=("837",))
    with pytest.raises(UnknownParameter):
        plan_rows(request, product("pseudonym"), MANIFEST, of_area=OF_AREA)


@pytest.mark.parametrize(
    ("cells", "is_stored", "expected"),
    [(SMALL_CELLS_MAX, False, False), (SMALL_CELLS_MAX + 1, False, True), (1, True, True)],
)
def test_whole_cubes_and_large_selections_are_extracts_and_tables_are_not(
    cells, is_stored, expected
):
    plan = CubePlan(
        manifest=MANIFEST,
        file=MANIFEST.files[0],
        format=CSV,
        language="fi",
        cube=None,
        chosen=SimpleNamespace(cells=cells),
        etag='"a"',
        selection={},
        is_stored=is_stored,
        encode=encode_csv,
    )
    assert is_extract(plan) is expected


@pytest.mark.parametrize("changes", [{}, {"format": CSV}, {"columns": ("sex",)}])
def test_rows_are_always_an_extract(changes):
    spec = SimpleNamespace(rows=None)
    plan = plan_rows(replace(REQUEST, **changes), spec, MANIFEST, of_area=OF_AREA)
    assert is_extract(plan)
