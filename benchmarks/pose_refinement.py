"""What a second look at each person's crop (MoveNet Thunder) gains, and what it costs.

    python benchmarks/pose_refinement.py accuracy DATA --graph movenet-thunder.json [--base NAME --file FILE --size PX]
    python benchmarks/pose_refinement.py bent DATA --graph movenet-thunder.json [--every 5]
    python benchmarks/pose_refinement.py time DATA --graph movenet-thunder.json [--threads 1]

DATA holds `coco_keypoints/` (images and person_keypoints.json) and `simulated/` (clips with exact keypoints).
`accuracy` is COCO keypoint AP, at most 20 people an image, with the 95 % interval of the paired difference over
resampled images. `bent` is by the true inclination of the trunk: people found (OKS above 0.1), OKS above 0.5, mean OKS
of those found, and the error of the trunk's angle in the picture. `time` lets a frame and crops take turns. Crops are
tried around the middle of the box (what Spotter does), around the hips, and by MoveNet's own rule.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spotter.core.contracts import Image
from spotter.pose.evaluation.readers import read_labels
from spotter.pose.evaluation.run import predict_all, read_image
from spotter.pose.evaluation.score import MAX_PEOPLE, Score, resampled_ap, score
from spotter.pose.models import Detections, PoseModel, create_model
from spotter.pose.models.crops import MARGIN, Squares, around, squares
from spotter.pose.models.refined import Refined
from spotter.pose.models.suppression import COCO_SIGMAS
from spotter.pose.models.tfjs_heads import import_graph
from spotter.pose.models.thunder import HEADS, ThunderCrops
from turns import take_turns

SHOULDERS, HIPS = (5, 6), (11, 12)
BODY_SHARE = 0.53
HIP_CONFIDENCE = 0.2
OURS = f"box, {MARGIN}"


class Remembered:
    """A base model whose answers are kept, so that every kind of crop starts from the same people."""

    def __init__(self, model: PoseModel) -> None:
        self.name, self.device, self.input_size = model.name, model.device, model.input_size
        self._model = model
        self._known: dict[int, list[Detections]] = {}

    def load(self) -> None:
        return None

    def predict(self, images: list[Image]) -> list[Detections]:
        key = hash(images[0].tobytes())
        if key not in self._known:
            self._known[key] = self._model.predict(images)
        return self._known[key]


def around_hips(people: Detections) -> Squares:
    """Around the hips where they are seen, with the box in it."""
    low, high = people.boxes[:, :2], people.boxes[:, 2:]
    seen = (people.confidences[:, list(HIPS)] > HIP_CONFIDENCE).any(1, keepdims=True)
    middles = np.where(seen, np.clip(people.keypoints[:, list(HIPS)].mean(1), low, high), (low + high) / 2)
    return around(middles, people.boxes, 1.1)


def as_movenet(people: Detections) -> Squares:
    """MoveNet's own rule: around the hips, 1.9 times the torso's reach or 1.2 times the body's, the larger one."""
    places = squares(people)
    for person, (points, sure) in enumerate(zip(people.keypoints, people.confidences > HIP_CONFIDENCE, strict=True)):
        if sure[list(HIPS)].any() and sure[list(SHOULDERS)].any():
            middle = points[list(HIPS)].mean(0)
            far = np.abs(points - middle).max(1)
            torso = far[[joint for joint in (*SHOULDERS, *HIPS) if sure[joint]]].max()
            reach = max(1.9 * torso, 1.2 * far[sure].max(), 8)
            places[person] = *np.round(middle - reach), np.ceil(2 * reach)
    return places


CROPS: Mapping[str, Callable[[Detections], Squares]] = {
    OURS: squares,
    "hips, 1.1": around_hips,
    "MoveNet's rule": as_movenet,
}

ONLY: Mapping[str, Callable[[Detections], np.ndarray]] = {
    "people under 200 px": lambda people: (people.boxes[:, 2:] - people.boxes[:, :2]).max(1) < 200,
    "people over 100 px": lambda people: (people.boxes[:, 2:] - people.boxes[:, :2]).max(1) > 100,
    "mean confidence < 0.4": lambda people: people.confidences.mean(1) < 0.4,
}
"""Rules that would save some of the looks."""


def accuracy(options: argparse.Namespace, graph: Path) -> None:
    folder = options.data / "coco_keypoints"
    labels = read_labels(folder / "person_keypoints.json", folder / "images")
    base = Remembered(base_of(options, min_score=0.01, max_people=MAX_PEOPLE))
    plain = predict_all(base, labels)
    print(f"{base.name} at {base.input_size} px, {len(labels.images)} images, {labels.people} people")
    found = {"base": plain}
    kinds = [(name, place, 256) for name, place in CROPS.items()] + [(f"{OURS}, 192 px crops", squares, 192)]
    for name, place, size in kinds:
        model = Refined(base, crops_of(options, graph, place, size), "thunder", MAX_PEOPLE)
        model.load()
        found[name] = predict_all(model, labels)
    looked = found[OURS]
    for name, chosen in ONLY.items():
        found[f"{OURS}, {name}"] = [only(one, other, chosen(one)) for one, other in zip(plain, looked, strict=True)]
    resampled = {name: resampled_ap(labels, people) for name, people in found.items()}
    for name, people in found.items():
        low, high = np.nanpercentile(resampled[name] - resampled["base"], [2.5, 97.5])
        more = "" if people is plain else f"  difference of AP, 95 %: {low:+.1f} to {high:+.1f}"
        show(name, score(labels, people, resamples=0)[0], more)


def only(plain: Detections, looked: Detections, chosen: np.ndarray) -> Detections:
    """The second look at the chosen people (N,), the first at the others."""
    keypoints = np.where(chosen[:, None, None], looked.keypoints, plain.keypoints)
    return Detections(plain.boxes, plain.scores, keypoints, plain.confidences)


def show(name: str, figures: Score, more: str = "") -> None:
    values = {"AP": figures.ap, "AP50": figures.ap50, "medium": figures.medium, "large": figures.large}
    print(f"{name:33s}" + "".join(f"  {what} {value:4.1f}" for what, value in values.items()) + more)


def bent(options: argparse.Namespace, graph: Path) -> None:
    base = Remembered(base_of(options))
    models: dict[str, PoseModel] = {"base": base}
    for name, place in CROPS.items():
        models[name] = Refined(base, crops_of(options, graph, place, 256), "thunder")
        models[name].load()
    rows: dict[tuple[str, str], list[tuple[float, float | None]]] = {}
    for file in sorted((options.data / "simulated").glob("*.json")):
        clip = json.loads(file.read_text())
        for number, camera in enumerate(clip.get("cameras", ())):
            video = cv2.VideoCapture(str(file.parent / camera["file"]))
            for index, frame in enumerate(clip["frames"]):
                good, image = video.read()
                seen = frame["cams"][number]
                labelled = np.array(seen["vis"]) > 0
                if not good or index % options.every or seen["mask_px"] < 250 or labelled.sum() < 12:
                    continue
                for name, model in models.items():
                    judged = judge(model.predict([image])[0], seen, labelled)
                    rows.setdefault((inclination(clip, frame), name), []).append(judged)
    for (phase, name), people in sorted(rows.items()):
        found = [oks for oks, error in people if error is not None]
        errors = [error for _, error in people if error is not None]
        p50, p90 = np.percentile(errors, [50, 90]) if errors else (np.nan, np.nan)
        print(
            f"{phase:12s} {name:16s} n {len(people):3d}  found {100 * len(found) / len(people):3.0f} %  "
            f"OKS>.5 {100 * np.mean([oks > 0.5 for oks, _ in people]):3.0f} %  mean {np.mean(found or [0]):.2f}  "
            f"trunk p50 {p50:4.1f} p90 {p90:4.1f} deg"
        )


def judge(people: Detections, seen: Mapping[str, Any], labelled: np.ndarray) -> tuple[float, float | None]:
    """Best OKS to the worker, and the error of the trunk's angle in the picture, degrees; None where nobody fits."""
    true = np.array(seen["kp2d"])
    left, top, right, bottom = seen["bbox_full"]
    area = max((right - left) * (bottom - top) * BODY_SHARE, 1)
    squared = ((people.keypoints - true) ** 2).sum(-1)
    oks = np.exp(-squared / (2 * area * (2 * COCO_SIGMAS) ** 2))[:, labelled].mean(1)
    if not len(oks) or oks.max() <= 0.1:
        return 0.0, None
    error = trunk(people.keypoints[oks.argmax()]) - trunk(true)
    return float(oks.max()), abs((error + 180) % 360 - 180)


def trunk(points: np.ndarray) -> float:
    """Angle of the trunk to the picture's vertical, degrees."""
    up = points[list(SHOULDERS)].mean(0) - points[list(HIPS)].mean(0)
    return float(np.degrees(np.arctan2(up[0], -up[1])))


def inclination(clip: Mapping[str, Any], frame: Mapping[str, Any]) -> str:
    events = clip["events"]
    if "impact" in events:
        if frame["t"] >= events["impact"]:
            return "lying"
        if frame["t"] >= events["fall_onset"] + 0.25:
            return "falling"
    angle = frame["angles"]["trunk_inclination"]
    return "0-20 deg" if angle < 20 else "20-45 deg" if angle < 45 else "45-70 deg" if angle < 70 else "70- deg"


def times(options: argparse.Namespace, graph: Path) -> None:
    folder = options.data / "coco_keypoints"
    labels = read_labels(folder / "person_keypoints.json", folder / "images")
    base = base_of(options)
    image = max((read_image(one) for one in labels.images), key=lambda one: len(base.predict([one])[0]))
    people = base.predict([image])[0]
    crops = {size: crops_of(options, graph, squares, size) for size in (256, 192)}
    for each in crops.values():
        each.load()
    contestants = {"frame": (1, lambda: base.predict([image]))} | {
        f"crop of {size} px": (len(people), lambda each=each: each.poses(image, people)) for size, each in crops.items()
    }
    taken = take_turns(contestants, options.rounds)
    print(f"{base.name} at {base.input_size} px, {options.threads} thread(s), {len(people)} people")
    for name, each in taken.items():
        ratio = each.processor_ms / taken["frame"].processor_ms
        print(f"{name:16s} {each.wall_ms:6.1f} ms, {each.processor_ms:6.1f} ms of processor, {ratio:.2f} of a frame")


def base_of(options: argparse.Namespace, **limits: float) -> PoseModel:
    model = create_model(
        options.base, file=options.file, input_size=options.size, threads=options.threads, device="cpu", **limits
    )
    model.load()
    return model


def crops_of(
    options: argparse.Namespace, graph: Path, place: Callable[[Detections], Squares], size: int
) -> ThunderCrops:
    return ThunderCrops(graph, size=size, threads=options.threads, place=place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("accuracy", "bent", "time"))
    parser.add_argument("data", type=Path, help="folder of coco_keypoints/ and simulated/")
    parser.add_argument("--graph", type=Path, required=True, help="movenet-thunder.json, with its .bin beside it")
    parser.add_argument("--base", default="movenet-multipose")
    parser.add_argument("--file", type=Path, help="model file of the base, where it is not shipped")
    parser.add_argument("--size", type=int, default=384, help="input of the base, px")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=int, default=5, help="bent: every so-manieth frame")
    parser.add_argument("--rounds", type=int, default=15, help="time: turns of each")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "movenet-thunder.onnx"
        import_graph(HEADS, options.graph, graph)
        {"accuracy": accuracy, "bent": bent, "time": times}[options.what](options, graph)


if __name__ == "__main__":
    main()
