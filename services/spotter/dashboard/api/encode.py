"""Live state as compact JSON for the page. Pixels are rounded, because a screen shows no fractions of them."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any
from zlib import crc32

import numpy as np

from spotter.core.clock import isoformat
from spotter.core.contracts import Angle, CameraHealth
from spotter.core.state import CameraView, LiveState, PersonView


def cameras_json(state: LiveState) -> list[dict[str, Any]]:
    """Every camera that has a view or a health report, by name."""
    views, health = state.views(), state.health()
    return [camera_json(name, views.get(name), health.get(name)) for name in sorted({*views, *health})]


def camera_json(name: str, view: CameraView | None, health: CameraHealth | None) -> dict[str, Any]:
    """One camera: `{"id", "view": {...} or null, "health": {...} or null}`."""
    return {
        "id": name,
        "view": None if view is None else _view_json(view),
        "health": None if health is None else _health_json(health),
    }


def background_tag(jpeg: bytes) -> str:
    """A short name for one version of a background, so that a page asks for each only once."""
    return f"{crc32(jpeg):08x}"


def _view_json(view: CameraView) -> dict[str, Any]:
    return {
        "sequence": view.sequence,
        "captured_at": isoformat(view.captured_at),
        "width": view.width,
        "height": view.height,
        "latency_s": _number(view.latency_s, 4),
        "background": None if view.background is None else background_tag(view.background),
        "people": [_person_json(person) for person in view.people],
        "posture_seconds": {name: _number(value, 1) for name, value in asdict(view.posture_seconds).items()},
    }


def _person_json(person: PersonView) -> dict[str, Any]:
    """Keypoints as 17 times x, y (whole pixels), confidence (hundredths), in one flat list."""
    table = np.empty((len(person.keypoints), 3), dtype=np.float64)
    table[:, :2] = person.keypoints
    table[:, 2] = person.confidences
    # A keypoint that is nowhere is a keypoint without confidence.
    table[~np.isfinite(table).all(axis=1)] = 0.0
    table[:, 2] *= 100
    return {
        "track_id": person.track_id,
        "posture": person.posture,
        "trunk": _angle_json(person.trunk_inclination),
        "keypoints": np.rint(table).astype(int).ravel().tolist(),
    }


def _angle_json(angle: Angle) -> dict[str, Any]:
    return {
        "value": None if angle.value is None else _number(angle.value, 1),
        "low": _number(angle.low, 1),
        "high": _number(angle.high, 1),
        "status": angle.status.value,
        "reason": angle.reason,
    }


def _health_json(health: CameraHealth) -> dict[str, Any]:
    return {
        "state": health.state.value,
        "at": isoformat(health.at),
        "frames_read": health.frames_read,
        "frames_undecodable": health.frames_undecodable,
        "frames_per_second": _number(health.frames_per_second, 1),
        "width": health.width,
        "height": health.height,
        "detail": health.detail,
        "trusted": health.trusted,
        "problems": list(health.problems),
    }


def _number(value: float, digits: int) -> float | None:
    """Rounded; None for what JSON cannot hold."""
    return round(float(value), digits) if math.isfinite(value) else None
