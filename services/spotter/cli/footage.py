"""A finite source through the pose model, frame by frame, on one thread; event time begins at 0.

Deterministic: batches have a fixed size, so the same file, settings and machine give the same numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from spotter.core.clock import from_seconds
from spotter.core.contracts import Image, PoseFrame
from spotter.core.errors import SourceError
from spotter.core.settings import CameraSettings, Settings
from spotter.ingest.pacing import RateLimit
from spotter.ingest.sources import open_source
from spotter.pose.models import Detections, PoseModel

BATCH = 4
"""Frames per inference: fixed, so that results do not depend on how fast the disk was."""


class Footage:
    """A video file or folder of images with the skeletons in it; use it as a context manager, and read it once.

    Attributes:
        name: of the file, without its folder.
        undecodable: frames that could not be decoded so far.
        read: frames that were posed so far.

    Raises:
        SourceError: the video cannot be opened, or it never ends (a live camera).
        ModelError: the pose model is damaged.
    """

    def __init__(self, settings: Settings, camera: CameraSettings, model: PoseModel) -> None:
        self.camera = camera
        self._shown = camera.shown
        self.name = Path(self._shown).name or self._shown
        self.undecodable = 0
        self.read = 0
        self._model = model
        self._source = open_source(camera, settings.ingest)
        self._held: Image | None = None
        self._held_people = Detections.none()

    def __enter__(self) -> Self:
        self.info = self._source.open()
        if not self.info.finite:
            self._source.close()
            raise SourceError(f"'{self._shown}' is live and never ends", mend="Use `spotter run` for cameras")
        self._model.load()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()

    @property
    def fps(self) -> float:
        """Frame rate of what is posed."""
        return min(self.info.fps, self.camera.max_fps)

    @property
    def expected_frames(self) -> int | None:
        """Frames that will come, where the source knows."""
        if self.info.frame_count is None:
            return None
        return round(self.info.frame_count * self.fps / self.info.fps)

    def frames(self) -> Iterator[tuple[Image, PoseFrame]]:
        """Every frame in order, with its picture."""
        pictures = self._pictures()
        while batch := list(itertools.islice(pictures, BATCH)):
            found = self._people([image for _, _, image in batch])
            for (sequence, at, image), people in zip(batch, found, strict=True):
                height, width = image.shape[:2]
                self.read += 1
                yield image, PoseFrame(
                    self.camera.id, 0, sequence, at, at, at, width, height, self._model.name,
                    people.boxes, people.scores, people.keypoints, people.confidences,
                    deviations=people.deviations,
                )  # fmt: skip

    def _people(self, images: list[Image]) -> list[Detections]:
        """People of each image. A held picture is one object, and is looked at once."""
        new = [image for image, before in zip(images, [self._held, *images], strict=False) if image is not before]
        found = iter(self._model.predict(new) if new else [])
        people: list[Detections] = []
        for image in images:
            if image is not self._held:
                self._held, self._held_people = image, next(found)
            people.append(self._held_people)
        return people

    def _pictures(self) -> Iterator[tuple[int, int, Image]]:
        """(sequence, event time, image) at most at the wanted rate."""
        sequence, limit = 0, RateLimit(self.camera.max_fps)
        while (captured := self._source.read()) is not None:
            at = from_seconds(captured.media_time_s or 0.0)
            if not limit.admits(at):
                continue
            if captured.image is None:
                self.undecodable += 1
            else:
                yield sequence, at, captured.image
            sequence += 1
