"""The recorded skeletons of the demo clips: one person in each, as the default pose model saw them.

`scripts/record_demo_skeletons.py` writes the file; a test makes some of its frames again with the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from zipfile import BadZipFile

import numpy as np

from spotter.core.contracts import KEYPOINTS, FloatArray
from spotter.core.errors import SourceError

FILE = "skeletons.npz"
CLIPS = ("dock", "packing", "aisle")
"""Recorded clips, by what happens in them (see `demo/README.md`): a stoop lift, a twisted lift, a fall."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One person over F frames.

    Attributes:
        fps: frames per second of the clip.
        width, height: size of its picture, px.
        model: name and version of the pose model.
        boxes: (F, 4) float32, xyxy px.  scores: (F,) float32.
        keypoints: (F, 17, 2) float32, px.  confidences: (F, 17) float32, calibrated.
        deviations: (F, 17) float32, px.
    """

    name: str
    fps: float
    width: int
    height: int
    model: str
    boxes: FloatArray
    scores: FloatArray
    keypoints: FloatArray
    confidences: FloatArray
    deviations: FloatArray

    def __len__(self) -> int:
        return len(self.scores)


@cache
def recordings() -> dict[str, Recording]:
    """All recordings by name of the clip; their arrays are read-only.

    Raises:
        SourceError: the file is missing or damaged.
    """
    with as_file(files("spotter") / "demo" / FILE) as path:
        try:
            with path.open("rb") as file, np.load(file) as stored:
                arrays = {key: stored[key] for key in stored.files}
            return {name: _recording(name, arrays) for name in CLIPS}
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise SourceError(
                f"recorded skeletons '{path}' cannot be read: {error}", mend="Install spotter-safety again"
            ) from None


def _recording(name: str, arrays: dict[str, np.ndarray]) -> Recording:
    frames = len(arrays[f"{name}_scores"])
    shapes = {"boxes": (frames, 4), "scores": (frames,), "keypoints": (frames, KEYPOINTS, 2)}
    parts: dict[str, FloatArray] = {}
    each = (frames, KEYPOINTS)
    for part, shape in {**shapes, "confidences": each, "deviations": each}.items():
        array = arrays[f"{name}_{part}"]
        if array.dtype != np.float32 or array.shape != shape:
            raise ValueError(f"'{name}_{part}' is {array.dtype} of shape {array.shape}, not float32 of {shape}")
        array.flags.writeable = False
        parts[part] = array
    fps, width, height = (float(value) for value in arrays[f"{name}_picture"])
    return Recording(name, fps, round(width), round(height), str(arrays["model"]), **parts)
