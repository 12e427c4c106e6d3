"""Skeleton streams of virtual cameras. Pure: no wall clock, no chance; the same arguments give the same bytes.

What the rules make of it, undisturbed and with default settings: a camera with a fall (its index is a multiple of
`Script.falling`) raises one possible fall for each one in `fall_times`, told as raised and later as recovered; every
other camera raises nothing. A test holds that.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spotter.core.clock import MICROSECOND
from spotter.core.contracts import PoseFrame
from spotter.simulate.recordings import recordings
from spotter.simulate.scene import CLIP_FPS, HEIGHT, WIDTH, Script, poses, scene

PREFIX = "load-"
"""Begins the name of every virtual camera."""

START = 1_700_000_000_000_000_000
"""Event time at which a stream begins that is not told when, UTC ns (2023-11-14)."""


def camera_name(index: int) -> str:
    """Name of virtual camera `index`: load-00000, load-00001 ..."""
    return f"{PREFIX}{index:05}"


def virtual_camera(
    index: int, seed: int = 0, script: Script | None = None, *, start: int = START, name: str = ""
) -> Iterator[PoseFrame]:
    """Skeletons of one camera without end; frame n is captured n / fps seconds after `start`.

    `published_at` and `posed_at` are the capture time; whoever sends it in real time puts the wall clock there.

    Args:
        index: which camera of the load.
        start: UTC ns, whole microseconds; also the camera's epoch.
        name: camera id; by default `camera_name(index)`.
    """
    script = script or Script()
    actors = scene(index, seed, script).actors
    table = poses()
    model = recordings()["dock"].model
    camera = name or camera_name(index)
    scales = np.array([actor.scale for actor in actors], np.float32)
    corners = np.array([(actor.left, actor.top) for actor in actors], np.float32)
    points_scale, points_shift = scales[:, None, None], corners[:, None]
    boxes_scale, boxes_shift = scales[:, None], np.concatenate([corners, corners], axis=1)
    step = CLIP_FPS / script.fps
    sequence = 0
    while True:
        positions = [(actor.phase + sequence * step) % len(actor.rows) for actor in actors]
        rows = np.array([actor.rows[int(at)] for actor, at in zip(actors, positions, strict=True)])
        keypoints, boxes = table.keypoints[rows], table.boxes[rows]
        between = np.array([at % 1.0 for at in positions], np.float32)
        if between.any():
            after = [actor.rows[(int(at) + 1) % len(actor.rows)] for actor, at in zip(actors, positions, strict=True)]
            keypoints += between[:, None, None] * (table.keypoints[after] - keypoints)
            boxes += between[:, None] * (table.boxes[after] - boxes)
        captured_at = start + round(sequence * 1_000_000 / script.fps) * MICROSECOND
        yield PoseFrame(
            camera_id=camera,
            epoch=start,
            sequence=sequence,
            captured_at=captured_at,
            published_at=captured_at,
            posed_at=captured_at,
            width=WIDTH,
            height=HEIGHT,
            model=model,
            boxes=boxes * boxes_scale + boxes_shift,
            scores=table.scores[rows],
            keypoints=keypoints * points_scale + points_shift,
            confidences=table.confidences[rows],
            deviations=table.deviations[rows] * boxes_scale,
        )
        sequence += 1
