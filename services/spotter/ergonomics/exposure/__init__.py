"""Exposure by station and shift: what the work at a place asks of whoever does it, never of anybody in particular.

Frames are tallied (`tally`), kept by the minute (`minutes`) under the names of `numbers`, stored as buckets, and
aggregated over shifts (`station`, `shifts`).
"""

from spotter.ergonomics.exposure.bands import BENT_DEG, DEEP_DEG, MAX_STEP_S, Band, Exposure, band
from spotter.ergonomics.exposure.minutes import MINUTE_S, WHOLE_VIEW, ExposureMinute, ExposureMinutes
from spotter.ergonomics.exposure.numbers import EDGES, NUMBERS

__all__ = [
    "BENT_DEG",
    "DEEP_DEG",
    "EDGES",
    "MAX_STEP_S",
    "MINUTE_S",
    "NUMBERS",
    "WHOLE_VIEW",
    "Band",
    "Exposure",
    "ExposureMinute",
    "ExposureMinutes",
    "band",
]
