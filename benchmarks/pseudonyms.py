"""Pseudonyms of many rows with fewer persons, against the standard library's HMAC and base32: one run.

    python benchmarks/pseudonyms.py [--rows 10000000] [--persons 1000000]

The plain way is `hmac.digest` and `base64.b32encode`, person by person; it is timed for a tenth of the
persons. Two ratios: what one pseudonym costs, and what every row of a release costs when each row is
hashed anew. The parts of our own way are shown beside them.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gateway.protection.pseudonym import pseudonyms

KEY = bytes(range(32))
FIRST_ID = 3 * 2**31


def plain(ids: list[int]) -> list[bytes]:
    return [
        base64.b32encode(hmac.digest(KEY, b"pid\0" + str(person).encode(), "sha256"))[:26]
        for person in ids
    ]


def hashed(ids: list[int]) -> list[bytes]:
    return [hmac.digest(KEY, b"pid\0" + str(person).encode(), "sha256") for person in ids]


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def encoded(rows: NDArray[np.int64]) -> object:
    return pa.array(rows).dictionary_encode()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=10_000_000)
    arguments.add_argument("--persons", type=int, default=1_000_000)
    given = arguments.parse_args()
    generator = np.random.default_rng(20260630)
    persons = FIRST_ID + generator.permutation(2 * given.persons)[: given.persons]
    rows = generator.choice(persons, given.rows)
    sample = persons[: given.persons // 10].tolist()
    assert pseudonyms(persons[:1000], KEY).to_pylist() == [t.decode() for t in plain(sample[:1000])]

    hashing = seconds(lambda: hashed(sample)) / len(sample)
    one_plainly = seconds(lambda: plain(sample)) / len(sample)
    one = seconds(lambda: pseudonyms(persons, KEY)) / len(persons)
    whole = seconds(lambda: pseudonyms(rows, KEY))
    finding = seconds(lambda: encoded(rows))
    print(f"plain: hmac.digest             {1 / hashing:12,.0f} persons/s")
    print(f"plain: hmac.digest, b32encode  {1 / one_plainly:12,.0f} persons/s")
    print(f"ours:  distinct persons        {1 / one:12,.0f} persons/s")
    print(f"ratio, one person              {one_plainly / one:12.2f}")
    print(f"ours:  {given.rows:,} rows of {given.persons:,} persons in {whole:.2f} s")
    print(f"       of which finding the distinct persons {finding:.2f} s")
    print(f"ratio, every row hashed anew   {one_plainly * given.rows / whole:12.2f}")


if __name__ == "__main__":
    main()
