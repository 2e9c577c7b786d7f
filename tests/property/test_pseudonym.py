from __future__ import annotations

import base64
import hashlib
import hmac

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.protection.pseudonym import pseudonyms
from gateway.upkeep.crosswalk import crosswalk_table
from gateway.upkeep.reidentification import person_of

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


@settings(deadline=None, max_examples=50)
@given(ids=IDS, strangers=IDS, one=KEYS, other=KEYS, seed=st.randoms())
def test_a_crosswalk_leads_each_held_pseudonym_to_the_same_persons_other_one(
    ids, strangers, one, other, seed
):
    register = np.array(list(dict.fromkeys(ids)), dtype=np.int64)
    of_slice = [person for person in register.tolist() if seed.random() < 0.5]
    unknown = np.array([p for p in strangers if p not in set(ids)], dtype=np.int64)
    held = pa.concat_arrays(
        [pseudonyms(np.array(of_slice, dtype=np.int64), one), pseudonyms(unknown, one)]
    )

    table = crosswalk_table(held, register, key_before=one, key=other)

    led = dict(zip(table.column("old").to_pylist(), table.column("new").to_pylist(), strict=True))
    expected = np.array(of_slice, dtype=np.int64)
    assert led == dict(
        zip(
            pseudonyms(expected, one).to_pylist(),
            pseudonyms(expected, other).to_pylist(),
            strict=True,
        )
    )
    assert table.num_rows == len(of_slice)


@settings(deadline=None, max_examples=50)
@given(
    ids=st.lists(st.integers(0, 2**40), min_size=1, max_size=60, unique=True), key=KEYS, other=KEYS
)
def test_recomputing_forward_finds_the_one_person_under_the_one_key(ids, key, other):
    register = np.array(ids, dtype=np.int64)
    sought = pseudonyms(register[-1:], key)[0].as_py()

    assert person_of(sought, register, key) == ids[-1]
    assert person_of(sought, register[:-1], key) is None
    assert person_of(sought, register, other) is None or key == other
