"""YOLO-pose (v8, YOLO11, YOLO26) from an ONNX file that the user exported. Its weights are never shipped: AGPL-3.0.

The layout of the output is recognised when the file is loaded. Files with free sizes get the smallest input that holds
the picture; those with a fixed size get that size. Half-precision files are fed in half precision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Image
from spotter.core.errors import ModelError
from spotter.pose.letterbox import Letterbox, fill, fit
from spotter.pose.models.api import Detections
from spotter.pose.models.session import first_input, open_session, reason_of
from spotter.pose.models.yolo_decode import YoloLimits, decode
from spotter.pose.models.yolo_layout import YoloLayout, recognise

STEP = 32
"""Sides of the input are multiples of this, the coarsest stride."""

_SCALED = np.arange(256, dtype=np.float32) / np.float32(255)
"""Value of a pixel on the input. The quotient, as in training: a product with 1/255 differs in the last bit, which half
precision turns into other keypoints."""

_LEAST_FREE = 128
"""Least side of a first input whose size is free, px."""

_PX_PER_ANCHOR = 49
"""Input pixels per anchor, rounded up: 1024 / (16 + 4 + 1) with strides of 8, 16 and 32."""

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
        # An end-to-end head needs as many anchors as it gives out people: 300 in 128x128.
        side = max(self.input_size, _LEAST_FREE)
        rows, columns = self._fixed or (side, side)
        metadata = self._session.get_modelmeta().custom_metadata_map
        output = self._run(np.zeros((self._batch or 1, 3, rows, columns), self._type))
        self._recognise(output, rows, columns, metadata)

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

    def _recognise(
        self, output: npt.NDArray[np.floating[Any]], rows: int, columns: int, metadata: Mapping[str, str]
    ) -> None:
        """Learn the layout from what the network gave out for an empty picture."""
        try:
            layout = recognise(output.shape, rows, columns, metadata)
            decode(output[0], layout, self._limits)
        except ModelError as error:
            raise ModelError(f"model file '{self._file}': {error.message}", mend=error.mend) from None
        self._layout = layout

    def _read_input(self, shape: Sequence[int | str | None], kind: str) -> None:
        # A free axis may have any name.
        if kind not in _TYPES or len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
            raise self._wrong(f"takes {kind} of shape {list(shape)}, not images (batch, 3, rows, columns)")
        self._type = _TYPES[kind]
        batch, _, rows, columns = (side if isinstance(side, int) and side > 0 else None for side in shape)
        self._batch = batch
        self._fixed = (rows, columns) if rows is not None and columns is not None else None
        if self._fixed is not None:
            self.input_size = max(self._fixed)

    def _letterbox(self, image: Image) -> Letterbox:
        if self._fixed is not None:
            return fill(image, self._fixed[1], self._fixed[0])
        box = fit(image, self.input_size, STEP)
        least = self._layout.people * _PX_PER_ANCHOR if self._layout is not None else 0
        if box.canvas_width * box.canvas_height >= least:
            return box
        # A thin picture has fewer anchors than an end-to-end head gives out people: more border makes up for them.
        side = -(-least // (self.input_size * STEP)) * STEP
        return replace(box, canvas_width=max(box.canvas_width, side), canvas_height=max(box.canvas_height, side))

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
        scaled = np.empty((count, 3, rows, columns), np.float32)
        for picture, planes in zip(canvas, scaled, strict=True):
            for plane, channel in zip(planes[::-1], cv2.split(picture), strict=True):
                cv2.LUT(channel, _SCALED, dst=plane)
        return scaled.astype(self._type, copy=False)

    def _run(self, batch: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
        try:
            output = self._session.run(None, {self._input: batch})[0]
        except Exception as error:
            # As in `session`: whatever ONNX Runtime raises means that the graph does not take this input.
            raise ModelError(
                f"model file '{self._file}' cannot run on an input of {batch.shape}: {reason_of(error)}",
                mend="Export it again with dynamic=True, or set pose.input_size to its size",
            ) from None
        if not isinstance(output, np.ndarray) or output.dtype not in (np.float32, np.float16):
            kind = output.dtype if isinstance(output, np.ndarray) else type(output).__name__
            raise self._wrong(f"gives out {kind}, not floating-point numbers")
        if output.shape[:1] != batch.shape[:1]:
            raise self._wrong(f"gives out {output.shape} for {len(batch)} pictures")
        return output

    def _wrong(self, what: str) -> ModelError:
        return ModelError(
            f"model file '{self._file}' {what}", mend="Export a YOLO-pose model from Ultralytics with format=onnx"
        )


def _in_image(people: Detections, box: Letterbox) -> Detections:
    corners = box.to_image(people.boxes.reshape(-1, 2, 2))
    limits = np.array([box.width, box.height], np.float32)
    return Detections(
        np.clip(corners, 0, limits).reshape(-1, 4),
        people.scores,
        box.to_image(people.keypoints),
        people.confidences,
    )
