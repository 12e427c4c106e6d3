"""Lifts: found or not, when, how high and how far, against labelled clips and simulated workers.

    python benchmarks/lifts.py RECORDINGS SHARED [--seeds 4]

RECORDINGS holds skeletons of the default model (`spotter record SHARED/data/NAME/*.mp4 --out RECORDINGS/NAME`) of
lift_unimore, adl, urfall, surveillance, multicam_pose2sim and simulated; SHARED/data holds labels.json and the truth of
the simulated clips. Everything runs through the rules of the product (`spotter replay`). Dead-lifts are the only
labelled lifts that were at hand; the rule's thresholds were set on the first half of them.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lift_runs import Clip, Truth, clips, recorded, workers
from spotter.core.contracts import Status

SET_ON = ("good_000001", "good_000003", "good_000005", "good_000007", "good_000009", "bad_000001", "bad_000005",
          "bad_000007")  # fmt: skip
"""Clips on which thresholds were set; the others were looked at afterwards, and one of them led to a correction."""

PICKS_UP = "stoop_pickup_wall"
"""Somebody picks something up from the floor: neither a labelled lift nor a negative."""

LIFTED = ("stoop_lift", "squat_lift", "twisted_lift", "overhead_place")
"""Rendered motions that are lifts."""

MOTIONS = ("stand+stoop_lift", "stand+semi_squat_lift", "stand+squat_lift", "stand+twisted_lift", "lift_and_place")
NEGATIVES = ("adl", "urfall", "surveillance", "multicam_pose2sim")
FIGURES = ("vertical_origin", "vertical_destination", "travel", "horizontal_origin", "asymmetry")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--seeds", type=int, default=4, help="simulated workers of each motion")
    parser.add_argument("--only", choices=("", "recorded", "simulated"), default="", help="one half of it")
    options = parser.parse_args()
    data = options.shared / "data"
    if options.only in ("", "recorded"):
        of_recordings(options.recordings, data)
    if options.only in ("", "simulated"):
        of_simulations(options.recordings, data, options.seeds)
    return 0


def of_recordings(recordings: Path, data: Path) -> None:
    """Labelled dead-lifts, and clips without lifts."""
    print("| dead-lifts | lifts | found | other lifts | F1 | start, mean and largest error | end |")
    print("|---|---|---|---|---|---|---|")
    lifted = list(recorded(recordings / "lift_unimore", data / "labels.json"))
    dead_lifts("thresholds set on these", [clip for clip in lifted if clip.name in SET_ON])
    dead_lifts("the others", [clip for clip in lifted if clip.name not in SET_ON])
    dead_lifts("all, 30 frames/s", lifted)
    for every in (3, 6):
        thinned = list(recorded(recordings / "lift_unimore", data / "labels.json", every=every))
        dead_lifts(f"all, {30 // every} frames/s", thinned)
    print("\n| without lifts | clips | minutes | lifts reported |\n|---|---|---|---|")
    for name in NEGATIVES:
        others(name, [one for one in recorded(recordings / name, data / "labels.json") if one.name != PICKS_UP])
    rendered = [
        one for one in recorded(recordings / "simulated", data / "labels.json") if not one.name.startswith(LIFTED)
    ]
    others("simulated: falling, sitting down, walking, tying shoes", rendered)


def of_simulations(recordings: Path, data: Path, seeds: int) -> None:
    """Rendered clips with the default model's skeletons, and simulated workers."""
    print(
        "\n| simulated lifts | found | other lifts | origin late | figure | error, mean and absolute "
        "| interval holds it | width | ok, bounded, not observable |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    figures(
        "rendered clips, default model", [truth for _, truth in clips(data / "simulated", recordings / "simulated")]
    )
    for model, known, name in (
        (False, True, "exact joints, camera known"),
        (True, True, "model's errors, camera known"),
        (True, False, "model's errors, camera unknown"),
    ):
        found = list(workers(MOTIONS, seeds, model=model, known=known))
        figures(name, found)
        print(f"| | | | | posture from the side | {styles(found)} | | | |")


def dead_lifts(name: str, group: Sequence[Clip]) -> None:
    pairs = [pair for clip in group for pair in clip.matches()]
    lifts, found = sum(len(clip.labels) for clip in group), sum(len(clip.found) for clip in group)
    score = 2 * len(pairs) / (lifts + found) if lifts + found else 1.0
    starts = [seen.start - start for (start, _), seen in pairs]
    ends = [seen.end - end for (_, end), seen in pairs]
    counts = f"{lifts} | {len(pairs)} | {found - len(pairs)}"
    print(f"| {name} | {counts} | {score:.2f} | {_spread(starts)} | {_spread(ends)} |")


def others(name: str, group: Sequence[Clip]) -> None:
    minutes = sum(clip.minutes for clip in group)
    print(f"| {name} | {len(group)} | {minutes:.1f} | {sum(len(clip.found) for clip in group)} |")


def figures(name: str, truths: Sequence[Truth]) -> None:
    found = [truth for truth in truths if truth.lift is not None]
    late = [truth.late for truth in found]
    head = f"{name} | {len(found)} of {len(truths)} | {sum(one.others for one in truths)} | {_spread(late)}"
    for figure in FIGURES:
        rows = [(getattr(truth.lift, figure), truth.figures[figure]) for truth in found]
        errors = [measure.value - true for measure, true in rows if measure.value is not None]
        holds = np.mean([measure.low <= true <= measure.high for measure, true in rows])
        width = np.mean([measure.high - measure.low for measure, _ in rows])
        statuses = Counter(measure.status for measure, _ in rows)
        shares = ", ".join(str(statuses[one]) for one in (Status.OK, Status.BOUNDED, Status.NOT_OBSERVABLE))
        error = f"{np.mean(errors):+.1f}, {np.mean(np.abs(errors)):.1f}" if errors else ""
        print(f"| {head} | {figure} | {error} | {100 * holds:.0f} % | {width:.0f} | {shares} |")
        head = " | | | "


def styles(truths: Sequence[Truth]) -> str:
    """How often each acted posture was named how, from the side."""
    pairs = Counter((one.style, one.lift.style.value) for one in truths if one.lift and one.style and one.azimuth == 90)
    return "; ".join(f"{acted} as {named} {count}" for (acted, named), count in sorted(pairs.items()))


def _spread(errors: Sequence[float]) -> str:
    if not errors:
        return ""
    return f"{np.mean(errors):+.2f}, {max(errors, key=abs):+.2f} s"


if __name__ == "__main__":
    sys.exit(main())
