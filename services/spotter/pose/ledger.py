"""Which frames are still in work, so that offsets are committed in order and never past a frame that is.

Frames are taken by one thread and done with by others, in any order across cameras. Safe to use from many threads.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spotter.core.contracts import Frame


@dataclass(eq=False)
class _Take:
    """Frames that were taken from the bus at once: how many are in work, and the commit of all until then."""

    left: int
    commit: Callable[[], None]


@dataclass(frozen=True, eq=False)
class Ticket:
    """A frame in work. Whoever publishes its skeletons, or lets it go, tells the ledger once."""

    frame: Frame
    take: _Take


class Ledger:
    """See the module."""

    def __init__(self) -> None:
        self._takes: deque[_Take] = deque()
        self._lock = threading.Lock()

    def enter(self, frames: Sequence[Frame], commit: Callable[[], None]) -> list[Ticket]:
        """Frames were taken; `commit` says that they, and all before them, are done with."""
        take = _Take(len(frames), commit)
        with self._lock:
            self._takes.append(take)
        return [Ticket(frame, take) for frame in frames]

    def done(self, ticket: Ticket) -> None:
        """The skeletons of the frame are published, or it was let go and counted."""
        with self._lock:
            ticket.take.left -= 1

    def due(self) -> Callable[[], None] | None:
        """The newest commit that may be called; None when nothing new may be committed."""
        commit = None
        with self._lock:
            while self._takes and not self._takes[0].left:
                commit = self._takes.popleft().commit
        return commit
