from __future__ import annotations

from pathlib import Path

import pytest

from gateway.contracts import Catalog, check_contracts, load_catalog
from gateway.errors import ContractFault, NotFound
from gateway.model.codes import CodeList
from gateway.model.organisation import OrganisationKind
from gateway.model.product import (
    Classification,
    LevelKind,
    MeasureKind,
    ProductKind,
    Transformation,
)

PRODUCTS = Path(__file__).parents[3] / "products"
PUBLISHED = {
    "job-seeker-spells",
    "service-periods",
    "job-seekers",
    "job-seekers-detailed",
    "service-outcomes",
    "vacancies",
}


@pytest.fixture(scope="module")
def catalog(registry_lists: dict[str, CodeList]) -> Catalog:
    return load_catalog(PRODUCTS, registry_lists=registry_lists)


def test_our_products_have_no_faults(registry_lists):
    tested = frozenset(PUBLISHED)
    assert check_contracts(PRODUCTS, registry_lists=registry_lists, tested_products=tested) == ()


def test_the_catalog_has_our_products(catalog):
    assert {product.id for product in catalog.products} == PUBLISHED


def test_finds_a_product_by_its_id(catalog):
    assert catalog.find("vacancies").is_public


def test_an_unknown_product_is_the_one_not_found(catalog):
    with pytest.raises(NotFound) as caught:
        catalog.find("diagnoses")
    assert caught.value.code == "product_not_found"


def test_gives_its_own_code_lists_and_the_registrys(catalog):
    assert catalog.code_list("geography").codes[0].code == "SSS"
    assert [code.code for code in catalog.code_list("citizenship").codes][:2] == ["SSS", "FI"]


def test_an_unknown_code_list_is_a_contract_fault(catalog):
    with pytest.raises(ContractFault):
        catalog.code_list("diagnoses")


def test_rows_are_for_the_areas_authorities_and_known_to_the_centres(catalog):
    rows = [p for p in catalog.products if p.kind is ProductKind.ROWS]
    assert len(rows) == 2
    for product in rows:
        assert product.audience == {
            OrganisationKind.MUNICIPALITY,
            OrganisationKind.EMPLOYMENT_AUTHORITY,
        }
        assert OrganisationKind.EVK in product.listed_to
        assert product.classification is Classification.CONFIDENTIAL
        assert product.required_permission == "employment.rows"


def test_only_vacancies_need_no_permission(catalog):
    free = [p.id for p in catalog.products if p.required_permission is None]
    assert free == ["vacancies"]


def test_rows_deliver_a_pseudonym_and_no_identifier(catalog):
    for product in catalog.products:
        if product.rows is None:
            continue
        first = product.rows.columns[0]
        assert first.transformation is Transformation.PSEUDONYM
        assert first.source == product.rows.person
        text = product.rows.extract
        for word in ("henkilotunnus", "sukunimi", "asiantuntijatagi", "lisatiedot"):
            assert word not in text


def test_both_rows_products_give_one_pseudonym_to_a_person(catalog):
    families = {p.rows.family for p in catalog.products if p.rows is not None}
    assert families == {"employment"}


def test_groupings_of_the_code_list_reach_the_levels(catalog):
    spells = catalog.find("job-seeker-spells").rows
    assert spells is not None
    citizenship = next(c for c in spells.columns if c.name == "citizenship_group")
    by_name = {level.name: level for level in citizenship.levels}
    assert by_name["three"].groups is not None
    assert by_name["three"].groups["EE"] == "EU"
    assert by_name["three"].otherwise == "MUU"
    assert citizenship.levels[-1].kind is LevelKind.ALL
    assert citizenship.levels[-1].pooled_code == "SSS"


def test_income_is_used_in_one_cube_only_and_more_strictly(catalog):
    using = [p for p in catalog.products if "tulorekisteri" in p.sources]
    assert [p.id for p in using] == ["service-outcomes"]
    assert using[0].cube is not None
    assert using[0].cube.disclosure.threshold == 10


def test_means_and_shares_need_ten(catalog):
    for product in catalog.products:
        for measure in product.cube.measures if product.cube else ():
            if measure.kind is not MeasureKind.COUNT:
                assert measure.minimum_n >= 10


def test_every_text_for_people_is_there_in_three_languages(catalog):
    for product in catalog.products:
        labels = [product.title, product.description]
        labels += [rule.description for rule in product.dirt]
        if product.rows is not None:
            labels += [c.label for c in product.rows.columns]
            labels += [c.description for c in product.rows.columns]
        if product.cube is not None:
            labels += [d.label for d in product.cube.dimensions]
            labels += [m.label for m in product.cube.measures]
        for label in labels:
            assert label.fi
            assert label.sv
            assert label.en


def test_loading_a_broken_folder_names_file_line_and_remedy(workshop):
    workshop.change("vacancies.yaml", "version: 1.0.0", "version: first")
    with pytest.raises(ContractFault) as caught:
        load_catalog(workshop.folder, registry_lists=workshop.registry_lists)
    place = f"{workshop.folder / 'vacancies.yaml'}:{workshop.line('vacancies.yaml', 'version: f')}:"
    assert place in caught.value.detail
    assert "Write three numbers, like 1.0.0." in caught.value.detail


def test_an_empty_folder_is_a_fault(tmp_path, registry_lists):
    (fault,) = check_contracts(tmp_path, registry_lists=registry_lists)
    assert "no contract" in fault.message


def test_a_file_that_nobody_would_read_is_a_fault(workshop):
    workshop.text("vacancies.yaml")
    (workshop.folder / "extra.yml").write_text("id: extra\n", "utf-8")
    (fault,) = workshop.faults()
    assert fault.remedy == "Rename it to extra.yaml."
