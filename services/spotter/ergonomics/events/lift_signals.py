"""What one frame says of the hands, the trunk and the legs of one person, as the lift rule sees it. Pure values.

Lengths are metres in the picture's plane at the person's place, at the best scale: across the picture, and above the
floor at the feet. How wrong the scale and the view may be stands beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from spotter.core.contracts import Angle, Status

Spot = tuple[float, float]
"""(across the picture to the right, above the floor), m."""


@dataclass(frozen=True, slots=True)
class LiftView:
    """What is known of the camera and of how the person stands to it.

    Attributes:
        pitch: least and greatest angle by which the camera looks down at the person, degrees.
        px_per_m: best, least and greatest pixels to a metre of upright length at the feet; None: stature is assumed.
        yaw: least and greatest angle between the picture plane and the person's sagittal plane, degrees; 0 is a side
            view, 90 a frontal one. None: unknown.
        away: whether the person faces away from the camera: +1 away, -1 towards, 0 unknown (`s` of METHODS 6.2).
        asymmetry: where several cameras or a depth camera tell it.
    """

    pitch: tuple[float, float] = (0.0, 35.0)
    px_per_m: tuple[float, float, float] | None = None
    yaw: tuple[float, float] | None = None
    away: int = 0
    asymmetry: Angle | None = None


@dataclass(frozen=True, slots=True)
class LiftSignals:
    """What one frame says of one person.

    Attributes:
        left, right: the hands (knuckles); None where they are not seen.
        feet: middle of the ankles on the floor, m across the picture.
        ankles: left and right, m across the picture and above the floor; None where they are not seen.
        hip, shoulder: heights above the floor, m, and `hip_across` where the hips are across the picture.
        trunk: inclination in the picture, degrees.
        knee, hip_flexion, shank: knee and hip flexion and inclination of the lower leg in the picture, degrees, mean
            of the sides that are seen; None where neither is.
        knee_height: m; None where the knees are not seen.
        noise: standard deviation of a hand along either axis, m.
        px_per_m, floor: the scale that the metres come from, and the picture row of the floor at the feet, px.
        settled: True when both come from the person's own upright frames, False when they are a guess.
        scale: least and greatest true metres to one metre here.
        view: see `LiftView`.
    """

    left: Spot | None
    right: Spot | None
    feet: float
    ankles: tuple[Spot, Spot] | None
    hip: float
    hip_across: float
    shoulder: float
    trunk: float
    knee: float | None
    hip_flexion: float | None
    shank: float | None
    knee_height: float | None
    noise: float
    px_per_m: float
    floor: float
    settled: bool
    scale: tuple[float, float]
    view: LiftView = LiftView()

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        view, angle, ankles = self.view, self.view.asymmetry, self.ankles
        return [
            _plain(self.left), _plain(self.right), self.feet,
            None if ankles is None else [list(ankles[0]), list(ankles[1])],
            self.hip, self.hip_across, self.shoulder, self.trunk, self.knee, self.hip_flexion, self.shank,
            self.knee_height, self.noise, self.px_per_m, self.floor, self.settled, list(self.scale),
            [
                list(view.pitch), _plain(view.px_per_m), _plain(view.yaw), view.away,
                None if angle is None else [angle.value, angle.low, angle.high, angle.status.value, angle.reason],
            ],
        ]  # fmt: skip

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """The signals that `state` was taken from."""
        left, right, feet, ankles = state[:4]
        hip, hip_across, shoulder, trunk, knee, hip_flexion, shank, knee_height = state[4:12]
        noise, px_per_m, floor, settled, scale, (pitch, view_px, yaw, away, angle) = state[12:]
        asymmetry = None
        if angle is not None:
            value, low, high, status, reason = angle
            asymmetry = Angle(value, low, high, Status(status), reason)
        return cls(
            _pair(left), _pair(right), feet, None if ankles is None else (_spot(ankles[0]), _spot(ankles[1])), hip,
            hip_across, shoulder, trunk, knee, hip_flexion, shank, knee_height, noise, px_per_m, floor, settled,
            _spot(scale),
            LiftView(_spot(pitch), None if view_px is None else tuple(view_px), _pair(yaw), away, asymmetry),
        )  # fmt: skip


def _spot(values: Sequence[float]) -> Spot:
    first, second = values
    return first, second


def _pair(values: Sequence[float] | None) -> Spot | None:
    return None if values is None else _spot(values)


def _plain(values: Sequence[float] | None) -> list[float] | None:
    return None if values is None else list(values)
