"""Publishes the load at its pace, and things into topics that no service of ours would write.

The load goes through the product's own bus. Poison and repeats go through a bare client, past every check of ours.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from kafka import KafkaProducer
from kafka.errors import KafkaError

from faults.cameras import planned_at
from spotter.core.bus import FRAMES, SKELETONS, Topic
from spotter.core.bus.api import Codec
from spotter.core.bus.kafka import KafkaBus
from spotter.core.bus.kafka.options import client_options
from spotter.core.clock import now, to_seconds
from spotter.core.contracts import SCHEMA_VERSION, Frame, PoseFrame
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics
from spotter.core.wire import decode_pose_frame, encode_frame, encode_pose_frame
from spotter.core.wire.generated import frame_pb2, skeleton_pb2

PUBLISH_S = 120.0
"""Longest that a load may be held back beyond its own time."""

FLUSH_S = 30.0
HUGE = 900_000
"""Bytes of the largest poison; what a topic takes at most is 1 MiB by default."""


def as_next_version(pose: PoseFrame) -> bytes:
    """`pose` as the next release would write it."""
    return _at_version(SCHEMA_VERSION + 1, skeleton_pb2.PoseFrame.FromString(_encoded(pose)))


NEWER_SKELETONS: Topic[PoseFrame] = Topic(
    SKELETONS.name, SKELETONS.key, SKELETONS.overflow, SKELETONS.capacity, Codec(as_next_version, decode_pose_frame)
)


class Publisher:
    """Plays frames at their pace on a thread of its own, the first one at once; `history` is what is out already."""

    def __init__(self, frames: Sequence[Any], settings: KafkaSettings, topic_of: Callable[[Any], Topic[Any]]) -> None:
        self.history: list[Any] = []
        self.error: BaseException | None = None
        self._frames = frames
        self._topic_of = topic_of
        self._metrics = Metrics()
        self._bus = KafkaBus(settings, self._metrics, client_id="fault-load")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fault-load")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._bus.close()
        self._thread.join(30)

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def wait(self, timeout: float) -> bool:
        """True once everything is out, False when it is not after `timeout` seconds."""
        self._thread.join(timeout)
        return self.done and self.error is None and len(self.history) == len(self._frames)

    def _run(self) -> None:
        later = now() - planned_at(self._frames[0]) if self._frames else 0
        try:
            for frame in self._frames:
                if self._stop.wait(max(0.0, to_seconds(planned_at(frame) + later - now()))):
                    return
                self._bus.publish(self._topic_of(frame), frame)
                self.history.append(frame)
            while self._unacknowledged() and not self._stop.wait(0.05):
                pass
            self._bus.close()
        except Exception as error:
            self.error = error

    def _unacknowledged(self) -> float:
        samples = (sample for family in self._metrics.registry.collect() for sample in family.samples)
        return sum(sample.value for sample in samples if sample.name == "spotter_bus_unacknowledged")


class Injector:
    """Writes what no service would write."""

    def __init__(self, settings: KafkaSettings, publisher: Publisher) -> None:
        self._settings = settings
        self._publisher = publisher
        self._threads: list[threading.Thread] = []
        self._errors: list[KafkaError] = []

    def poison(self, topic: str, size: int, generator: random.Random) -> None:
        """`size` messages that cannot be read, of every kind in turn."""
        good = _encoded(self._some(1, generator)[0])
        newer = frame_pb2.Frame if topic == FRAMES.name else skeleton_pb2.PoseFrame
        kinds = (
            b"",
            b"not a message at all",
            generator.randbytes(200),
            good[: len(good) // 2],
            _at_version(SCHEMA_VERSION + 7, newer.FromString(good)),
            generator.randbytes(HUGE),
            good.replace(b"cam-", b"\xff\xfe\xfd\xfc", 1),
        )
        self._send(topic, [(f"cam-{index % 8:02d}", kinds[index % len(kinds)]) for index in range(size)])

    def repeat(self, topic: str, size: int, generator: random.Random) -> None:
        """A block of the last messages once more, in their order."""
        self._send(topic, [(pose.camera_id, _encoded(pose)) for pose in self._some(size, generator)])

    def shuffle(self, topic: str, size: int, generator: random.Random) -> None:
        """A block of the last messages once more, in any order."""
        block = self._some(size, generator)
        generator.shuffle(block)
        self._send(topic, [(pose.camera_id, _encoded(pose)) for pose in block])

    def _some(self, size: int, generator: random.Random) -> list[PoseFrame | Frame]:
        history = self._publisher.history
        end = generator.randint(min(len(history), size), len(history))
        return history[max(0, end - size) : end]

    def _send(self, topic: str, messages: Sequence[tuple[str, bytes]]) -> None:
        """On a thread of its own: other faults may keep the broker away for a while."""
        thread = threading.Thread(target=self._send_surely, args=(topic, messages), name="fault-injector")
        self._threads.append(thread)
        thread.start()

    def finish(self) -> None:
        """Wait until all of it is out.

        Raises:
            KafkaError: some of it never was.
        """
        for thread in self._threads:
            thread.join()
        for error in self._errors:
            raise error

    def _send_surely(self, topic: str, messages: Sequence[tuple[str, bytes]]) -> None:
        deadline = time.monotonic() + PUBLISH_S
        while True:
            try:
                return self._send_once(topic, messages)
            except KafkaError as error:
                if time.monotonic() > deadline:
                    self._errors.append(error)
                    return None
            time.sleep(0.5)

    def _send_once(self, topic: str, messages: Sequence[tuple[str, bytes]]) -> None:
        producer = KafkaProducer(**client_options(self._settings, "fault-injector"))
        try:
            for key, value in messages:
                producer.send(f"{self._settings.prefix}{topic}", key=key.encode(), value=value)
            producer.flush(timeout=FLUSH_S)
        finally:
            producer.close(timeout=5)


def _encoded(message: PoseFrame | Frame) -> bytes:
    return encode_frame(message) if isinstance(message, Frame) else encode_pose_frame(message)


def _at_version(version: int, message: Any) -> bytes:
    message.schema_version = version
    return bytes(message.SerializeToString())


def wait_until(done: Callable[[], bool], timeout: float, every: float = 0.25) -> bool:
    """True once `done()` is, False after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(every)
    return done()
