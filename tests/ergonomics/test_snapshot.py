"""Snapshots of a camera: whoever goes on from one, taken at any frame, tells what the undisturbed run tells.

Every test of that goes through bytes after each single frame and compares the state too: if each step keeps all that
there is, a snapshot at any frame does.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skeletons import blend, figure, pose_frame, times

from spotter.core.clock import from_seconds
from spotter.core.contracts import FloatArray, PoseFrame, UpdateKind
from spotter.core.parameters import FallParameters, RuleParameters, TrackerParameters, ViewParameters
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.snapshot import SNAPSHOT_VERSION, SnapshotError, StreamFactory
from spotter.ergonomics.stream import CameraStream, Taken
from spotter.simulate.recordings import recordings
from spotter.simulate.scene import Script
from spotter.simulate.streams import virtual_camera

FACTORY = StreamFactory("site", "cam", ViewParameters(), RuleParameters())


def outcome(taken: Taken) -> Any:
    """Everything that one message gave rise to, comparable."""
    assessment = taken.assessment
    seen = None
    if assessment is not None:
        seen = (assessment.people, assessment.alerts, assessment.suppressed, assessment.tracks_started)
    return taken.ended, seen, taken.refused if taken.refused != "replayed" else "late_or_duplicate", taken.elapsed


def same_with_snapshots(frames: list[PoseFrame]) -> list[AlertStep]:
    """Play undisturbed and with a snapshot after every frame; both must tell the same, bit for bit."""
    whole, broken = FACTORY.new(), FACTORY.new()
    steps: list[AlertStep] = []
    for frame in frames:
        one, two = whole.take(frame), broken.take(frame)
        assert repr(outcome(one)) == repr(outcome(two))
        steps += [*one.ended, *(one.assessment.alerts if one.assessment is not None else ())]
        for stream in (whole, broken):
            stream.written()
        assert list(whole.minutes(every=True)) == list(broken.minutes(every=True))
        data = FACTORY.encode(broken)
        assert data == FACTORY.encode(whole)
        broken = FACTORY.decode(data)
    assert repr(whole.end()) == repr(broken.end())
    return steps


@pytest.mark.parametrize("clip", ["aisle", "dock", "packing"])
def test_the_recorded_clips(clip: str) -> None:
    """Skeletons that the real model found in the shipped clips."""
    recording = recordings()[clip]
    assert len(recording) > 100
    template = pose_frame(0, [])
    frames = [
        replace(
            template, sequence=index, captured_at=from_seconds(index / recording.fps),
            boxes=recording.boxes[index, None], scores=recording.scores[index, None],
            keypoints=recording.keypoints[index, None], confidences=recording.confidences[index, None],
        )
        for index in range(len(recording))
    ]  # fmt: skip
    same_with_snapshots(frames)


@pytest.mark.parametrize("people", [1, 4])
def test_a_minute_of_a_virtual_camera_with_a_fall(people: int) -> None:
    script = Script(fps=10, people=people, falling=1)
    steps = same_with_snapshots(list(islice(virtual_camera(0, 7, script, name="cam"), 500)))
    assert [step.update.kind for step in steps] == [UpdateKind.RAISED, UpdateKind.RECOVERED]


@st.composite
def scenes(draw: st.DrawFn) -> list[PoseFrame]:
    """Up to three people who stand, walk, bend, fall, vanish and come back; gaps, duplicates, late frames, epochs."""
    fps = draw(st.sampled_from([4.0, 7.5, 15.0]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scripts = []
    for person in range(draw(st.integers(1, 3))):
        begin = draw(st.floats(0.5, 4))
        down, trunk = draw(st.sampled_from([(0.08, 90.0), (0.24, 35.0), (0.48, 100.0), (0.07, 5.0)]))
        fast = draw(st.sampled_from([0.6, 3.0]))
        up = draw(st.sampled_from([5.0, 9.0, 100.0]))
        gone = draw(st.sampled_from([(99.0, 99.0), (3.0, 4.0), (4.0, 9.0)]))
        scripts.append((200 + 350 * person, begin, fast, down, trunk, up, gone))
    frames: list[PoseFrame] = []
    epoch = 0
    for index, at in enumerate(times(0, 14, fps)):
        people: list[FloatArray] = []
        for x, begin, fast, down, trunk, up, (leaves, returns) in scripts:
            if leaves <= at < returns:
                continue
            hip = blend(at, [(begin, 0.53), (begin + fast, down), (up, down), (up + 1, 0.53)])
            bent = blend(at, [(begin, 0), (begin + fast, trunk), (up, trunk), (up + 1, 0)])
            noise = random.normal(0, 1.5, (17, 2)).astype(np.float32)
            people.append(figure(x, hip=hip, trunk_deg=bent, stiff=down < 0.1) + noise)
        if random.random() < 0.02:
            epoch += 1
        frame = pose_frame(at, people, sequence=index, epoch=epoch)
        frames.append(frame)
        chance = random.random()
        if chance < 0.05:
            frames.append(frame)
        elif chance < 0.1 and len(frames) > 3:
            frames.append(frames[-3])
        elif chance < 0.15:
            frames.pop()
    return frames


@settings(max_examples=8, deadline=None)
@given(frames=scenes())
def test_any_scene(frames: list[PoseFrame]) -> None:
    same_with_snapshots(frames)


def test_someone_down_for_long_and_a_crowd_of_alerts() -> None:
    """Two people who fall at the same instant, one of whom lies until it is told again and gets up."""
    frames = []
    for index, at in enumerate(times(0, 45, 5)):
        hip, trunk = [(2, 0.53), (2.7, 0.08)], [(2, 0.0), (2.7, 90.0)]
        up, level = [*hip, (38, 0.08), (39, 0.53)], [*trunk, (38, 90.0), (39, 0.0)]
        one = figure(300, hip=blend(at, hip), trunk_deg=blend(at, trunk), stiff=True)
        two = figure(900, hip=blend(at, up), trunk_deg=blend(at, level), stiff=True)
        frames.append(pose_frame(at, [one, two], sequence=index))
    steps = same_with_snapshots(frames)
    kinds = [step.update.kind.value for step in steps]
    assert sorted(kinds) == ["raised", "raised", "recovered", "still_down", "still_down"]
    assert len({step.alert.id for step in steps}) == 2
    assert len({step.alert.started_at for step in steps}) == 1


@cache
def snapshot() -> bytes:
    stream = FACTORY.new()
    for at in times(0, 3, 10):
        stream.take(pose_frame(at, [figure(500)]))
    return FACTORY.encode(stream)


def test_other_parameters_are_refused() -> None:
    others = [
        StreamFactory("site", "cam", ViewParameters(pitch_high_deg=40), RuleParameters()),
        StreamFactory("site", "cam", ViewParameters(), RuleParameters(tracker=TrackerParameters(max_gap_s=3))),
        StreamFactory("site", "cam", ViewParameters(), RuleParameters(fall=FallParameters(confirm_s=4))),
    ]
    for other in others:
        with pytest.raises(SnapshotError, match="camera 'cam' was made with other parameters") as caught:
            other.decode(snapshot())
        assert caught.value.reason == "other_parameters"


@pytest.mark.parametrize(("place", "value"), [(0, SNAPSHOT_VERSION + 1), (0, "x"), (1, "fall/0")])
def test_another_version_is_refused(place: int, value: Any) -> None:
    fields = msgpack.unpackb(snapshot())
    fields[place] = value
    with pytest.raises(SnapshotError, match="is of version") as caught:
        FACTORY.decode(msgpack.packb(fields))
    assert caught.value.reason == "other_version"


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damage_is_an_error_and_nothing_else(data: st.DataObject) -> None:
    whole = snapshot()
    kind = data.draw(st.sampled_from(["cut", "flip", "junk"]))
    if kind == "cut":
        damaged = whole[: data.draw(st.integers(0, len(whole) - 1))]
    elif kind == "flip":
        place = data.draw(st.integers(0, len(whole) - 1))
        damaged = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    else:
        damaged = data.draw(st.binary(max_size=200))
    try:
        stream = FACTORY.decode(damaged)
    except SnapshotError:
        return
    # Deflate can write the same bytes in more than one way: then nothing was damaged but the wording.
    assert kind == "flip"
    assert FACTORY.encode(stream) == whole


@pytest.mark.parametrize(
    "state", [{}, [], None, {"gate": 5, "assessor": None}, {"gate": {}, "assessor": {}}, "text", 7]
)
def test_a_state_of_another_shape_is_damage(state: Any) -> None:
    fields = msgpack.unpackb(snapshot())
    fields[3] = zlib.compress(msgpack.packb(state))
    with pytest.raises(SnapshotError, match="is damaged") as caught:
        FACTORY.decode(msgpack.packb(fields))
    assert caught.value.reason == "damaged"


def test_it_stays_small() -> None:
    """A busy camera: what goes to Redis every few seconds is some kilobytes for each person in view."""
    stream: CameraStream = FACTORY.new()
    for frame in islice(virtual_camera(0, 1, Script(fps=15, people=5), name="cam"), 15 * 60):
        stream.take(frame)
    stream.written()
    assert len(FACTORY.encode(stream)) < 5 * 5_000
