"""What decoding a JPEG at the size that the model needs gains in time, and what it does to accuracy.

    pip install pycocotools
    python benchmarks/pose_decode.py COCO_FOLDER [--sides 1280 1920 3840] [--asked 384]

COCO_FOLDER holds `person_keypoints.json` (COCO keypoint annotations) and `images/`. Each image is enlarged until its
longer side has so many px and encoded as the product does. Then it is read once as the pose worker reads it and once at
full size, and goes through the default model both times: AP by pycocotools, and the median time to decode, in turns.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spotter.core.contracts import Frame
from spotter.core.settings import PoseSettings
from spotter.core.wire.codec import JPEG_QUALITY
from spotter.pose.models import PoseModel, create_model
from spotter.pose.pictures import Picture, read_picture

MOST_PEOPLE = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="person_keypoints.json and images/")
    parser.add_argument("--sides", type=int, nargs="+", default=[1280, 1920, 3840], help="long side of the JPEG, px")
    parser.add_argument("--asked", type=int, help="px of the input to decode for; by default the model's")
    options = parser.parse_args()

    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(options.folder / "person_keypoints.json"))
    size = PoseSettings().input_size
    model = create_model(PoseSettings().model, device="cpu", input_size=size, min_score=0.01, max_people=MOST_PEOPLE)
    model.load()
    print(f"{len(truth.imgs)} images, {model.name} at {size} px")
    print(f"{'JPEG':>5} {'read at':>8} {'ms whole':>9} {'ms read':>8} {'ratio':>6} {'AP whole':>9} {'AP read':>8}")
    for side in options.sides:
        print(compare(truth, options.folder / "images", model, side, options.asked or model.input_size))


def compare(truth: Any, folder: Path, model: PoseModel, side: int, asked: int) -> str:
    """One row."""
    results: dict[str, list[dict[str, Any]]] = {"whole": [], "read": []}
    seconds: dict[str, list[float]] = {"whole": [], "read": []}
    read_at = 0
    for number, entry in truth.imgs.items():
        original = cv2.imread(str(folder / entry["file_name"]))
        large = enlarged(original, side)
        data = cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
        frame = Frame("bench", 1, 0, 0, 0, original.shape[1], original.shape[0], data)
        for kind, input_size in (("whole", side), ("read", asked)):
            begun = time.perf_counter()
            picture = read_picture(frame, input_size)
            seconds[kind].append(time.perf_counter() - begun)
            results[kind] += people_of(model, picture, number)
        read_at = max(read_at, *picture.image.shape[:2])
    whole, read = (1000 * statistics.median(seconds[kind]) for kind in ("whole", "read"))
    accuracy = [average_precision(truth, results[kind]) for kind in ("whole", "read")]
    return f"{side:5} {read_at:8} {whole:9.1f} {read:8.1f} {whole / read:6.1f} {accuracy[0]:9.1f} {accuracy[1]:8.1f}"


def enlarged(image: np.ndarray[Any, Any], side: int) -> np.ndarray[Any, Any]:
    scale = side / max(image.shape[:2])
    width, height = round(image.shape[1] * scale), round(image.shape[0] * scale)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)


def people_of(model: PoseModel, picture: Picture, number: int) -> list[dict[str, Any]]:
    """COCO results, in pixels of the original image."""
    (people,) = model.predict([picture.image])
    points = people.keypoints * np.array([picture.scale_x, picture.scale_y], np.float32)
    triples = np.concatenate([points, np.ones((len(points), points.shape[1], 1), np.float32)], axis=2)
    return [
        {"image_id": number, "category_id": 1, "keypoints": each.ravel().tolist(), "score": float(score)}
        for each, score in zip(triples, people.scores, strict=True)
    ]


def average_precision(truth: Any, results: list[dict[str, Any]]) -> float:
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(results), "keypoints")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return 100 * float(evaluation.stats[0])


if __name__ == "__main__":
    main()
