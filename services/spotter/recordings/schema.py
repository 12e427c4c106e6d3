"""The rows of a recording: Avro records <-> `PoseFrame`, one record a frame, its people nested in it.

Avro (avro.apache.org/docs/1.11.1/specification) because a container file is a chain of blocks that each stand alone: a
killed writer costs the block in hand and nothing else, and no footer has to be written. Blocks are deflated, which
brings no checksum, so each record has a CRC-32 of its values: what comes back is what was written, or an error.
All numbers keep their width (float32, int64): the rules say the same of a recording as of the live stream, bit for bit.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import fastavro
import numpy as np

from spotter.core.contracts import KEYPOINTS, FloatArray, PoseFrame

SCHEMA = 1
"""Version of the rows and of the header; a reader refuses files of a later one."""

SUFFIX = ".avro"

NAME = "spotter.recording.Frame"
"""Full name of the record, by which a recording is told from other Avro files."""

CODEC = "deflate"

_FLOATS = {"type": "array", "items": "float"}
_PERSON = {
    "type": "record",
    "name": "Person",
    "doc": "One person; keypoints in COCO-17 order, pixels of the original picture, x to the right, y down.",
    "fields": [
        {"name": "score", "type": "float", "doc": "0 to 1"},
        {"name": "box", "type": _FLOATS, "doc": "left, top, right, bottom, px"},
        {"name": "keypoints", "type": _FLOATS, "doc": "17 times x, y, px"},
        {"name": "confidences", "type": _FLOATS, "doc": "17 times 0 to 1"},
        {
            "name": "deviations",
            "type": ["null", _FLOATS],
            "default": None,
            "doc": "17 standard deviations along either axis, px; null where the model is not calibrated",
        },
    ],
}
AVRO_SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": NAME,
        "doc": "All skeletons of one frame of one camera. Times are UTC nanoseconds.",
        "fields": [
            {"name": "camera", "type": "string"},
            {"name": "epoch", "type": "long", "doc": "when this run of the camera began; 0 for a file taken offline"},
            {"name": "sequence", "type": "long", "doc": "number within the epoch; a gap is a frame not posed"},
            {"name": "captured_at", "type": "long", "doc": "event time"},
            {"name": "published_at", "type": "long"},
            {"name": "posed_at", "type": "long"},
            {"name": "clock_offset_ns", "type": "long", "doc": "event clock minus wall clock"},
            {"name": "width", "type": "int", "doc": "of the original picture, px"},
            {"name": "height", "type": "int"},
            {"name": "model", "type": "string", "doc": "name and version of the pose model"},
            {"name": "calibrated", "type": "boolean", "doc": "people have deviations"},
            {"name": "people", "type": {"type": "array", "items": _PERSON}},
            {"name": "crc32", "type": "long", "doc": "of the values above, see spotter.recordings.schema"},
        ],
    }
)

Row = dict[str, Any]

_NUMBERS = struct.Struct("<8q")
_NO_PEOPLE = (
    np.zeros((0, 4), np.float32),
    np.zeros(0, np.float32),
    np.zeros((0, KEYPOINTS, 2), np.float32),
    np.zeros((0, KEYPOINTS), np.float32),
)


def to_row(pose: PoseFrame) -> Row:
    """A frame as a record. Its trace is left out: it names what was, and is of no use to a rule.

    Raises:
        ValueError: the arrays do not have the shapes of the contract.
    """
    people = len(pose)
    shapes = ((people, 4), (people,), (people, KEYPOINTS, 2), (people, KEYPOINTS))
    arrays = tuple(np.asarray(array, "<f4") for array in (pose.boxes, pose.scores, pose.keypoints, pose.confidences))
    if tuple(array.shape for array in arrays) != shapes:
        raise ValueError(f"skeletons of camera '{pose.camera_id}' have shapes {[array.shape for array in arrays]}")
    spread = None if pose.deviations is None else np.asarray(pose.deviations, "<f4")
    boxes, scores, keypoints, confidences = (
        array.reshape(people, array.size // max(people, 1)).tolist() for array in arrays
    )
    deviations = [None] * people if spread is None else spread.tolist()
    return {
        "camera": pose.camera_id,
        "epoch": pose.epoch,
        "sequence": pose.sequence,
        "captured_at": pose.captured_at,
        "published_at": pose.published_at,
        "posed_at": pose.posed_at,
        "clock_offset_ns": pose.clock_offset_ns,
        "width": pose.width,
        "height": pose.height,
        "model": pose.model,
        "calibrated": spread is not None,
        "people": [
            {"box": box, "score": score[0], "keypoints": points, "confidences": sure, "deviations": spread_of}
            for box, score, points, sure, spread_of in zip(
                boxes, scores, keypoints, confidences, deviations, strict=True
            )
        ],
        "crc32": _checksum(pose, arrays, spread),
    }


def from_row(row: Mapping[str, Any]) -> PoseFrame:
    """The frame that `to_row` was given.

    Raises:
        ValueError, KeyError, TypeError: the record is damaged.
    """
    people: Sequence[Mapping[str, Any]] = row["people"]
    boxes, scores, keypoints, confidences = _arrays(people) if people else _NO_PEOPLE
    spread = None
    if row["calibrated"]:
        spread = np.array([one["deviations"] for one in people], np.float32).reshape(len(people), KEYPOINTS)
    pose = PoseFrame(
        row["camera"], row["epoch"], row["sequence"], row["captured_at"], row["published_at"], row["posed_at"],
        row["width"], row["height"], row["model"], boxes, scores, keypoints, confidences, row["clock_offset_ns"],
        deviations=spread,
    )  # fmt: skip
    if _checksum(pose, (boxes, scores, keypoints, confidences), spread) != row["crc32"]:
        raise ValueError("its checksum is wrong")
    return pose


def _arrays(people: Sequence[Mapping[str, Any]]) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    count = len(people)
    return (
        np.array([one["box"] for one in people], np.float32).reshape(count, 4),
        np.array([one["score"] for one in people], np.float32),
        np.array([one["keypoints"] for one in people], np.float32).reshape(count, KEYPOINTS, 2),
        np.array([one["confidences"] for one in people], np.float32).reshape(count, KEYPOINTS),
    )


def _checksum(pose: PoseFrame, arrays: Sequence[FloatArray], spread: FloatArray | None) -> int:
    """CRC-32 of the two names, the eight whole numbers (int64) and the arrays (float32), little-endian, in turn.

    The word "calibrated" stands before the deviations.
    """
    numbers = _NUMBERS.pack(
        pose.epoch, pose.sequence, pose.captured_at, pose.published_at, pose.posed_at, pose.clock_offset_ns,
        pose.width, pose.height,
    )  # fmt: skip
    parts = [
        pose.camera_id.encode(),
        pose.model.encode(),
        numbers,
        *(array.astype("<f4").tobytes() for array in arrays),
    ]
    if spread is not None:
        parts.append(b"calibrated")
        parts.append(spread.astype("<f4").tobytes())
    return zlib.crc32(b"".join(parts))
