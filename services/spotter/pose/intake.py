"""From the bus to batches of decoded pictures: takes what is there, chooses fairly, decodes, commits what is done.

Promises:
- A batch waits at most `max_wait_s` for more frames once there is one, and not at all when it is full.
- Every frame taken is in a batch once, or is let go once with its reason: queue_full, deadline, undecodable, shutdown.
- A picture that cannot be used is counted and, over Kafka, a dead letter; it costs no other frame anything.
- One thread at a time uses it, but for `done` and `let_go`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from spotter.core import clock
from spotter.core.bus import FRAMES, Bus
from spotter.core.settings import PoseSettings
from spotter.core.telemetry import Metrics, get_logger
from spotter.pose.batching import FrameChooser
from spotter.pose.jpeg import PictureError
from spotter.pose.ledger import Ledger, Ticket
from spotter.pose.out_of_memory import BatchLimit
from spotter.pose.pictures import Picture, read_picture

_POLL_S = 0.1
"""Longest wait for a frame, so that a stop is seen soon."""

_AT_ONCE = 512
"""Frames taken from the bus at a time where the oldest may be let go."""

_QUIET_S = 10.0
"""Pictures that cannot be used are logged at most this often; the metrics count each one."""


@dataclass(frozen=True, eq=False)
class Ready:
    """A frame with its decoded picture."""

    ticket: Ticket
    picture: Picture


@dataclass(frozen=True, eq=False)
class Batch:
    """Frames for one inference, perhaps none; `last` when no more will come."""

    frames: Sequence[Ready]
    last: bool


class Intake:
    """See the module. It joins the frames when it is made.

    Args:
        input_size: of the model, px; asked for each picture, since a model may know it only once it is loaded.
        deadline_s: a frame older than this is let go; None: frames are never late, and none gives way to a newer one.
        limit: frames per batch, which may change at any time.
        threads: pictures decoded at a time.
    """

    def __init__(
        self,
        bus: Bus,
        settings: PoseSettings,
        metrics: Metrics,
        *,
        input_size: Callable[[], int],
        deadline_s: float | None,
        limit: BatchLimit,
        threads: int,
    ) -> None:
        self._bus = bus
        self._metrics = metrics
        self._input_size = input_size
        self._limit = limit
        self._max_wait_s = settings.max_wait_s
        self._minimum_ns = clock.from_seconds(1 / settings.min_fps)
        self._lossy = deadline_s is not None
        self._chooser: FrameChooser[Ticket] = FrameChooser(
            FRAMES.capacity if self._lossy else None, None if deadline_s is None else clock.from_seconds(deadline_s)
        )
        self._ledger = Ledger()
        self._pool = ThreadPoolExecutor(threads, "spotter-pose-decode") if threads > 1 else None
        self._log_from = 0.0
        self._log = get_logger(__name__)
        self._frames = bus.subscribe(FRAMES, "pose")

    def next(self) -> Batch:
        """The next batch; an empty one after a while without frames."""
        self.commit()
        self._fill()
        ready: list[Ready] = []
        begun = time.perf_counter()
        while len(ready) < self._limit.size and (tickets := self._choose(self._limit.size - len(ready))):
            ready += self._decode(tickets)
        if ready:
            self._metrics.pose.decode_seconds.observe(time.perf_counter() - begun)
        self._metrics.pose.cameras_behind.set(self._chooser.behind(self._minimum_ns, clock.now()))
        return Batch(ready, last=not ready and not self._chooser and self._frames.ended)

    def done(self, ticket: Ticket) -> None:
        """The skeletons of this frame are published."""
        self._ledger.done(ticket)

    def let_go(self, ticket: Ticket, reason: str) -> None:
        """This frame will have no skeletons."""
        self._metrics.frames_dropped.labels(camera=ticket.frame.camera_id, reason=reason).inc()
        self._ledger.done(ticket)

    def commit(self) -> None:
        """Tell the bus of what was done since the last time."""
        if (commit := self._ledger.due()) is not None:
            commit()

    def close(self) -> None:
        """Let go of what waits, and leave the frames. What is in work by now comes again where the bus keeps it."""
        for ticket in self._chooser.clear():
            self.let_go(ticket, "shutdown")
        self.commit()
        self._frames.close()
        if self._pool is not None:
            self._pool.shutdown()

    def _fill(self) -> None:
        self._take(0.0 if self._chooser else _POLL_S)
        until = time.monotonic() + self._max_wait_s
        while 0 < len(self._chooser) < self._limit.size and (left := until - time.monotonic()) > 0:
            if not self._take(left):
                break

    def _take(self, timeout: float) -> bool:
        # Where no frame may be lost, those beyond the batch stay in the bus, which holds the cameras back.
        limit = _AT_ONCE if self._lossy else self._limit.size - len(self._chooser)
        frames = self._frames.take(limit, timeout) if limit > 0 else []
        if not frames:
            return False
        now = clock.now()
        for ticket in self._ledger.enter(frames, self._frames.mark()):
            if (oldest := self._chooser.offer(ticket, now)) is not None:
                self.let_go(oldest, "queue_full")
        return True

    def _choose(self, limit: int) -> list[Ticket]:
        choice = self._chooser.choose(limit, clock.now())
        for ticket in choice.expired:
            self.let_go(ticket, "deadline")
        return choice.chosen

    def _decode(self, tickets: Sequence[Ticket]) -> list[Ready]:
        run = map if self._pool is None or len(tickets) == 1 else self._pool.map
        return [ready for ready in run(self._read, tickets) if ready is not None]

    def _read(self, ticket: Ticket) -> Ready | None:
        try:
            return Ready(ticket, read_picture(ticket.frame, self._input_size()))
        except PictureError as error:
            self._reject(ticket, str(error))
            return None

    def _reject(self, ticket: Ticket, error: str) -> None:
        frame = ticket.frame
        line = f"frame {frame.sequence} of camera '{frame.camera_id}': {error}"
        self._bus.reject(FRAMES, frame, "undecodable", line)
        self.let_go(ticket, "undecodable")
        now = time.monotonic()
        if now >= self._log_from:
            self._log_from = now + _QUIET_S
            self._log.warning("picture unusable", camera=frame.camera_id, error=line)
