"""What must hold of skeletons that were made from frames: lossy, but never doubled, and the flow goes on. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from faults.scenario import Load
from spotter.core.clock import from_seconds
from spotter.core.contracts import Frame, PoseFrame

LAST_S = 3.0
"""Every camera must be seen again within so many seconds of the end: whatever went wrong is mended by then."""


def flow_problems(came: Sequence[PoseFrame], sent: Sequence[Frame], load: Load) -> list[str]:
    """What is wrong with the skeletons that came out of the topic.

    Args:
        came: every message of the topic, repeats included.
        sent: every frame that was published; none when ingest, which was killed once at least, read the cameras itself.
    """
    problems = []
    unique: dict[tuple[str, int, int], PoseFrame] = {}
    for pose in came:
        if unique.setdefault(_key(pose), pose).captured_at != pose.captured_at:
            problems.append(f"two frames are called {_key(pose)}")
    known = {_key(frame) for frame in sent}
    if sent:
        problems += [f"skeletons of a frame that nobody sent: {key}" for key in unique if key not in known]
    newest: dict[str, int] = {}
    for pose in unique.values():
        newest[pose.camera_id] = max(newest.get(pose.camera_id, 0), pose.captured_at)
    end = max((frame.captured_at for frame in sent), default=0)
    for index in range(load.cameras):
        camera = f"cam-{index:02d}"
        if sent and end - newest.get(camera, 0) > from_seconds(LAST_S):
            problems.append(f"{camera} did not come back: nothing in its last {LAST_S:g} s")
        if not sent and len({pose.epoch for pose in unique.values() if pose.camera_id == camera}) < 2:
            problems.append(f"{camera} did not come back: only one run of it was seen")
    return problems


def _key(frame: PoseFrame | Frame) -> tuple[str, int, int]:
    return frame.camera_id, frame.epoch, frame.sequence
