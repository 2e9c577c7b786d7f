"""What is served is what the domain allows: the very rows and cells, for whoever asks with a good token.

`rows_due` and `cube_due` are written from the rules of the domain (2, 4 and 5), not from the policies.
"""

from __future__ import annotations

import json
import uuid
from datetime import date
from io import BytesIO

import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.organisations import load_registry

ROWS, CUBE = "/v1/rows/job-seeker-spells", "/v1/cubes/job-seekers/data"
PUBLISHED = ("39", "40")
TODAY, AT = date(2026, 7, 1), 1782885600  # the house's day, and its 06:00 UTC
REGISTRY = load_registry()
GIVES_ROWS = {"heti:raakadata", "atmt:raportointi"}
GIVES_CUBES = {"heti:tilastokuutiot", "atmt:raportointi", "atmt:esihenkilo", "atmt:asiantuntija"}
ORGANISATIONS = (
    "KU837",
    "KU536",
    "KU047",
    "KU091",
    "KU478",
    "TA39",
    "TA40",
    "EVK04",
    "ELY04",
    "TEM",
)

roles = st.dictionaries(
    st.sampled_from(
        [*sorted(GIVES_ROWS | GIVES_CUBES), "kotoaj:raportointi", "heti:tarkastaja", "atmt:unknown"]
    ),
    st.sampled_from([None, TODAY, date(2026, 6, 30)]),
    max_size=3,
)


def held_today(held: dict[str, date | None]) -> set[str]:
    return {name for name, last in held.items() if last is None or last >= TODAY}


def is_open(held: set[str]) -> bool:
    """Who audits gets nothing, and an integration worker only with a role of A-TMT (the switch is off)."""
    is_koto = any(name.startswith("kotoaj:") for name in held)
    is_atmt = any(name.startswith("atmt:") for name in held & (GIVES_ROWS | GIVES_CUBES))
    return "heti:tarkastaja" not in held and (is_atmt or not is_koto)


def rows_due(organisation: str, held: set[str], area: str) -> set[str]:
    """The municipalities whose rows are served: of the own area, to its authority, with the role."""
    is_authority = organisation.startswith(("KU", "TA"))
    is_own = area in REGISTRY.scope(organisation, TODAY).areas
    if is_authority and is_own and held & GIVES_ROWS and is_open(held) and area in PUBLISHED:
        return set(REGISTRY.municipalities_of_area(area))
    return set()


def cube_due(organisation: str, held: set[str]) -> bool:
    """All of it or nothing: to authorities and to the centres of the day; the ministry's switch is off."""
    has_area = bool(REGISTRY.scope(organisation, TODAY).areas)
    is_reader = organisation.startswith(("KU", "TA", "EVK")) and has_area
    return is_reader and bool(held & GIVES_CUBES) and is_open(held)


@pytest.fixture(scope="module")
def key(house) -> ECKey:
    return ECKey.import_key(json.loads((house.root / "issuer" / "issuer-key.json").read_text()))


@pytest.fixture(scope="module")
def whole_cube(house) -> bytes:
    return house.get("municipality-bi", f"{CUBE}?geography=*&month=*&format=csv").content


def bearer(key: ECKey, organisation: str, held: dict[str, date | None]) -> dict[str, str]:
    claims = {
        "iss": "https://issuer.demo.invalid",
        "aud": "jakelu",
        "sub": "svc-1",
        "client_id": "svc-1",
        "jti": str(uuid.uuid4()),
        "iat": AT,
        "exp": AT + 600,
        "organisation": organisation,
        "roles": [
            dict(zip(("source", "role"), name.split(":"), strict=True))
            | ({"valid_until": last.isoformat()} if last else {})
            for name, last in held.items()
        ],
    }
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    return {"Authorization": f"Bearer {jwt.encode(header, claims, key, algorithms=['ES256'])}"}


@settings.get_profile("many")
@given(
    organisation=st.sampled_from(ORGANISATIONS),
    held=roles,
    area=st.sampled_from([*PUBLISHED, "01"]),
)
def test_the_rows_served_are_those_that_the_domain_allows(house, key, organisation, held, area):
    address = f"{ROWS}?area={area}&format=parquet"
    answer = house.client.get(address, headers=bearer(key, organisation, held))
    due = rows_due(organisation, held_today(held), area)
    served = (
        set(polars.read_parquet(BytesIO(answer.content))["municipality"].unique())
        if answer.status_code == 200
        else set()
    )
    assert served == due, answer.text if answer.status_code != 200 else served


@settings.get_profile("many")
@given(organisation=st.sampled_from(ORGANISATIONS), held=roles)
def test_the_cells_served_are_all_or_none(house, key, whole_cube, organisation, held):
    address = f"{CUBE}?geography=*&month=*&format=csv"
    answer = house.client.get(address, headers=bearer(key, organisation, held))
    assert (answer.status_code == 200) is cube_due(organisation, held_today(held)), answer.text[
        :300
    ]
    if answer.status_code == 200:
        assert answer.content == whole_cube
