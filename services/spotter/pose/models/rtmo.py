"""RTMO (t, s, m, l; OpenMMLab, Apache-2.0) from the ONNX file that its authors' exporter writes. Supplied by the user.

The graph holds decoding and suppression of double finds: its outputs are `dets` (batch, people, 5: x1 y1 x2 y2 score)
and `keypoints` (batch, people, 17, 3: x y score), in pixels of the input. The picture goes to the top left, grey to the
right and below, BGR in 0..255 without further scaling.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINTS, Image
from spotter.core.errors import ModelError
from spotter.pose.letterbox import GREY, check_image
from spotter.pose.models.api import Detections
from spotter.pose.models.session import first_input, open_session, reason_of

DEFAULT_SIZE = 640
"""Side of the input that the published files have (RTMO-t: 416), px; used where the file leaves it free."""

MIN_SCORE = 0.3
"""Least score of a person in the authors' own demo."""


class RtmoOnnx:
    """`PoseModel` on ONNX Runtime.

    Args:
        name: name and version, as it travels with every result.
        file: the exported graph.
        input_size: side of the square input, px, where the file leaves it free.
        device: "cpu", "cuda", "tensorrt" or "openvino".
        min_score: people below this are left out.
        max_people: most people per image.
    """

    def __init__(
        self,
        name: str,
        file: Path,
        *,
        input_size: int = DEFAULT_SIZE,
        threads: int = 0,
        device: str = "cpu",
        min_score: float = MIN_SCORE,
        max_people: int = 50,
    ) -> None:
        self.name = name
        self.device = device
        self._file = file
        self.input_size = input_size
        self._size = (input_size, input_size)
        self._threads = threads
        self._min_score = min_score
        self._max_people = max_people
        self._session: Any = None
        self._input = ""
        self._canvas: npt.NDArray[np.uint8] = np.empty(0, np.uint8)

    def load(self) -> None:
        session = open_session(self._file, self._threads, self.device)
        self._input, shape, kind = first_input(session)
        if kind != "tensor(float)" or len(shape) != 4 or (isinstance(shape[0], int) and shape[0] != 1):
            raise self._wrong(f"takes {kind} of shape {list(shape)}")
        rows, columns = shape[2], shape[3]
        if isinstance(rows, int) and isinstance(columns, int):
            self._size = (rows, columns)
            self.input_size = max(self._size)
        self._canvas = np.empty((*self._size, 3), np.uint8)
        self._session = session
        self.predict([np.zeros((*self._size, 3), np.uint8)])

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        if self._session is None:
            raise RuntimeError("call load() before predict()")
        # One at a time: the number of people differs by picture, and the files are exported for a batch of one.
        return [self._predict_one(image) for image in images]

    def _predict_one(self, image: Image) -> Detections:
        height, width = check_image(image)
        rows, columns = self._size
        gain = min(rows / height, columns / width)
        inner = max(1, int(width * gain)), max(1, int(height * gain))
        self._canvas[inner[1] :] = GREY
        self._canvas[: inner[1], inner[0] :] = GREY
        cv2.resize(image, inner, dst=self._canvas[: inner[1], : inner[0]], interpolation=cv2.INTER_LINEAR)
        batch = np.ascontiguousarray(self._canvas.transpose(2, 0, 1)[None], np.float32)
        people, points = self._read(self._run(batch))
        strong = np.flatnonzero(people[:, 4] >= self._min_score)
        best = strong[np.argsort(-people[strong, 4], kind="stable")[: self._max_people]]
        limits = np.array([width, height], np.float32)
        corners = np.clip(people[best, :4].reshape(-1, 2, 2) / np.float32(gain), 0, limits)
        return Detections(
            corners.reshape(-1, 4),
            people[best, 4].clip(0, 1),
            points[best, :, :2] / np.float32(gain),
            points[best, :, 2].clip(0, 1),
        )

    def _run(self, batch: npt.NDArray[np.float32]) -> Sequence[Any]:
        try:
            outputs: Sequence[Any] = self._session.run(None, {self._input: batch})
        except Exception as error:
            # As in `session`: whatever ONNX Runtime raises means that the graph does not take this input.
            raise self._wrong(f"cannot run: {reason_of(error)}") from None
        return outputs

    def _read(self, outputs: Sequence[Any]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """(people, 5) and (people, 17, 3), told apart by their shapes."""
        shapes = [np.shape(one) for one in outputs]
        people = next((one for one, shape in zip(outputs, shapes, strict=True) if shape[2:] == (5,)), None)
        points = next((one for one, shape in zip(outputs, shapes, strict=True) if shape[3:] == (3,)), None)
        if people is None or points is None or people.shape[:2] != points.shape[:2] or len(people) != 1:
            raise self._wrong(f"gives out {', '.join(str(list(shape)) for shape in shapes)}")
        if points.shape[2] != KEYPOINTS:
            raise ModelError(
                f"model file '{self._file}' has {points.shape[2]} keypoints, not the {KEYPOINTS} of COCO",
                mend="Give an RTMO file trained on COCO keypoints",
            )
        if not (np.isfinite(people).all() and np.isfinite(points).all()):
            raise ModelError(
                f"model file '{self._file}' gave out numbers that are not finite",
                mend="Export it again in single precision, or check it",
            )
        return people[0].astype(np.float32, copy=False), points[0].astype(np.float32, copy=False)

    def _wrong(self, what: str) -> ModelError:
        return ModelError(
            f"model file '{self._file}' is not an RTMO export: it {what}",
            mend="Give the end2end ONNX file of OpenMMLab's RTMO",
        )
