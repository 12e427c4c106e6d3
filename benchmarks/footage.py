"""640x480 footage made of the shipped demo clips, for measuring speed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

import spotter
from spotter.core.contracts import Image

CLIPS = ("dock", "packing", "aisle")
CLIP_FPS = 15.0
WIDTH, HEIGHT = 640, 480


def demo_frames(every: int = 1) -> Iterator[Image]:
    """Each `every`th frame of the clips, one clip after the other: (480, 640, 3) uint8 BGR, black above and below."""
    for name in CLIPS:
        path = Path(spotter.__file__).with_name("demo") / f"{name}.mp4"
        capture = cv2.VideoCapture(str(path))
        for index in range(int(capture.get(cv2.CAP_PROP_FRAME_COUNT))):
            ok, image = capture.read()
            if not ok:
                raise SystemExit(f"frame {index} of '{path}' cannot be read")
            if index % every == 0:
                yield padded(np.asarray(image, np.uint8))
        capture.release()


def padded(image: Image) -> Image:
    """The image with its aspect ratio within 640x480, centred on black."""
    scale = min(WIDTH / image.shape[1], HEIGHT / image.shape[0])
    inner = cv2.resize(image, (round(image.shape[1] * scale), round(image.shape[0] * scale)))
    top, left = (HEIGHT - inner.shape[0]) // 2, (WIDTH - inner.shape[1]) // 2
    out = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    out[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return out


def write_clip(path: Path, fps: float, seconds: float) -> None:
    """The clips in a loop as one MPEG-4 file of this rate and length.

    People move at their true speed: at a rate above the clips' own, frames repeat.
    """
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise SystemExit(f"'{path}' cannot be written as MPEG-4")
    wanted, written, source = round(seconds * fps), 0, 0
    while written < wanted:
        for image in demo_frames():
            source += 1
            while written < wanted and written * CLIP_FPS < source * fps:
                writer.write(image)
                written += 1
            if written >= wanted:
                break
    writer.release()
