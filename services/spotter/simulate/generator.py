"""Sends the streams of N virtual cameras onto a bus, paced in real time or as fast as the bus takes them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from spotter.core.bus import FRAMES, SKELETONS, Bus
from spotter.core.clock import from_seconds, now
from spotter.core.contracts import Frame, PoseFrame
from spotter.simulate.footage import pictures, virtual_frames
from spotter.simulate.pacing import Pace
from spotter.simulate.scene import Script
from spotter.simulate.streams import virtual_camera


class Kind(StrEnum):
    """What the cameras of a load send."""

    SKELETONS = "skeletons"
    FRAMES = "frames"


@dataclass(slots=True)
class Sent:
    """What a generator has done so far; read from any thread.

    Attributes:
        published: messages that the bus took, or let go and counted.
        seconds: from the first message to the end.
        thread_s: processor seconds of the thread that makes and publishes messages.
        greatest_delay_s: how late the latest message went out.
    """

    published: int = 0
    seconds: float = 0.0
    thread_s: float = 0.0
    greatest_delay_s: float = 0.0
    dropped: Counter[str] = field(default_factory=Counter)


class LoadGenerator:
    """The virtual cameras of a load and their publisher.

    Args:
        start: event time of the first message, UTC ns, whole microseconds; now by default.
        realtime: False sends as fast as the bus takes them; event time then runs ahead of the wall clock, which the
            messages say in `clock_offset_ns`.
    """

    def __init__(
        self,
        kind: Kind,
        cameras: int,
        script: Script,
        *,
        seed: int = 0,
        realtime: bool = True,
        start: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sent = Sent()
        self._kind = kind
        self._cameras = cameras
        self._script = script
        self._seed = seed
        self._realtime = realtime
        self._start = start
        self._clock = clock

    def on_drop(self, topic: str, key: str, reason: str) -> None:
        """An `OnDrop` for the bus."""
        self.sent.dropped[reason] += 1

    def prepare(self) -> None:
        """Decode the clips, which takes two seconds of processor time; without it the first message waits for them."""
        if self._kind is Kind.FRAMES:
            pictures()

    def run(self, bus: Bus, seconds: float, stop: threading.Event) -> None:
        """Publish on `bus` what is due within `seconds` of event time, or until `stop` is set.

        Raises:
            BusError: the bus refuses for good.
        """
        pace = Pace(self._cameras, self._script.fps, realtime=self._realtime, clock=self._clock)
        start = now() if self._start is None else self._start
        starts = [start + from_seconds(pace.due_s(index)) for index in range(self._cameras)]
        send = self._frames(bus, starts) if self._kind is Kind.FRAMES else self._skeletons(bus, starts)
        messages = round(seconds * self._cameras * self._script.fps)
        before = time.thread_time()
        for number in range(messages):
            if not pace.wait(number, stop):
                break
            send(number)
            self.sent.published += 1
            # A message stands for the time until the next one is due.
            self.sent.seconds = max(pace.elapsed_s(), pace.due_s(number + 1) if self._realtime else 0.0)
            self.sent.greatest_delay_s = pace.greatest_delay_s
            self.sent.thread_s = time.thread_time() - before

    def _skeletons(self, bus: Bus, starts: Sequence[int]) -> Callable[[int], None]:
        streams: list[Iterator[PoseFrame]] = [
            virtual_camera(index, self._seed, self._script, start=start) for index, start in enumerate(starts)
        ]

        def send(number: int) -> None:
            pose = next(streams[number % self._cameras])
            at = now()
            offset = 0 if self._realtime else pose.captured_at - at
            bus.publish(SKELETONS, replace(pose, published_at=at, posed_at=at, clock_offset_ns=offset))

        return send

    def _frames(self, bus: Bus, starts: Sequence[int]) -> Callable[[int], None]:
        streams: list[Iterator[Frame]] = [
            virtual_frames(index, self._seed, self._script, start=start) for index, start in enumerate(starts)
        ]

        def send(number: int) -> None:
            frame = next(streams[number % self._cameras])
            at = now()
            offset = 0 if self._realtime else frame.captured_at - at
            bus.publish(FRAMES, replace(frame, published_at=at, clock_offset_ns=offset))

        return send
