"""What a calibrated model does to trunk intervals, on simulated workers whom the calibration never saw.

    python benchmarks/calibration.py FOLDER          # with coco_keypoints/ and simulated/

For each motion a calibration is fitted on COCO images and on all other motions, and the motion's three cameras go
through the whole assessment twice: with raw confidences and a fixed noise (as without a calibration), and with
calibrated confidences and the keypoints' own deviations. The camera's pitch is known to two degrees. Both see the same
detections; the truth is exact.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from spotter.core.clock import from_seconds
from spotter.core.contracts import PoseFrame, Status
from spotter.core.parameters import RuleParameters, ViewParameters
from spotter.core.settings import PoseSettings
from spotter.ergonomics.angles import trunk_view
from spotter.ergonomics.assessment import CameraAssessor
from spotter.pose.calibration.curves import Curves, input_gain, person_sizes
from spotter.pose.calibration.fit import fit
from spotter.pose.calibration.samples import collect, match_people, scene_of
from spotter.pose.evaluation.labels import LabelledImage, LabelledPerson, LabelledSet
from spotter.pose.evaluation.readers import read_labels
from spotter.pose.evaluation.run import predict_all
from spotter.pose.factory import model_of
from spotter.pose.models import Detections, PoseModel

EVERY = 5
"""Every n-th frame is fitted on; all are judged."""

PITCH_SLACK = 2.0

TORSO = [5, 6, 11, 12]


@dataclass
class Clip:
    """One camera of one motion: what the model found, and the truth by frame."""

    motion: str
    fps: float
    images: list[LabelledImage]
    found: list[Detections]
    inclination: list[float]
    pitch: tuple[float, float]


@dataclass
class Tally:
    """What one way of judging came to."""

    apparent: list[bool] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    sigma: list[float] = field(default_factory=list)
    inside: list[bool] = field(default_factory=list)
    too_low: list[bool] = field(default_factory=list)
    half_width: list[float] = field(default_factory=list)
    true: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    unseen: int = 0


def clips(folder: Path, model: PoseModel) -> Iterator[Clip]:
    """Every camera of every motion, posed."""
    for path in track(sorted(folder.glob("*.json")), description="motions", console=Console(stderr=True)):
        truth = json.loads(path.read_text())
        joints = np.array([frame["kp3d"] for frame in truth["frames"]])
        trunk = joints[:, [5, 6]].mean(axis=1) - joints[:, [11, 12]].mean(axis=1)
        inclination = np.degrees(np.arccos(trunk[:, 2] / np.linalg.norm(trunk, axis=1)))
        for number, camera in enumerate(truth["cameras"]):
            video = cv2.VideoCapture(str(folder / camera["file"]))
            images, found = [], []
            for index, frame in enumerate(truth["frames"]):
                read, picture = video.read()
                if not read:
                    raise SystemExit(f"'{camera['file']}' ends before frame {index}")
                size = picture.shape[1], picture.shape[0]
                name = Path(f"{path.stem}-{number * 10_000 + index}")
                images.append(LabelledImage(name, *size, (_person(frame["cams"][number]),)))
                found.extend(model.predict([np.asarray(picture, np.uint8)]))
            yield Clip(path.stem, truth["fps"], images, found, inclination.tolist(), _pitch(joints, camera))


def judge(clip: Clip, curves: Curves | None, input_size: int, tally: Tally) -> None:
    """The clip through the assessment, with or without a calibration."""
    low, high = clip.pitch
    view = ViewParameters(pitch_low_deg=max(low - PITCH_SLACK, -30), pitch_high_deg=min(high + PITCH_SLACK, 90))
    assessor = CameraAssessor("bench", clip.motion, view, RuleParameters())
    for index, (image, people) in enumerate(zip(clip.images, clip.found, strict=True)):
        pose = _pose(image, people, curves, input_size, index, from_seconds(index / clip.fps))
        assessment = assessor.update(pose)
        assert assessment is not None
        pairs = match_people(image.people, people)
        if not pairs:
            continue
        row, person = pairs[0]
        _apparent(pose, row, person, tally)
        angles = [each.trunk_inclination for each in assessment.people if each.index == row]
        if not angles or angles[0].status is Status.NOT_OBSERVABLE:
            tally.unseen += 1
            continue
        angle, true = angles[0], clip.inclination[index]
        tally.inside.append(angle.low <= true <= angle.high)
        tally.too_low.append(true < angle.low)
        tally.half_width.append(angle.half_width)
        tally.true.append(true)
        tally.low.append(angle.low)


def judge_photographs(labels: LabelledSet, found: Sequence[Detections], input_size: int) -> tuple[Tally, Tally]:
    """The angle in the picture of everybody in photographs, each judged by a calibration without that photograph."""
    samples = collect([(labels, found)], input_size)
    raw, calibrated = Tally(), Tally()
    scenes = list(dict.fromkeys(scene_of(image.path.stem) for image in labels.images))
    for index, (image, people) in enumerate(zip(labels.images, found, strict=True)):
        rest = samples.where(samples.scene != scenes.index(scene_of(image.path.stem)))
        for curves, tally in ((None, raw), (fit(rest), calibrated)):
            pose = _pose(image, people, curves, input_size, index, index)
            for row, person in match_people(image.people, people):
                _apparent(pose, row, person, tally)
    return raw, calibrated


def _pose(
    image: LabelledImage, people: Detections, curves: Curves | None, input_size: int, index: int, at: int
) -> PoseFrame:
    """What a camera with or without a calibration would have sent."""
    confidences, deviations = people.confidences, None
    if curves is not None:
        gain = input_gain(image.width, image.height, input_size)
        confidences = curves.probabilities(confidences)
        deviations = curves.deviations(confidences, person_sizes(people.boxes, gain)) * np.float32(gain)
    return PoseFrame(
        "bench", 0, index, at, at, at, image.width, image.height, "bench/1",
        people.boxes, people.scores, people.keypoints, confidences, deviations=deviations,
    )  # fmt: skip


def _apparent(pose: PoseFrame, row: int, person: LabelledPerson, tally: Tally) -> None:
    """Whether the angle in the image lies within the 90 % that its own sigma promises."""
    if not (person.visibility[[5, 6, 11, 12]] > 0).all():
        return
    seen = trunk_view(pose.keypoints, pose.confidences, pose.deviations)
    exact = trunk_view(person.keypoints[None].astype(np.float32), np.ones((1, 17), np.float32))
    if seen.visible[row] and exact.visible[0]:
        error = abs(seen.apparent[row] - exact.apparent[0])
        tally.apparent.append(bool(error <= 1.645 * seen.sigma[row]))
        tally.seen.append(float(exact.apparent[0]))
        tally.sigma.append(float(seen.sigma[row]))


def _person(seen: dict[str, Any]) -> LabelledPerson:
    left, top, right, bottom = seen["bbox_full"]
    box = np.array([left, top, right - left, bottom - top])
    return LabelledPerson(np.array(seen["kp2d"]), np.array(seen["vis"]), box, float(seen["mask_px"]))


def _pitch(joints: np.ndarray, camera: dict[str, Any]) -> tuple[float, float]:
    """Least and greatest pitch of the rays to the trunk, degrees."""
    rotation, shift = np.array(camera["R"], float), np.array(camera["t"], float).reshape(3)
    rays = joints[:, [5, 6, 11, 12]].mean(axis=1) + rotation.T @ shift
    down = np.degrees(np.arcsin(-rays[:, 2] / np.linalg.norm(rays, axis=1)))
    return float(down.min()), float(down.max())


def _some(clip_list: Sequence[Clip], motion: str) -> tuple[LabelledSet, list[Detections]]:
    """Every n-th frame of all motions but one, as a labelled set."""
    rest = [clip for clip in clip_list if clip.motion != motion]
    images = tuple(image for clip in rest for image in clip.images[::EVERY])
    return LabelledSet("COCO", images), [people for clip in rest for people in clip.found[::EVERY]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--input-size", type=int, default=PoseSettings().input_size)
    options = parser.parse_args()
    model = model_of(PoseSettings(device="cpu", threads=1, input_size=options.input_size), calibrated=False)
    model.load()
    coco = options.folder / "coco_keypoints"
    labels = read_labels(coco / "person_keypoints.json", coco / "images")
    people = predict_all(model, labels)
    all_clips = list(clips(options.folder / "simulated", model))
    everything = fit(collect([(labels, people), _some(all_clips, "")], options.input_size))
    for name, part in (("COCO images", (labels, people)), ("simulated workers", _some(all_clips, ""))):
        report_correlation(name, *part, everything, options.input_size)
    raw, calibrated = Tally(), Tally()
    for motion in sorted({clip.motion for clip in all_clips}):
        curves = fit(collect([(labels, people), _some(all_clips, motion)], options.input_size))
        for clip in all_clips:
            if clip.motion == motion:
                judge(clip, None, options.input_size, raw)
                judge(clip, curves, options.input_size, calibrated)
    report(raw, calibrated)
    for name, one in zip(
        ("fixed noise", "calibrated"), judge_photographs(labels, people, options.input_size), strict=True
    ):
        held = f"{sum(one.apparent)} of {len(one.apparent)}"
        print(f"COCO images, {name}: angle in the image within the 90 % interval in {held} people")


def report_correlation(
    name: str, labels: LabelledSet, found: Sequence[Detections], curves: Curves, input_size: int
) -> None:
    """How the errors of left and right go together, in standard deviations, with a bootstrap over images or clips."""
    errors: dict[str, list[np.ndarray]] = {}
    for image, people in zip(labels.images, found, strict=True):
        sizes = person_sizes(people.boxes, gain := input_gain(image.width, image.height, input_size))
        spread = curves.deviations(curves.probabilities(people.confidences), sizes) * gain
        for row, person in match_people(image.people, people):
            if (person.visibility[TORSO] > 0).all():
                error = (people.keypoints[row] - person.keypoints)[TORSO] / spread[row, TORSO, None]
                # Far errors are swaps and other people; they would decide the correlation alone.
                errors.setdefault(scene_of(image.path.stem), []).append(np.clip(error, -3, 3))
    scenes = [np.stack(each) for each in errors.values()]
    draws = np.random.default_rng(0).integers(0, len(scenes), (500, len(scenes)))
    whole = _correlation(np.concatenate(scenes))
    drawn = np.array([_correlation(np.concatenate([scenes[index] for index in draw])) for draw in draws])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    print(f"{name}, {sum(map(len, scenes))} people: correlation of left and right, 95 % interval")
    for index, part in enumerate(("shoulders", "hips")):
        print(f"  {part} {whole[index]:.2f} ({low[index]:.2f} to {high[index]:.2f})")


def _correlation(errors: np.ndarray) -> list[float]:
    """Of the shoulders and of the hips, both axes together: (people, 4, 2), about zero."""
    pairs = ((errors[:, a].ravel(), errors[:, a + 1].ravel()) for a in (0, 2))
    return [float((a * b).mean() / np.sqrt((a * a).mean() * (b * b).mean())) for a, b in pairs]


def report(raw: Tally, calibrated: Tally) -> None:
    table = Table(title="Trunk of simulated workers, calibration fitted without the motion that is judged")
    for column in ("", "fixed noise", "calibrated"):
        table.add_column(column, justify="left" if not column else "right")
    both = (raw, calibrated)

    def row(name: str, values: Sequence[str]) -> None:
        table.add_row(name, *values)

    row("angle in the image: frames", [str(len(one.apparent)) for one in both])
    row("  within the 90 % interval", [f"{np.mean(one.apparent):.3f}" for one in both])
    for low, high in ((0, 30), (30, 70), (70, 180)):
        between = [[low <= angle < high for angle in one.seen] for one in both]
        held = [np.array(one.apparent)[np.array(chosen)] for one, chosen in zip(both, between, strict=True)]
        row(f"    truly {low} to {high} degrees in the image", [f"{_share(hits)} of {hits.size}" for hits in held])
    row("  sigma, degrees, p10 / p50 / p90", [" / ".join(f"{q:.1f}" for q in _spread(one.sigma)) for one in both])
    row("inclination: frames with an interval", [str(len(one.inside)) for one in both])
    row("  not observable", [str(one.unseen) for one in both])
    row("  truth within the interval", [f"{np.mean(one.inside):.3f}" for one in both])
    row("  truth below the interval (proves too much)", [f"{np.mean(one.too_low):.3f}" for one in both])
    row(
        "  half-width, degrees, p10 / p50 / p90",
        [" / ".join(f"{q:.1f}" for q in _spread(one.half_width)) for one in both],
    )
    narrow = [np.array(one.half_width) <= 10.0 for one in both]
    row("  intervals within 10 degrees either way", [str(int(chosen.sum())) for chosen in narrow])
    row(
        "    truth within these",
        [_share(np.array(one.inside)[chosen]) for one, chosen in zip(both, narrow, strict=True)],
    )
    for edge in (20.0, 60.0):
        bent = [np.array(one.true) >= edge for one in both]
        row(f"  truly {edge:.0f} degrees or more: frames", [str(int(chosen.sum())) for chosen in bent])
        row("    proven so", [_share(np.array(one.low)[c] >= edge) for one, c in zip(both, bent, strict=True)])
    Console(width=110).print(table)


def _spread(values: Sequence[float]) -> Sequence[float]:
    return [float(q) for q in np.quantile(values, [0.1, 0.5, 0.9])]


def _share(hits: np.ndarray) -> str:
    return f"{hits.mean():.3f}" if hits.size else "none"


if __name__ == "__main__":
    main()
