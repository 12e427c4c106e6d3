"""Frames of footage at given moments, as small JPEGs for a picture; only asked for when somebody wants pictures."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import cv2

from spotter.core.contracts import Image
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.ingest.sources import open_source

WIDTH = 640
"""Width of a frame in a picture, px; the part with the person in it is shown larger."""


def frames_at(camera: CameraSettings, moments: Sequence[float]) -> dict[float, str]:
    """JPEG data URLs by moment (seconds of the footage), each of the last frame that began by then.

    Raises:
        SourceError: the footage cannot be opened.
    """
    found: dict[float, str] = {}
    waiting = sorted(moments)
    source = open_source(camera, IngestSettings())
    try:
        source.open()
        before: Image | None = None
        while waiting and (captured := source.read()) is not None:
            while waiting and before is not None and (captured.media_time_s or 0.0) > waiting[0] + 1e-6:
                found[waiting.pop(0)] = _data_url(before)
            before = captured.image if captured.image is not None else before
        if before is not None:
            found.update((moment, _data_url(before)) for moment in waiting)
    finally:
        source.close()
    return found


def _data_url(image: Image) -> str:
    height = max(1, round(image.shape[0] * WIDTH / image.shape[1]))
    small = cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 70])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
