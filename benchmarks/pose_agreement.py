"""How closely YOLO-pose models in Spotter agree with `ultralytics`' own `predict`, on the same files and pictures.

    python benchmarks/pose_agreement.py --images COCO_FOLDER/images --peer-python OTHER_ENV/bin/python
        [--model yolo11n-pose.onnx] [--clips FOLDER] [--every 100] [--only NAME] [--golden FILE.npz]

`--peer-python` belongs to an environment with ultralytics (AGPL-3.0), onnx, onnxruntime and onnxslim. It builds v8, 11
and 26 from the library's own architecture files with random weights (nothing is downloaded), scaled so that scores,
boxes and keypoints are spread, and exports each in the ways of `EXPORTS`. `--model` adds a file with real weights, on
every image and every `--every`th frame of the clips. Printed for each file: people, the largest differences of boxes
and keypoints in px and of scores, and people that only one side has. Ends with 1 when a file is beyond the limits.
`.pt` files run in the other environment on both sides.

`--golden` writes outputs of two random networks and what `predict` makes of them, for tests/pose/test_yolo.py.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

from peers import Peer
from spotter.core.contracts import FloatArray, Image
from spotter.pose.letterbox import fill
from spotter.pose.models.yolo import YoloOnnx
from spotter.pose.models.yolo_decode import NMS_IOU, YoloLimits

EXPORTS: dict[str, dict[str, Any]] = {
    "fixed": {"imgsz": 320},
    "dynamic": {"imgsz": 320, "dynamic": True},
    "wide": {"imgsz": [256, 384]},
    "batch2": {"imgsz": 256, "batch": 2},
    "opset12": {"imgsz": 256, "opset": 12, "simplify": False},
    "opset20": {"imgsz": 256, "opset": 20},
    "half": {"imgsz": 320, "quantize": 16},
    "half-input": {"imgsz": 320, "half_input": True},
    "nms": {"imgsz": 320, "nms": True, "conf": 0.25, "iou": 0.7, "max_det": 300},
    "nms-dynamic": {"imgsz": 320, "nms": True, "dynamic": True, "conf": 0.25, "iou": 0.7, "max_det": 300},
}
END_TO_END: dict[str, dict[str, Any]] = {
    "e2e": {"imgsz": 320, "nms": False},
    "e2e-dynamic": {"imgsz": 320, "nms": False, "dynamic": True},
    "e2e-half": {"imgsz": 320, "nms": False, "quantize": 16},
    "e2e-half-input": {"imgsz": 320, "nms": False, "half_input": True},
    "e2e-opset13": {"imgsz": 256, "nms": False, "opset": 13},
}
"""Of the families that have an NMS-free head."""

CHECKPOINT: dict[str, dict[str, Any]] = {"pt": {"imgsz": 320}}

FAMILIES = (
    ("yolov8n-pose.yaml", ("person",), EXPORTS | CHECKPOINT),
    ("yolo11n-pose.yaml", ("person",), EXPORTS | CHECKPOINT),
    ("yolo26n-pose.yaml", ("person",), EXPORTS | END_TO_END | CHECKPOINT),
    (
        "yolo26n-pose.yaml",
        ("dog", "person", "cart"),
        {name: END_TO_END[name] for name in ("e2e",)} | {"fixed": EXPORTS["fixed"]},
    ),
)

MOST_PX = 1.0
MOST_SCORE = 0.01
MOST_OVERLAP = 0.01
MIN_SCORE = 0.25

FIELDS = ("boxes", "keypoints", "scores", "confidences")
GOLDEN_SIZE = 128


@dataclass(frozen=True, slots=True)
class Case:
    """A file, the input size that it was exported with, and more arguments of the library's `predict`."""

    file: Path
    size: int | list[int]
    more: dict[str, Any]

    @property
    def long_side(self) -> int:
        return max(self.size) if isinstance(self.size, list) else self.size


@dataclass(frozen=True, slots=True)
class Difference:
    """Largest differences over all people, px and score, and the people that only one side has.

    Those within `MOST_SCORE` of the score's threshold, or whose overlap with another person is within `MOST_OVERLAP`
    of the suppression's, may be on either side of it and are not counted.
    """

    people: int
    boxes: float
    keypoints: float
    scores: float
    confidences: float
    lone: int

    @property
    def agrees(self) -> bool:
        return max(self.boxes, self.keypoints) <= MOST_PX and self.scores <= MOST_SCORE and not self.lone


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--peer-python", type=Path, required=True)
    parser.add_argument("--only", default="", help="of the random networks, those whose name holds this; none for none")
    parser.add_argument("--model", type=Path, help="ONNX file with real weights, run at 640 px")
    parser.add_argument("--clips", type=Path, help="folder of videos, for --model")
    parser.add_argument("--every", type=int, default=100, help="frames of the clips from one that is taken to the next")
    parser.add_argument("--pictures", type=int, default=8, help="pictures for the random networks")
    parser.add_argument("--golden", type=Path, help="write this file and do nothing else")
    options = parser.parse_args()
    images = sorted(options.images.glob("*.jpg"))
    with tempfile.TemporaryDirectory() as temporary, Peer(options.peer_python) as peer:
        folder = Path(temporary)
        if options.golden is not None:
            write_golden(peer, folder, images, options.golden)
            return
        print(peer.ask("version"))
        columns = f"{'people':>7} {'boxes px':>9} {'keyp. px':>9} {'scores':>8} {'conf.':>8} {'lone':>5}"
        print(f"{'file':<34} {'pictures':>8} {columns}")
        every = [(case, images[: options.pictures]) for case in random_files(peer, folder, images[:4], options.only)]
        if options.model is not None:
            frames = list(clip_frames(options.clips, folder, options.every)) if options.clips else []
            copy = with_metadata(options.model, folder / options.model.name)
            every.append((Case(copy, 640, {}), images + frames))
        agree = [report(case, pictures, compare(peer, case, pictures)) for case, pictures in every]
    sys.exit(0 if all(agree) else 1)


def report(case: Case, pictures: Sequence[Path], found: Difference) -> bool:
    figures = f"{found.boxes:>9.4f} {found.keypoints:>9.4f} {found.scores:>8.5f} {found.confidences:>8.5f}"
    verdict = "" if found.agrees else "  beyond the limits"
    print(f"{case.file.name:<34} {len(pictures):>8} {found.people:>7} {figures} {found.lone:>5}{verdict}", flush=True)
    return found.agrees


def random_files(peer: Peer, folder: Path, images: Sequence[Path], only: str) -> Iterator[Case]:
    for architecture, classes, exports in FAMILIES:
        stem = f"{Path(architecture).stem}-{len(classes)}"
        wanted = {name: arguments for name, arguments in exports.items() if only in f"{stem}-{name}:"}
        if wanted:
            yield from build(peer, folder, images, architecture, classes, wanted)


def build(
    peer: Peer,
    folder: Path,
    images: Sequence[Path],
    architecture: str,
    classes: Sequence[str],
    exports: Mapping[str, dict[str, Any]],
) -> Iterator[Case]:
    """A network with random weights, exported in several ways; "pt" is its checkpoint."""
    files = peer.ask(
        "build",
        architecture=architecture,
        classes=list(classes),
        folder=str(folder),
        images=[str(image) for image in images],
        exports={name: arguments for name, arguments in exports.items() if name not in CHECKPOINT},
    )
    for name, arguments in exports.items():
        more: dict[str, Any] = {} if len(classes) == 1 else {"classes": [classes.index("person")]}
        yield Case(Path(files["checkpoint" if name in CHECKPOINT else name]), arguments["imgsz"], more)


def compare(peer: Peer, case: Case, pictures: Sequence[Path]) -> Difference:
    names = [str(picture) for picture in pictures]
    theirs = case.file.with_suffix(".theirs.npz")
    order = {"model": str(case.file), "images": names, "imgsz": case.size, "conf": MIN_SCORE}
    peer.ask("predict", out=str(theirs), iou=NMS_IOU, **order, **case.more)
    if case.file.suffix == ".pt":
        ours = case.file.with_suffix(".ours.npz")
        peer.ask("spotter", out=str(ours), **order)
        found = load(ours, len(pictures))
    else:
        model = YoloOnnx("yolo", case.file, input_size=case.long_side, limits=YoloLimits(MIN_SCORE, 300))
        model.load()
        found = [{name: getattr(model.predict([read(picture)])[0], name) for name in FIELDS} for picture in pictures]
    expected = load(theirs, len(pictures))
    parts = [differ(*each) for each in zip(found, expected, map(read, pictures), strict=True)]
    return Difference(
        sum(part.people for part in parts),
        *(max(getattr(part, name) for part in parts) for name in FIELDS),
        sum(part.lone for part in parts),
    )


def load(file: Path, pictures: int) -> list[dict[str, FloatArray]]:
    with np.load(file) as stored:
        return [{name: stored[f"{number}/{name}"] for name in FIELDS} for number in range(pictures)]


def differ(ours: Mapping[str, FloatArray], theirs: Mapping[str, FloatArray], image: Image) -> Difference:
    """Each of theirs with the nearest of ours that has about the same score."""
    height, width = image.shape[:2]
    ours = {**ours, "keypoints": ours["keypoints"].clip(0, [width, height])}  # as theirs are
    free = set(range(len(ours["scores"])))
    worst = dict.fromkeys(FIELDS, 0.0)
    lone = 0
    for index, score in enumerate(theirs["scores"]):
        far = {
            each: float(
                np.abs(ours["boxes"][each] - theirs["boxes"][index]).max() + 100 * abs(ours["scores"][each] - score)
            )
            for each in free
        }
        best = min(far, key=far.__getitem__, default=None)
        if best is None or far[best] > 10 * MOST_PX:
            lone += score > MIN_SCORE + MOST_SCORE and not on_the_edge(theirs["boxes"][index], ours["boxes"])
            continue
        free.remove(best)
        for name in FIELDS:
            worst[name] = max(worst[name], float(np.abs(ours[name][best] - theirs[name][index]).max()))
    lone += sum(
        ours["scores"][each] > MIN_SCORE + MOST_SCORE and not on_the_edge(ours["boxes"][each], theirs["boxes"])
        for each in free
    )
    return Difference(len(theirs["scores"]), *worst.values(), int(lone))


def on_the_edge(box: FloatArray, others: FloatArray) -> bool:
    """Whether rounding decides if suppression keeps `box` beside one of `others`."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.maximum(sides, 0).prod(1)
    areas = (others[:, 2:] - others[:, :2]).prod(1) + (box[2:] - box[:2]).prod()
    return bool((np.abs(shared / np.maximum(areas - shared, 1e-9) - NMS_IOU) < MOST_OVERLAP).any())


def with_metadata(file: Path, target: Path) -> Path:
    """A copy that tells ultralytics what it is; own exports may lack that."""
    import onnx

    model = onnx.load(str(file))
    if not model.metadata_props:
        stated = {
            "task": "pose",
            "stride": "32",
            "batch": "1",
            "imgsz": "[640, 640]",
            "names": "{0: 'person'}",
            "kpt_shape": "[17, 3]",
        }
        onnx.helper.set_model_props(model, {**stated, "args": "{'dynamic': True}", "channels": "3"})
        onnx.save(model, str(target))
    else:
        shutil.copyfile(file, target)
    return target


def write_golden(peer: Peer, folder: Path, images: Sequence[Path], target: Path) -> None:
    """One picture through two random networks: the output on the input that Spotter makes, and the people in it."""
    stored: dict[str, FloatArray] = {}
    for architecture, name, more in (("yolov8n-pose.yaml", "raw", {}), ("yolo26n-pose.yaml", "final", {"nms": False})):
        exports = {name: {"imgsz": GOLDEN_SIZE, **more}}
        (case,) = build(peer, folder, images[:4], architecture, ("person",), exports)
        compare(peer, case, images[:1])
        (expected,) = load(case.file.with_suffix(".theirs.npz"), 1)
        session = onnxruntime.InferenceSession(str(case.file), providers=["CPUExecutionProvider"])
        image = read(images[0])
        canvas = np.empty((GOLDEN_SIZE, GOLDEN_SIZE, 3), np.uint8)
        fill(image, GOLDEN_SIZE, GOLDEN_SIZE).draw(image, canvas)
        batch = np.ascontiguousarray(canvas[..., ::-1].transpose(2, 0, 1)[None]) / np.float32(255)
        stored[f"{name}/output"] = session.run(None, {"images": batch})[0]
        stored[f"{name}/size"] = np.array(image.shape[1::-1], np.float32)
        stored.update({f"{name}/{field}": expected[field] for field in FIELDS})
    np.savez_compressed(target, **stored)


def clip_frames(clips: Path, folder: Path, every: int) -> Iterator[Path]:
    for clip in sorted(path for path in clips.rglob("*") if path.suffix in (".mp4", ".avi")):
        video = cv2.VideoCapture(str(clip))
        number = 0
        while video.grab():
            if number % every == 0:
                picture = folder / f"{clip.stem}-{number:05d}.png"
                cv2.imwrite(str(picture), video.retrieve()[1])
                yield picture
            number += 1


def read(picture: Path) -> Image:
    image = cv2.imread(str(picture))
    assert image is not None, picture
    return np.asarray(image, np.uint8)


if __name__ == "__main__":
    main()
