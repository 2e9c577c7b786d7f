"""Rights at the edges of days, over HTTP: organisations, roles, subscriptions and permits end at midnight in Helsinki."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml
from starlette.testclient import TestClient

from gateway.adapters.demo_issuer import PERSONAS, Persona, issue
from gateway.organisations import load_registry
from gateway.serving import create_app

POLICIES = Path(__file__).parents[2] / "policies"
CUBE, ROWS = "/v1/cubes/job-seekers/data", "/v1/rows/job-seeker-spells?area=39"
INCOMES = "/v1/cubes/service-outcomes/data"
SECOND = timedelta(seconds=1)
NEW_YEAR = datetime(2025, 12, 31, 22, tzinfo=UTC)  # midnight in Helsinki, winter time
JULY = datetime(2026, 6, 30, 21, tzinfo=UTC)  # summer time


class MovingClock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@dataclasses.dataclass
class Open:
    """A served house whose clock the test moves."""

    house: object
    client: TestClient
    clock: MovingClock

    def token(self, persona: str) -> str:
        return issue(persona, folder=self.house.root / "issuer", now=self.clock.moment)

    def get(self, persona: str, path: str, token: str | None = None):
        bearer = {"Authorization": f"Bearer {token or self.token(persona)}"}
        return self.client.get(path, headers=bearer)

    def at(self, moment: datetime, persona: str, path: str) -> tuple[int, str | None]:
        """Status and code of an answer at a moment."""
        self.clock.moment = moment
        answer = self.get(persona, path)
        is_problem = answer.status_code >= 400
        return answer.status_code, answer.json()["code"] if is_problem else None


@contextmanager
def opened(house, moment: datetime, **settings: object) -> Iterator[Open]:
    clock = MovingClock(moment)
    app = create_app(house.settings(**settings), clock=clock)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Open(house, client, clock)


@pytest.fixture(autouse=True)
def personas(monkeypatch) -> None:
    for persona in (
        Persona("old-ely", "a-1", "ely", "ELY05", ("heti:tilastokuutiot",)),
        Persona("member", "a-2", "bi", "KU536", ("heti:raakadata",)),
        Persona("authority", "a-3", "bi", "TA39", ("heti:raakadata", "heti:tilastokuutiot")),
        Persona("merged", "a-4", "bi", "KU588", ("heti:raakadata", "heti:tilastokuutiot")),
        Persona(
            "until-june",
            "a-5",
            "bi",
            "KU837",
            ({"source": "heti", "role": "raakadata", "valid_until": "2026-06-30"},),
        ),
    ):
        monkeypatch.setitem(PERSONAS, persona.name, persona)


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def change(folder: Path, name: str, entry_id: str, **fields: object) -> None:
    """Other fields in one entry of subscriptions.yaml or permits.yaml."""
    document = yaml.safe_load((folder / f"{name}.yaml").read_text())
    entry = next(each for each in document[name] if each["id"] == entry_id)
    entry.update(fields)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(document))


UNKNOWN = (404, "product_not_found")


def test_ely_centres_end_and_evk_centres_begin_at_midnight_in_helsinki(fresh_house):
    with opened(fresh_house, NEW_YEAR - SECOND) as house:
        assert house.at(NEW_YEAR - SECOND, "old-ely", CUBE) == (200, None)
        assert house.at(NEW_YEAR - SECOND, "ely-analyst", CUBE) == UNKNOWN
        assert house.at(NEW_YEAR, "old-ely", CUBE) == UNKNOWN
        assert house.at(NEW_YEAR, "ely-analyst", CUBE) == (200, None)
        assert house.get("old-ely", "/v1/me").json()["organisation"] is None
        assert house.get("old-ely", "/v1/me").json()["areas"] == []
        assert house.get("ely-analyst", "/v1/me").json()["organisation"]["code"] == "EVK04"


def test_a_token_that_is_remembered_from_before_midnight_gives_nothing_after_it(fresh_house):
    with opened(fresh_house, NEW_YEAR - SECOND) as house:
        token = house.token("old-ely")
        assert house.get("old-ely", CUBE, token).status_code == 200
        house.clock.moment = NEW_YEAR
        assert house.get("old-ely", CUBE, token).status_code == 404


def test_a_municipality_that_ends_loses_its_rows_at_midnight_and_its_area_does_not(
    fresh_house, monkeypatch
):
    registry = load_registry()
    ending = dataclasses.replace(registry.find("KU536"), valid_to=date(2026, 6, 30))
    organisations = MappingProxyType({**registry._organisations, "KU536": ending})
    dated = dataclasses.replace(registry, _organisations=organisations)
    monkeypatch.setattr("gateway.serving.services.load_registry", lambda: dated)
    with opened(fresh_house, JULY - SECOND) as house:
        assert house.at(JULY - SECOND, "member", ROWS) == (200, None)
        assert house.at(JULY, "member", ROWS) == UNKNOWN
        assert house.at(JULY, "authority", ROWS) == (200, None)


def test_a_municipality_that_begins_has_nothing_before_its_first_day(fresh_house, monkeypatch):
    registry = load_registry()
    coming = dataclasses.replace(registry.find("KU536"), valid_from=date(2026, 7, 1))
    organisations = MappingProxyType({**registry._organisations, "KU536": coming})
    dated = dataclasses.replace(registry, _organisations=organisations)
    monkeypatch.setattr("gateway.serving.services.load_registry", lambda: dated)
    with opened(fresh_house, JULY - SECOND) as house:
        assert house.at(JULY - SECOND, "member", ROWS) == UNKNOWN
        assert house.at(JULY, "member", ROWS) == (200, None)


def test_a_municipality_that_was_merged_away_is_no_organisation(fresh_house):
    registry = load_registry()
    assert registry.find("KU588") is None
    assert registry.current_municipality("588") == "507"
    with opened(fresh_house, JULY) as house:
        assert house.at(JULY, "merged", CUBE) == UNKNOWN
        assert house.at(JULY, "merged", ROWS) == UNKNOWN


def test_a_role_holds_to_the_end_of_its_last_day(fresh_house):
    with opened(fresh_house, JULY - SECOND) as house:
        assert house.at(JULY - SECOND, "until-june", ROWS) == (200, None)
        assert house.at(JULY, "until-june", ROWS) == (403, "role_missing")


# The last day and the midnight that ends it, in UTC: winter, the days that clocks go on and back, summer.
MIDNIGHTS = [
    (date(2026, 1, 15), datetime(2026, 1, 15, 22, tzinfo=UTC)),
    (date(2026, 3, 28), datetime(2026, 3, 28, 22, tzinfo=UTC)),
    (date(2026, 3, 29), datetime(2026, 3, 29, 21, tzinfo=UTC)),
    (date(2026, 6, 30), JULY),
    (date(2026, 10, 24), datetime(2026, 10, 24, 21, tzinfo=UTC)),
    (date(2026, 10, 25), datetime(2026, 10, 25, 22, tzinfo=UTC)),
]


@pytest.mark.parametrize(("last", "midnight"), MIDNIGHTS)
def test_a_subscription_holds_to_the_end_of_its_last_day(fresh_house, policies, last, midnight):
    change(policies, "subscriptions", "areas-cubes", valid_to=last)
    with opened(fresh_house, midnight - SECOND, policies_dir=policies) as house:
        assert house.at(midnight - SECOND, "municipality-bi", CUBE) == (200, None)
        assert house.at(midnight, "municipality-bi", CUBE) == (403, "subscription_missing")
        assert house.at(midnight, "municipality-bi", ROWS) == (200, None)


@pytest.mark.parametrize(("last", "midnight"), MIDNIGHTS[2:3] + MIDNIGHTS[5:])
def test_a_subscription_begins_with_its_first_day(fresh_house, policies, last, midnight):
    change(policies, "subscriptions", "areas-cubes", valid_from=last + timedelta(days=1))
    with opened(fresh_house, midnight - SECOND, policies_dir=policies) as house:
        assert house.at(midnight - SECOND, "municipality-bi", CUBE) == (
            403,
            "subscription_missing",
        )
        assert house.at(midnight, "municipality-bi", CUBE) == (200, None)


@pytest.mark.parametrize(("last", "midnight"), MIDNIGHTS[2:3] + MIDNIGHTS[5:])
def test_a_data_permit_holds_to_the_end_of_its_last_day(fresh_house, policies, last, midnight):
    fresh_house.publish_cube(product="service-outcomes")
    change(policies, "permits", "tulorekisteri-2025", valid_to=last)
    with opened(fresh_house, midnight - SECOND, policies_dir=policies) as house:
        assert house.at(midnight - SECOND, "municipality-bi", INCOMES) == (200, None)
        assert house.at(midnight, "municipality-bi", INCOMES) == (403, "data_permit_missing")
        assert house.at(midnight, "municipality-bi", CUBE) == (200, None)


def test_history_is_read_by_the_rights_of_today_and_not_of_the_day_it_tells_of(
    fresh_house, policies
):
    fresh_house.publish_cube(as_of=date(2025, 11, 30))
    change(policies, "subscriptions", "areas-cubes", valid_to=date(2026, 6, 29))
    history = f"{CUBE}?as_of=2025-12-31"
    with opened(fresh_house, NEW_YEAR, policies_dir=policies) as house:
        assert house.at(NEW_YEAR, "old-ely", history) == UNKNOWN
        assert house.at(NEW_YEAR, "ely-analyst", history) == (200, None)
        told = house.get("ely-analyst", history)
        assert told.headers["jakelu-as-of"] == "2025-11-30"
        before = JULY - timedelta(days=1)
        assert house.at(before - SECOND, "municipality-bi", history) == (200, None)
        assert house.at(before, "municipality-bi", history) == (403, "subscription_missing")
