"""Which of the frames at hand go into the next batch, so that no camera starves. Pure: no I/O, no lock, no clock.

Promises:
- The camera that was served longest ago goes first. So cameras that want less than an equal share get all they want,
  and the others share the rest equally: with n cameras waiting, each is served once in every n frames.
- Frames of one camera come out in their order, each at most once; one that does not come out is handed back as let go.
- Memory is bounded: a few frames a camera, and cameras that are silent for a minute are forgotten.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

from spotter.core.contracts import Frame

_FORGET_NS = 60_000_000_000


class HasFrame(Protocol):
    """What waits: a frame, and whatever belongs to it."""

    @property
    def frame(self) -> Frame: ...


F = TypeVar("F", bound=HasFrame)


class Choice(NamedTuple, Generic[F]):
    """Frames to be worked on, in order, and those that have become too old while they waited."""

    chosen: list[F]
    expired: list[F]


@dataclass
class _Camera(Generic[F]):
    """What waits of one camera, when it last had something to offer, and since when it has not been served, ns."""

    waiting: deque[F] = field(default_factory=deque)
    offered_at: int = 0
    unserved_since: int | None = None


class FrameChooser(Generic[F]):
    """Frames that wait for a batch. All times are wall clock, UTC ns, and never go back by much.

    Args:
        capacity: frames kept of each camera; the oldest gives way. None: all of them.
        deadline_ns: a frame older than this is not chosen any more. None: none is too old.
    """

    def __init__(self, capacity: int | None, deadline_ns: int | None) -> None:
        self._capacity = capacity
        self._deadline_ns = deadline_ns
        # The camera that was served longest ago is first.
        self._cameras: OrderedDict[str, _Camera[F]] = OrderedDict()
        self._size = 0
        self._forget_at = 0

    def __len__(self) -> int:
        return self._size

    def offer(self, one: F, now: int) -> F | None:
        """Let a frame wait; the one that gives way for it, if any."""
        camera = self._cameras.setdefault(one.frame.camera_id, _Camera())
        camera.waiting.append(one)
        camera.offered_at = now
        if camera.unserved_since is None:
            camera.unserved_since = now
        self._size += 1
        if self._capacity is not None and len(camera.waiting) > self._capacity:
            self._size -= 1
            return camera.waiting.popleft()
        return None

    def choose(self, limit: int, now: int) -> Choice[F]:
        """The next `limit` frames, or as many as there are: one of each camera in turn, its oldest that is not late."""
        choice: Choice[F] = Choice([], [])
        while self._size and len(choice.chosen) < limit:
            for name in [name for name, camera in self._cameras.items() if camera.waiting]:
                if len(choice.chosen) == limit:
                    break
                self._serve(name, now, choice)
        self._forget(now)
        return choice

    def clear(self) -> list[F]:
        """Everything that waits; nothing waits any more."""
        left = [one for camera in self._cameras.values() for one in camera.waiting]
        for camera in self._cameras.values():
            camera.waiting.clear()
        self._size = 0
        return left

    def behind(self, within_ns: int, now: int) -> int:
        """Cameras that have offered frames for longer than this without one of them being chosen."""
        since = now - within_ns
        return sum(
            camera.unserved_since is not None and camera.unserved_since < since for camera in self._cameras.values()
        )

    def _serve(self, name: str, now: int, choice: Choice[F]) -> None:
        camera = self._cameras[name]
        while camera.waiting:
            one = camera.waiting.popleft()
            self._size -= 1
            if self._deadline_ns is not None and one.frame.age(now) > self._deadline_ns:
                choice.expired.append(one)
                continue
            choice.chosen.append(one)
            camera.unserved_since = now if camera.waiting else None
            self._cameras.move_to_end(name)
            return

    def _forget(self, now: int) -> None:
        if now < self._forget_at:
            return
        self._forget_at = now + _FORGET_NS
        silent = [
            name
            for name, camera in self._cameras.items()
            if not camera.waiting and camera.offered_at < now - _FORGET_NS
        ]
        for name in silent:
            del self._cameras[name]
