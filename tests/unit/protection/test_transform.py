from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from gateway.errors import ContractFault
from gateway.model.product import Rounding
from gateway.protection.transform import banded, month_start, rounded, truncated, year_start

EUROS = Rounding(step=100, bottom=0, top=5000)


def test_dates_become_the_first_day_of_their_month_or_year():
    days = pa.chunked_array([[date(2026, 6, 30), None], [date(2024, 2, 29)]])
    assert month_start(days).to_pylist() == [date(2026, 6, 1), None, date(2024, 2, 1)]
    assert year_start(days).to_pylist() == [date(2026, 1, 1), None, date(2024, 1, 1)]
    assert year_start(days).type == pa.date32()


def test_codes_keep_their_first_signs():
    codes = pa.chunked_array([["2512", "5", None, "ä1"]])
    assert truncated(codes, 2).to_pylist() == ["25", "5", None, "ä1"]
    assert truncated(codes, 1).to_pylist() == ["2", "5", None, "ä"]
    with pytest.raises(ContractFault):
        truncated(codes, 0)


def test_durations_become_bands():
    days = pa.chunked_array([[0, 29, 30, 365, 9999, None]])
    assert banded(days, (30, 365)).to_pylist() == ["-29", "-29", "30-364", "365-", "365-", "X"]
    with pytest.raises(ContractFault):
        banded(pa.chunked_array([[1.5]]), (30,))


def test_sums_are_rounded_and_their_ends_are_coded():
    euros = pa.chunked_array([[49.0, 51.0, 150.0, -30.0, 4960.0, 12345.0, None, float("nan")]])
    given = rounded(euros, EUROS)
    assert given.to_pylist() == [0.0, 100.0, 200.0, 0.0, 5000.0, 5000.0, None, None]
    assert given.type == pa.float64()
    whole = rounded(pa.array([149, 151], pa.int64()), EUROS)
    assert whole.to_pylist() == [100.0, 200.0]


@pytest.mark.parametrize(
    "rounding", [None, Rounding(0, 0, 1), Rounding(1, 5, 5), Rounding(-1, 0, 9)]
)
def test_refuses_rounding_that_rounds_nothing(rounding):
    with pytest.raises(ContractFault):
        rounded(pa.array([1.0]), rounding)
