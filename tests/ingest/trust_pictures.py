"""Pictures of a hall that is drawn here, and what may happen to them; small, because a test looks at hundreds."""

from __future__ import annotations

import cv2
import numpy as np

WIDTH, HEIGHT = 320, 180

_GRAIN = np.random.default_rng(1000).normal(0, 2, (HEIGHT + 150, WIDTH + 200, 3)).round().astype(np.int16)


def scene(seed: int = 0, noise: int = 1, width: int = WIDTH, height: int = HEIGHT):
    """A hall with shelves and things in them, and the noise of a sensor."""
    random = np.random.default_rng(seed)
    image = np.full((height, width, 3), 120, np.uint8)
    cv2.rectangle(image, (0, height * 2 // 3), (width, height), (90, 100, 110), -1)
    for _ in range(60):
        x, y = int(random.integers(0, width)), int(random.integers(0, height * 2 // 3))
        w, h = int(random.integers(6, 30)), int(random.integers(6, 25))
        cv2.rectangle(image, (x, y), (x + w, y + h), [int(v) for v in random.integers(20, 235, 3)], -1)
    return noisy(image, noise)


def noisy(image, seed: int):
    """Grain of its own for each seed, cut from one field of noise."""
    height, width = image.shape[:2]
    top, left = seed * 7 % 61, seed * 13 % 97
    grain = _GRAIN[top : top + height, left : left + width]
    return cv2.add(image, grain, dtype=cv2.CV_8U)


def person(image, x: int):
    changed = image.copy()
    cv2.rectangle(changed, (x, 50), (x + 30, 165), (40, 60, 200), -1)
    return changed


def moved(image, dx: float = 0.0, turn: float = 0.0):
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.0)
    matrix[0, 2] += dx * width
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)


CLEAN = scene(noise=0)
