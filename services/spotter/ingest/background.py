"""The blurred picture behind the skeletons of the dashboard: too small and too soft to know anyone by.

Made only where the site has switched it on. At most 2 pictures a second.
"""

from __future__ import annotations

import cv2

from spotter.core.clock import SECOND
from spotter.core.contracts import Image
from spotter.core.state.api import LiveState

LONG_SIDE = 96
"""Longer side of the picture, px."""

SIGMA = 4.0
"""Standard deviation of the blur, px of the small picture: even a face that fills the view keeps no features [D]."""

INTERVAL_NS = SECOND // 2


class BlurredBackground:
    """Hands blurred pictures of one camera to live state."""

    def __init__(self, camera_id: str, state: LiveState) -> None:
        self._camera_id = camera_id
        self._state = state
        self._due = 0

    def offer(self, image: Image, wall: int) -> None:
        """Use `image` (H, W, 3) uint8 BGR when a new background is due at wall time `wall` (UTC ns)."""
        if wall < self._due:
            return
        self._due = wall + INTERVAL_NS
        self._state.put_background(self._camera_id, blurred_jpeg(image))


def blurred_jpeg(image: Image) -> bytes:
    """A JPEG of at most `LONG_SIDE` px of (H, W, 3) uint8 BGR `image`, strongly blurred."""
    height, width = image.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), SIGMA)
    return cv2.imencode(".jpg", soft, [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes()
