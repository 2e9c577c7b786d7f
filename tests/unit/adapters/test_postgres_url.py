"""Addresses of PostgreSQL: no secrets in them, and no plain text to another machine."""

from __future__ import annotations

import pytest

from gateway.adapters.postgres_url import parse_postgres_url
from gateway.errors import SettingsFault

TLS = "postgresql://jakelu_gateway@db.example/jakelu?sslmode=verify-full"


def refusal(text: str) -> str:
    with pytest.raises(SettingsFault) as refused:
        parse_postgres_url(text, parameter="state_url")
    assert refused.value.parameter == "state_url"
    assert refused.value.detail.startswith("state_url ")
    assert refused.value.__cause__ is None
    return refused.value.detail


@pytest.mark.parametrize(
    "text",
    [
        TLS,
        "postgres://jakelu_gateway@one.example:5433,two.example/jakelu?sslmode=verify-full",
        TLS + "&sslrootcert=/etc/ca.pem&passfile=/etc/pgpass&require_auth=scram-sha-256",
        TLS + "&service=jakelu",
        "postgresql://jakelu_gateway@127.0.0.1:5432/jakelu",
        "postgresql://jakelu_gateway@[::1]/jakelu",
        "postgresql://jakelu_gateway@localhost/jakelu",
        "postgresql://jakelu_gateway@/jakelu?host=/run/postgresql",
        "postgresql://jakelu_gateway@%2Frun%2Fpostgresql/jakelu",
    ],
)
def test_an_address_that_is_safe_is_taken(text):
    assert parse_postgres_url(text, parameter="state_url").user == "jakelu_gateway"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://jakelu_gateway@db.example/jakelu",
        "postgresql://jakelu_gateway@db.example/jakelu?sslmode=require",
        "postgresql://jakelu_gateway@db.example/jakelu?sslmode=verify-ca",
        "postgresql://jakelu_gateway@192.0.2.7/jakelu?sslmode=disable",
        "postgresql://jakelu_gateway@127.0.0.1,db.example/jakelu",
        "postgresql://jakelu_gateway@localhost.example/jakelu",
    ],
)
def test_another_machine_is_reached_with_tls_and_a_checked_name_alone(text):
    assert "add `sslmode=verify-full`" in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://jakelu_gateway:s3cret@db.example/jakelu?sslmode=verify-full",
        TLS + "&password=s3cret",
        TLS + "&sslpassword=s3cret",
        "postgresql://jakelu_gateway:s3cret%zz@db.example/jakelu",
        "postgresql://jakelu_gateway:s3cret@db.example/jakelu?nothing=s3cret",
        "mysql://jakelu_gateway:s3cret@db.example/jakelu",
        "host=db.example password=s3cret",
        "s3cret",
    ],
)
def test_a_password_is_refused_and_never_told(text):
    assert "s3cret" not in refusal(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("postgresql://db.example/jakelu?sslmode=verify-full", "the role"),
        ("postgresql://jakelu_gateway@/jakelu", "the host"),
        ("postgresql://jakelu_gateway@db.example?sslmode=verify-full", "a database"),
        ("postgresql:///?service=jakelu", "the role"),
        (TLS + "&options=-csynchronous_commit%3Doff", "`options`"),
        (TLS + "&hostaddr=192.0.2.7", "`hostaddr`"),
        (TLS + "&target_session_attrs=any", "`target_session_attrs`"),
    ],
)
def test_what_is_missing_or_not_for_an_address_is_named(text, named):
    assert named in refusal(text)


def test_tells_where_it_leads_and_can_be_asked_as_another_role():
    url = parse_postgres_url(TLS, parameter="state_url")
    assert str(url) == "jakelu_gateway at db.example, database jakelu"
    owner = url.as_user("jakelu_owner")
    assert (owner.user, url.user) == ("jakelu_owner", "jakelu_gateway")
    assert owner.parameters["sslmode"] == "verify-full"
