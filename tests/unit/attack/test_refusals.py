"""The audit fails closed: no answer, no time or no witness that stands its check is a refusal."""

from __future__ import annotations

import highspy
import numpy as np
import pytest

from gateway.attack import attacked
from gateway.attack.nest import nest_of
from gateway.attack.programme import Programme
from gateway.attack.witnesses import Ledger
from gateway.errors import ReleaseRefused
from gateway.model.cube import Line
from gateway.model.product import DisclosureRules

RULES = DisclosureRules(5, "", outsider_width=4, insider_width=4)
UNKNOWN = highspy.HighsModelStatus.kUnknown
TIME_LIMIT = highspy.HighsModelStatus.kTimeLimit


@pytest.fixture
def hidden(cube):
    """A cube with a hidden pair: safe, as an answer of the solver shows."""
    one = cube({"here": ("a", "b", "c")}, {("a",): 3, ("b",): 40, ("c",): 9})
    return one.lattice, one.hiding("a", "b")


def test_begins_anew_when_the_solver_loses_its_way(hidden, monkeypatch):
    run, lost = Programme._run, [UNKNOWN]
    monkeypatch.setattr(Programme, "_run", lambda self: lost.pop() if lost else run(self))
    assert attacked(*hidden, RULES).findings == ()
    assert lost == []


def test_refuses_when_the_solver_has_no_answer(hidden, monkeypatch):
    monkeypatch.setattr(Programme, "_run", lambda _: UNKNOWN)
    with pytest.raises(ReleaseRefused, match="no answer"):
        attacked(*hidden, RULES)


def test_refuses_when_the_solver_runs_out_of_time(hidden, monkeypatch):
    monkeypatch.setattr(highspy.Highs, "getModelStatus", lambda _: TIME_LIMIT)
    with pytest.raises(ReleaseRefused, match="time"):
        attacked(*hidden, RULES, budget_seconds=60)


def test_refuses_when_no_witness_stands_its_check(hidden, monkeypatch):
    monkeypatch.setattr(Ledger, "_keeps", lambda *_: False)
    with pytest.raises(ReleaseRefused, match="check"):
        attacked(*hidden, RULES)


def test_refuses_when_a_target_goes_further_than_was_found(cube, monkeypatch):
    one = cube({"here": ("a", "b")}, {("a",): 3, ("b",): 2})
    monkeypatch.setattr(Programme, "is_out_of_reach", lambda *_: False)
    with pytest.raises(ReleaseRefused, match="further"):
        attacked(one.lattice, one.hiding("a", "b"), DisclosureRules(5, "", 6, 0))


def test_believes_no_witness_that_breaks_a_known_sum_or_makes_a_count_negative(hidden, monkeypatch):
    def false_answers(self, targets, ask):
        change = np.zeros(len(self.columns))
        change[0] = 30.0
        return change

    monkeypatch.setattr(Programme, "move", false_answers)
    with pytest.raises(ReleaseRefused, match="check"):
        attacked(*hidden, RULES)
    monkeypatch.setattr(Programme, "move", lambda self, *_: -100.0 - np.zeros(len(self.columns)))
    with pytest.raises(ReleaseRefused, match="check"):
        attacked(*hidden, RULES)


def test_refuses_measures_that_are_nested_in_ways_it_cannot_follow():
    two_owners = [Line(0, (1, 2)), Line(0, (3, 4)), Line(5, (1, 6)), Line(5, (3, 7))]
    with pytest.raises(ReleaseRefused):
        nest_of(two_owners, 8)
    sum_of_shares = [Line(0, (1, 2)), Line(0, (3, 4)), Line(5, (1, 3))]
    with pytest.raises(ReleaseRefused):
        nest_of(sum_of_shares, 6)
