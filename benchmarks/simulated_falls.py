"""The fall rule on simulated workers, by kind of fall and by where the camera is; nothing is tuned to it.

    python benchmarks/simulated_falls.py [--seeds 4] [--exact]

Each worker walks up, falls, and lies for five seconds (eleven after a slow collapse); each camera looks on from another
side, with the simulated errors of the default model (`--exact`: without). What does not end on the ground must raise
nothing. A row gives falls told over falls, and the time from impact to alert. Simulated bodies and errors: no statement
on real falls.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import product

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from spotter.core.contracts import AlertKind
from spotter.evaluation.replay import Rules, replay_poses
from spotter.recordings import CameraRecord
from spotter.simulate.workers import SimulatedModel, Take, Viewpoint, project, simulate_motion, without_errors

FALLS = (
    "fall_forward", "fall_backward", "fall_left", "fall_right", "fall_from_seat", "fall_from_ladder", "collapse",
)  # fmt: skip
OTHERS = (
    "walk", "stoop_lift", "squat_lift", "twisted_lift", "overhead_place", "carry", "push", "sit", "kneel", "tie_shoes",
)  # fmt: skip
AZIMUTHS = {"front": 0.0, "oblique": 45.0, "side": 90.0, "rear": 180.0}
MOUNTS = {"low, 2.2 m": (5.5, 2.2), "usual, 3 m": (5.0, 3.0), "steep, 4 m": (3.5, 4.0)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--part", choices=("falls", "others"), help="Only falls, or only what is none.")
    parser.add_argument("--exact", action="store_true", help="Without the detector's errors.")
    options = parser.parse_args()
    console = Console(width=118)
    parts = {"falls": ("Falls", FALLS), "others": ("No falls: alerts over takes", OTHERS)}
    for part in [options.part] if options.part else parts:
        title, motions = parts[part]
        table = Table(title=title)
        for column in ("motion", *AZIMUTHS, *MOUNTS, "impact to alert, s"):
            table.add_column(column, justify="left" if column == "motion" else "right")
        for motion in track(motions, description=title, console=Console(stderr=True)):
            rows = list(judged(motion, options.seeds, exact=options.exact))
            cells = [share([told for side, _, told, _ in rows if side == one]) for one in AZIMUTHS]
            cells += [share([told for _, mount, told, _ in rows if mount == one]) for one in MOUNTS]
            late = [delay for *_, delay in rows if np.isfinite(delay)]
            table.add_row(motion, *cells, f"{np.median(late):.1f} ({min(late):.1f} to {max(late):.1f})" if late else "")
        console.print(table)


def judged(motion: str, seeds: int, *, exact: bool) -> Iterator[tuple[str, str, bool, float]]:
    """(side, mount, whether an alert was raised, seconds from impact to it) of every take and camera."""
    detector = without_errors if exact else SimulatedModel()
    for seed, (side, azimuth), (mount, (distance, above)) in product(range(seeds), AZIMUTHS.items(), MOUNTS.items()):
        take = simulate_motion(f"walk+{motion}", seed, fps=15, heading=90.0)
        middle = take.joints[:, 11:13].mean(axis=(0, 1))
        at = where(take, middle)
        view = Viewpoint.around(
            (at[0], at[1], 0.7), azimuth=90.0 + azimuth, distance=distance, above=above, hfov=80
        )  # fmt: skip
        poses = project(take, view, seed, detector)
        record = CameraRecord(view=view.parameters(calibrated=False))
        replayed = replay_poses(poses, "bench", {"simulated": record}, Rules())["simulated"]
        kinds = (AlertKind.POSSIBLE_FALL, AlertKind.PERSON_DOWN)
        alerts = [run.alert for run in replayed.alerts() if run.alert.kind in kinds]
        impacts = [event.at_s for event in take.events if event.kind == "impact"]
        delay = replayed.seconds(alerts[0].raised_at) - impacts[0] if alerts and impacts else float("nan")
        yield side, mount, bool(alerts), delay


def where(take: Take, middle: np.ndarray) -> np.ndarray:
    """What the camera looks at: where the worker falls, else the middle of where they are."""
    onset = [event.at_s for event in take.events if event.kind.startswith("fall_onset")]
    return take.joints[int(onset[0] * take.fps), 11:13].mean(axis=0) if onset else middle


def share(told: list[bool]) -> str:
    return f"{sum(told)}/{len(told)}"


if __name__ == "__main__":
    main()
