"""Which way people face, against the line of sight. Pure.

The heading is measured in the level plane from the picture's right: 0 faces to the right in the picture, 90 away from
the camera, 180 to the left, -90 towards it. METHODS 6.2's yaw is the angle between the picture's plane and the person's
sagittal plane: asin |sin heading|, 0 in a side view and 90 in a frontal one; its s is the sign of sin heading.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.angles.values import Degrees


@dataclass(frozen=True, slots=True, eq=False)
class Facing:
    """(N,) people in one frame.

    Attributes:
        heading: most probable, degrees in -180..180; nan where unknown.
        headings: (D, N) headings that stand for what may be true, equally likely, one for each of the sight's cameras.
        yaw, yaw_low, yaw_high: degrees in 0..90; the interval holds 90 %; nan, 0 and 90 where unknown.
        away: 1 faces away from the camera (leaning forward is away), -1 towards it, 0 not known.
        right: 1 faces to the right in the picture, -1 to the left, 0 not known.
        status: as in `Angles`: `ok` where the yaw interval's half width is at most 15 degrees and one of `away` and
            `right` that matters in that view is known, `bounded` where something is known.
        reason: for people, where the status is not `ok`.
    """

    heading: Degrees
    headings: Degrees
    yaw: Degrees
    yaw_low: Degrees
    yaw_high: Degrees
    away: npt.NDArray[np.int8]
    right: npt.NDArray[np.int8]
    status: npt.NDArray[np.uint8]
    reason: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.heading)
