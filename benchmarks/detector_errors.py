"""Errors of the default pose model: fits the tables of the simulated detector, and sets both side by side.

    spotter record FOLDER/simulated/*.mp4 --out RECORDINGS
    python benchmarks/detector_errors.py FOLDER RECORDINGS        # FOLDER with simulated/ and coco_keypoints/

The rendered clips have exact 2D truth, 27 cameras of nine motions. The tables are printed as Python to paste into
`simulate/workers/movenet_errors.py`. Then the simulated detector looks at the same true joints before the same cameras,
and what comes out is compared with what the model made of the pixels; with `--held-out`, each motion with tables that
were fitted to all others. Confidences outside the picture are from COCO's unlabelled joints.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from spotter.core.contracts import KEYPOINTS
from spotter.core.settings import PoseSettings
from spotter.ergonomics.geometry.camera import Camera
from spotter.pose.calibration.curves import GROUP_OF, GROUPS, log_odds
from spotter.pose.calibration.samples import match_people
from spotter.pose.evaluation.readers import read_labels
from spotter.pose.evaluation.run import predict_all
from spotter.pose.factory import model_of
from spotter.recordings import find_recordings
from spotter.simulate.workers.detector import SimulatedModel
from spotter.simulate.workers.error_tables import (
    PAIRS,
    RIGHT_RADIUS,
    Bearing,
    ErrorTables,
    bearings,
    joint_boxes,
    sizes,
)
from spotter.simulate.workers.frames import Found
from spotter.simulate.workers.movenet_errors import MOVENET
from spotter.simulate.workers.sight import Sight, Visibility
from spotter.simulate.workers.viewpoint import Viewpoint

FIT_SIMILARITY = 0.1
"""As in the calibration: a find that resembles the truth less is of nobody."""

PRIOR = 40.0
"""Keypoints that a cell of a table is drawn towards the mean of its group by."""

BODY = slice(5, KEYPOINTS)


@dataclass
class Clip:
    """One camera of one motion: what could be seen, and what was found of the one person in it."""

    name: str
    fps: float
    sight: Sight
    found: Found


@dataclass
class Errors:
    """One row a keypoint that was there and whose person was found."""

    clip: np.ndarray
    joint: np.ndarray
    visible: np.ndarray
    bearing: np.ndarray
    odds: np.ndarray
    deviation: np.ndarray
    error: np.ndarray
    size: np.ndarray
    right: np.ndarray
    swapped: np.ndarray

    @property
    def group(self) -> np.ndarray:
        return GROUP_OF[self.joint]


@dataclass
class People:
    """One row a frame."""

    clip: np.ndarray
    bearing: np.ndarray
    found: np.ndarray
    turned: np.ndarray
    score: np.ndarray
    box: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--seeds", type=int, default=4, help="Runs of the simulated detector.")
    parser.add_argument("--held-out", action="store_true", help="Compare each motion with tables fitted to the others.")
    parser.add_argument("--without-coco", action="store_true", help="Leave the photographs out.")
    options = parser.parse_args()
    clips = list(read_clips(options.folder / "simulated", options.recordings))
    errors, people = measure(clips)
    print(f"\n# {len(errors.joint)} keypoints, {len(people.found)} frames of {len(clips)} clips")
    print_tables(fit(errors, people, MOVENET.outside))
    if not options.without_coco:
        print_coco(options.folder / "coco_keypoints")
    tables = dict.fromkeys((motion(clip) for clip in clips), MOVENET)
    if options.held_out:
        for name in tables:
            rest = measure([clip for clip in clips if motion(clip) != name])
            tables[name] = fit(*rest, MOVENET.outside)
    simulated = [
        replace(clip, found=SimulatedModel(jitter_s=0.0, tables=tables[motion(clip)])(clip.sight, 1000 * seed + number))
        for seed in range(options.seeds)
        for number, clip in enumerate(clips)
    ]
    compare((errors, people), measure(simulated))


def motion(clip: Clip) -> str:
    return clip.name.partition("/")[0]


def read_clips(folder: Path, recordings: Path) -> list[Clip]:
    clips = []
    for path in sorted(folder.glob("*.json")):
        truth = json.loads(path.read_text())
        joints = np.array([frame["kp3d"] for frame in truth["frames"]])
        for number, camera in enumerate(truth["cameras"]):
            seen = [frame["cams"][number] for frame in truth["frames"]]
            points = np.array([frame["kp2d"] for frame in seen])
            visibility = np.array([frame["vis"] for frame in seen], np.uint8)
            times = np.arange(len(joints)) / truth["fps"]
            sight = Sight(viewpoint(camera, truth["size"]), times, joints[None], points[None], visibility[None])
            (recording,) = find_recordings([recordings / f"{Path(camera['file']).stem}.avro"])
            poses = list(recording.poses())
            clips.append(Clip(f"{path.stem}/{number}", truth["fps"], sight, of_one(poses, sight)))
    return clips


def viewpoint(camera: dict[str, Any], size: list[int]) -> Viewpoint:
    """From OpenCV's K, R, t."""
    k, r, t = (np.array(camera[name]) for name in ("K", "R", "t"))
    x, y, above = -r.T @ t
    ahead = r[2]
    pitch, heading = np.degrees(np.arcsin(-ahead[2])), np.degrees(np.arctan2(ahead[1], ahead[0]))
    lens = Camera(
        size[0], size[1], (k[0, 0], k[1, 1]), (k[0, 2], k[1, 2]), float(pitch), 0.0, float(above), np.zeros(5)
    )
    return Viewpoint(lens, float(x), float(y), float(heading))


def of_one(poses: list[Any], sight: Sight) -> Found:
    """The finds of the one person there is, by keypoint similarity."""
    count = len(sight.times)
    found = Found(
        np.zeros((1, count), bool), np.zeros((1, count), np.float32), np.zeros((1, count, 4), np.float32),
        np.zeros((1, count, KEYPOINTS, 2), np.float32), np.zeros((1, count, KEYPOINTS), np.float32),
        np.ones((1, count, KEYPOINTS), np.float32), sight.times, poses[0].model,
    )  # fmt: skip
    size = sizes(sight)[0]
    for moment, pose in enumerate(poses):
        if not len(pose):
            continue
        distance = np.linalg.norm(pose.keypoints - sight.points[0, moment], axis=-1) / size[moment] / RIGHT_RADIUS
        likeness = np.nanmean(np.where(sight.visibility[0, moment] > 0, 0.5 ** (distance**2), np.nan), axis=1)
        best = int(likeness.argmax())
        if likeness[best] < FIT_SIMILARITY:
            continue
        found.present[0, moment], found.scores[0, moment] = True, pose.scores[best]
        found.boxes[0, moment], found.keypoints[0, moment] = pose.boxes[best], pose.keypoints[best]
        found.confidences[0, moment], found.deviations[0, moment] = pose.confidences[best], pose.deviations[best]
    return found


def measure(clips: list[Clip]) -> tuple[Errors, People]:
    keypoints: list[np.ndarray] = []
    people: list[np.ndarray] = []
    for number, clip in enumerate(clips):
        sight, found = clip.sight, clip.found
        size, bearing = sizes(sight)[0], bearings(sight)[0].argmax(axis=1)
        truth, seen = sight.points[0], sight.visibility[0]
        error = found.keypoints[0] - truth
        away = np.linalg.norm(error, axis=-1) / size[:, None]
        other = np.linalg.norm(found.keypoints[0] - truth[:, PAIRS], axis=-1) / size[:, None]
        there = seen > 0
        likeness = [0.5 ** ((each / RIGHT_RADIUS) ** 2) for each in (away, other)]
        mean = [np.where(there[:, BODY], each[:, BODY], 0).sum(1) / there[:, BODY].sum(1) for each in likeness]
        turned = mean[1] > mean[0] + 0.15
        # Where left and right are exchanged as a whole, joints are judged as if they were not.
        exact = np.where(turned[:, None], other, away)
        error = np.where(turned[:, None, None], found.keypoints[0] - truth[:, PAIRS], error)
        wrong_way = np.where(turned[:, None], away, other)
        right = exact <= RIGHT_RADIUS
        swapped = ~right & (wrong_way <= RIGHT_RADIUS) & (np.arange(KEYPOINTS) != PAIRS)
        frame, joint = np.nonzero(there & found.present[0][:, None])
        keypoints.append(
            np.column_stack([
                np.full(len(frame), number), joint, seen[frame, joint] == Visibility.VISIBLE, bearing[frame],
                log_odds(found.confidences[0][frame, joint]), found.deviations[0][frame, joint],
                error[frame, joint], size[frame], right[frame, joint], swapped[frame, joint],
            ])
        )  # fmt: skip
        edges = (found.boxes[0] - joint_boxes(truth)) * [-1, -1, 1, 1] / size[:, None]
        whole = (seen > 0).all(axis=1)
        people.append(
            np.column_stack([
                np.full(len(size), number), bearing, found.present[0], turned & found.present[0],
                np.where(found.present[0], found.scores[0], np.nan),
                np.where((found.present[0] & whole)[:, None], edges, np.nan),
            ])
        )  # fmt: skip
    k, p = np.concatenate(keypoints), np.concatenate(people)
    return (
        Errors(
            k[:, 0].astype(int), k[:, 1].astype(int), k[:, 2].astype(int), k[:, 3].astype(int), k[:, 4], k[:, 5],
            k[:, 6:8], k[:, 8], k[:, 9].astype(bool), k[:, 10].astype(bool),
        ),
        People(p[:, 0], p[:, 1].astype(int), p[:, 2].astype(bool), p[:, 3].astype(bool), p[:, 4], p[:, 5:]),
    )  # fmt: skip


def drawn(values: np.ndarray, cells: list[np.ndarray], towards: np.ndarray) -> float:
    """Mean of a cell, drawn towards another figure by `PRIOR` keypoints."""
    mask = np.logical_and.reduce(cells)
    return float((values[mask].sum() + PRIOR * towards) / (mask.sum() + PRIOR))


def fit(e: Errors, p: People, outside: np.ndarray) -> ErrorTables:
    """The tables of these errors; `outside` is not seen in them."""
    groups = range(len(GROUPS))
    sureness, offset = np.zeros((7, 2, 3)), np.zeros((7, 2, 3))
    chance = 1 / (1 + np.exp(-e.odds))
    for group in groups:
        base = e.odds[e.group == group].mean()
        for seen in (0, 1):
            for bearing in Bearing:
                cell = [e.group == group, e.visible == seen, e.bearing == bearing]
                sureness[group, seen, bearing] = drawn(e.odds, cell, base)
                said, was = drawn(chance, cell, 0.5), drawn(e.right * 1.0, cell, 0.5)
                offset[group, seen, bearing] = np.clip(log_odds(was) - log_odds(said), -3, 3)
    ratio = np.abs(e.error) / e.deviation[:, None]
    core, swapped, far = np.zeros((7, 2)), np.zeros((7, 2)), np.zeros(7)
    beyond = np.linalg.norm(e.error, axis=1) / e.size - RIGHT_RADIUS[e.joint]
    for group in groups:
        for seen in (0, 1):
            cell = (e.group == group) & (e.visible == seen)
            # Normal: standard deviation from the middle of absolute errors, which far ones do not move.
            core[group, seen] = np.median(ratio[cell & e.right]) / 0.6745
            swapped[group, seen] = drawn(e.swapped * 1.0, [cell, ~e.right], e.swapped[~e.right].mean())
        far[group] = beyond[(e.group == group) & ~e.right & ~e.swapped].mean()
    by_bearing = [p.bearing == bearing for bearing in Bearing]
    sides = [p.box[:, [0, 2]], p.box[:, [1]], p.box[:, [3]]]
    return ErrorTables(
        model=MOVENET.model,
        sureness=sureness,
        offset=offset,
        core=core,
        swapped=swapped,
        far=far,
        outside=outside,
        missed=np.array([1 - p.found[m].mean() for m in by_bearing]),
        turned=np.array([p.turned[m & p.found].mean() for m in by_bearing]),
        score=np.array([[np.nanmean(p.score[m]), np.nanstd(p.score[m])] for m in by_bearing]),
        box=np.array([[np.nanmean(each), np.nanstd(each)] for each in sides]),
    )


def print_tables(tables: ErrorTables) -> None:
    for field in fields(tables):
        if field.name not in ("model", "outside"):
            show(field.name, getattr(tables, field.name), 3 if field.name in ("missed", "turned") else 2)


def show(name: str, table: np.ndarray, digits: int = 2) -> None:
    text = np.array2string(table, separator=", ", precision=digits, suppress_small=True, max_line_width=100)
    print(f"    {name}=np.array({text}),")


def print_coco(folder: Path) -> None:
    """Confidence of joints that nobody could label, and who is found by size."""
    labels = read_labels(folder / "person_keypoints.json", folder / "images")
    model = model_of(PoseSettings())
    model.load()
    odds: dict[int, list[float]] = {group: [] for group in range(len(GROUPS))}
    rows = []
    for image, found in zip(labels.images, predict_all(model, labels), strict=True):
        gain = max(image.width, image.height) / model.input_size
        pairs = {id(person): row for row, person in match_people(image.people, found)}
        for person in image.people:
            if not person.labelled or person.crowd:
                continue
            rows.append((np.sqrt(person.area) / gain, id(person) in pairs))
            if id(person) in pairs:
                for joint in np.flatnonzero(person.visibility == 0):
                    odds[int(GROUP_OF[joint])].append(float(log_odds(found.confidences[pairs[id(person)], joint])))
    # Groups with few such joints (shoulders: none) are drawn towards all.
    every = float(np.mean([one for each in odds.values() for one in each]))
    show("outside", np.array([(sum(each) + 10 * every) / (len(each) + 10) for each in odds.values()]))
    sized = np.array(rows)
    for low, high in ((15, 20), (20, 30), (30, 50), (50, 100), (100, 400)):
        some = sized[(sized[:, 0] >= low) & (sized[:, 0] < high), 1]
        print(f"    # COCO people of {low} to {high} px: {int(some.sum())} of {len(some)} found")


def compare(real: tuple[Errors, People], simulated: tuple[Errors, People]) -> None:
    console = Console(width=118)
    table = Table(title="The model on pixels / the simulated detector on the same true joints")
    for column in ("", "keypoints", "confidence", "right", "median error", "90 % error", "within 68 %", "within 90 %"):
        table.add_column(column, justify="left" if not column else "right")
    for bearing in Bearing:
        for seen in (1, 0):
            table.add_row(
                f"{bearing.name.lower()}, {'visible' if seen else 'hidden'}",
                *(f"{one} / {other}" for one, other in zip(
                    *(figures(e, (e.visible == seen) & (e.bearing == bearing)) for e, _ in (real, simulated)),
                    strict=True,
                )),
            )  # fmt: skip
    for row, name in enumerate(GROUPS):
        table.add_row(name, *(f"{one} / {other}" for one, other in zip(
            *(figures(e, e.group == row) for e, _ in (real, simulated)), strict=True,
        )))  # fmt: skip
    console.print(table)
    second = Table(title="People")
    for column in ("", "frames", "found", "left and right exchanged", "score"):
        second.add_column(column)
    for bearing in Bearing:
        cells = []
        for _, p in (real, simulated):
            m = p.bearing == bearing
            cells.append((f"{m.sum()}", f"{p.found[m].mean():.3f}", f"{p.turned[m & p.found].mean():.3f}",
                          f"{np.nanmean(p.score[m]):.2f}"))  # fmt: skip
        second.add_row(bearing.name.lower(), *(f"{one} / {other}" for one, other in zip(*cells, strict=True)))
    console.print(second)
    lags = (1, 4, 8, 15)
    for name, (e, _) in (("model", real), ("simulated", simulated)):
        print(f"{name}: likeness of a keypoint's error to its own 1, 4, 8, 15 frames later: "
              + ", ".join(f"{after(e, lag):.2f}" for lag in lags))  # fmt: skip


def figures(e: Errors, mask: np.ndarray) -> tuple[str, ...]:
    away = np.linalg.norm(e.error[mask], axis=1) / e.size[mask]
    ratio = np.abs(e.error[mask]) / e.deviation[mask, None]
    return (
        f"{mask.sum()}", f"{(1 / (1 + np.exp(-e.odds[mask]))).mean():.2f}", f"{e.right[mask].mean():.2f}",
        f"{np.median(away):.3f}", f"{np.percentile(away, 90):.3f}", f"{(ratio < 1).mean():.2f}",
        f"{(ratio < 1.645).mean():.2f}",
    )  # fmt: skip


def after(e: Errors, lag: int) -> float:
    """Autocorrelation of errors in stated deviations over neighbouring rows of the same joint of the same clip."""
    total, squares = 0.0, 0.0
    for clip in np.unique(e.clip):
        for joint in range(KEYPOINTS):
            mask = (e.clip == clip) & (e.joint == joint) & e.right
            ratio = (e.error[mask] / e.deviation[mask, None])[:, 0]
            if len(ratio) > lag + 5:
                total += float((ratio[lag:] * ratio[:-lag]).mean())
                squares += float((ratio**2).mean())
    return total / squares


if __name__ == "__main__":
    main()
