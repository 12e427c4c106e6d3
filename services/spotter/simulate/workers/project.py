"""From workers to what the rules see: takes before a camera, through a pose model with errors, as `PoseFrame`s."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spotter.core.contracts import PoseFrame
from spotter.simulate.workers.frames import START, Found, exact, pose_frames
from spotter.simulate.workers.sight import Sight, see
from spotter.simulate.workers.take import Take
from spotter.simulate.workers.viewpoint import Viewpoint

Detector = Callable[[Sight, int], Found]
"""From what a camera could see, and a seed, to what a pose model finds."""


def without_errors(sight: Sight, seed: int) -> Found:
    """The detector that makes no error; see `exact`."""
    return exact(sight)


def project(
    takes: Take | Sequence[Take],
    view: Viewpoint,
    seed: int = 0,
    detector: Detector = without_errors,
    *,
    camera_id: str = "simulated",
    start: int = START,
) -> list[PoseFrame]:
    """What the pose service would publish of workers before a camera.

    Args:
        takes: one worker, or several who are there at the same time.
        seed: of the detector's errors.

    Raises:
        ConfigError: takes of different frame rates, or none.
    """
    sight = see([takes] if isinstance(takes, Take) else takes, view)
    return pose_frames(sight, detector(sight, seed), camera_id, start)
