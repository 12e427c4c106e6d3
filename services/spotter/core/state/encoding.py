"""Views and health <-> bytes (msgpack), as they lie in Redis. The first value is the version of the form.

Live state lives for a minute, so a reader of another version skips what it cannot read and counts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

import msgpack
import numpy as np

from spotter.core.contracts import KEYPOINTS, Angle, CameraHealth, CameraState, FloatArray, Status
from spotter.core.errors import StateError
from spotter.core.state.api import CameraView, PersonView, PostureSeconds

ENCODING = 1


def encode_view(view: CameraView) -> bytes:
    """`view` without its background, which is kept by itself."""
    people = [_person(person) for person in view.people]
    numbers = [view.sequence, view.captured_at, view.width, view.height, view.latency_s]
    return bytes(msgpack.packb([ENCODING, view.camera_id, numbers, list(astuple(view.posture_seconds)), people]))


def decode_view(data: bytes) -> CameraView:
    """The view that `encode_view` was given.

    Raises:
        StateError: of another version, or damaged.
    """
    try:
        camera_id, (sequence, at, width, height, latency_s), seconds, people = _body(data)
        posture = PostureSeconds(*seconds)
        persons = tuple(_person_from(person) for person in people)
        return CameraView(camera_id, sequence, at, width, height, persons, posture, latency_s)
    except (ValueError, TypeError) as error:
        raise _unreadable(error) from None


def encode_health(health: CameraHealth) -> bytes:
    """`health` as bytes."""
    fields = list(astuple(health))
    fields[1] = health.state.value
    return bytes(msgpack.packb([ENCODING, *fields]))


def decode_health(data: bytes) -> CameraHealth:
    """The health that `encode_health` was given.

    Raises:
        StateError: of another version, or damaged.
    """
    try:
        camera_id, state, *counts, trusted, problems = _body(data)
        rest = (*counts, trusted, tuple(problems))
        return CameraHealth(camera_id, CameraState(state), *rest)
    except (ValueError, TypeError) as error:
        raise _unreadable(error) from None


def _body(data: bytes) -> list[Any]:
    body: list[Any]
    version, *body = msgpack.unpackb(data)
    if version != ENCODING:
        raise ValueError(f"version {version}")
    return body


def _unreadable(error: Exception) -> StateError:
    return StateError(f"entry of the live state cannot be read: {error}", mend="Run one version of Spotter everywhere")


def _person(person: PersonView) -> list[Any]:
    trunk = person.trunk_inclination
    arrays = (person.keypoints, person.confidences, person.box)
    angle = [trunk.value, trunk.low, trunk.high, trunk.status.value, trunk.reason]
    return [person.track_id, person.posture, angle, *(np.asarray(array, "<f4").tobytes() for array in arrays)]


def _person_from(state: Sequence[Any]) -> PersonView:
    track_id, posture, (value, low, high, status, reason), *arrays = state
    keypoints, confidences, box = (_array(data) for data in arrays)
    return PersonView(
        track_id=track_id,
        keypoints=keypoints.reshape(KEYPOINTS, 2),
        confidences=confidences.reshape(KEYPOINTS),
        box=box.reshape(4),
        trunk_inclination=Angle(value, low, high, Status(status), reason),
        posture=posture,
    )


def _array(data: bytes) -> FloatArray:
    return np.frombuffer(data, "<f4").astype(np.float32)
