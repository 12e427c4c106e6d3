"""From what the angles know of a frame's people to what the lift rule asks of the view. Pure."""

from __future__ import annotations

import math

import numpy as np

from spotter.ergonomics.angles.context import Context
from spotter.ergonomics.angles.values import BOUNDED
from spotter.ergonomics.events.lift_signals import LiftView
from spotter.ergonomics.geometry.ground import Ground

_ANKLES = (15, 16)


def lift_views(context: Context, ground: Ground | None) -> list[LiftView]:
    """One view for each of the N people of a context.

    Args:
        ground: the camera, where lens and mount are known; None: metres come from an assumed stature.
    """
    facing, pitch = context.facing, context.sight.pitch
    low, high = np.quantile(pitch, (0.05, 0.95), axis=0) if len(context) else (pitch, pitch)
    scales = _scales(context, ground)
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
            )
        )
    return views


def _scales(context: Context, ground: Ground | None) -> list[tuple[float, float, float] | None]:
    """Pixels to an upright metre at the feet: best, least, greatest; None where the feet or the camera are unknown."""
    if ground is None or not len(context):
        return [None] * len(context)
    left, right = (context.keypoints[:, joint] for joint in _ANKLES)
    band = ground.scale((left + right) / 2)
    seen = context.seen[:, _ANKLES].all(axis=1).tolist()
    rows = zip(seen, band.value.tolist(), band.low.tolist(), band.high.tolist(), strict=True)
    return [_scale(value, low, high) if here else None for here, value, low, high in rows]


def _scale(value: float, low: float, high: float) -> tuple[float, float, float] | None:
    if not (math.isfinite(value + low + high) and min(value, low) > 0):
        return None
    return value, min(low, value), max(high, value)
