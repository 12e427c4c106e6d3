"""From what the angles know of a frame's people to what the lift rule asks of the view. Pure."""

from __future__ import annotations

import math

import numpy as np

from spotter.ergonomics.angles.context import Context
from spotter.ergonomics.angles.values import BOUNDED
from spotter.ergonomics.events.lift_signals import LiftView
from spotter.ergonomics.geometry.ground import Ground
from spotter.ergonomics.tracking.scale import ANKLE_HEIGHT

_ANKLES = (15, 16)

_HIPS_M = 0.93
"""Height of the hips of an adult who stands: 0.53 of 1.75 m."""

_LEAST_ABOVE_M = 0.5
"""A camera is taken for at least this much above the hips where it looks down at them, m [D]."""


def lift_views(context: Context, ground: Ground, *, mounted: bool) -> list[LiftView]:
    """One view for each of the N people of a context.

    Args:
        ground: the camera that the context was made with.
        mounted: whether its lens and mount are known; if not, metres come from an assumed stature.
    """
    facing, pitch = context.facing, context.sight.pitch
    low, high = np.quantile(pitch, (0.05, 0.95), axis=0) if len(context) else (pitch, pitch)
    shrinks = _shrinks(context, ground)
    scales = _scales(context, ground) if mounted else [None] * len(context)
    views = []
    for row in range(len(context)):
        ends = float(facing.yaw_low[row]), float(facing.yaw_high[row])
        known = facing.status[row] <= BOUNDED and np.isfinite(ends).all()
        views.append(
            LiftView(
                pitch=(float(low[row]), float(high[row])),
                px_per_m=scales[row],
                yaw=ends if known else None,
                away=int(facing.away[row]),
                right=int(facing.right[row]),
                shrink=shrinks[row],
            )
        )
    return views


def _shrinks(context: Context, ground: Ground) -> list[tuple[float, float, float]]:
    """How much nearer the camera a body is by each metre of height, as a share of its distance.

    Along a line of sight to the hips that looks down by e the distance is (camera height - hip height) / sin e, and a
    metre up is sin e nearer.
    """
    down = np.sin(np.radians(context.sight.pitch))
    above = np.maximum(np.asarray(ground.draws.above, np.float64) - _HIPS_M, _LEAST_ABOVE_M)
    shrink = -(down * np.abs(down)) / above[..., None]
    if not len(context):
        return []
    ends = np.quantile(shrink, (0.5, 0.05, 0.95), axis=0).T.tolist()
    return [(best, low, high) for best, low, high in ends]


def _scales(context: Context, ground: Ground) -> list[tuple[float, float, float] | None]:
    """Pixels to an upright metre at the feet: best, least, greatest; None where the feet or the camera are unknown."""
    if not len(context):
        return []
    left, right = (context.keypoints[:, joint] for joint in _ANKLES)
    feet = (left + right) / 2
    feet[:, 1] += ANKLE_HEIGHT * np.nan_to_num(context.stature)
    band = ground.scale(feet)
    seen = np.all(context.seen[:, _ANKLES], axis=1)
    rows = zip(seen.tolist(), band.value.tolist(), band.low.tolist(), band.high.tolist(), strict=True)
    return [_scale(value, low, high) if here else None for here, value, low, high in rows]


def _scale(value: float, low: float, high: float) -> tuple[float, float, float] | None:
    if not (math.isfinite(value + low + high) and min(value, low) > 0):
        return None
    return value, min(low, value), max(high, value)
