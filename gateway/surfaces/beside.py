"""Pages of one surface that the session of another opens, and the ways in."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.label import Label
from gateway.model.ruling import Action


@dataclass(frozen=True, slots=True)
class Entrance:
    """A link for whoever may do what is behind it."""

    path: str
    label: Label
    action: Action


@dataclass(frozen=True, slots=True)
class Beside:
    """The pages' paths, and what the paths of further ones begin with, to their slash. A login may lead to the
    former. entrances: the links to them on the page about oneself.
    """

    pages: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    entrances: tuple[Entrance, ...] = ()
