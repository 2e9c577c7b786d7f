"""`jakelu policy explain`: what the service would answer, and what is missing."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.adapters.demo_issuer import PERSONAS, Persona, create_issuer, issue
from gateway.adapters.oidc import OidcTokenVerifier
from gateway.batch.review.callers import caller, read_token, roles_of_token
from gateway.batch.review.explain_words import REMEDIES
from gateway.batch.review.house import PolicyHouse, load_house
from gateway.cli import app
from gateway.identity import Credentials, TokenChecks, authenticate

ROOT = Path(__file__).parents[3]
FOLDERS = ["--products-dir", str(ROOT / "products"), "--policies-dir", str(ROOT / "policies")]
NOW = datetime(2026, 6, 30, 6, tzinfo=UTC)
ROWS, CUBE = ["--product", "job-seeker-spells"], ["--product", "job-seekers"]
BI = ["--organisation", "KU837", "--role", "atmt:raportointi"]
ON = ["--on", "2026-06-30"]


class FixedClock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def house() -> PolicyHouse:
    return load_house(ROOT / "products", ROOT / "policies")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("issuer")
    create_issuer(folder)
    return folder


def explain(*options: str, stdin: str | None = None):
    return CliRunner().invoke(app, ["policy", "explain", *options, *FOLDERS], input=stdin)


def explained(*options: str, stdin: str | None = None) -> dict:
    return json.loads(explain(*options, "--format", "json", stdin=stdin).stdout)


def test_a_permit_names_policy_ground_subscription_and_purpose():
    told = explained(*BI, *ROWS, *ON)
    assert explain(*BI, *ROWS, *ON).exit_code == 0
    assert told["permitted"]
    assert told["area"] == "39"
    assert told["policies"] == [
        {
            "id": "rows-employment-authority",
            "effect": "permit",
            "title": {
                "fi": "Työvoimaviranomainen saa oman alueensa raakadatan",
                "sv": "Arbetskraftsmyndigheten får rådata om sitt eget område",
            },
            "ground": "380/2023",
        }
    ]
    assert told["subscription"] == "areas-rows.TA39.job-seeker-spells"
    assert (told["purpose"], told["legal_basis"]) == ("employment-service-management", "L380-2023")
    assert told["missing"] == []


def test_a_denial_says_what_is_missing_and_how_to_get_it():
    options = ["--organisation", "KU837", "--role", "atmt:asiantuntija", *ROWS, *ON]
    assert explain(*options).exit_code == 1
    told = explained(*options, "--lang", "en")
    assert told["code"] == "role_missing"
    assert told["missing"] == [
        {
            "policy": "permission-of-the-product",
            "remedy": "Ask your organisation's administrator for a role that gives "
            "`employment.rows`: atmt:raportointi, heti:raakadata.",
        }
    ]


def test_where_nothing_helps_no_roles_are_asked_for():
    told = explained("--organisation", "EVK04", *ROWS, "--area", "39", *ON, "--lang", "en")
    assert told["missing"] == [
        {
            "policy": "rows-employment-authorities-only",
            "remedy": "This organisation cannot have it. Use the cubes.",
        }
    ]


@pytest.mark.parametrize(
    ("language", "verdict", "heading"),
    [("fi", "EI SAA", "näin saa"), ("sv", "FÅR INTE", "så får man"), ("en", "DENIED", "how to")],
)
def test_the_table_is_in_the_asked_language(language, verdict, heading):
    shown = explain(*BI, *ROWS, "--area", "40", *ON, "--format", "table", "--lang", language)
    assert shown.exit_code == 1
    assert verdict in shown.stdout
    assert heading in shown.stdout
    assert "rows-own-area" in shown.stdout


def test_the_day_decides_for_ely_and_evk_centres():
    for code, day, exit_code in (
        ("ELY05", "2025-12-31", 0),
        ("ELY05", "2026-01-01", 1),
        ("EVK04", "2025-12-31", 1),
        ("EVK04", "2026-01-01", 0),
    ):
        who = ["--organisation", code, "--role", "heti:tilastokuutiot"]
        assert explain(*who, *CUBE, "--on", day).exit_code == exit_code, (code, day)


def test_an_ended_subscription_is_named_with_its_days():
    told = explained(*BI, *ROWS, "--on", "2028-01-01", "--lang", "en")
    assert told["code"] == "subscription_missing"
    assert (
        "A subscription is not valid on this day: areas-rows.TA39.job-seeker-spells, "
        "2025-01-01 to 2027-12-31."
    ) in told["notes"]


def test_a_purpose_that_no_subscription_has_is_refused_with_those_that_are():
    told = explained(*BI, *ROWS, *ON, "--purpose", "service-planning", "--lang", "en")
    assert told["code"] == "purpose_refused"
    assert told["missing"][0]["remedy"].endswith("employment-service-management.")


def test_what_is_not_listed_is_said_to_be_answered_as_unknown():
    told = explained("--organisation", "KEHA", "--role", "heti:tarkastaja", *CUBE, *ON)
    assert not told["listed"]
    assert any("404" in note for note in told["notes"])


@pytest.mark.parametrize("persona", [*PERSONAS, "expert"])
def test_a_token_makes_the_caller_that_authentication_makes(house, issuer, persona, monkeypatch):
    expert = Persona("expert", "e", "c", "KU837", ("heti:raakadata",), expert_tag="AS-1")
    monkeypatch.setitem(PERSONAS, "expert", expert)
    token = issue(persona, folder=issuer, now=NOW)
    verifier = OidcTokenVerifier(
        issuer="https://issuer.demo.invalid",
        audience="jakelu",
        jwks=str(issuer / "jwks.json"),
        clock=FixedClock(),
        algorithms=("ES256",),
    )
    real = authenticate(
        Credentials(f"Bearer {token}", "GET", "https://gateway.test.invalid/v1/me"),
        tokens=TokenChecks(verifier, None),
        registry=house.registry,
        roles=house.policy.roles,
        clock=FixedClock(),
    ).caller
    read = read_token(token)
    on = date(2026, 6, 30)
    made = caller(
        house,
        read.claims.organisation,
        roles_of_token(read, on),
        on=on,
        strength=read.strength,
        expert_tag=read.claims.expert_tag,
    )
    for field in (
        *("organisation", "scope", "roles", "permissions", "strength", "expert_tag"),
        "organisation_claim",
    ):
        assert getattr(made, field) == getattr(real, field), field


def test_a_token_is_read_from_standard_input_and_said_not_to_be_verified(issuer):
    token = issue("municipality-bi", folder=issuer, now=NOW)
    head, payload, signature = token.split(".")
    forged = f"{head}.{payload}.{signature[::-1]}"
    told = explained("--token", "-", *ROWS, *ON, "--lang", "en", stdin=forged + "\n")
    assert told["permitted"]
    assert (told["caller"]["from"], told["caller"]["verified"]) == ("token", False)
    assert (
        "The token's claims were read; its signature, times and issuer were not verified."
        in (told["notes"])
    )


def test_a_token_file_is_never_quoted(issuer, tmp_path: Path):
    token = issue("stranger", folder=issuer, now=NOW)
    (tmp_path / "token").write_text(token)
    shown = explain("--token", str(tmp_path / "token"), *CUBE, *ON)
    assert shown.exit_code == 1
    (tmp_path / "broken").write_text(token.replace(".", "!"))
    refused = explain("--token", str(tmp_path / "broken"), *CUBE, *ON)
    assert refused.exit_code == 2
    for part in token.split("."):
        assert part not in shown.output + refused.output


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ([*BI, "--product", "no-such-product"], "--product"),
        ([*BI, *ROWS, "--area", "99"], "--area"),
        ([*BI, *CUBE, "--area", "39"], "--area"),
        (["--organisation", "KU000", *CUBE], "--organisation"),
        (["--organisation", "KU837", "--role", "heti:everything", *CUBE], "--role"),
        (["--token", "no-such-file", *CUBE], "--token"),
        (["--token", "x", "--organisation", "KU837", *CUBE], "--token"),
        (["--token", "x", "--role", "heti:raakadata", *CUBE], "token"),
        ([*CUBE], "--organisation"),
        ([*BI, *CUBE, "--on", "30.6.2026"], "--on"),
    ],
)
def test_a_question_without_an_answer_is_wrong_use_and_names_the_option(options, named):
    shown = explain(*options)
    assert shown.exit_code == 2
    assert named in shown.output
    assert shown.stdout == ""


def test_every_policy_that_can_forbid_has_a_remedy(house):
    forbids = {name for name, text in house.texts.items() if text.is_forbid}
    assert set(REMEDIES) == forbids | {"default-deny"}
