from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from gateway.errors import KeyFault
from gateway.ports import PseudonymDomain
from gateway.protection.pseudonym import domain_info, fingerprint, pseudonyms

KEY = bytes(range(32))


def test_a_pseudonym_is_26_characters_of_the_upper_case_alphabet():
    (text,) = pseudonyms(np.array([12345]), KEY).to_pylist()

    assert len(text) == 26
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def test_known_pseudonyms_never_change():
    made = pseudonyms(np.array([1, 12345, 1]), KEY).to_pylist()

    assert made == [
        "TCFBLKO25FOPFRMPZNYPQEMWFW",
        "7PDCD7ARLSPNCDBAXN5YRSQ6FT",
        "TCFBLKO25FOPFRMPZNYPQEMWFW",
    ]


def test_a_fingerprint_tells_keys_apart_and_is_no_pseudonym():
    assert fingerprint(KEY) == fingerprint(KEY) != fingerprint(bytes(32))
    assert len(fingerprint(KEY)) == 64
    assert KEY.hex() not in fingerprint(KEY)


def test_nobody_gives_an_empty_array_of_strings():
    made = pseudonyms(np.array([], dtype=np.int64), KEY)

    assert made.type == pa.string()
    assert len(made) == 0


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_refuses_a_key_of_another_length(length):
    with pytest.raises(KeyFault):
        pseudonyms(np.array([1]), bytes(length))


def test_the_domain_is_written_in_one_text():
    domain = PseudonymDomain(area="39", family="job-seekers", purpose="area-reporting")

    assert domain_info(domain, "2026") == b"v1|39|job-seekers|area-reporting|2026"


@pytest.mark.parametrize(
    ("domain", "epoch"),
    [
        (PseudonymDomain(area="39|x", family="f", purpose="p"), "2026"),
        (PseudonymDomain(area="39", family="a|b", purpose="p"), "2026"),
        (PseudonymDomain(area="39", family="f", purpose="p|"), "2026"),
        (PseudonymDomain(area="39", family="f", purpose="p"), "20|26"),
        (PseudonymDomain(area="", family="f", purpose="p"), "2026"),
        (PseudonymDomain(area="39", family="f", purpose="p"), ""),
    ],
)
def test_refuses_parts_that_could_make_two_domains_one(domain, epoch):
    with pytest.raises(KeyFault):
        domain_info(domain, epoch)
