"""The matrix that a privacy officer reviews: computed by the engine, and never out of date."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from gateway.adapters.cedar import CedarEngine
from gateway.batch.review.callers import caller, roles_named
from gateway.batch.review.house import load_house
from gateway.batch.review.matrix_files import check_matrix, write_matrix
from gateway.cli import app
from gateway.errors import PolicyFault
from gateway.model.caller import HeldRole, RoleSource
from gateway.organisations.registry import ELY_LAST_DAY, EVK_FIRST_DAY
from gateway.policy import load_policy, read_policy_files

ROOT = Path(__file__).parents[3]
PRODUCTS, POLICIES = ROOT / "products", ROOT / "policies"
REMEDY = "Run `jakelu policy matrix --write`"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with (POLICIES / "matrix.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def few_roles(tmp_path: Path) -> Path:
    """A policy folder with two roles and no matrix, which is quickly computed."""
    folder = Path(shutil.copytree(POLICIES, tmp_path / "policies"))
    for path in folder.glob("matrix.*"):
        path.unlink()
    keep_roles(folder, "raakadata", "tilastokuutiot")
    return folder


def keep_roles(folder: Path, *names: str) -> None:
    roles = yaml.safe_load((folder / "roles.yaml").read_text())["roles"]
    kept = [role for role in roles if role["role"] in names]
    (folder / "roles.yaml").write_text(yaml.safe_dump({"roles": kept}, allow_unicode=True))


@pytest.fixture(scope="module")
def one_product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("products")
    shutil.copytree(PRODUCTS / "codelists", folder / "codelists")
    shutil.copytree(PRODUCTS / "sources", folder / "sources")
    shutil.copy(PRODUCTS / "vacancies.yaml", folder)
    return folder


def test_the_committed_matrix_is_what_the_policies_roles_and_products_give():
    check_matrix(PRODUCTS, POLICIES)


def test_a_matrix_that_has_drifted_is_refused_with_the_command_that_writes_it(
    few_roles, one_product
):
    folders = ["--products-dir", str(one_product), "--policies-dir", str(few_roles)]
    written = CliRunner().invoke(app, ["policy", "matrix", "--write", *folders])
    assert written.exit_code == 0
    check_matrix(one_product, few_roles)
    for name in ("matrix.fi.md", "matrix.sv.md", "matrix.csv"):
        whole = (few_roles / name).read_bytes()
        (few_roles / name).write_bytes(whole.replace(b"raakadata", b"raakadatta", 1)[:-1])
    with pytest.raises(PolicyFault, match=re.escape(REMEDY)) as fault:
        check_matrix(one_product, few_roles)
    assert "matrix.fi.md, matrix.sv.md, matrix.csv" in fault.value.detail


def test_a_changed_policy_makes_the_matrix_drift(few_roles, one_product):
    write_matrix(one_product, few_roles)
    forbids = few_roles / "forbids.cedar"
    text = forbids.read_text()
    start = text.index('@id("rows-own-area")')
    forbids.write_text(text[:start] + text[text.index('@id("audience-of-the-product")') :])
    with pytest.raises(PolicyFault, match=re.escape(REMEDY)):
        check_matrix(one_product, few_roles)


def test_the_matrix_is_no_policy_and_does_not_change_the_hash(few_roles, one_product):
    before = read_policy_files(few_roles)
    write_matrix(one_product, few_roles)
    after = read_policy_files(few_roles)
    assert after.sha256 == before.sha256
    assert set(after.texts) == set(before.texts)
    assert load_policy(few_roles, engine_from=CedarEngine).sha256 == before.sha256


def test_a_missing_file_is_drift(few_roles, one_product):
    with pytest.raises(PolicyFault, match=re.escape(REMEDY)):
        check_matrix(one_product, few_roles)


def test_every_product_and_every_role_is_in_the_matrix(rows):
    house = load_house(PRODUCTS, POLICIES)
    products = {name for row in rows for name in row["products"].split(" | ")}
    assert {product.id for product in house.products} <= products
    assert "journal" in products
    roles = {case for row in rows for case in row["roles"].split(" | ")}
    assert {"none", *house.roles} <= roles


def test_rows_are_for_employment_authorities_in_their_own_area_only(rows):
    real = [r for r in rows if r["kind"] == "rows" and r["imagined"] == "no"]
    assert real
    for row in real:
        opened = {row["own_area"], row["other_area"], row["no_area"]} - {"denied", "not_listed"}
        if opened:
            assert row["organisations"] == "municipality | employment_authority"
            assert (row["other_area"], row["no_area"]) == ("denied", "denied")
            assert "rows-employment-authority" in row["policies"].split(" | ")


def test_both_languages_tell_the_same_answers_and_name_the_policies():
    finnish = (POLICIES / "matrix.fi.md").read_text()
    swedish = (POLICIES / "matrix.sv.md").read_text()
    for ours, theirs in (("✔ saa", "✔ får"), ("◐ vain kytkimellä", "◐ endast med omkopplaren")):
        assert finnish.count(f"| {ours}") == swedish.count(f"| {theirs}") > 0
    for name, text in load_house(PRODUCTS, POLICIES).texts.items():
        assert f"| `{name}` |" in finnish
        assert text.title_fi in finnish
        assert text.title_sv in swedish
        assert text.ground in finnish


def test_every_table_has_as_many_cells_in_each_row_as_headings():
    for name in ("matrix.fi.md", "matrix.sv.md"):
        columns = 0
        for line in (POLICIES / name).read_text().splitlines():
            cells = line.count(" | ") + 1 if line.startswith("|") else 0
            assert not columns or not cells or cells == columns, line
            columns = cells


def test_a_caller_is_made_as_authentication_makes_it():
    house = load_house(PRODUCTS, POLICIES)
    who = caller(house, "KU837", roles_named(["heti:raakadata"]), on=EVK_FIRST_DAY)
    assert who.scope.areas == {"39"}
    assert who.roles == (HeldRole(RoleSource.HETI, "raakadata"),)
    assert who.permissions == {"employment.rows"}
    assert caller(house, "EVK04", (), on=ELY_LAST_DAY).organisation is None
    assert caller(house, "KU999", (), on=EVK_FIRST_DAY).scope.areas == frozenset()


def test_write_and_check_at_once_is_wrong_use():
    assert CliRunner().invoke(app, ["policy", "matrix", "--write", "--check"]).exit_code == 2
