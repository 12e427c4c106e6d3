"""The load: virtual cameras with people who stand, bend, fall, lie and get up, the same for the same seed.

Some play the recorded skeletons that the product ships, the others stick figures, who fall more often.

Event time begins at `start`; the wall clock runs `speed` times slower, and each frame says so in its clock offset.
Each camera ends with one frame of a newer epoch: that closes what is open, in every run alike.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from faults.scenario import Load
from spotter.core.clock import MICROSECOND, from_seconds, whole_microseconds
from spotter.core.contracts import FloatArray, Frame, PoseFrame
from spotter.simulate.footage import virtual_frames
from spotter.simulate.scene import Script
from spotter.simulate.streams import virtual_camera

sys.path.append(str(Path(__file__).resolve().parents[1] / "ergonomics"))

from skeletons import blend, figure, pose_frame, times

Points = list[tuple[float, float]]

PLACES = (250.0, 640.0, 1030.0)
"""Where people stand, px: too far apart to be taken for each other."""


def skeletons(load: Load, seed: int, start: int) -> list[PoseFrame]:
    """Every frame of the load in the order in which it is published.

    Args:
        start: event time and wall clock of the first frame, UTC ns.
    """
    by_camera = [list(_camera(load, index, random.Random(f"{seed}/{index}"), start)) for index in range(load.cameras)]
    # All cameras run at one rate: taking turns is the order of time.
    return [frame for frames in zip(*by_camera, strict=True) for frame in frames]


def planned_at(frame: PoseFrame | Frame) -> int:
    """Wall clock at which a frame of the load is to be published, UTC ns."""
    return frame.captured_at - frame.clock_offset_ns


def pictures(load: Load, seed: int, start: int) -> list[Frame]:
    """Frames of the shipped footage, one person in each camera, who falls once."""
    script = Script(fps=load.fps, people=1, falling=1)
    # The first fall comes at once, the next one a whole round later: passing over a part of the round places it.
    first = round((script.fall_every_s - load.falls_from_s) * load.fps) if load.falls_from_s else 0
    began = start - from_seconds(first / load.fps)
    by_camera = [
        itertools.islice(
            virtual_frames(index, seed, script, start=began, name=_name(index)),
            first,
            first + round(load.seconds * load.fps),
        )
        for index in range(load.cameras)
    ]
    return [
        replace(frame, epoch=start, sequence=frame.sequence - first)
        for frames in zip(*by_camera, strict=True)
        for frame in frames
    ]


def closing(camera_ids: Iterable[str], at: int) -> list[PoseFrame]:
    """For each camera one frame without people, of an epoch that begins at `at` (UTC ns)."""
    frames = (pose_frame(0.0, [], camera=name, sequence=0) for name in camera_ids)
    return [replace(frame, epoch=at, captured_at=at, published_at=at, posed_at=at) for frame in frames]


def _name(index: int) -> str:
    return f"cam-{index:02d}"


def _camera(load: Load, index: int, generator: random.Random, start: int) -> Iterator[PoseFrame]:
    plain = _recorded(load, index, generator) if index < load.recorded else _figures(load, index, generator)
    frames = [
        _timed(frame, at, load, start) for at, frame in zip(times(0.0, load.seconds, load.fps), plain, strict=False)
    ]
    yield from _swapped(frames, load.swaps, generator)
    last = load.seconds + 1 / load.fps
    yield replace(
        _timed(pose_frame(last, [], camera=_name(index), sequence=0), last, load, start), epoch=start + MICROSECOND
    )


def _recorded(load: Load, index: int, generator: random.Random) -> Iterator[PoseFrame]:
    script = Script(fps=load.fps, people=generator.choice((1, 2, 3)), falling=1)
    return virtual_camera(index, generator.randrange(2**16), script, name=_name(index))


def _figures(load: Load, index: int, generator: random.Random) -> Iterator[PoseFrame]:
    people = [_script(generator, load.seconds) for _ in range(generator.choice((1, 2, 2, 3)))]
    noise = np.random.default_rng(generator.randrange(2**32))
    for sequence, at in enumerate(times(0.0, load.seconds, load.fps)):
        shapes: list[FloatArray] = []
        for place, (hips, trunks, sways) in zip(PLACES, people, strict=False):
            shape = figure(
                place + blend(at, sways), hip=blend(at, hips), trunk_deg=blend(at, trunks), stiff=_falls(hips)
            )
            shapes.append((shape + noise.normal(0.0, 0.8, shape.shape)).astype(np.float32))
        yield pose_frame(at, shapes, camera=_name(index), sequence=sequence)


def _timed(frame: PoseFrame, at: float, load: Load, start: int) -> PoseFrame:
    wall = whole_microseconds(start + from_seconds(at / load.speed))
    step = sum(by for share, by in load.steps if at >= share * load.seconds)
    captured = whole_microseconds(start + from_seconds(at + step))
    return replace(
        frame, epoch=start, captured_at=captured, published_at=wall, posed_at=wall, clock_offset_ns=captured - wall
    )


def _swapped(frames: list[PoseFrame], share: float, generator: random.Random) -> list[PoseFrame]:
    for index in range(len(frames) - 1):
        if generator.random() < share:
            frames[index], frames[index + 1] = frames[index + 1], frames[index]
    return frames


def _falls(hips: Points) -> bool:
    return min(height for _, height in hips) < 0.1


def _script(generator: random.Random, seconds: float) -> tuple[Points, Points, Points]:
    """Heights of the hips, trunk inclinations and sideways sway over time, for one person."""
    at = generator.uniform(4.0, 0.5 * seconds)
    hips: Points = [(0.0, 0.53)]
    trunks: Points = [(0.0, 0.0)]
    what = generator.choices(("fall", "fall and stay", "slump", "bend"), weights=(5, 3, 2, 2))[0]
    if what == "bend":
        hips += [(at, 0.53), (at + 1.0, 0.45), (at + 3.0, 0.45), (at + 4.0, 0.53)]
        trunks += [(at, 0.0), (at + 1.0, 75.0), (at + 3.0, 75.0), (at + 4.0, 0.0)]
    else:
        down = 4.0 if what == "slump" else generator.uniform(0.5, 0.9)
        hips += [(at, 0.53), (at + down, 0.08)]
        trunks += [(at, 0.0), (at + down, 90.0)]
        if what == "fall":
            up = at + down + generator.uniform(6.0, 0.4 * seconds)
            hips += [(up, 0.08), (up + 1.5, 0.53)]
            trunks += [(up, 90.0), (up + 1.5, 0.0)]
    sways = [(moment, generator.uniform(-25.0, 25.0)) for moment in np.arange(0.0, seconds + 5.0, 5.0)]
    return hips, trunks, sways
