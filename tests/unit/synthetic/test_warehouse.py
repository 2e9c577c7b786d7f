"""The demo warehouse as a whole: size, margins, consistency, determinism."""

from __future__ import annotations

import math
from datetime import date

import duckdb
import numpy as np
import pytest

from gateway.errors import SettingsFault
from gateway.synthetic import generate, margins
from gateway.synthetic.activities import LAID_OFF, TRAINING
from gateway.synthetic.margins import load_margins
from gateway.synthetic.people import MAN, OLDER, TEENS, WOMAN, YOUNG, draw_stock

SCALE = 0.01
TABLES = margins.load_margins(7)

UNEMPLOYED_CONDITIONS = {
    margins.UNEMPLOYED: "TRUE",
    margins.MEN: "sukupuoli = '1'",
    margins.WOMEN: "sukupuoli = '2'",
    margins.UNDER_20: "ika < 20",
    margins.UNDER_25: "ika < 25",
    margins.OVER_50: "ika >= 50",
    margins.FOREIGN: "kansalaisuus IS DISTINCT FROM 'FI'",
    margins.LONG_TERM: "alkupvm <= DATE '2025-06-30'",
    margins.LAID_OFF: "koodi = '03'",
}
SERVICES = {
    margins.LABOUR_TRAINING: "'TVK'",
    margins.SUPPORTED_WORK: "'PALKKA', 'START'",
    margins.OTHER_SERVICES: "'OMAE', 'KUNT', 'URAV', 'KOTO'",
}
OPEN_SPELL = """
    alkupvm <= DATE '2026-06-30' AND (loppupvm IS NULL OR loppupvm >= DATE '2026-06-30')
    AND (loppupvm IS NULL OR loppupvm >= alkupvm)
"""


def near(found: int, measure: str) -> bool:
    """Within 3 %, or within the chance of a systematic sample of so few."""
    expected = TABLES.nation[measure] * SCALE
    return abs(found - expected) <= max(0.03 * expected, 2.5 * math.sqrt(expected))


def test_the_job_seekers_of_the_day_are_counted_to_the_person(ask):
    found = ask(f"SELECT count(DISTINCT henkilo_id) FROM atmt.tyonhakujakso WHERE {OPEN_SPELL}")
    assert found == round(542_318 * SCALE)


@pytest.mark.parametrize("measure", UNEMPLOYED_CONDITIONS)
def test_margins_of_the_unemployed_are_near_the_statistics(ask, measure):
    found = ask(
        f"SELECT count(*) FROM memory.main.unemployed WHERE {UNEMPLOYED_CONDITIONS[measure]}"
    )
    assert near(found, measure), found


@pytest.mark.parametrize("measure", SERVICES)
def test_margins_of_services_are_near_the_statistics(ask, measure):
    found = ask(
        "SELECT count(*) FROM atmt.palvelujakso"
        f" WHERE loppupvm IS NULL AND palvelu IN ({SERVICES[measure]})"
    )
    assert near(found, measure), found


def test_open_and_new_vacancies_are_near_the_statistics(ask):
    standing = ask("SELECT sum(paikkojen_maara) FROM tmt.tyopaikka WHERE suljettu IS NULL")
    new = ask("SELECT sum(paikkojen_maara) FROM tmt.tyopaikka WHERE avattu >= DATE '2026-06-01'")
    assert near(standing, margins.OPEN_VACANCIES)
    assert near(new, margins.NEW_VACANCIES)


def test_at_full_scale_every_municipality_has_its_own_counts():
    table = load_margins(3)
    stock = draw_stock(table, scale=1.0, seed=3)
    assert len(stock) == 542_318
    places = len(table.places)
    seekers = np.bincount(stock.place, minlength=places)
    assert (seekers == table.counts[margins.SEEKERS]).all()
    unemployed = stock.activity <= LAID_OFF
    marks = {
        margins.UNEMPLOYED: unemployed,
        margins.MEN: unemployed & (stock.sex == MAN),
        margins.WOMEN: unemployed & (stock.sex == WOMAN),
        margins.UNDER_20: unemployed & (stock.age == TEENS),
        margins.UNDER_25: unemployed & (stock.age <= YOUNG),
        margins.OVER_50: unemployed & (stock.age == OLDER),
        margins.FOREIGN: unemployed & stock.foreign,
        margins.LONG_TERM: stock.long_term,
        margins.LAID_OFF: stock.activity == LAID_OFF,
        margins.LABOUR_TRAINING: stock.activity == TRAINING,
    }
    for measure, flags in marks.items():
        assert abs(int(flags.sum()) / table.nation[measure] - 1) < 0.001, measure
        found = np.bincount(stock.place[flags], minlength=places)
        assert np.abs(found - table.counts[measure]).max() <= 4, measure


def test_month_end_stocks_of_two_years_are_of_a_size(ask):
    smallest_and_largest = ask(
        """
        SELECT [min(n), max(n)] FROM (
            SELECT m.paiva, count(DISTINCT henkilo_id) AS n
            FROM (SELECT last_day(DATE '2024-07-01' + to_months(i::INT)) AS paiva
                  FROM range(24) t(i)) m
            JOIN atmt.tyonhakujakso j
              ON j.alkupvm <= m.paiva AND (j.loppupvm IS NULL OR j.loppupvm >= m.paiva)
            GROUP BY 1 HAVING count(*) > 0)
        """
    )
    smallest, largest = smallest_and_largest
    assert 0.9 * 542_318 * SCALE < smallest < largest < 1.1 * 542_318 * SCALE


def test_each_day_of_a_clean_spell_has_one_employment_code(ask):
    """Codes of a person never overlap, and there is one on the as-of day for every job seeker."""
    overlapping = ask(
        """
        SELECT count(*) FROM (
            SELECT alkupvm, max(coalesce(loppupvm, DATE '9999-12-31')) OVER (
                PARTITION BY henkilo_id ORDER BY alkupvm
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS edellinen
            FROM atmt.tyollisyyskoodi) WHERE alkupvm <= edellinen
        """
    )
    assert overlapping == 0
    assert ask("SELECT count(*) FROM atmt.tyollisyyskoodi WHERE loppupvm < alkupvm") == 0
    assert ask("SELECT count(*) FROM atmt.tyollisyyskoodi WHERE loppupvm IS NULL") == round(
        542_318 * SCALE
    )


def test_service_periods_have_the_code_of_a_service_and_lie_in_a_spell(ask):
    loose = ask(
        """
        SELECT count(*) FROM atmt.palvelujakso p WHERE NOT EXISTS (
            SELECT 1 FROM atmt.tyollisyyskoodi k
            WHERE k.henkilo_id = p.henkilo_id AND k.koodi IN ('00', '07')
              AND k.alkupvm <= p.alkupvm
              AND coalesce(k.loppupvm, DATE '9999-12-31') >= coalesce(p.loppupvm, p.alkupvm))
        """
    )
    assert loose == 0


def test_courses_have_one_service_procurement_and_area_and_few_participants(ask):
    assert (
        ask(
            "SELECT max(n) FROM (SELECT count(*) n FROM atmt.palvelujakso"
            " WHERE kurssi_id IS NOT NULL GROUP BY kurssi_id)"
        )
        <= 25
    )
    mismatched = ask(
        """
        SELECT count(*) FROM atmt.palvelujakso p
        JOIN atmt.kurssi k USING (kurssi_id) JOIN atmt.hankinta h ON h.hankinta_id = k.hankinta_id
        WHERE p.palvelu <> k.palvelu OR p.hankinta_id <> h.hankinta_id
           OR h.palvelu <> k.palvelu OR h.alue <> k.alue
        """
    )
    assert mismatched == 0


def test_some_of_those_who_finished_a_service_have_wages_after_it(ask):
    share = ask(
        """
        SELECT avg(EXISTS (SELECT 1 FROM tulorekisteri.kuukausitulo t
                           WHERE t.henkilo_id = p.henkilo_id AND t.palkka_eur > 0
                             AND t.kuukausi = date_trunc('month', p.loppupvm) + INTERVAL 6 MONTH
                          )::INT)
        FROM atmt.palvelujakso p WHERE p.loppupvm BETWEEN DATE '2024-07-01' AND DATE '2025-06-30'
        """
    )
    assert 0.2 < share < 0.6
    assert (
        ask(
            "SELECT count(*) - count(DISTINCT (henkilo_id, kuukausi))"
            " FROM tulorekisteri.kuukausitulo"
        )
        == 0
    )


def test_nobody_sought_work_before_sixteen_and_all_are_of_working_age(ask):
    assert (
        ask(
            "SELECT count(*) FROM memory.main.person JOIN atmt.tyonhakujakso USING (henkilo_id)"
            " WHERE date_sub('year', syntymaaika, alkupvm) < 16 AND loppupvm >= alkupvm"
        )
        == 0
    )
    assert ask("SELECT max(ika) FROM memory.main.unemployed") <= 66


def test_tags_are_of_the_persons_own_area(ask):
    from gateway.organisations import load_registry

    registry = load_registry()
    pairs = ask(
        "SELECT list(DISTINCT [kotikunta, tiimitagi]) FROM atmt.asiakasvastuu"
        " JOIN memory.main.person USING (henkilo_id) WHERE kotikunta IS NOT NULL"
    )
    for municipality, tag in pairs:
        area = registry.area_of(registry.current_municipality(municipality))
        assert tag.startswith(f"T{area}-")


def test_the_same_seed_gives_the_same_contents(tmp_path):
    paths = [tmp_path / name for name in ("first.duckdb", "second.duckdb", "other.duckdb")]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        generate(path, scale=0.002, seed=seed, as_of=date(2026, 6, 30))
    first, second, other = (contents(path) for path in paths)
    assert first == second
    assert first["atmt.henkilo"] != other["atmt.henkilo"]


def contents(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables"
        ).fetchall()
        assert len(names) == 15
        return {name: connection.execute(f"FROM {name}").fetchall() for (name,) in names}


def test_progress_rises_to_one_and_no_building_file_stays(tmp_path):
    seen = []
    generate(
        tmp_path / "demo.duckdb",
        scale=0.002,
        seed=1,
        as_of=date(2025, 12, 31),
        progress=lambda what, share: seen.append((what, share)),
    )
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert seen[-1] == ("done", 1.0)
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo.duckdb"]


def test_a_build_that_fails_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "demo.duckdb"
    path.write_bytes(b"earlier")

    def stop(what, _share):
        if what == "atmt.kurssi":
            raise RuntimeError

    with pytest.raises(RuntimeError):
        generate(path, scale=0.002, seed=1, as_of=date(2026, 6, 30), progress=stop)
    assert path.read_bytes() == b"earlier"
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo.duckdb"]


@pytest.mark.parametrize(("scale", "seed"), [(0.0, 1), (1.01, 1), (float("nan"), 1), (0.1, -1)])
def test_refuses_a_scale_or_seed_outside_its_range(tmp_path, scale, seed):
    with pytest.raises(SettingsFault):
        generate(tmp_path / "demo.duckdb", scale=scale, seed=seed, as_of=date(2026, 6, 30))
