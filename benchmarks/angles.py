"""What the angles from one camera are worth: errors, intervals and coverage against exact and triangulated truth.

    python benchmarks/angles.py simulated --shared FOLDER [--picture docs/images/angles-yaw.svg]
    python benchmarks/angles.py cameras --shared FOLDER [--reference yolo11n-pose.onnx]
    python benchmarks/angles.py clips --shared FOLDER [--recordings FOLDER]
    python benchmarks/angles.py errors --shared FOLDER
    python benchmarks/angles.py gates --shared FOLDER

simulated: workers whose 3D joints are known exactly, from FOLDER/data/simulated and from the product's simulator, seen
from all around and from several heights; pixels with the slow errors of a pose model; the camera known exactly, as
entered by a person, and not at all.
cameras: the people of FOLDER/data/multicam_pose2sim. Each of four cameras is judged by what the other three see:
joints triangulated from skeletons of the reference model (the default model where none is given).
clips: the default model on the rendered pictures of FOLDER/data/simulated, whose joints are known exactly.
errors: how the default model's errors at the two ends of a segment go together, on FOLDER/data/coco_keypoints.
gates: what METHODS 6.3.3 alone (both segments at least 0.8 of their expected length) would call `ok`.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from angle_cameras import cameras, detected, errors
from angle_picture import picture
from angle_scenes import CAREFUL_MODEL, DEFAULT_MODEL, MOTIONS, STANDS, Scene, clips, judge, rows_of, workers
from angle_tally import Tally, show
from spotter.ergonomics.angles.drawn import MIN_RATIO

PLACES = tuple((float(azimuth), (2.6, 1.5, 2.6, 4.0)[index % 4]) for index, azimuth in enumerate(range(0, 360, 45)))
"""Cameras around a simulated worker: azimuth, degrees, and height, m."""


RUNS = (
    *((("default model", DEFAULT_MODEL), stand) for stand in STANDS),
    (("errors of 1 % of stature", CAREFUL_MODEL), "entered"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("simulated", "cameras", "clips", "errors", "gates"))
    parser.add_argument("--shared", type=Path, required=True, help="folder with data/")
    parser.add_argument("--reference", type=Path, help="ONNX file of a YOLO-pose model for the reference skeletons")
    parser.add_argument("--recordings", type=Path, help="folder of `spotter record`, of the clips of data/simulated")
    parser.add_argument("--picture", type=Path, help="write the plot of error against yaw here")
    options = parser.parse_args()
    if options.what == "cameras":
        cameras(options.shared / "data" / "multicam_pose2sim", options.reference)
    elif options.what == "simulated":
        simulated(options.shared / "data" / "simulated", options.picture)
    elif options.what == "clips":
        detected(options.shared / "data" / "simulated", options.recordings)
    elif options.what == "errors":
        errors(options.shared / "data" / "coco_keypoints")
    else:
        gates(options.shared / "data" / "simulated")


def simulated(folder: Path, plot: Path | None) -> None:
    """Tables for each model and each knowledge of the camera."""
    scenes = [*clips(folder), *workers(MOTIONS, PLACES)]
    print(f"{len(scenes)} cameras, {sum(len(scene.joints) for scene in scenes)} frames")
    shown = {}
    for (name, model), stand in RUNS:
        tally = over(scenes, stand, model, f"{name}, camera {stand}")
        show(f"{name}, camera {stand}", tally.grouped(), bins=True)
        shown[name, stand] = tally.grouped()
    if plot is not None:
        plot.write_text(picture(shown["default model", "entered"], "Simulated workers, errors of the default model"))


def over(scenes: Sequence[Scene], stand: str, model: np.ndarray, title: str) -> Tally:
    """All scenes, each with errors of its own."""
    tally = Tally()
    for seed, scene in enumerate(track(scenes, description=title, console=Console(stderr=True))):
        found, rows = judge(scene, stand, model, seed)
        if len(rows):
            tally.add(found, rows_of(scene.truth, rows), scene.yaw[rows], scene.pitch[rows])
    return tally


def gates(folder: Path) -> None:
    """METHODS 6.3.3 by itself, on exact pixels with exact lengths: how far off the angle in the picture is."""
    triples = {"elbow_flexion": (5, 7, 9), "knee_flexion": (11, 13, 15), "hip_flexion": (5, 11, 13)}
    for name, joints in triples.items():
        off, passed = [], []
        for scene in clips(folder):
            solid, flat = scene.joints[:, joints], scene.points[:, joints]
            seen, true = _bend(flat), _bend(solid)
            scale = scene.stature / scene.stature_m
            shorter = [_long(flat, a, b) / _long(solid, a, b) / scale for a, b in ((0, 1), (1, 2))]
            off.append(np.abs(seen - true))
            passed.append(np.min(shorter, axis=0) >= MIN_RATIO)
        error, ok = np.concatenate(off), np.concatenate(passed)
        print(f"{name:16} passes in {ok.mean():.0%}, then within 10 degrees in {(error[ok] <= 10).mean():.1%}")


def _long(points: np.ndarray, a: int, b: int) -> np.ndarray:
    return np.linalg.norm(points[:, a] - points[:, b], axis=1)


def _bend(points: np.ndarray) -> np.ndarray:
    """(T, 3, 2 or 3) -> (T,) degrees, 0 in line."""
    one, other = points[:, 1] - points[:, 0], points[:, 2] - points[:, 1]
    cosine = (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


if __name__ == "__main__":
    warnings.filterwarnings("ignore", "Mean of empty slice")
    warnings.filterwarnings("ignore", "All-NaN slice encountered")
    main()
