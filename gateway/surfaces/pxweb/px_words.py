"""What a PX file calls a table in its languages; each keyword for people is said in all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.encoding.heading import LANGUAGES
from gateway.surfaces.pxweb.px_text import entry, told_apart
from gateway.surfaces.pxweb.selection import Meant


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's words. suffix: empty for the file's own language, which stands without one.

    variables: by name, each other than the others; values: by the variable's name, in its order.
    """

    language: str
    suffix: str
    variables: Mapping[str, str]
    values: Mapping[str, tuple[str, ...]]


def wordings(meant: Meant, own: str) -> tuple[Wording, ...]:
    """All languages, the file's own first."""
    others = [each for each in LANGUAGES if each != own]
    return (_wording(meant, own, ""), *(_wording(meant, each, each) for each in others))


def said(
    words: Sequence[Wording],
    keyword: str,
    values: Callable[[Wording], Sequence[str]],
    *,
    of: Callable[[Wording], Sequence[str]] = lambda _: (),
) -> list[str]:
    """The keyword in each language. values: as they stand there; of: its sub-keys."""
    return [entry(keyword, *values(each), language=each.suffix, of=of(each)) for each in words]


def _wording(meant: Meant, language: str, suffix: str) -> Wording:
    names = [each.name for each in meant.shown]
    labels = [each.label.in_language(language) for each in meant.shown]
    values = {
        each.name: told_apart(
            [value.label.in_language(language) for value in each.values],
            [value.code for value in each.values],
        )
        for each in meant.shown
    }
    return Wording(
        language, suffix, dict(zip(names, told_apart(labels, names), strict=True)), values
    )
