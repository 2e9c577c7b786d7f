"""The planted faults are there, and in no greater share than the documentation says."""

from __future__ import annotations

import pytest

from gateway.organisations import load_registry
from gateway.synthetic import dirt

ALAND = sorted(m for m in load_registry().municipalities if load_registry().area_of(m) is None)


def share(ask, fault: str, whole: str) -> float:
    return ask(f"SELECT count(*) {fault}") / ask(f"SELECT count(*) {whole}")


def test_some_persons_have_no_municipality(ask):
    found = share(ask, "FROM memory.main.person WHERE kotikunta IS NULL", "FROM memory.main.person")
    assert dirt.MISSING_MUNICIPALITY_SHARE * 0.9 < found < dirt.MISSING_MUNICIPALITY_SHARE * 1.5


def test_some_persons_have_a_municipality_that_ended_with_2024(ask):
    assert ask("SELECT count(*) FROM atmt.henkilo WHERE kotikunta = '588'") >= 1


def test_some_persons_live_in_aland_and_have_no_team(ask):
    listed = ", ".join(f"'{code}'" for code in ALAND)
    residents = f"FROM memory.main.person WHERE kotikunta IN ({listed})"
    assert ask(f"SELECT count(*) {residents}") >= 5
    assert (
        ask(
            f"SELECT count(*) {residents}"
            " AND henkilo_id IN (SELECT henkilo_id FROM atmt.asiakasvastuu)"
        )
        == 0
    )


@pytest.mark.parametrize(
    ("table", "key", "planted"),
    [
        ("atmt.henkilo", "henkilo_id", dirt.REPEATED_PERSON_SHARE),
        ("atmt.tyonhakujakso", "jakso_id", dirt.REPEATED_SPELL_SHARE),
    ],
)
def test_some_ids_occur_twice_with_the_same_row(ask, table, key, planted):
    rows, ids, contents = (
        ask(f"SELECT count(*) FROM {table}"),
        ask(f"SELECT count(DISTINCT {key}) FROM {table}"),
        ask(f"SELECT count(*) FROM (SELECT DISTINCT * FROM {table})"),
    )
    assert ids == contents
    assert (rows - ids) / rows == pytest.approx(planted, rel=0.1)


def test_some_spells_end_before_they_start(ask):
    found = share(
        ask,
        "FROM atmt.tyonhakujakso WHERE loppupvm < alkupvm",
        "FROM atmt.tyonhakujakso WHERE loppupvm IS NOT NULL",
    )
    assert found == pytest.approx(dirt.END_BEFORE_START_SHARE, rel=0.5)


def test_some_spells_lie_within_another_of_the_same_person(ask):
    found = ask(
        """
        SELECT count(DISTINCT b.jakso_id)
        FROM atmt.tyonhakujakso a JOIN atmt.tyonhakujakso b USING (henkilo_id)
        WHERE a.jakso_id <> b.jakso_id AND a.alkupvm < b.alkupvm
          AND b.alkupvm <= coalesce(a.loppupvm, DATE '9999-12-31')
          AND coalesce(b.loppupvm, DATE '9999-12-31') >= b.alkupvm
        """
    )
    assert found == pytest.approx(
        ask("SELECT count(*) FROM atmt.tyonhakujakso") * dirt.OVERLAPPING_SHARE, rel=0.3
    )


@pytest.mark.parametrize(
    ("table", "column", "planted"),
    [
        ("memory.main.person", "lisatiedot", dirt.PERSON_NOTE_SHARE),
        ("atmt.yhteydenotto", "muistiinpano", dirt.CONTACT_NOTE_SHARE),
        ("atmt.tyollistymissuunnitelma", "tehtavat", dirt.PLAN_NOTE_SHARE),
    ],
)
def test_free_texts_have_the_persons_own_name_in_them(ask, table, column, planted):
    written = f"FROM {table} WHERE {column} IS NOT NULL"
    assert share(ask, written, f"FROM {table}") == pytest.approx(planted, rel=0.2)
    anonymous = ask(
        f"SELECT count(*) FROM {table} t JOIN memory.main.person p USING (henkilo_id)"
        f" WHERE t.{column} IS NOT NULL AND NOT contains(t.{column}, p.sukunimi)"
    )
    assert anonymous == 0
