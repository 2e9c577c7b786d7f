"""Who waits for the writer, and what becomes of a group whose caller has gone.

A group is a few drafts that become durable together. Its states:

    WAITING ──taken──▶ TAKEN ──written──▶ DONE | FAILED
       │                 │
    caller gone       caller gone
       ▼                 ▼
    CANCELLED         ABANDONED ──written──▶ its intents are closed at once (`append`)

One lock guards every change, so a group is either answered or known to be unanswered, never both.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

from gateway.errors import JournalUnavailable
from gateway.journal.store import StampedDraft
from gateway.model.entry import Receipt


class State(Enum):
    WAITING = auto()
    TAKEN = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()
    ABANDONED = auto()


def _held_lock() -> threading.Lock:
    """A lock that is released once, by the writer: a tenth of the cost of an event."""
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class Group:
    """Drafts that become durable together. is_closing: completions, which are never given up."""

    drafts: tuple[StampedDraft, ...]
    is_closing: bool = False
    state: State = State.WAITING
    receipts: tuple[Receipt, ...] = ()
    fault: Exception | None = None
    _unsettled: threading.Lock = field(default_factory=_held_lock)

    def wait(self, seconds: float) -> None:
        """Until the group has been answered, or the time is over. For its one caller."""
        self._unsettled.acquire(timeout=seconds)

    def release(self) -> None:
        """Answered; may be said twice."""
        with suppress(RuntimeError):  # nobody has taken the lock since the last release
            self._unsettled.release()

    @property
    def event_ids(self) -> tuple[str, ...]:
        return tuple(draft.event_id for draft in self.drafts)


class WaitingRoom:
    """A bounded queue of groups; beside it the closings and the doubts, which wait for better times.

    closings: completions to write; as many as there are open intents, which the bound admitted.
    doubts: groups that a fault left without an answer whether they are durable.
    """

    def __init__(self, capacity: int, *, retry_seconds: float) -> None:
        self._capacity = capacity
        self._retry_seconds = retry_seconds
        self._changed = threading.Condition()
        self._waiting: deque[Group] = deque()
        self._closings: deque[Group] = deque()
        self._doubts: list[Group] = []
        self._retry_at = 0.0
        self._closed_until: float | None = None

    # --- callers ---------------------------------------------------------------------------------

    def enter(self, group: Group) -> None:
        """Raises JournalUnavailable at once when the room is full or closed."""
        with self._changed:
            if self._closed_until is not None:
                raise unavailable("The journal is closed.")
            if group.is_closing:
                self._closings.append(group)
            elif len(self._waiting) >= self._capacity:
                raise unavailable("Too many entries wait for the journal.")
            else:
                self._waiting.append(group)
            self._changed.notify()

    def leave(self, group: Group) -> bool:
        """The caller waits no longer. True when the group is durable."""
        with self._changed:
            if group.state is State.WAITING:
                group.state = State.CANCELLED
            elif group.state is State.TAKEN:
                group.state = State.ABANDONED
            return group.state is State.DONE

    def close(self, within_seconds: float) -> None:
        """Nobody enters any more; closings and doubts are tried until the time is over."""
        with self._changed:
            if self._closed_until is None:
                self._closed_until = time.monotonic() + within_seconds
            self._changed.notify_all()

    def left_behind(self) -> int:
        """How many closings and doubts have found no answer."""
        with self._changed:
            return len(self._closings) + len(self._doubts)

    # --- the writer ------------------------------------------------------------------------------

    def take(self, limit: int) -> list[Group] | None:
        """Wait for work: closings first, then groups in order. None when closed and empty.

        The list is empty when only doubts, or callers who have gone, were waiting.
        """
        with self._changed:
            while not self._has_work():
                if self._is_over():
                    return None
                self._changed.wait(self._patience())
            taken = [*_drained(self._closings, limit), *_drained(self._waiting, limit)]
            for group in taken:
                group.state = State.TAKEN
            return taken

    def settle(self, group: Group, receipts: Sequence[Receipt]) -> bool:
        """The group is durable; its caller is released. False when the caller got another answer.

        That answer stands: a FAILED group whose caller has not looked yet must not turn into DONE.
        """
        with self._changed:
            has_caller = group.state is State.TAKEN
            group.receipts = tuple(receipts)
            if has_caller:
                group.state = State.DONE
        group.release()
        return has_caller

    def fail(self, group: Group, fault: Exception) -> None:
        """The caller is told; whether the group is durable is the writer's business."""
        with self._changed:
            group.fault = fault
            group.state = State.FAILED
        group.release()

    def put_back(self, closings: Sequence[Group]) -> None:
        """Closings that could not be written: first again, after a pause."""
        with self._changed:
            for group in reversed(closings):
                group.state = State.WAITING
                self._closings.appendleft(group)
            self._retry_at = time.monotonic() + self._retry_seconds

    def follow(self, closing: Group) -> None:
        """A closing that the journal itself adds, also while the room is being closed."""
        with self._changed:
            self._closings.append(closing)
            self._changed.notify()

    def doubt(self, groups: Sequence[Group]) -> None:
        """Nobody knows whether these are durable."""
        with self._changed:
            self._doubts.extend(groups)
            self._retry_at = time.monotonic() + self._retry_seconds

    def doubts(self) -> list[Group]:
        with self._changed:
            return list(self._doubts)

    def forget_doubts(self) -> None:
        with self._changed:
            self._doubts.clear()

    def _has_work(self) -> bool:
        if self._waiting:
            return True
        if self._is_over():
            return False
        return bool(self._closings or self._doubts) and time.monotonic() >= self._retry_at

    def _is_over(self) -> bool:
        if self._closed_until is None or self._waiting:
            return False
        is_empty = not self._closings and not self._doubts
        return is_empty or time.monotonic() >= self._closed_until

    def _patience(self) -> float | None:
        if not self._closings and not self._doubts:
            return None
        return max(0.001, self._retry_at - time.monotonic())


def _drained(queue: deque[Group], limit: int) -> list[Group]:
    """At most `limit` groups that still wait; those whose callers have gone are dropped."""
    drained: list[Group] = []
    while queue and len(drained) < limit:
        group = queue.popleft()
        if group.state is State.WAITING:
            drained.append(group)
    return drained


def unavailable(detail: str) -> JournalUnavailable:
    """A fault without a cause to show: the caller can only come again."""
    return JournalUnavailable(detail, retry_after_seconds=2)
