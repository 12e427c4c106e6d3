"""Lens distortion of points: the radial and tangential polynomial that OpenCV uses, and its inverse. Pure.

Points are normalised: x to the right and y down of the optical axis, at distance 1 (pixels less the centre, over the
focal length). Source of the model: Brown 1966, Photogrammetric Engineering 32(3); order k1, k2, p1, p2, k3 as in
OpenCV. Fisheye lenses follow another law and are not covered.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

COEFFICIENTS = 5
_STEPS = 20
_CLOSE = 1e-9


def distort(points: Points, coefficients: Points) -> Points:
    """Where the lens puts normalised points: (..., 2) -> (..., 2); nan beyond the lens' own limit, see `limit`."""
    bent = _bend(points, coefficients)
    outside = np.hypot(points[..., 0], points[..., 1]) >= limit(coefficients)
    return np.where(outside[..., None], np.nan, bent)


def undistort(points: Points, coefficients: Points) -> Points:
    """The inverse of `distort` by Newton's method: (..., 2) -> (..., 2); nan where nothing is put there."""
    if not np.any(coefficients):
        return points
    furthest = limit(coefficients)
    seen = np.hypot(points[..., 0], points[..., 1]) < _reach(coefficients, furthest)
    # What the lens puts nowhere would never come near, and keep the rest busy.
    sought = np.where(seen[..., None], points, 0.0)
    found = sought.copy()
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            missing = sought - _bend(found, coefficients)
            if not (np.abs(missing) > _CLOSE).any():
                break
            (a, b), (c, d) = np.moveaxis(jacobian(found, coefficients), (-2, -1), (0, 1))
            step = np.stack([d * missing[..., 0] - b * missing[..., 1], a * missing[..., 1] - c * missing[..., 0]], -1)
            found = found + step / (a * d - b * c)[..., None]
        good = seen & (np.abs(_bend(found, coefficients) - sought).max(axis=-1) < 10 * _CLOSE)
    good &= np.hypot(found[..., 0], found[..., 1]) < furthest
    return np.where(good[..., None], found, np.nan)


def jacobian(points: Points, coefficients: Points) -> Points:
    """Derivative of `distort`: (..., 2) -> (..., 2, 2), rows the outputs."""
    k1, k2, p1, p2, k3 = coefficients
    x, y = points[..., 0], points[..., 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    slope = 2 * (k1 + r2 * (2 * k2 + r2 * 3 * k3))
    cross = x * y * slope + 2 * p1 * x + 2 * p2 * y
    rows = [
        [radial + x * x * slope + 2 * p1 * y + 6 * p2 * x, cross],
        [cross, radial + y * y * slope + 6 * p1 * y + 2 * p2 * x],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def limit(coefficients: Points) -> float:
    """Distance from the axis at which the radial polynomial turns back; infinity when it never does.

    Beyond it the polynomial says nothing of the lens: it folds points from far outside back into the picture.
    """
    k1, k2, _, _, k3 = (float(value) for value in coefficients)
    roots = np.roots([7 * k3, 5 * k2, 3 * k1, 1.0]) if (k1 or k2 or k3) else np.zeros(0)
    squares = [root.real for root in roots if abs(root.imag) < 1e-9 * max(1.0, abs(root)) and root.real > 0]
    return float(np.sqrt(min(squares))) if squares else float("inf")


def _reach(coefficients: Points, furthest: float) -> float:
    """No point is put further from the axis than this."""
    if not np.isfinite(furthest):
        return float("inf")
    k1, k2, p1, p2, k3 = (float(value) for value in coefficients)
    square = furthest**2
    return furthest * (1 + square * (k1 + square * (k2 + square * k3))) + 3 * (abs(p1) + abs(p2)) * square


def _bend(points: Points, coefficients: Points) -> Points:
    k1, k2, p1, p2, k3 = coefficients
    x, y = points[..., 0], points[..., 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return np.stack(
        [x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y], -1
    )
