"""The reliability diagram of a calibration as a PNG: what a confidence says against how often the keypoint is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotter.core.errors import ModelError
from spotter.pose.calibration.make import Made
from spotter.pose.calibration.quality import Reliability

_GREY, _BLUE = "#8a8a8a", "#1f6fb2"


def write_picture(path: Path, made: Made) -> None:
    """Draw the held-out reliability before and after; under it how many keypoints have which confidence.

    Raises:
        ModelError: matplotlib is not installed, or the file cannot be written.
    """
    figure, (top, bottom) = _figure()
    top.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":")
    for label, each, colour in (("raw", made.before, _GREY), ("calibrated, held out", made.after, _BLUE)):
        _draw(top, bottom, label, each, colour)
    calibration = made.calibration
    top.set_title(f"{calibration.model} at {calibration.input_size} px", fontsize=10)
    top.set_ylabel(f"share that is right (similarity {calibration.right_oks} or more)")
    top.legend(loc="lower right", fontsize=8, frameon=False)
    bottom.set_ylabel("keypoints")
    bottom.set_xlabel("confidence")
    for axes in (top, bottom):
        axes.spines[["top", "right"]].set_visible(False)
    top.set(xlim=(0, 1), ylim=(0, 1.02))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png", dpi=120, bbox_inches="tight")
    except OSError as error:
        raise ModelError(
            f"cannot write picture '{path}': {error.strerror}", mend="Choose another file with --picture"
        ) from None


def _draw(top: Any, bottom: Any, label: str, each: Reliability, colour: str) -> None:
    sure = [step.confidence for step in each.bins]
    right = [step.right for step in each.bins]
    below = [max(step.right - step.low, 0.0) for step in each.bins]
    above = [max(step.high - step.right, 0.0) for step in each.bins]
    text = f"{label}: ECE {each.ece:.3f}, Brier {each.brier:.3f}"
    top.errorbar(sure, right, yerr=[below, above], color=colour, marker="o", markersize=4, capsize=2, label=text)
    bottom.plot(sure, [step.keypoints for step in each.bins], color=colour, marker="o", markersize=4)


def _figure() -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ModelError(
            "a picture needs matplotlib, which is not installed",
            mend='Install it with: pip install "spotter-safety[evaluate]"',
        ) from None
    figure = Figure(figsize=(5.2, 6.4))
    return figure, figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
