"""The generator: what it sends, in which order, at which pace, and what it does when the bus takes nothing."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from itertools import islice
from typing import Any

import numpy as np
import pytest

from spotter.core.bus import FRAMES, SKELETONS, MemoryBus, Subscription, Topic
from spotter.core.clock import SECOND, now
from spotter.core.contracts import Frame, PoseFrame
from spotter.simulate.generator import Kind, LoadGenerator
from spotter.simulate.scene import Script
from spotter.simulate.streams import START, virtual_camera

SCRIPT = Script(fps=20, people=2)


class Consumer(threading.Thread):
    """Takes everything until the topic ends."""

    def __init__(self, bus: MemoryBus, topic: Topic[Any]) -> None:
        super().__init__()
        self.messages: list[Any] = []
        self._subscription: Subscription[Any] = bus.subscribe(topic, "test")
        self.start()

    def run(self) -> None:
        while not self._subscription.ended:
            self.messages += self._subscription.take(100, 0.1)
            self._subscription.commit()


def test_as_fast_as_possible_everything_arrives_and_says_how_far_it_runs_ahead() -> None:
    bus = MemoryBus()
    consumer = Consumer(bus, SKELETONS)
    generator = LoadGenerator(Kind.SKELETONS, 5, SCRIPT, seed=3, realtime=False, start=START)
    generator.run(bus, 20.0, threading.Event())
    bus.end(SKELETONS)
    consumer.join()
    assert generator.sent.published == len(consumer.messages) == 5 * 20 * 20
    assert not generator.sent.dropped
    by_camera: defaultdict[str, list[PoseFrame]] = defaultdict(list)
    for pose in consumer.messages:
        by_camera[pose.camera_id].append(pose)
    for index, (camera, poses) in enumerate(sorted(by_camera.items())):
        # Cameras take turns within the time of a frame.
        start = START + index * 10_000_000
        expected = list(islice(virtual_camera(index, 3, SCRIPT, start=start), len(poses)))
        assert [pose.captured_at for pose in poses] == [pose.captured_at for pose in expected]
        assert camera == expected[0].camera_id
        np.testing.assert_array_equal(poses[-1].keypoints, expected[-1].keypoints)
        for pose in poses:
            assert pose.published_at == pose.posed_at
            assert pose.age(pose.published_at) == 0


def test_in_real_time_nothing_is_sent_before_its_capture_time() -> None:
    bus = MemoryBus()
    consumer = Consumer(bus, FRAMES)
    generator = LoadGenerator(Kind.FRAMES, 3, SCRIPT)
    generator.prepare()
    before = now()
    generator.run(bus, 1.0, threading.Event())
    elapsed = (now() - before) / SECOND
    bus.end(FRAMES)
    consumer.join()
    frames: list[Frame] = consumer.messages
    assert elapsed >= 0.9
    assert generator.sent.published == 60
    assert generator.sent.seconds >= 1.0
    assert all(frame.published_at >= frame.captured_at for frame in frames)
    assert {frame.clock_offset_ns for frame in frames} == {0}
    assert all(isinstance(frame.picture, bytes) for frame in frames)


def test_frames_that_nobody_takes_are_dropped_and_counted() -> None:
    generator = LoadGenerator(Kind.FRAMES, 2, SCRIPT, realtime=False)
    bus = MemoryBus(on_drop=generator.on_drop)
    bus.subscribe(FRAMES, "pose")
    generator.run(bus, 5.0, threading.Event())
    assert generator.sent.published == 200
    assert generator.sent.dropped == Counter(queue_full=200 - 2 * FRAMES.capacity)


def test_a_stop_ends_it_and_a_closed_bus_lets_a_held_publisher_go() -> None:
    generator = LoadGenerator(Kind.SKELETONS, 1, SCRIPT, realtime=False)
    bus = MemoryBus(on_drop=generator.on_drop)
    bus.subscribe(SKELETONS, "ergonomics")
    stop = threading.Event()
    thread = threading.Thread(target=generator.run, args=(bus, 3600.0, stop))
    thread.start()
    while generator.sent.published < SKELETONS.capacity:
        time.sleep(0.01)
    stop.set()
    assert thread.is_alive(), "a full topic holds its publisher"
    bus.close()
    thread.join(5)
    assert not thread.is_alive()
    assert generator.sent.published == SKELETONS.capacity + 1


@pytest.mark.parametrize("kind", list(Kind))
def test_the_processor_time_of_the_thread_is_told(kind: Kind) -> None:
    generator = LoadGenerator(kind, 4, SCRIPT, realtime=False)
    generator.run(MemoryBus(), 30.0, threading.Event())
    assert 0 < generator.sent.thread_s / generator.sent.published < 0.01
