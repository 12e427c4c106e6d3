"""What an exported YOLO-pose graph gives out, recognised from the graph itself. Pure.

Two layouts are known, whatever the version (v8, 11, 26):
- raw: (batch, 4 + classes + keypoints, anchors) or transposed; boxes cx cy w h, overlapping people not yet removed.
- final: (batch, people, 6 + keypoints); boxes x1 y1 x2 y2, score, class. YOLO26's end-to-end head, and any export with
  NMS inside.
Sizes in pixels of the input. Keypoints are x, y, and a score each unless the file says that they have none.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spotter.core.contracts import KEYPOINTS
from spotter.core.errors import ModelError

_BOX = 4
_FINAL_HEAD = 6
"""x1, y1, x2, y2, score, class."""

_STRIDES = ((8, 16, 32), (8, 16, 32, 64))
"""Strides of the heads known: three levels, or four in the P6 variants."""

_NAMES = "person"


@dataclass(frozen=True, slots=True)
class YoloLayout:
    """How to read the output.

    Attributes:
        final: people as they are, else candidates by anchor.
        transposed: raw output is (batch, anchors, channels).
        classes: how many there are; `person` is the one that counts, None where any does.
        values: numbers of one keypoint: 3 with a score, 2 without.
        people: rows of a final output, else 0.
    """

    final: bool
    transposed: bool
    classes: int
    person: int | None
    values: int
    people: int = 0


def recognise(shape: Sequence[int], rows: int, columns: int, metadata: Mapping[str, str]) -> YoloLayout:
    """The layout of an output of `shape` for an input of `rows` x `columns` px.

    Args:
        metadata: what the file says of itself: `names` (classes) and `kpt_shape`, as Python literals; may be empty.

    Raises:
        ModelError: not a YOLO-pose output, or not one of the 17 COCO keypoints.
    """
    if len(shape) != 3 or not all(shape):
        raise _unknown(f"its output has shape {tuple(shape)}")
    names = _literal(metadata, "names")
    keypoints, values = _keypoint_shape(metadata)
    anchors = {sum((rows // stride) * (columns // stride) for stride in strides) for strides in _STRIDES}
    _, first, second = shape
    # An input may be so small that its anchors are as many as the channels: then the usual order is meant.
    if second in anchors or first in anchors:
        transposed = second not in anchors
        channels = second if transposed else first
        classes = len(names) if names else 1
        _check_keypoints(channels - _BOX - classes, keypoints, values)
        return YoloLayout(False, transposed, classes, _person(names), values)
    if (second - _FINAL_HEAD) % values == 0 and second > _FINAL_HEAD:
        _check_keypoints(second - _FINAL_HEAD, keypoints, values)
        return YoloLayout(True, False, len(names) if names else 1, _person(names), values, first)
    raise _unknown(f"its output has shape {tuple(shape)} for an input of {columns}x{rows} px")


def _keypoint_shape(metadata: Mapping[str, str]) -> tuple[int | None, int]:
    stated = _literal(metadata, "kpt_shape")
    if stated is None:
        return None, 3
    try:
        count, values = (int(number) for number in stated)
    except (TypeError, ValueError):
        raise _unknown(f"it says that its keypoints have the shape {stated!r}") from None
    if values not in (2, 3):
        raise _unknown(f"it says that a keypoint has {values} numbers")
    return count, values


def _check_keypoints(numbers: int, stated: int | None, values: int) -> None:
    count, rest = divmod(numbers, values)
    if rest or count < 1:
        raise _unknown(f"{numbers} numbers remain for keypoints of {values} each")
    if stated is not None and stated != count:
        raise _unknown(f"it says that it has {stated} keypoints and gives out {count}")
    if count != KEYPOINTS:
        raise ModelError(
            f"the model has {count} keypoints, not the {KEYPOINTS} of COCO",
            mend="Spotter needs a model trained on COCO keypoints",
        )


def _person(names: Any) -> int | None:
    if not names:
        return None
    items = names.items() if isinstance(names, dict) else enumerate(names)
    return next((int(index) for index, name in items if str(name).lower() == _NAMES), None)


def _literal(metadata: Mapping[str, str], key: str) -> Any:
    try:
        return ast.literal_eval(metadata[key]) if key in metadata else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _unknown(what: str) -> ModelError:
    return ModelError(
        f"this is not a YOLO-pose model that Spotter can read: {what}",
        mend="Export it from Ultralytics with format=onnx, with or without nms=True",
    )
