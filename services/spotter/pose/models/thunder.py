"""MoveNet Thunder (Google, Apache-2.0): the pose of the one person in the middle of a crop.

Its weights are not shipped, since they would more than double the package: `spotter models fetch movenet-thunder --from
model.json` makes its file of the released TF.js graph. It refines the people of any other model (see `refined`), and is
a model by itself where a picture shows one person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotter.core.contracts import Image
from spotter.pose.letterbox import check_image
from spotter.pose.models.api import Detections
from spotter.pose.models.crops import Squares, cut, squares, to_image
from spotter.pose.models.movenet_decode import KEYPOINT_MIN_SCORE
from spotter.pose.models.movenet_maps import INPUT_SCALE
from spotter.pose.models.tfjs_heads import INPUT_NAME, Heads, open_heads
from spotter.pose.models.thunder_decode import CropPoses, decode_crops

RELEASED_SIZE = 256
"""Side of the crops that the network was released for, px. It is convolutional: other multiples of 32 work as well."""

HEADS = Heads(
    name="movenet-thunder",
    title="MoveNet Thunder",
    side=RELEASED_SIZE,
    scale=INPUT_SCALE,
    first="StatefulPartitionedCall/sub_1",
    nodes={
        "center": "StatefulPartitionedCall/Sigmoid_1",
        "keypoint_heat": "StatefulPartitionedCall/Sigmoid",
        "keypoint_regress": "StatefulPartitionedCall/kpt_regress_0/conv2d_6/BiasAdd",
        "keypoint_offset": "StatefulPartitionedCall/kpt_offset_0/conv2d_7/BiasAdd",
    },
    channels={"center": 1, "keypoint_heat": 17, "keypoint_regress": 34, "keypoint_offset": 34},
    parameters=6_226_046,
    weights_sha256="a2925747fccaf737c0f20eacdeff919efd5d514e90242397002a0de349dff18c",
)

MIN_SCORE = 0.15
"""Least score of a person where Thunder is used by itself: centre times mean keypoint, as MultiPose's. [D]"""

_GPU_BATCH = 16


class ThunderCrops:
    """People in, one pose each out.

    Args:
        file: the ONNX file.
        size: side of the crops, px, a multiple of 32.
        threads: threads within the network; 0 takes every core that this process may use.
        device: "cpu", "cuda", "tensorrt" or "openvino".
        place: where the crops of people are.
    """

    def __init__(
        self,
        file: Path,
        *,
        size: int = RELEASED_SIZE,
        threads: int = 0,
        device: str = "cpu",
        place: Callable[[Detections], Squares] = squares,
    ) -> None:
        self.size = size
        self._file = file
        self._threads = threads
        self._device = device
        self._place = place
        # On a CPU a larger batch is no faster per crop, and its activations leave the caches, as with whole pictures.
        self._canvas = np.empty((1 if device == "cpu" else _GPU_BATCH, size, size, 3), np.uint8)
        self._session: Any = None

    def load(self) -> None:
        """Check the file, make the network ready and warm it up.

        Raises:
            ModelError: the file is not Thunder's, or cannot be used.
        """
        self._session = open_heads(HEADS, self._file, self._threads, self._device)
        self.whole(np.zeros((self.size, self.size, 3), np.uint8))

    def poses(self, image: Image, people: Detections) -> CropPoses:
        """The pose of each person, in pixels of the image, (H, W, 3) uint8 BGR."""
        return self._poses(image, self._place(people))

    def whole(self, image: Image) -> CropPoses:
        """One pose from the whole image."""
        height, width = image.shape[:2]
        side = max(height, width)
        return self._poses(image, np.array([[(width - side) // 2, (height - side) // 2, side]], np.int64))

    def _poses(self, image: Image, places: Squares) -> CropPoses:
        if self._session is None:
            raise RuntimeError("call load() before use")
        most = len(self._canvas)
        return CropPoses.join([self._run(image, places[i : i + most]) for i in range(0, len(places), most)])

    def _run(self, image: Image, places: Squares) -> CropPoses:
        crops = self._canvas[: len(places)]
        for canvas, place in zip(crops, places, strict=True):
            cut(image, place, canvas)
        poses = decode_crops(self._session.run(None, {INPUT_NAME: crops}))
        return CropPoses(poses.centers, to_image(poses.keypoints, places, self.size), poses.confidences)


class ThunderOnnx:
    """`PoseModel` that takes each picture whole as one crop, and finds at most one person in it.

    Args:
        name: name and version, as it travels with every result.
        input_size: side of the square input, px, a multiple of 32.
        min_score: a person below this is left out.
        Others: see `ThunderCrops`.
    """

    def __init__(
        self,
        name: str,
        file: Path,
        *,
        input_size: int = RELEASED_SIZE,
        threads: int = 0,
        device: str = "cpu",
        min_score: float = MIN_SCORE,
    ) -> None:
        self.name = name
        self.device = device
        self.input_size = input_size
        self._min_score = min_score
        self._crops = ThunderCrops(file, size=input_size, threads=threads, device=device)

    def load(self) -> None:
        self._crops.load()

    def predict(self, images: Sequence[Image]) -> list[Detections]:
        return [self._predict_one(image) for image in images]

    def _predict_one(self, image: Image) -> Detections:
        height, width = check_image(image)
        limits = np.array([width, height], np.float32)
        pose = self._crops.whole(image)
        counted = pose.confidences[0] > KEYPOINT_MIN_SCORE
        score = pose.centers * (pose.confidences[0, counted].mean() if counted.any() else 0)
        if not score[0] >= self._min_score or not np.isfinite(pose.keypoints).all():
            return Detections.none()
        points = pose.keypoints[0, counted]
        box = np.clip(np.stack([points.min(0), points.max(0)]), 0, limits)
        return Detections(box.reshape(1, 4), score.astype(np.float32), pose.keypoints, pose.confidences)
