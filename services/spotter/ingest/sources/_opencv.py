"""How OpenCV's FFmpeg is set up in this process: quiet, bounded, and quick to open a network camera.

OpenCV reads these from the environment only, so they are set once, before the first capture, and never changed after
(changing the environment under running threads is unsafe). A value that the user has set wins, but for the log level.
"""

from __future__ import annotations

import os

# OpenCV prints FFmpeg's own lines to stdout, with the password of a camera in them: -8 is silence, whatever is set.
# What they tell of a camera, `spotter cameras test` tells better.
os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
# TCP: a lost UDP packet smears a picture until the next key frame. A short analysis: the size and codec of a camera's
# stream are in its description, the default analysis of 5 s of stream only delays the first frame.
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp|analyzeduration;200000")

import cv2

__all__ = ["FPS_WHEN_UNKNOWN", "cv2", "nominal_fps"]

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

FPS_WHEN_UNKNOWN = 25.0


def nominal_fps(capture: cv2.VideoCapture) -> float:
    """The capture's stated frames per second, or 25 where it states none or nonsense (NaN, 0, the time base 90000)."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if 0.01 <= fps <= 500.0 else FPS_WHEN_UNKNOWN
