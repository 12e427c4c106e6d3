"""Lifts that the product finds, with the truth beside them: recordings with labels, and simulated workers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spotter.core.clock import to_seconds
from spotter.core.contracts import PoseFrame
from spotter.core.parameters import LensParameters, MountParameters, ViewParameters
from spotter.ergonomics.angles.joints3d import hands
from spotter.ergonomics.events.lift_values import Lift
from spotter.evaluation.replay import Rules, replay_poses
from spotter.recordings import CameraRecord, find_recordings
from spotter.simulate.workers import SimulatedModel, Viewpoint, project, simulate_motion, without_errors

WITHIN_S = 0.5
"""A lift is found when its start and its end are both within this time of the label's."""

CAMERAS = ((90, 2.5), (60, 4.0), (30, 2.5), (0, 4.0))
"""Azimuth of the simulated cameras, degrees (90 from the side, 0 from the front), and height, m."""

FPS = 10


@dataclass(frozen=True)
class Seen:
    """One lift: seconds from the first frame at which the load leaves its place and at which all is over."""

    start: float
    end: float
    lift: Lift


@dataclass(frozen=True)
class Clip:
    """One clip with its lifts; `labels` are (start, end) of true ones."""

    name: str
    minutes: float
    labels: tuple[tuple[float, float], ...]
    found: tuple[Seen, ...]

    def matches(self) -> list[tuple[tuple[float, float], Seen]]:
        """Labels with the lifts that stand for them, one to one, in the order of time."""
        pairs, free = [], list(self.found)
        for start, end in self.labels:
            near = [one for one in free if abs(one.start - start) <= WITHIN_S and abs(one.end - end) <= WITHIN_S]
            if near:
                pairs.append(((start, end), near[0]))
                free.remove(near[0])
        return pairs


def recorded(recordings: Path, labels: Path, *, every: int = 1) -> Iterator[Clip]:
    """All recordings below a folder, through the rules of the product; what the labels do not name has no lifts.

    Args:
        every: only each so-manieth frame is seen.
    """
    items = json.loads(labels.read_text())["items"]
    known = {Path(item["file"]).with_suffix("").as_posix(): item.get("events", []) for item in items}
    for recording in find_recordings([recordings]):
        poses = list(recording.poses())[::every]
        for camera, result in replay_poses(poses, recording.site, recording.cameras, Rules()).items():
            events = next((found for name, found in known.items() if name.endswith(f"/{camera}")), [])
            truths = tuple((one["start_s"], one["end_s"]) for one in events if one["type"] == "lift")
            found = tuple(_seen(one.lift, result.base) for one in result.lifts)
            yield Clip(camera, result.watched_s / 60, truths, found)


@dataclass(frozen=True)
class Truth:
    """One simulated lift before one camera: what is true, and the lift that was found, if any.

    Attributes:
        figures: by name: vertical_origin, vertical_destination, travel, horizontal_origin cm, asymmetry degrees.
        late: seconds by which the found origin is later than the true one.
        others: lifts that were found beside it.
        style: of the posture that was acted, where that is known.
    """

    figures: dict[str, float]
    late: float
    lift: Lift | None
    azimuth: float
    others: int
    style: str = ""


def workers(motions: Sequence[str], seeds: int, *, model: bool, known: bool) -> Iterator[Truth]:
    """Lifts of simulated workers before `CAMERAS`.

    Args:
        model: with the errors of the default pose model, else with exact joints.
        known: whether the rules know lens and mount, and the worker is as tall as is assumed.
    """
    for motion in motions:
        for seed in range(seeds):
            stature = 1.75 if known else float(np.clip(np.random.default_rng(seed).normal(1.75, 0.1), 1.5, 2.0))
            take = simulate_motion(motion, seed=seed, stature=stature, fps=FPS)
            leaves = int(np.flatnonzero(take.loads[0].held)[0])
            names = [event.kind.partition(":")[2] for event in take.events if ":" in event.kind]
            for azimuth, above in CAMERAS:
                view = Viewpoint.around((0, 0, 0.9), azimuth=azimuth, distance=6, above=above)
                poses = project(take, view, seed, detector=SimulatedModel() if model else without_errors)
                found = lifts_of(poses, view.parameters() if known else ViewParameters())
                yield _truth(take.joints, stature, poses, leaves, found, azimuth, names[0] if names else "")


def clips(folder: Path, recordings: Path) -> Iterator[tuple[str, Truth]]:
    """The lifts of data/simulated with the default model's skeletons, cameras as they are."""
    for path in sorted(folder.glob("*_lift_00.json")) + sorted(folder.glob("overhead_place_00.json")):
        take = json.loads(path.read_text())
        joints = np.array([frame["kp3d"] for frame in take["frames"]])
        leaves = next(index for index, frame in enumerate(take["frames"]) if frame["box"]["held"])
        style = take["motion"].partition("_")[0]
        for number, camera in enumerate(take["cameras"]):
            name = f"{path.stem}_c{number}"
            [recording] = find_recordings([recordings / f"{name}.avro"])
            poses = list(recording.poses())
            found = lifts_of(poses, _view(camera, take["size"]))
            named = style if style in ("stoop", "squat") else ""
            yield name, _truth(joints, take["height_m"], poses, leaves, found, camera["azimuth"], named)


def lifts_of(poses: Sequence[PoseFrame], view: ViewParameters) -> list[Lift]:
    """All lifts in the frames of one camera."""
    camera = poses[0].camera_id
    result = replay_poses(poses, "site", {camera: CameraRecord(view)}, Rules())
    return [one.lift for one in result[camera].lifts]


def _truth(
    joints: np.ndarray,
    stature: float,
    poses: Sequence[PoseFrame],
    leaves: int,
    found: list[Lift],
    azimuth: float,
    style: str,
) -> Truth:
    times = np.array([pose.captured_at for pose in poses])[: len(joints)]
    near = [one for one in found if abs(one.origin_at - times[leaves]) <= 1.0e9]
    lift = near[0] if near else None
    where = hands(joints, stature=stature)
    figures = {
        "vertical_origin": float(where.vertical[leaves]),
        "horizontal_origin": float(where.horizontal[leaves]),
        "asymmetry": float(where.asymmetry[leaves]),
    }
    if lift is not None:
        arrived = min(int(np.searchsorted(times, lift.destination_at)), len(joints) - 1)
        top = float(where.vertical[arrived : arrived + 8].mean())
        figures |= {"vertical_destination": top, "travel": top - figures["vertical_origin"]}
    late = 0.0 if lift is None else to_seconds(int(lift.origin_at - times[leaves]))
    return Truth(figures, late, lift, azimuth, len(found) - (lift is not None), style)


def _view(camera: dict, size: Sequence[int]) -> ViewParameters:
    """A camera of data/simulated as a person would enter it, exactly."""
    intrinsic, turn, shift = (np.array(camera[name]) for name in "KRt")
    place, ahead = -turn.T @ shift, turn[2]
    return ViewParameters(
        lens=LensParameters(
            width=size[0],
            height=size[1],
            focal_px=(intrinsic[0, 0], intrinsic[1, 1]),
            centre_px=(intrinsic[0, 2], intrinsic[1, 2]),
            focal_sd=0.01,
        ),
        mount=MountParameters(
            height_m=float(place[2]),
            height_sd_m=0.05,
            pitch_deg=float(np.degrees(np.arcsin(-ahead[2]))),
            pitch_sd_deg=1.0,
            roll_sd_deg=0.5,
        ),
    )


def _seen(lift: Lift, base: int) -> Seen:
    return Seen(to_seconds(lift.origin_at - base), to_seconds(lift.ended_at - base), lift)
