from __future__ import annotations

import base64
import hashlib
import hmac

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.protection.pseudonym import pseudonyms

IDS = st.lists(st.integers(min_value=-(2**63), max_value=2**63 - 1), max_size=60)
KEYS = st.binary(min_size=32, max_size=32)


@settings(deadline=None, max_examples=50)
@given(ids=IDS, key=KEYS)
def test_every_pseudonym_is_what_the_standard_library_makes(ids, key):
    made = pseudonyms(np.array(ids, dtype=np.int64), key)

    made.validate(full=True)
    assert made.to_pylist() == [
        base64.b32encode(hmac.new(key, b"pid\0" + str(person).encode(), hashlib.sha256).digest())[
            :26
        ].decode()
        for person in ids
    ]


@settings(deadline=None, max_examples=25)
@given(ids=IDS, one=KEYS, other=KEYS)
def test_one_person_has_unlinkable_pseudonyms_under_two_keys(ids, one, other):
    here = set(pseudonyms(np.array(ids, dtype=np.int64), one).to_pylist())
    there = set(pseudonyms(np.array(ids, dtype=np.int64), other).to_pylist())

    assert (here & there == set()) or one == other
    assert len(here) == len(set(ids))
