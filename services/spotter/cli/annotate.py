"""Draw what was assessed onto pictures and write a video: skeletons, track ids, trunk inclination, events."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from spotter.core.contracts import Angle, FloatArray, Image, PoseFrame, Status, UpdateKind
from spotter.core.errors import ConfigError
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.assessment import Assessment, PersonAssessment
from spotter.ergonomics.events.fall import FallState

LIMBS = (
    (5, 7), (7, 9), (6, 8), (8, 10), (5, 6), (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
    (0, 5), (0, 6),
)  # fmt: skip
"""Pairs of COCO-17 keypoints that are drawn as lines."""

CODECS = {".mp4": "mp4v", ".avi": "MJPG", ".mkv": "mp4v"}
"""Container by file ending, with a codec that OpenCV's own FFmpeg can write."""

_DRAW_GATE = 0.2
_BANNER_S = 4.0
_COLOURS = {
    FallState.UP: (180, 200, 60),
    FallState.GROUND: (40, 160, 250),
    FallState.ALERTED: (60, 60, 235),
}
"""BGR by posture."""
_RED, _GREEN, _WHITE, _BLACK = (50, 50, 215), (90, 150, 40), (255, 255, 255), (0, 0, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class AnnotatedVideo:
    """A video file that grows by one drawn frame at a time; use it as a context manager.

    Args:
        path: .mp4, .mkv or .avi.
        fps: frame rate of the file.

    Raises:
        ConfigError: unknown ending, or the file cannot be written.
    """

    def __init__(self, path: Path, fps: float) -> None:
        if path.suffix.lower() not in CODECS:
            raise ConfigError(
                f"cannot write an annotated video as '{path.suffix or path.name}'",
                mend=f"Use one of {', '.join(CODECS)}",
            )
        if not path.parent.is_dir():
            raise ConfigError(f"cannot write '{path}': the folder does not exist", mend="Create it first")
        self._path = path
        self._fps = fps
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._banners = Banners()

    def write(self, image: Image, pose: PoseFrame, assessment: Assessment) -> None:
        """Draw one frame and append it. The picture itself is left as it is."""
        canvas = image.copy()
        draw_people(canvas, pose, assessment.people)
        self._banners.add(pose.captured_at, assessment.alerts)
        self._banners.draw(canvas, pose.captured_at)
        self._open(canvas).write(self._fit(canvas))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.release()

    def _open(self, canvas: Image) -> cv2.VideoWriter:
        if self._writer is None:
            height, width = canvas.shape[:2]
            self._size = (width - width % 2, height - height % 2)
            code = cv2.VideoWriter.fourcc(*CODECS[self._path.suffix.lower()])
            self._writer = cv2.VideoWriter(str(self._path), code, self._fps, self._size)
            if not self._writer.isOpened():
                raise ConfigError(f"cannot write '{self._path}'", mend="Check the folder's rights and the disk space")
        return self._writer

    def _fit(self, canvas: Image) -> Image:
        """Pictures of one folder may differ in size; the video has the size of the first."""
        if (canvas.shape[1], canvas.shape[0]) == self._size:
            return canvas
        return np.asarray(cv2.resize(canvas, self._size), np.uint8)


class Banners:
    """What happened in the last seconds, across the top of the picture."""

    def __init__(self) -> None:
        self._shown: list[tuple[int, str, tuple[int, int, int]]] = []

    def add(self, at: int, steps: Iterable[AlertStep]) -> None:
        """Take in the alert steps of one frame at event time `at`."""
        for step in steps:
            text = step.alert.kind.value.replace("_", " ")
            update = step.update.kind
            if update is not UpdateKind.RAISED:
                text = f"{text}: {update.value.replace('_', ' ')}"
            colour = _GREEN if update in (UpdateKind.RECOVERED, UpdateKind.EASED) else _RED
            whom = step.alert.track_id or step.alert.zone or ""
            self._shown.append((at, f"{step.alert.severity.value}  {text}  {whom}".rstrip(), colour))

    def draw(self, canvas: Image, at: int) -> None:
        self._shown = [row for row in self._shown if at - row[0] <= _BANNER_S * 1e9]
        scale = _scale(canvas)
        height = round(26 * scale)
        for index, (_, text, colour) in enumerate(self._shown[-3:]):
            top = index * height
            cv2.rectangle(canvas, (0, top), (canvas.shape[1], top + height), colour, -1)
            place = (round(8 * scale), top + round(18 * scale))
            cv2.putText(canvas, text, place, _FONT, 0.55 * scale, _WHITE, max(1, round(scale)), cv2.LINE_AA)
        clock = f"{at / 1e9:7.2f} s"
        place = (round(8 * scale), canvas.shape[0] - round(8 * scale))
        _label(canvas, clock, place, 0.45 * scale)


def draw_people(canvas: Image, pose: PoseFrame, people: Iterable[PersonAssessment]) -> None:
    """Skeletons with their pseudonym and trunk inclination."""
    scale = _scale(canvas)
    for person in people:
        keypoints, confidences = pose.keypoints[person.index], pose.confidences[person.index]
        colour = _COLOURS[person.posture]
        draw_skeleton(canvas, keypoints, confidences, colour)
        box = pose.boxes[person.index]
        top = max(round(float(box[1])) - round(6 * scale), round(14 * scale))
        _label(
            canvas,
            f"{person.track_id}  {inclination_text(person.trunk_inclination)}",
            (round(float(box[0])), top),
            0.42 * scale,
        )


def draw_skeleton(canvas: Image, keypoints: FloatArray, confidences: FloatArray, colour: tuple[int, int, int]) -> None:
    """Limbs whose two ends are confident enough: keypoints (17, 2) px, confidences (17,)."""
    width = max(1, round(2 * _scale(canvas)))
    points = np.round(np.clip(keypoints, -1e4, 1e4)).astype(int)
    for a, b in LIMBS:
        if min(confidences[a], confidences[b]) >= _DRAW_GATE:
            start, end = (int(points[a, 0]), int(points[a, 1])), (int(points[b, 0]), int(points[b, 1]))
            cv2.line(canvas, start, end, _BLACK, width + 2, cv2.LINE_AA)
            cv2.line(canvas, start, end, colour, width, cv2.LINE_AA)
    for (x, y), confidence in zip(points, confidences, strict=True):
        if confidence >= _DRAW_GATE:
            cv2.circle(canvas, (int(x), int(y)), width + 1, _WHITE, -1, cv2.LINE_AA)


def inclination_text(angle: Angle) -> str:
    """A trunk inclination as people read it: an interval, or that it cannot be seen."""
    if angle.status is Status.NOT_OBSERVABLE:
        return "trunk not observable"
    return f"trunk {angle.low:.0f} to {angle.high:.0f} deg"


def _label(canvas: Image, text: str, place: tuple[int, int], size: float) -> None:
    """White text on a dark plate whose lower left corner is at `place`, kept inside the picture."""
    (width, height), below = cv2.getTextSize(text, _FONT, size, 1)
    pad = max(2, round(6 * size))
    left = int(np.clip(place[0], 0, max(canvas.shape[1] - width - 2 * pad, 0)))
    bottom = int(np.clip(place[1], height + below + 2 * pad, canvas.shape[0]))
    plate = canvas[bottom - height - below - 2 * pad : bottom, left : left + width + 2 * pad]
    plate[:] = plate // 4
    cv2.putText(canvas, text, (left + pad, bottom - below - pad), _FONT, size, _WHITE, 1, cv2.LINE_AA)


def _scale(canvas: Image) -> float:
    return float(np.clip(min(canvas.shape[:2]) / 360, 0.6, 4.0))
