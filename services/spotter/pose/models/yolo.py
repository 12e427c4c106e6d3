"""YOLO-pose (v8, YOLO11, YOLO26) from an ONNX file that the user exported. Its weights are never shipped: AGPL-3.0.

The layout of the output is recognised when the file is loaded. Files with free sizes get the smallest input that holds
the picture; those with a fixed size get that size. Half-precision files are fed in half precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Image
from spotter.core.errors import ModelError
from spotter.pose.letterbox import Letterbox, fill, fit
from spotter.pose.models.api import Detections
from spotter.pose.models.session import first_input, open_session
from spotter.pose.models.yolo_decode import YoloLimits, decode
from spotter.pose.models.yolo_layout import YoloLayout, recognise

STEP = 32
"""Sides of the input are multiples of this, the coarsest stride."""

_TYPES: dict[str, type[np.floating[Any]]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class YoloOnnx:
    """`PoseModel` on ONNX Runtime.

    Args:
        name: name and version, as it travels with every result.
        file: the exported graph.
        input_size: long side of the input, px, a multiple of 32; a file with a fixed size keeps its own.
        device: "cpu", "cuda", "tensorrt" or "openvino".
    """

    def __init__(
        self,
        name: str,
        file: Path,
        *,
        input_size: int = 640,
        threads: int = 0,
        device: str = "cpu",
        limits: YoloLimits | None = None,
    ) -> None:
        self.name = name
        self.device = device
        self._file = file
        self.input_size = input_size
        self._threads = threads
        self._limits = limits or YoloLimits()
        self._session: Any = None
        self._input = ""
        self._type: type[np.floating[Any]] = np.float32
        self._fixed: tuple[int, int] | None = None
        self._batch: int | None = None
        self._layout: YoloLayout | None = None
        self._pixels: npt.NDArray[np.uint8] = np.empty(0, np.uint8)

    def load(self) -> None:
        self._session = open_session(self._file, self._threads, self.device)
        self._input, shape, kind = first_input(self._session)
        self._read_input(shape, kind)
        rows, columns = self._fixed or (self.input_size * 3 // 4 // STEP * STEP, self.input_size)
        metadata = self._session.get_modelmeta().custom_metadata_map
        output = self._run(np.zeros((self._batch or 1, 3, rows, columns), self._type))
        try:
            self._layout = recognise(output.shape, rows, columns, metadata)
        except ModelError as error:
            raise ModelError(f"model file '{self._file}': {error.message}", mend=error.mend) from None

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        if self._layout is None:
            raise RuntimeError("call load() before predict()")
        boxes = [self._letterbox(image) for image in images]
        results: list[Detections | None] = [None] * len(images)
        for canvas in dict.fromkeys((box.canvas_height, box.canvas_width) for box in boxes):
            same = [index for index, box in enumerate(boxes) if (box.canvas_height, box.canvas_width) == canvas]
            # A CPU gains nothing from batches, and a fixed batch is what the file was exported with.
            most = self._batch or (1 if self.device == "cpu" else len(same))
            for first in range(0, len(same), most):
                some = same[first : first + most]
                outputs = self._run(self._fill([images[i] for i in some], [boxes[i] for i in some], most))
                for index, output in zip(some, outputs, strict=False):
                    results[index] = _in_image(decode(output, self._layout, self._limits), boxes[index])
        return [result for result in results if result is not None]

    def _read_input(self, shape: Sequence[int | str | None], kind: str) -> None:
        if kind not in _TYPES or len(shape) != 4 or shape[1] not in (3, "c", None):
            raise ModelError(
                f"model file '{self._file}' takes {kind} of shape {list(shape)}, not images (batch, 3, rows, columns)",
                mend="Export a YOLO-pose model from Ultralytics with format=onnx",
            )
        self._type = _TYPES[kind]
        batch, _, rows, columns = (side if isinstance(side, int) and side > 0 else None for side in shape)
        self._batch = batch
        self._fixed = (rows, columns) if rows is not None and columns is not None else None
        if self._fixed is not None:
            self.input_size = max(self._fixed)

    def _letterbox(self, image: Image) -> Letterbox:
        if self._fixed is None:
            return fit(image, self.input_size, STEP)
        return fill(image, self._fixed[1], self._fixed[0])

    def _fill(self, images: Sequence[Image], boxes: Sequence[Letterbox], most: int) -> npt.NDArray[np.floating[Any]]:
        """(N, 3, rows, columns) RGB in 0..1; N is the file's batch where that is fixed, with grey pictures to fill."""
        rows, columns = boxes[0].canvas_height, boxes[0].canvas_width
        count = most if self._batch else len(images)
        size = count * rows * columns * 3
        if self._pixels.size < size:
            self._pixels = np.empty(size, np.uint8)
        canvas = self._pixels[:size].reshape(count, rows, columns, 3)
        for picture, image, box in zip(canvas, images, boxes, strict=False):
            box.draw(image, picture)
        scaled = np.empty((count, 3, rows, columns), self._type)
        np.multiply(canvas[..., ::-1].transpose(0, 3, 1, 2), self._type(1 / 255), out=scaled, casting="unsafe")
        return scaled

    def _run(self, batch: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
        try:
            output: npt.NDArray[np.float32] = self._session.run(None, {self._input: batch})[0]
        except Exception as error:
            # As in `session`: whatever ONNX Runtime raises means that the graph does not take this input.
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(
                f"model file '{self._file}' cannot run on an input of {batch.shape}: {reason}",
                mend="Export it again with dynamic=True, or set pose.input_size to its size",
            ) from None
        return output


def _in_image(people: Detections, box: Letterbox) -> Detections:
    corners = box.to_image(people.boxes.reshape(-1, 2, 2))
    limits = np.array([box.width, box.height], np.float32)
    return Detections(
        np.clip(corners, 0, limits).reshape(-1, 4),
        people.scores,
        box.to_image(people.keypoints),
        people.confidences,
    )
