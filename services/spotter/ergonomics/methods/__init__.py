"""Methods of ergonomics: pure tables and formulas, one file each.

`methods()` lists them, `assess(name, ...)` judges one posture or one job from plain values, exact or as intervals.
"""

from spotter.ergonomics.methods.api import Asked, Given, Kind, Method, Provenance, Result
from spotter.ergonomics.methods.registry import assess, method, methods

__all__ = ["Asked", "Given", "Kind", "Method", "Provenance", "Result", "assess", "method", "methods"]
