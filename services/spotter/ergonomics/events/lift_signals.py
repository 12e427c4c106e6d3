"""What one frame says of the hands, the trunk and the legs of one person, as the lift rule sees it. Pure values.

Places are pixels of the picture, so that a better scale that is learned later can be applied to what came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from spotter.core.contracts import Angle, Status

Spot = tuple[float, float]
"""A place in the picture, px: to the right, down."""


@dataclass(frozen=True, slots=True)
class LiftView:
    """What is known of the camera and of how the person stands to it.

    Attributes:
        pitch: least and greatest angle by which the camera looks down at the person, degrees.
        px_per_m: best, least and greatest pixels to a metre of upright length at the feet; None: a stature is assumed.
        yaw: least and greatest angle between the picture plane and the person's sagittal plane, degrees; 0 is a side
            view, 90 a frontal one. None: unknown.
        away: +1 where the person faces away from the camera, -1 towards it, 0 unknown (`s` of METHODS 6.2).
        right: +1 where they face to the right in the picture, -1 to the left, 0 unknown.
        shrink: best, least and greatest change of depth per metre of height over the depth, 1/m: negative where a
            camera looks down, because what is higher is nearer and seems larger.
        asymmetry: where several cameras or a depth camera tell it.
    """

    pitch: tuple[float, float] = (0.0, 35.0)
    px_per_m: tuple[float, float, float] | None = None
    yaw: tuple[float, float] | None = None
    away: int = 0
    right: int = 0
    shrink: tuple[float, float, float] = (-0.05, -0.16, 0.0)
    asymmetry: Angle | None = None

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        angle, px = self.asymmetry, self.px_per_m
        return [
            list(self.pitch),
            None if px is None else list(px),
            None if self.yaw is None else list(self.yaw),
            self.away,
            self.right,
            list(self.shrink),
            None if angle is None else [angle.value, angle.low, angle.high, angle.status.value, angle.reason],
        ]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """The view that `state` was taken from."""
        (low, high), px, yaw, away, right, shrink, angle = state
        asymmetry = None
        if angle is not None:
            value, least, most, status, reason = angle
            asymmetry = Angle(value, least, most, Status(status), reason)
        return cls(
            (low, high),
            None if px is None else (px[0], px[1], px[2]),
            None if yaw is None else (yaw[0], yaw[1]),
            away,
            right,
            (shrink[0], shrink[1], shrink[2]),
            asymmetry,
        )


@dataclass(frozen=True, slots=True)
class LiftSignals:
    """What one frame says of one person.

    Attributes:
        left, right: the hands (knuckles); None where they are not seen.
        hips, shoulders: the middle of each.
        ankles: left and right; None where they are not both seen.
        knees: their middle; None where they are not both seen.
        trunk: inclination in the picture, degrees.
        legs: (knee flexion, hip flexion, inclination of the lower leg) in the picture, degrees, mean of the sides that
            are seen; None where neither is.
        noise: standard deviation of a hand along either axis, px.
        stature, floor: the person's standing height, px, and the picture row of the floor at the feet.
        settled: True when both come from the person's own upright frames, False when they are a guess.
        px_per_m: best, least and greatest pixels to a metre of upright length.
        view: see `LiftView`.
    """

    left: Spot | None
    right: Spot | None
    hips: Spot
    shoulders: Spot
    ankles: tuple[Spot, Spot] | None
    knees: Spot | None
    trunk: float
    legs: tuple[float, float, float] | None
    noise: float
    stature: float
    floor: float
    settled: bool
    px_per_m: tuple[float, float, float]
    view: LiftView = LiftView()

    @property
    def feet(self) -> Spot:
        """Middle of the ankles, else of the hips, px across; the floor's row."""
        if self.ankles is None:
            return self.hips[0], self.floor
        return (self.ankles[0][0] + self.ankles[1][0]) / 2, self.floor
