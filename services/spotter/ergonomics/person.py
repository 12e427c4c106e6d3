"""What is known of one track: its fall machine, its size, where and when it was last seen. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from spotter.core.clock import from_seconds
from spotter.core.contracts import FloatArray
from spotter.core.parameters import FallParameters
from spotter.ergonomics.events.fall import FallMachine, FallState
from spotter.ergonomics.tracking.scale import PersonScale
from spotter.ergonomics.zones import Inside

_HIPS = [11, 12]

_DESCENDING = from_seconds(2.0)
"""Someone who leaves a ladder may be falling from it: for so long their floor is not learned anew [D]."""


@dataclass(slots=True)
class Person:
    """One track of a camera.

    Attributes:
        seen_at: event time of the newest sighting, UTC ns; None before the first.
        place: middle of the hips in it, px.
        extent: longer side of the box around it, px.
        zones: the camera's zones that they were in.
        climbed_at: event time at which they were last on a ladder.
    """

    machine: FallMachine
    scale: PersonScale = field(default_factory=PersonScale)
    seen_at: int | None = None
    place: tuple[float, float] = (0.0, 0.0)
    extent: float = 0.0
    zones: Inside = frozenset()
    climbed_at: int | None = None

    @property
    def size(self) -> float:
        """Stature in the image, px; until it is known the extent of the body, which is less."""
        scale = self.scale.current()
        return scale.stature if scale is not None else self.extent

    @property
    def told(self) -> bool:
        """True while an alert of this person is open."""
        return self.machine.state is FallState.ALERTED

    def climbing(self, at: int) -> bool:
        """On a ladder, or off it just now: the feet are not on the floor that was learned, which stays."""
        return self.climbed_at is not None and at - self.climbed_at <= _DESCENDING and self.scale.current() is not None

    def seen(self, at: int, keypoints: FloatArray, box: FloatArray) -> None:
        """The person is in the frame at event time `at`: keypoints (17, 2) px, box (4,) xyxy px."""
        self.seen_at, self.place, self.extent = at, hips(keypoints), longer_side(box)

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [
            self.machine.state_values(), self.scale.state(), self.seen_at, list(self.place), self.extent,
            sorted(self.zones), self.climbed_at,
        ]  # fmt: skip

    @classmethod
    def restore(cls, parameters: FallParameters, state: Sequence[Any]) -> Self:
        """The person that `state` was taken from."""
        machine, scale, seen_at, (x, y), extent, zones, climbed_at = state
        return cls(
            FallMachine.restore(parameters, machine), PersonScale.restore(scale), seen_at, (x, y), extent,
            frozenset(zones), climbed_at,
        )  # fmt: skip


def hips(keypoints: FloatArray) -> tuple[float, float]:
    """Middle of the hips, px: keypoints (17, 2) px."""
    (left_x, left_y), (right_x, right_y) = keypoints[_HIPS].tolist()
    return (left_x + right_x) / 2, (left_y + right_y) / 2


def longer_side(box: FloatArray) -> float:
    """Of a box (4,) xyxy, px."""
    return float(max(box[2] - box[0], box[3] - box[1]))
