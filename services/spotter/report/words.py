"""Quantities and names as people read them. Pure."""

from __future__ import annotations

import math

from spotter.core.contracts import Status

STATUS = {
    Status.OK: "ok",
    Status.BOUNDED: "bounded",
    Status.NOT_OBSERVABLE: "not observable",
    Status.OUT_OF_SCOPE: "out of scope",
}

ANGLES = {
    "trunk_inclination": "trunk inclination",
    "trunk_flexion": "trunk forward",
    "trunk_lateral": "trunk sideways",
    "trunk_twist": "trunk twist",
    "neck_flexion": "neck",
    "left_upper_arm_gravity": "left upper arm",
    "right_upper_arm_gravity": "right upper arm",
    "left_elbow_flexion": "left elbow",
    "right_elbow_flexion": "right elbow",
    "left_hip_flexion": "left hip",
    "right_hip_flexion": "right hip",
    "left_knee_flexion": "left knee",
    "right_knee_flexion": "right knee",
}
"""Angles that the pictures of postures list, in that order."""

_UNITS = {"_kg": " (kg)", "_cm": " (cm)", "_deg": " (degrees)", "_per_min": " (a minute)"}
_SHORT = {"f_per_min": "frequency", "h_cm": "reach H", "v_cm": "height V", "d_cm": "travel D", "a_deg": "asymmetry A"}


def duration(seconds: float) -> str:
    """ "45 s", "12 min", "7 h 12 min"; below a minute in seconds."""
    if seconds < 0.05:
        return "0 s"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def percent(low: float, high: float) -> str:
    """ "23 %", or "23 to 41 %"; shares from 0 to 1. What is not zero is never written as zero."""
    texts = [_percent(low), _percent(high)]
    return f"{texts[0]} %" if texts[0] == texts[1] else f"{texts[0]} to {texts[1]} %"


def _percent(share: float) -> str:
    value = 100 * share
    return "under 1" if 0 < value < 0.5 else f"{value:.0f}"


def interval(low: float, high: float, unit: str = "", digits: int = 3) -> str:
    """ "7.2 kg", or "4.5 to 16.1 kg"."""
    texts = [figure(low, digits), figure(high, digits)]
    return (texts[0] if texts[0] == texts[1] else f"{texts[0]} to {texts[1]}") + (f" {unit}" if unit else "")


def figure(value: float, digits: int = 3) -> str:
    """A number with at most so many figures: 1234, 12.3, 0.512."""
    if not math.isfinite(value):
        return "-"
    return f"{value:.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def plain(name: str) -> str:
    """An input's name for people: "load (kg)" of "load_kg"."""
    if name in _SHORT:
        return _SHORT[name]
    unit = next((ending for ending in _UNITS if name.endswith(ending)), "")
    return name.removesuffix(unit).replace("_", " ") + _UNITS.get(unit, "")


def count(number: float, one: str, many: str = "") -> str:
    """ "1 lift", "12 lifts"."""
    return f"{number:.0f} {one if round(number) == 1 else many or one + 's'}"
