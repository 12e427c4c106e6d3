"""Takes skeletons from a bus and records them, as a consumer group of its own, so that nobody else misses one.

Promises: a frame is committed only once it is on the disk, so a recorder that dies goes on where its files end; frames
that come twice because of that change nothing for whoever replays. What cannot be written ends the work with the error,
uncommitted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from spotter.core.bus import SKELETONS, Bus
from spotter.core.bus.api import Claim, Resume
from spotter.core.errors import RecordingError
from spotter.recordings.parts import RecordingParts

GROUP = "recorder"

FLUSH_S = 2.0
"""A recorder that is killed loses this much of a live stream at most; from Kafka it comes again."""

_BATCH = 64
_POLL_S = 0.2

OnProgress = Callable[[int, int], None]
"""Told after each flush of (frames taken, cameras heard)."""


class _Begin:
    """Where parts begin that the group has never read: at a wall-clock time; others go on where they were left."""

    def __init__(self, since: int) -> None:
        self._since = since

    def gained(self, claims: Sequence[Claim]) -> Mapping[int, Resume]:
        return {claim.part: Resume(since=self._since) for claim in claims if claim.committed is None}

    def losing(self, parts: Collection[int]) -> None:
        """Nothing to save: what is not committed comes again."""

    def lost(self, parts: Collection[int]) -> None:
        """Nothing to drop: it is written down already."""


class RecordingWorker:
    """Records what a bus carries.

    Args:
        parts: where to; not closed here.
        since: wall clock, UTC ns, from which on a bus that keeps messages is recorded, where this group has not read it
            before.
        group: name of the consumer group.
        on_progress: told after each flush.
        on_failure: told once when the disk refuses; then the work goes on without recording, so that nobody who
            publishes has to wait. None: the error ends the work.

    Attributes:
        taken: frames taken from the bus so far.
        cameras: of which some have come.
    """

    def __init__(
        self,
        bus: Bus,
        parts: RecordingParts,
        *,
        since: int = 0,
        group: str = GROUP,
        on_progress: OnProgress | None = None,
        on_failure: Callable[[RecordingError], None] | None = None,
    ) -> None:
        self.taken = 0
        self.cameras: set[str] = set()
        self._parts = parts
        self._on_progress = on_progress
        self._on_failure = on_failure
        self._skeletons = bus.subscribe(SKELETONS, group, handover=_Begin(since))

    def run(self, stop: threading.Event) -> None:
        """Record until the skeletons have ended or `stop` is set; then everything is on the disk.

        Raises:
            RecordingError: the disk refuses, and nobody was named who is told.
        """
        try:
            self._record(stop)
        except RecordingError as error:
            if self._on_failure is None:
                raise
            self._on_failure(error)
            while not stop.is_set() and not self._skeletons.ended:
                self._skeletons.take(_BATCH, timeout=_POLL_S)
        finally:
            self._skeletons.close()

    def _record(self, stop: threading.Event) -> None:
        due = time.monotonic() + FLUSH_S
        while not stop.is_set() and not self._skeletons.ended:
            for pose in self._skeletons.take(_BATCH, timeout=_POLL_S):
                self._parts.append(pose)
                self.taken += 1
                self.cameras.add(pose.camera_id)
            if time.monotonic() >= due:
                self._flush()
                due = time.monotonic() + FLUSH_S
        self._flush()

    def _flush(self) -> None:
        self._parts.flush()
        self._skeletons.commit()
        if self._on_progress is not None:
            self._on_progress(self.taken, len(self.cameras))
