"""What the road remembers: encoded answers and rulings, within bounds."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from gateway.delivery import rulings as rulings_module
from gateway.delivery.encoded import ANSWER_BYTES_MAX, Encoded, EncodedCache
from gateway.delivery.rulings import Rulings
from gateway.model.ruling import Action, Permit

DAY = date(2026, 7, 1)


def test_an_answer_is_found_by_its_tag():
    cache = EncodedCache()
    answer = Encoded.of(b"content")
    cache.keep('"a"', answer)
    assert cache.find('"a"') is answer
    assert cache.find('"b"') is None


def test_the_least_used_answer_goes_first():
    cache = EncodedCache(limit_bytes=30)
    for tag in "abc":
        cache.keep(tag, Encoded.of(b"0123456789"))
    cache.find("a")
    cache.keep("d", Encoded.of(b"0123456789"))
    assert [tag for tag in "abcd" if cache.find(tag)] == ["a", "c", "d"]


def test_keeping_an_answer_again_counts_it_once():
    cache = EncodedCache(limit_bytes=25)
    for _ in range(5):
        cache.keep("a", Encoded.of(b"0123456789"))
    cache.keep("b", Encoded.of(b"0123456789"))
    assert cache.find("a") is not None


def test_a_large_answer_is_not_kept():
    cache = EncodedCache()
    cache.keep("a", Encoded.of(bytes(ANSWER_BYTES_MAX + 1)))
    assert cache.find("a") is None


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """How often the policies were really asked."""
    asked: list[tuple] = []

    def rule(caller, action, product, area, policy, *, today, purpose, expert_tag):
        asked.append((caller, action, area, purpose, expert_tag, today))
        return Permit(("p",), "0" * 64, purpose, None, None)

    monkeypatch.setattr(rulings_module, "rule", rule)
    return asked


def test_a_ruling_is_asked_for_once(asked):
    rulings = Rulings(SimpleNamespace())
    answers = [rulings.rule("caller", Action.READ_CUBE, None, today=DAY) for _ in range(3)]
    assert len(asked) == 1
    assert answers[0] is answers[2]


@pytest.mark.parametrize(
    "other",
    [
        {"caller": "another"},
        {"action": Action.READ_ROWS},
        {"area": "39"},
        {"purpose": "planning"},
        {"expert_tag": "AS-1"},
        {"today": date(2026, 7, 2)},
    ],
)
def test_anything_else_is_another_ruling(asked, other):
    rulings = Rulings(SimpleNamespace())
    one = {
        "caller": "caller",
        "action": Action.READ_CUBE,
        "area": None,
        "purpose": None,
        "today": DAY,
    }
    for terms in (one, one | other):
        given = dict(terms)
        rulings.rule(given.pop("caller"), given.pop("action"), None, **given)
    assert len(asked) == 2


def test_rulings_do_not_grow_for_ever(asked, monkeypatch):
    monkeypatch.setattr(rulings_module, "RULINGS_MAX", 10)
    rulings = Rulings(SimpleNamespace())
    for number in range(35):
        rulings.rule(f"caller{number}", Action.LIST, None, today=DAY)
    assert len(rulings._known) <= 10
