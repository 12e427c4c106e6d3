"""Inclination from vertical, seen by one camera: the exact bounds when the direction of view is unknown. Pure.

A segment points along a unit vector w in space; the camera (orthographic, looking down by pitch) shows only its
direction in the image, so w lies in the half plane that is spanned by that image direction and the line of sight:
w(t) = cos t * p + sin t * d with t in (-90, 90). The vertical component of p is cos(apparent) cos(pitch), that of d is
-sin(pitch). The least inclination over t is METHODS 6.2, "view unknown"; the greatest follows from the same line.
Knowing how much shorter the segment appears than it is bounds t, and with it the greatest inclination.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Degrees = npt.NDArray[np.float64]


def least_inclination(apparent: npt.ArrayLike, pitch: npt.ArrayLike) -> Degrees:
    """The inclination that an apparent angle proves, whatever the direction of view.

    `asin(sin(apparent) cos(pitch))` up to 90 degrees and `90 - |pitch|` above (METHODS 6.2, checked there on 400 000
    random geometries).

    Args:
        apparent: angle from the vertical in the image, degrees, 0..180.
        pitch: angle by which the ray to the person looks down from the horizontal, degrees.

    Returns:
        Degrees, 0..90.
    """
    seen, down = np.radians(np.asarray(apparent, np.float64)), np.radians(np.asarray(pitch, np.float64))
    up_to_level = np.degrees(np.arcsin(np.clip(np.sin(seen) * np.cos(down), -1.0, 1.0)))
    return np.where(np.asarray(apparent) <= 90.0, up_to_level, 90.0 - np.abs(np.degrees(down)))


def greatest_inclination(apparent: npt.ArrayLike, pitch: npt.ArrayLike, shortest: npt.ArrayLike = 0.0) -> Degrees:
    """The greatest inclination that still fits an apparent angle, whatever the direction of view.

    Args:
        apparent, pitch: as in `least_inclination`.
        shortest: least possible ratio of the segment's apparent length to its true length at that place, 0..1; 0 says
            that nothing is known of it. The segment is out of the image plane by at most acos(shortest).

    Returns:
        Degrees, 0..180.
    """
    seen, down = np.radians(np.asarray(apparent, np.float64)), np.radians(np.asarray(pitch, np.float64))
    along, across = np.cos(seen) * np.cos(down), np.abs(np.sin(down))
    out_of_plane = np.arccos(np.clip(np.asarray(shortest, np.float64), 0.0, 1.0))
    # cos(t) * along - sin(t) * across falls with t up to the angle of its minimum.
    lowest_at = np.where(along < 0, np.arctan2(across, -along), np.pi / 2)
    t = np.minimum(out_of_plane, np.where(along < 0, lowest_at, np.pi / 2))
    inclination: Degrees = np.degrees(np.arccos(np.clip(np.cos(t) * along - np.sin(t) * across, -1.0, 1.0)))
    return inclination


def true_flexion(apparent: npt.ArrayLike, yaw: npt.ArrayLike, pitch: npt.ArrayLike, away: npt.ArrayLike) -> Degrees:
    """Flexion in the sagittal plane from the apparent angle when the view is known (METHODS 6.2, closed form).

    Args:
        apparent: degrees, 0..180.
        yaw: angle between image plane and the person's sagittal plane, degrees; 0 is a side view.
        pitch: degrees, looking down.
        away: True where the person leans away from the camera.
    """
    seen, turn, down = (np.radians(np.asarray(a, np.float64)) for a in (apparent, yaw, pitch))
    sign = np.where(np.asarray(away), 1.0, -1.0)
    flexion: Degrees = np.degrees(
        np.arctan2(
            np.sin(seen) * np.cos(down),
            np.cos(turn) * np.cos(seen) - sign * np.sin(seen) * np.sin(turn) * np.sin(down),
        )
    )
    return flexion
