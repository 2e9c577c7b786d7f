"""The text of an access key: whole, it is read back; with anything changed it is none."""

from __future__ import annotations

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.key_text import KeyText, new_key_text, read_key_text

SCANNED = re.compile(r"jkl_[a-z0-9]{12}_[A-Za-z0-9_-]{43}[0-9a-f]{8}")
BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1
CHARACTERS = string.ascii_letters + string.digits + string.punctuation + " \x00äо"
keys = st.builds(
    KeyText,
    st.text(alphabet=string.ascii_lowercase + string.digits, min_size=12, max_size=12),
    st.binary(min_size=32, max_size=32),
)


@given(keys)
def test_a_key_is_read_back_from_its_text(key):
    assert read_key_text(key.text()) == key


@given(keys)
def test_a_scanner_and_a_header_take_it_whole(key):
    text = key.text()
    assert SCANNED.fullmatch(text)
    assert BEARER.fullmatch(text)
    assert SCANNED.search(f"url: 'https://x/?k={text}'\n")[0] == text


@given(keys, st.integers(min_value=0, max_value=67), st.sampled_from(CHARACTERS))
def test_one_other_character_is_no_key(key, position, character):
    text = key.text()
    changed = text[:position] + character + text[position + 1 :]
    assert (read_key_text(changed) is None) is (changed != text)


@given(keys, st.integers(min_value=0, max_value=66))
def test_two_exchanged_neighbours_are_no_key(key, position):
    text = key.text()
    one, other = text[position], text[position + 1]
    changed = text[:position] + other + one + text[position + 2 :]
    assert (read_key_text(changed) is None) is (changed != text)


@given(keys, st.integers(min_value=0, max_value=67))
def test_a_cut_key_is_none(key, length):
    assert read_key_text(key.text()[:length]) is None


@given(st.text())
def test_anything_else_is_none(text):
    assert read_key_text(text) is None


@given(keys, keys)
def test_the_digest_is_of_the_id_and_the_secret(one, other):
    assert (one.digest() == other.digest()) is (one == other)


@given(keys)
def test_a_secret_is_in_no_description_of_it(key):
    assert repr(key.secret) not in repr(key)


def test_new_keys_differ():
    made = [new_key_text() for _ in range(1000)]
    assert len({key.id for key in made}) == len({key.secret for key in made}) == 1000
