"""Frames, skeletons and camera health <-> bytes (alerts are in `wire.alerts`).

A frame carries JPEG: a picture in memory is encoded once, here; one that is JPEG already goes as it is. Arrays of
skeletons travel as raw little-endian float32 and come back as read-only views of the message, without a copy.
All functions raise `WireError`, and nothing else, on values or bytes that do not fit the contract.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

from spotter.core.contracts import (
    KEYPOINTS,
    SCHEMA_VERSION,
    CameraHealth,
    CameraState,
    FloatArray,
    Frame,
    Image,
    PoseFrame,
)
from spotter.core.errors import WireError
from spotter.core.timing import TimeBasis, Timing
from spotter.core.wire.envelope import as_wire_errors, parse
from spotter.core.wire.generated import camera_health_pb2, frame_pb2, skeleton_pb2

JPEG_QUALITY = 85
_JPEG_START = b"\xff\xd8"
_FLOAT = np.dtype("<f4")


def encode_frame(frame: Frame, max_side: int | None = None) -> bytes:
    """`frame` as bytes.

    Args:
        max_side: longest side of the JPEG, px; a larger picture in memory is made smaller (area interpolation), a
            smaller one stays. `width` and `height` remain those of the original image. None: never made smaller.
    """
    picture = frame.picture if isinstance(frame.picture, bytes) else _jpeg(frame.picture, max_side)
    with as_wire_errors("encode", "frame"):
        return frame_pb2.Frame(
            schema_version=SCHEMA_VERSION,
            camera_id=_present(frame.camera_id, "camera's name"),
            epoch=frame.epoch,
            sequence=frame.sequence,
            captured_at=frame.captured_at,
            published_at=frame.published_at,
            clock_offset_ns=frame.clock_offset_ns,
            width=frame.width,
            height=frame.height,
            jpeg=_checked_jpeg(picture),
            **_timing_fields(frame.timing),
        ).SerializeToString()


def decode_frame(data: bytes) -> Frame:
    """The frame that `encode_frame` wrote; its picture is JPEG, not decoded."""
    message = parse(frame_pb2.Frame(), "frame", data)
    with as_wire_errors("decode", "frame"):
        return Frame(
            camera_id=_present(message.camera_id, "camera's name"),
            epoch=message.epoch,
            sequence=message.sequence,
            captured_at=message.captured_at,
            published_at=message.published_at,
            clock_offset_ns=message.clock_offset_ns,
            width=message.width,
            height=message.height,
            picture=_checked_jpeg(message.jpeg),
            timing=_timing(message),
        )


def encode_pose_frame(pose: PoseFrame) -> bytes:
    """`pose` as bytes."""
    people = len(pose)
    with as_wire_errors("encode", "skeletons"):
        return skeleton_pb2.PoseFrame(
            schema_version=SCHEMA_VERSION,
            camera_id=_present(pose.camera_id, "camera's name"),
            epoch=pose.epoch,
            sequence=pose.sequence,
            captured_at=pose.captured_at,
            published_at=pose.published_at,
            posed_at=pose.posed_at,
            clock_offset_ns=pose.clock_offset_ns,
            width=pose.width,
            height=pose.height,
            model=_present(pose.model, "model's name"),
            people=people,
            boxes=_floats(pose.boxes, (people, 4)),
            scores=_floats(pose.scores, (people,)),
            keypoints=_floats(pose.keypoints, (people, KEYPOINTS, 2)),
            confidences=_floats(pose.confidences, (people, KEYPOINTS)),
            deviations=None if pose.deviations is None else _floats(pose.deviations, (people, KEYPOINTS)),
            **_timing_fields(pose.timing),
        ).SerializeToString()


def decode_pose_frame(data: bytes) -> PoseFrame:
    """The skeletons that `encode_pose_frame` wrote; the arrays are read-only views."""
    message = parse(skeleton_pb2.PoseFrame(), "skeletons", data)
    people = message.people
    with as_wire_errors("decode", "skeletons"):
        if not message.HasField("people"):
            raise ValueError("the number of people is missing")
        return PoseFrame(
            camera_id=_present(message.camera_id, "camera's name"),
            epoch=message.epoch,
            sequence=message.sequence,
            captured_at=message.captured_at,
            published_at=message.published_at,
            posed_at=message.posed_at,
            clock_offset_ns=message.clock_offset_ns,
            width=message.width,
            height=message.height,
            model=_present(message.model, "model's name"),
            boxes=_array(message.boxes, (people, 4)),
            scores=_array(message.scores, (people,)),
            keypoints=_array(message.keypoints, (people, KEYPOINTS, 2)),
            confidences=_array(message.confidences, (people, KEYPOINTS)),
            deviations=_array(message.deviations, (people, KEYPOINTS)) if message.HasField("deviations") else None,
            timing=_timing(message),
        )


def _timing_fields(timing: Timing | None) -> dict[str, Any]:
    if timing is None:
        return {}
    return {
        "time_basis": timing.basis.value,
        "camera_offset_ns": timing.camera_offset_ns,
        "jitter_ns": timing.jitter_ns,
    }


def _timing(message: frame_pb2.Frame | skeleton_pb2.PoseFrame) -> Timing | None:
    if not message.time_basis:
        return None
    offset = message.camera_offset_ns if message.HasField("camera_offset_ns") else None
    return Timing(TimeBasis(message.time_basis), offset, message.jitter_ns)


def encode_camera_health(health: CameraHealth) -> bytes:
    """`health` as bytes."""
    with as_wire_errors("encode", "camera health"):
        return camera_health_pb2.CameraHealth(
            schema_version=SCHEMA_VERSION,
            camera_id=_present(health.camera_id, "camera's name"),
            state=f"CAMERA_STATE_{health.state.name}",
            at=health.at,
            frames_read=health.frames_read,
            frames_undecodable=health.frames_undecodable,
            frames_per_second=health.frames_per_second,
            width=health.width,
            height=health.height,
            detail=health.detail,
            trusted=health.trusted,
            problems=health.problems,
        ).SerializeToString()


def decode_camera_health(data: bytes) -> CameraHealth:
    """The health that `encode_camera_health` wrote."""
    message = parse(camera_health_pb2.CameraHealth(), "camera health", data)
    with as_wire_errors("decode", "camera health"):
        state = camera_health_pb2.CameraState.Name(message.state)
        return CameraHealth(
            camera_id=_present(message.camera_id, "camera's name"),
            state=CameraState[state.removeprefix("CAMERA_STATE_")],
            at=message.at,
            frames_read=message.frames_read,
            frames_undecodable=message.frames_undecodable,
            frames_per_second=message.frames_per_second,
            width=message.width,
            height=message.height,
            detail=message.detail,
            trusted=message.trusted,
            problems=tuple(message.problems),
        )


def _jpeg(picture: Image, max_side: int | None) -> bytes:
    try:
        height, width = picture.shape[:2]
        if max_side is not None and max(height, width) > max_side:
            scale = max_side / max(height, width)
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    except (cv2.error, ValueError) as error:
        raise WireError(f"cannot encode frame: picture of shape {picture.shape} is not an image: {error}") from None
    if not done:
        raise WireError(f"cannot encode frame: picture of shape {picture.shape} does not go into a JPEG")
    return data.tobytes()


def _checked_jpeg(data: bytes) -> bytes:
    if not data.startswith(_JPEG_START):
        raise ValueError(f"picture of {len(data)} bytes is not a JPEG")
    return data


def _present(text: str, what: str) -> str:
    # Protobuf reads a message of another contract as one with empty fields; it must not pass for "no people".
    if not text:
        raise ValueError(f"the {what} is missing")
    return text


def _floats(array: FloatArray, shape: tuple[int, ...]) -> bytes:
    if array.shape != shape:
        raise ValueError(f"array has shape {array.shape}, not {shape}")
    return np.ascontiguousarray(array, dtype=_FLOAT).tobytes()


def _array(data: bytes, shape: tuple[int, ...]) -> FloatArray:
    expected = math.prod(shape) * _FLOAT.itemsize
    if len(data) != expected:
        raise ValueError(f"array of {len(data)} bytes where shape {shape} has {expected}")
    return np.frombuffer(data, dtype=_FLOAT).reshape(shape)
