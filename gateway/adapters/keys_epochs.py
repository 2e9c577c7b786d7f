"""Which epochs there have been, and which root each one hangs on: the register of a key ring.

One line an epoch, oldest first, the last one is current: its name, and the number of its root where
that is not 1. A new root is made only after a compromise; the number never goes down.

    2026
    2027
    2027b 2
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.errors import EpochUsed, KeyFault
from gateway.protection.pseudonym import is_epoch_name

_ROOT = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class StartedEpoch:
    """root: the number of the root that its key is derived from, from 1."""

    name: str
    root: int


@dataclass(frozen=True, slots=True)
class EpochRegister:
    """Every epoch that was ever started, oldest first; never empty."""

    started: tuple[StartedEpoch, ...]

    @property
    def current(self) -> StartedEpoch:
        return self.started[-1]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.started)

    def find(self, epoch: str) -> StartedEpoch:
        """Raises KeyFault when there has been no such epoch."""
        for each in self.started:
            if each.name == epoch:
                return each
        raise KeyFault("No such epoch was ever started.")

    def with_started(self, epoch: str, *, root: int) -> EpochRegister:
        """The register after a new epoch. Raises EpochUsed, KeyFault."""
        checked_epoch(epoch)
        if epoch in self.names:
            raise EpochUsed("An epoch begins once: give a name that was never used.")
        if root < self.current.root:
            raise KeyFault("A later epoch never hangs on an earlier root.")
        return EpochRegister((*self.started, StartedEpoch(epoch, root)))

    def text(self) -> str:
        """What is stored."""
        lines = (
            each.name if each.root == 1 else f"{each.name} {each.root}" for each in self.started
        )
        return "".join(f"{line}\n" for line in lines)


def first_register(epoch: str) -> EpochRegister:
    """The register of a new installation. Raises KeyFault."""
    return EpochRegister((StartedEpoch(checked_epoch(epoch), 1),))


def parse_register(text: str, *, where: str) -> EpochRegister:
    """where: what it was read from, for the message. Raises KeyFault."""
    started = tuple(_epoch_of(line.split(), where) for line in text.splitlines())
    names = {each.name for each in started}
    roots = [each.root for each in started]
    if not started or len(names) != len(started) or roots != sorted(roots):
        raise KeyFault(f"{where} must name each epoch once, oldest first, with roots in order.")
    return EpochRegister(started)


def checked_epoch(text: str) -> str:
    """The name of an epoch as it is. Raises KeyFault."""
    if not is_epoch_name(text):
        raise KeyFault(
            "An epoch is a word like 2026: letters, digits, points and hyphens, 32 at most."
        )
    return text


def _epoch_of(words: list[str], where: str) -> StartedEpoch:
    name, root = words[0] if words else "", words[1] if len(words) > 1 else "1"
    if len(words) > 2 or not is_epoch_name(name) or _ROOT.fullmatch(root) is None:
        raise KeyFault(f"{where} must hold lines like `2026` or `2027 2`.")
    return StartedEpoch(name, int(root))
