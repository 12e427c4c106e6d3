"""From labelled images to batches: read, viewed, with targets; in an order and with views that the seed alone decides.

A view depends on (seed, epoch, image) and on nothing that ran before, so a run that was interrupted goes on with
exactly the pictures that it would have seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from spotter.core.contracts import KEYPOINT_NAMES, Image
from spotter.core.errors import ModelError
from spotter.pose.evaluation.labels import LabelledImage, LabelledSet
from spotter.pose.evaluation.run import read_image
from spotter.pose.models.movenet_maps import STRIDE
from spotter.pose.preprocess import CANVAS_STEP
from spotter.pose.training.augment import Augmentation, draw_view, move_people, relight, warp
from spotter.pose.training.targets import Targets, make_targets


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What the network sees, (rows, columns, 3) uint8 RGB, and what it should answer."""

    image: Image
    targets: Targets


class Samples:
    """Batches of a labelled set.

    Args:
        labels: with at least one labelled person.
        input_size: long side of the input, px, a multiple of 32. Its shape is that of the set's middle image, since all
            pictures of a batch must be alike.
        batch: pictures a step; what is left at the end of an epoch is dropped, unless it is all there is.
        workers: threads that read and warp.
    """

    def __init__(
        self, labels: LabelledSet, augmentation: Augmentation, *, input_size: int, batch: int, seed: int, workers: int
    ) -> None:
        self._images = labels.images
        self._augmentation = augmentation
        self._batch = min(batch, len(labels.images))
        self._seed = seed
        self._workers = workers
        self._unknown = [KEYPOINT_NAMES.index(name) for name in labels.missing]
        self.canvas = canvas_of(labels.images, input_size)

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return len(self._images) // self._batch

    def batches(self, epoch: int, first: int = 0) -> Iterator[list[Sample]]:
        """Batches of an epoch from step `first` on.

        Raises:
            ModelError: an image cannot be decoded, or has another size than its labels say.
        """
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._images))
        wanted = [order[step * self._batch :][: self._batch] for step in range(first, self.steps)]
        ahead: deque[list[Future[Sample]]] = deque()
        with ThreadPoolExecutor(self._workers) as pool:
            try:
                for indices in wanted:
                    ahead.append([pool.submit(self.sample, epoch, int(index)) for index in indices])
                    # One batch is used, one waits, one is being made.
                    if len(ahead) > 2:
                        yield [each.result() for each in ahead.popleft()]
                while ahead:
                    yield [each.result() for each in ahead.popleft()]
            finally:
                pool.shutdown(cancel_futures=True)

    def sample(self, epoch: int, index: int) -> Sample:
        """The view of an image in an epoch."""
        image = self._images[index]
        random = np.random.default_rng([self._seed, epoch, index])
        view = draw_view(random, self._augmentation, (image.width, image.height), image.people, self.canvas)
        pixels = relight(warp(read_checked(image), view, self.canvas), random, self._augmentation)
        people = move_people(image.people, view, self.canvas)
        columns, rows = (side // STRIDE for side in self.canvas)
        return Sample(
            np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8),
            make_targets(people, rows, columns, self._unknown),
        )


def canvas_of(images: Sequence[LabelledImage], input_size: int) -> tuple[int, int]:
    """Width and height of the input: the longer side is `input_size`, the shape that of the images' median."""
    aspect = float(np.median([image.height / image.width for image in images]))
    short = min(aspect, 1 / aspect) * input_size
    sides = input_size, max(CANVAS_STEP, round(short / CANVAS_STEP) * CANVAS_STEP)
    return sides if aspect <= 1 else (sides[1], sides[0])


def read_checked(image: LabelledImage) -> Image:
    """(H, W, 3) uint8 BGR, of the size that the labels were made on.

    Raises:
        ModelError: it cannot be decoded, or has another size.
    """
    pixels = read_image(image)
    height, width = pixels.shape[:2]
    if (width, height) != (image.width, image.height):
        raise ModelError(
            f"image '{image.path}' is {width}x{height} px, its labels were made on {image.width}x{image.height}",
            mend="Give the images that the labels belong to",
        )
    return pixels
