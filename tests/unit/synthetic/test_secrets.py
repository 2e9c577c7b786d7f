"""The list of what may never be seen downstream is complete enough to trust a grep with it."""

from __future__ import annotations

import pytest

from gateway.errors import WarehouseUnavailable
from gateway.organisations import load_registry
from gateway.synthetic import SECRET_FORMS, secrets_of
from gateway.synthetic.activities import ACTIVITIES
from gateway.synthetic.courses import TOPICS
from gateway.synthetic.free_text import PHRASES
from gateway.synthetic.names import GIVEN_NAMES, SURNAMES


def test_lists_some_of_every_kind(warehouse, ask):
    secrets = secrets_of(warehouse, 20)
    ids = [ask("SELECT henkilo_id FROM atmt.henkilo ORDER BY md5(henkilo_id::VARCHAR) LIMIT 1")]
    assert {str(ids[0]).encode(), ids[0].to_bytes(8, "little")} <= secrets
    assert {phrase.encode() for phrase in PHRASES} <= secrets
    for kind in (b"@posti.invalid", b"+35800", b"AS-", b"xela", b"xentie", b"kertoi: "):
        assert any(kind in secret for secret in secrets), kind
    assert len(secrets) <= 12 * 20 + len(PHRASES)


def test_a_large_limit_lists_them_all(warehouse, ask):
    secrets = secrets_of(warehouse, 10**6)
    for column in ("henkilotunnus", "sukunimi", "puhelin", "sahkoposti", "katuosoite"):
        texts = ask(f"SELECT list(DISTINCT {column}) FROM atmt.henkilo")
        assert {text.encode() for text in texts} <= secrets
    texts = ask("SELECT list(DISTINCT asiantuntijatagi) FROM atmt.asiakasvastuu")
    assert {text.encode() for text in texts} <= secrets


def test_ids_are_long_in_digits_and_in_bytes(ask):
    assert ask("SELECT min(henkilo_id) FROM atmt.henkilo") >= 3 * 2**31
    assert ask("SELECT max(henkilo_id) FROM atmt.henkilo") < 2**33


def test_the_forms_find_every_secret_that_has_one(warehouse, ask):
    for column in (
        "henkilotunnus",
        "sukunimi",
        "puhelin",
        "sahkoposti",
        "katuosoite",
        "lisatiedot",
    ):
        for text in ask(
            f"SELECT list(DISTINCT {column}) FROM atmt.henkilo WHERE {column} IS NOT NULL"
        ):
            assert SECRET_FORMS.search(text.encode()), text
    for text in ask("SELECT list(DISTINCT asiantuntijatagi) FROM atmt.asiakasvastuu"):
        assert SECRET_FORMS.search(text.encode()), text


def test_no_label_looks_like_a_secret():
    labels = [
        *(code.label for code in load_registry().geography().codes),
        *(activity.label for activity in ACTIVITIES if activity.label is not None),
        *TOPICS,
    ]
    text = " ".join(word for label in labels for word in (label.fi, label.sv, label.en))
    assert not SECRET_FORMS.search(text.encode())
    for name in (*SURNAMES, *GIVEN_NAMES):
        assert name not in text


def test_names_are_long_enough_to_grep_for():
    assert min(map(len, GIVEN_NAMES)) >= 7
    assert min(map(len, SURNAMES)) >= 10


def test_an_unreadable_warehouse_is_said_to_be_one(tmp_path):
    with pytest.raises(WarehouseUnavailable):
        secrets_of(tmp_path / "missing.duckdb", 10)
