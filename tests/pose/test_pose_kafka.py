"""The worker over a real Kafka protocol broker: dead letters without pixels, no commit that passes a frame in work."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from running_worker import GIVE_UP_S, JPEG, Pretended, patient, wait_until
from test_pose_worker import counted, make_frame

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "core"))

from brokers import NoidaBroker
from bus_tools import committed, records_of, settings

from spotter.core.bus import FRAMES
from spotter.core.bus.kafka import KafkaBus
from spotter.core.contracts import Frame
from spotter.core.telemetry import Metrics
from spotter.pose.worker import PoseWorker

PREFIX = "pose-test."


@pytest.fixture
def broker() -> Iterator[NoidaBroker]:
    with NoidaBroker() as server:
        yield server


def frame(camera: str, sequence: int, picture: bytes = JPEG) -> Frame:
    return make_frame(picture, sequence, camera, size=(32, 24))


def test_bad_pictures_are_dead_letters_and_everything_dealt_with_is_committed(broker: NoidaBroker) -> None:
    metrics = Metrics()
    bus = KafkaBus(settings(broker, prefix=PREFIX), metrics)
    model, stop = Pretended(), threading.Event()
    worker = PoseWorker(bus, model, patient(max_batch=4), metrics)
    thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
    thread.start()
    wait_until(lambda: counted(metrics, "spotter_bus_parts", topic="frames", group="pose") == 4)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    bomb = bytearray(JPEG)
    bomb[(at := JPEG.index(b"\xff\xc0") + 5) : at + 4] = b"\xea\x60\xea\x60"
    sent = [
        frame("dock", 0),
        replace(frame("dock", 1, JPEG[:-40]), trace=trace),
        frame("dock", 2),
        frame("aisle", 0, bytes(bomb)),
        frame("aisle", 1),
    ]

    def dealt_with() -> float:
        posed = sum(counted(metrics, "spotter_frames_posed_total", camera=name) for name in ("dock", "aisle"))
        return posed + counted(metrics, "spotter_bus_dead_letters_total", topic="frames", reason="undecodable")

    for number, one in enumerate(sent, start=1):
        # One by one: the queue of a camera holds two.
        bus.publish(FRAMES, one)
        wait_until(lambda number=number: dealt_with() == number)
    stop.set()
    thread.join(GIVE_UP_S)
    assert not thread.is_alive()
    assert len(records_of(broker, f"{PREFIX}skeletons", 3)) == 3
    letters = records_of(broker, f"{PREFIX}dead-letters", 2)
    assert [(letter.key, letter.value) for letter in letters] == [(b"dock", b""), (b"aisle", b"")]
    first, second = (dict(letter.headers) for letter in letters)
    assert first["spotter-error"] == b"frame 1 of camera 'dock': its JPEG picture is cut off"
    assert first["traceparent"] == trace.encode()
    assert b"60000x60000 px, more than the" in second["spotter-error"]
    assert sum(committed(broker, f"{PREFIX}pose.frames", f"{PREFIX}frames", 4).values()) == len(sent)
    bus.close()


def test_frames_in_work_at_a_crash_come_again(broker: NoidaBroker) -> None:
    """The model holds the second frame for ever; neither it nor what waits behind it is committed."""
    metrics = Metrics()
    bus = KafkaBus(settings(broker, prefix=PREFIX), metrics)
    model = Pretended()
    worker = PoseWorker(bus, model, patient(max_batch=1), metrics)
    thread = threading.Thread(target=worker.run, args=(threading.Event(),), daemon=True)
    thread.start()
    wait_until(lambda: counted(metrics, "spotter_bus_parts", topic="frames", group="pose") == 4)
    bus.publish(FRAMES, frame("dock", 0))
    wait_until(lambda: sum(committed(broker, f"{PREFIX}pose.frames", f"{PREFIX}frames", 4).values()) == 1)
    model.gate.clear()
    for sequence in (1, 2):
        bus.publish(FRAMES, frame("dock", sequence))
        wait_until(lambda sequence=sequence: counted(metrics, "spotter_pose_decode_seconds_count") == sequence + 1)
    bus.close()
    after = Metrics()
    second = KafkaBus(settings(broker, prefix=PREFIX), after)
    again = second.subscribe(FRAMES, "pose")
    got: list[int] = []
    wait_until(lambda: bool(got.extend(one.sequence for one in again.take(10, 0.2)) or len(got) >= 2))
    assert got == [1, 2]
    second.close()
    model.gate.set()
    thread.join(GIVE_UP_S)
