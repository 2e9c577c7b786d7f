"""Why something is delivered, over HTTP: stated, or the only one there is, or asked for by its parameter."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

POLICIES = Path(__file__).parents[2] / "policies"
ROWS, CUBE, PUBLIC = (
    "/v1/rows/job-seeker-spells",
    "/v1/cubes/job-seekers/data",
    "/v1/cubes/vacancies/data",
)
ONE = {ROWS: "employment-service-management", CUBE: "statistics-and-monitoring"}
OTHER = "service-planning"
CALLER = "municipality-bi"


@pytest.fixture(scope="module")
def two_purposes(model_house, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """A house in which Tampere has a second subscription of rows and of a cube."""
    root = tmp_path_factory.mktemp("purposes")
    house = type(model_house)(
        Path(shutil.copytree(model_house.root, root / "house")), model_house.signing_key
    )
    policies = Path(shutil.copytree(POLICIES, root / "policies"))
    document = yaml.safe_load((policies / "subscriptions.yaml").read_text())
    document["subscriptions"].append(
        {
            "id": "planning",
            "organisations": ["KU837"],
            "products": ["job-seeker-spells", "job-seekers"],
            "purpose": OTHER,
            "legal_basis": "GDPR-6-1-e",
            "valid_from": document["subscriptions"][0]["valid_from"],
            "valid_to": document["subscriptions"][0]["valid_to"],
        }
    )
    (policies / "subscriptions.yaml").write_text(yaml.safe_dump(document))
    with house.open(policies_dir=policies):
        yield house


def journaled(house, answer) -> dict:
    receipt = answer.headers["jakelu-receipt"]
    return dict(next(entry.body for entry in house.entries() if entry.event_id == receipt))


@pytest.mark.parametrize("path", [ROWS, CUBE])
def test_the_only_subscription_gives_the_purpose(house, path):
    answer = house.get(CALLER, path)
    assert answer.status_code == 200
    assert journaled(house, answer)["purpose"] == ONE[path]
    assert house.get(CALLER, f"{path}?purpose={ONE[path]}").status_code == 200


@pytest.mark.parametrize("path", [ROWS, CUBE])
def test_of_several_one_must_be_stated_and_the_refusal_names_parameter_and_codes(
    two_purposes, path
):
    answer = two_purposes.get(CALLER, path)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "purpose_refused")
    assert problem["parameter"] == "purpose"
    assert (
        f"`purpose`. Your subscriptions allow: {', '.join(sorted([ONE[path], OTHER]))}."
        in (problem["detail"])
    )


@pytest.mark.parametrize("path", [ROWS, CUBE])
def test_a_stated_purpose_is_delivered_under_its_own_subscription_and_ground(two_purposes, path):
    product = path.split("/")[3]
    for purpose, subscription, basis in (
        (OTHER, f"planning.KU837.{product}", "GDPR-6-1-e"),
        (ONE[path], None, "L380-2023"),
    ):
        answer = two_purposes.get(CALLER, f"{path}?purpose={purpose}")
        assert answer.status_code == 200
        body = journaled(two_purposes, answer)
        assert (body["purpose"], body["legal_basis"]) == (purpose, basis)
        assert subscription is None or body["subscription"] == subscription


@pytest.mark.parametrize("path", [ROWS, CUBE, PUBLIC])
@pytest.mark.parametrize("purpose", ["curiosity", "audit", "", "x' or 1=1"])
def test_another_purpose_is_refused_with_the_allowed_ones_and_not_repeated(house, path, purpose):
    if path == PUBLIC and purpose == "audit":
        return  # of the closed list, which is all that a public product asks
    answer = house.get(CALLER, f"{path}?purpose={purpose}")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "purpose_refused")
    assert problem["parameter"] == "purpose"
    assert ONE.get(path, "service-planning") in problem["detail"]
    assert not purpose or purpose not in answer.text
    refusal = house.entries()[-1].body
    assert (refusal["kind"], refusal["refusal"]) == ("access.denied", "purpose_refused")
    assert refusal["purpose"] is None


def test_delta_sharing_has_no_word_for_a_purpose_and_says_where_there_is_one(two_purposes):
    table = "/delta-sharing/shares/39/schemas/rows/tables/job-seeker-spells"
    bearer = two_purposes.bearer(CALLER)
    for answer in (
        two_purposes.get(CALLER, f"{table}/metadata"),
        two_purposes.client.post(f"{table}/query", json={}, headers=bearer),
    ):
        assert (answer.status_code, answer.json()["errorCode"]) == (403, "purpose_refused")
        message = answer.json()["message"]
        assert "Fetch the rows from /v1/rows/job-seeker-spells with `purpose`" in message
        assert f"{ONE[ROWS]}, {OTHER}" in message
        assert two_purposes.entries()[-1].body["refusal"] == "purpose_refused"
    ruled = two_purposes.get(CALLER, f"{ROWS}?purpose={OTHER}")
    assert journaled(two_purposes, ruled)["purpose"] == OTHER


@pytest.mark.parametrize("path", [ROWS, CUBE])
def test_a_purpose_given_twice_is_refused(two_purposes, path):
    problem = two_purposes.get(CALLER, f"{path}?purpose={OTHER}&purpose={OTHER}").json()
    assert (problem["code"], problem["parameter"]) == ("repeated_parameter", "purpose")


def test_the_caller_learns_beforehand_that_a_purpose_must_be_stated(two_purposes):
    told = {p["product"]: p for p in two_purposes.get(CALLER, "/v1/me").json()["products"]}
    assert told["job-seekers"]["code"] == "purpose_refused"
    assert OTHER in told["job-seekers"]["missing"]
