"""Single cameras of a calibrated ring, each judged by what the others triangulate. Part of angles.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from angle_scenes import CLIP_RATE, RATE, Follower, clips, joined, look
from angle_tally import Tally, show
from multicam import Calibrated, cameras_of, people_of
from spotter.core.clock import from_seconds
from spotter.core.contracts import PoseFrame
from spotter.core.settings import PoseSettings
from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.angles.joints3d import body_angles_3d
from spotter.ergonomics.gates import CALIBRATED
from spotter.ergonomics.geometry.ground import Ground
from spotter.pose.calibration.samples import match_people
from spotter.pose.evaluation.readers import read_labels
from spotter.pose.evaluation.run import predict_all
from spotter.pose.factory import model_of
from spotter.pose.models import PoseModel
from spotter.recordings import open_recording

SESSIONS = (("Demo_SinglePerson", 1), ("Demo_MultiPerson", 2))

SEGMENTS = {
    "upper arm": ((5, 7), (6, 8)), "forearm": ((7, 9), (8, 10)), "thigh": ((11, 13), (12, 14)),
    "shank": ((13, 15), (14, 16)), "side": ((11, 5), (12, 6)),
}  # fmt: skip

RING_RATE, STEP = 60.0, 4
"""Frames per second of the four cameras; every `STEP`-th is used."""


def cameras(folder: Path, reference: Path | None) -> None:
    """Each camera by the other three."""
    default = model_of(PoseSettings())
    default.load()
    better = default if reference is None else _yolo(reference)
    everything, spread = Tally(), []
    for session, count in SESSIONS:
        around = cameras_of(folder / session)
        judged = [_skeletons(folder / session / f"{camera.name}.mp4", default) for camera in around]
        others = judged if better is default else [
            _skeletons(folder / session / f"{camera.name}.mp4", better) for camera in around
        ]  # fmt: skip
        whole = people_of(around, others, count)
        for number, camera in enumerate(around):
            keep = [index for index in range(len(around)) if index != number]
            left = people_of([around[index] for index in keep], [others[index] for index in keep], count)
            for person in left:
                twin = min(whole, key=lambda other: _gap(other.joints, person.joints))
                spread.append(_differences(person.joints, twin.joints))
                one = _one_camera(camera, judged[number], person.joints)
                if one is not None:
                    everything.add(*one)
    show("single cameras against the joints that the other three cameras give", everything.grouped(), bins=True)
    names = everything.grouped()
    print("\nthe reference's own uncertainty: median and 90 % of |three cameras - four cameras|, degrees")
    for name in names:
        values = np.abs(np.concatenate([each[key] for each in spread for key in each if key.endswith(name)]))
        values = values[np.isfinite(values)]
        if len(values):
            print(f"{name:24}{np.median(values):6.1f} {np.quantile(values, 0.9):6.1f}")


def detected(folder: Path, recordings: Path | None) -> None:
    """The default model on rendered workers, the camera known exactly; `recordings`: of the clips, by their names."""
    model = model_of(PoseSettings())
    if recordings is None:
        model.load()
    tally = Tally()
    for scene in clips(folder):
        stem, number = scene.name.split(" ")
        name, step = f"{stem}_c{number}", round(CLIP_RATE / RATE)
        if recordings is None:
            frames = _skeletons(folder / f"{name}.mp4", model, CLIP_RATE, step)
        else:
            with open_recording(recordings / f"{name}.avro") as recording:
                frames = list(recording)[: len(scene.joints) * step : step]
        joints, ground = scene.joints, Ground.of(scene.view, *scene.size)
        follower, found, kept = Follower(ground), [], []
        for index, (pose, true, at) in enumerate(zip(frames, scene.points, scene.visible, strict=False)):
            row = _nearest(pose.keypoints, true, (at > 0) & np.isfinite(true).all(axis=1), scene.stature[index])
            if row is not None and pose.deviations is not None:
                inputs = (each[row] for each in (pose.keypoints, pose.confidences, pose.deviations))
                found.append(follower.see(pose.captured_at, *inputs))
                kept.append(index)
        if found:
            tally.add(joined(found), body_angles_3d(joints[kept]), scene.yaw[kept], scene.pitch[kept])
    show("default model on rendered workers, camera exact", tally.grouped(), bins=True)


def errors(coco: Path) -> None:
    """How the errors of the two ends of a segment go together, on photographs, in standard deviations."""
    model = model_of(PoseSettings())
    model.load()
    labels = read_labels(coco / "person_keypoints.json", coco / "images")
    people = predict_all(model, labels)
    for name, pairs in SEGMENTS.items():
        found = []
        for image, detections in zip(labels.images, people, strict=True):
            if detections.deviations is None:
                continue
            for row, person in match_people(image.people, detections):
                off = detections.keypoints[row] - person.keypoints
                off = np.clip(off / detections.deviations[row][:, None], -3, 3)
                sure = (detections.confidences[row] >= CALIBRATED.torso) & (person.visibility > 0)
                found += [np.stack([off[first], off[last]]) for first, last in pairs if sure[first] and sure[last]]
        one, other = np.stack(found, axis=1)
        together = (one * other).mean() / np.sqrt((one**2).mean() * (other**2).mean())
        print(f"{name:10} {len(found):4} segments: correlation {together:.2f}")


def _nearest(found: np.ndarray, true: np.ndarray, known: np.ndarray, size: float) -> int | None:
    """Whose keypoints (N, 17, 2) px are where (17, 2) px are."""
    if not len(found) or not known.any():
        return None
    off = np.median(np.linalg.norm(found[:, known] - true[known], axis=-1), axis=1)
    best = int(np.argmin(off))
    return best if off[best] < 0.1 * size else None


def _one_camera(
    camera: Calibrated, frames: Sequence[PoseFrame], joints: np.ndarray
) -> tuple[BodyAngles, BodyAngles, np.ndarray, np.ndarray] | None:
    """(found, true, yaw, pitch) of one person in one camera; None where the camera does not have them."""
    view = camera.view(frames[0].width, frames[0].height)
    ground = Ground.of(view, frames[0].width, frames[0].height)
    follower, found, kept = Follower(ground), [], []
    for index, (pose, solid) in enumerate(zip(frames, joints, strict=False)):
        row = _row(camera, pose, solid)
        if row is None or pose.deviations is None:
            continue
        inputs = (each[row] for each in (pose.keypoints, pose.confidences, pose.deviations))
        found.append(follower.see(from_seconds(index * STEP / RING_RATE), *inputs))
        kept.append(index)
    if not found:
        return None
    solid = joints[kept]
    yaw, pitch = look(solid, camera.place)
    return joined(found), body_angles_3d(solid), yaw, pitch


def _row(camera: Calibrated, pose: PoseFrame, solid: np.ndarray) -> int | None:
    """Whose skeleton is where the person is."""
    if not np.isfinite(solid).any() or not len(pose):
        return None
    expected = camera.project(solid)
    known = np.isfinite(expected).all(axis=1)
    size = np.ptp(expected[known], axis=0).max()
    off = [np.median(np.linalg.norm(camera.flat(points)[known] - expected[known], axis=1)) for points in pose.keypoints]
    best = int(np.argmin(off))
    return best if off[best] < 0.1 * size else None


def _differences(one: np.ndarray, other: np.ndarray) -> dict[str, np.ndarray]:
    first, second = body_angles_3d(one), body_angles_3d(other)
    return {name: angles.value - getattr(second, name).value for name, angles in first.items()}


def _gap(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.nanmedian(np.linalg.norm(one - other, axis=-1)))


def _yolo(file: Path) -> PoseModel:
    model = model_of(PoseSettings(model="yolo", file=file, input_size=640))
    model.load()
    return model


def _skeletons(clip: Path, model: PoseModel, rate: float = RING_RATE, step: int = STEP) -> list[PoseFrame]:
    """Every `step`-th frame, posed."""
    capture, frames, number = cv2.VideoCapture(str(clip)), [], 0
    while True:
        read, image = capture.read()
        if not read:
            break
        if number % step == 0:
            people = model.predict([np.asarray(image, np.uint8)])[0]
            at = from_seconds(number / rate)
            frames.append(PoseFrame(
                clip.stem, 0, number, at, at, at, image.shape[1], image.shape[0], model.name, people.boxes,
                people.scores, people.keypoints, people.confidences, deviations=people.deviations,
            ))  # fmt: skip
        number += 1
    capture.release()
    return frames
