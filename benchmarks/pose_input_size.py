"""Accuracy and time of the default pose model by input size: COCO keypoint AP, and ms per 640x480 frame on the CPU.

    pip install pycocotools
    python benchmarks/pose_input_size.py COCO_FOLDER [--sizes 256 320 384 512] [--runs 30]

COCO_FOLDER holds `person_keypoints.json` (COCO keypoint annotations) and `images/`. AP is pycocotools' keypoint AP
over the images named there, at most 20 people an image. Times are medians; sizes and thread counts take turns, so that
a busy moment of the machine hits all alike.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from pathlib import Path

import cv2
import numpy as np

from spotter.core.contracts import Image
from spotter.pose.models import create_model
from spotter.pose.models.movenet_maps import MODEL_NAME


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="person_keypoints.json and images/")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 320, 384, 512], help="long side of the input, px")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--runs", type=int, default=30, help="timed runs of each size and thread count")
    options = parser.parse_args()

    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(options.folder / "person_keypoints.json"))
    images = {
        number: cv2.imread(str(options.folder / "images" / entry["file_name"])) for number, entry in truth.imgs.items()
    }
    accuracy = {size: average_precision(truth, images, size) for size in options.sizes}
    times = milliseconds(frame_of(images), options.sizes, options.threads, options.runs)

    print(f"{len(images)} images, {sum(a['num_keypoints'] > 0 for a in truth.anns.values())} labelled people")
    columns = "".join(f"{f'ms, {threads} thr.':>12}" for threads in options.threads)
    print(f"{'input':>5} {'AP':>6} {'AP50':>6} {'AP_M':>6} {'AP_L':>6}{columns}")
    for size in options.sizes:
        ap, ap50, medium, large = accuracy[size]
        row = "".join(f"{times[size, threads]:12.1f}" for threads in options.threads)
        print(f"{size:>5} {ap:6.1f} {ap50:6.1f} {medium:6.1f} {large:6.1f}{row}")


def average_precision(truth: object, images: dict[int, Image], size: int) -> tuple[float, float, float, float]:
    """AP, AP50, AP of medium and of large people, in percent."""
    from pycocotools.cocoeval import COCOeval

    model = create_model(MODEL_NAME, device="cpu", input_size=size, min_score=0.01, max_people=20)
    model.load()
    results = []
    for number, image in images.items():
        (people,) = model.predict([image])
        for points, score in zip(people.keypoints, people.scores, strict=True):
            triples = np.concatenate([points, np.ones((17, 1))], axis=1).ravel()
            results.append({"image_id": number, "category_id": 1, "keypoints": triples.tolist(), "score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(results), "keypoints")  # type: ignore[attr-defined]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    ap, ap50, _, medium, large = (100 * float(value) for value in evaluation.stats[:5])
    return ap, ap50, medium, large


def frame_of(images: dict[int, Image]) -> Image:
    """A 640x480 picture with people in it."""
    return cv2.resize(next(iter(images.values())), (640, 480)).astype(np.uint8)


def milliseconds(frame: Image, sizes: list[int], threads: list[int], runs: int) -> dict[tuple[int, int], float]:
    """Median time of `predict` on one frame (scaling, network and decoding), by size and thread count."""
    models = {
        (size, count): create_model(MODEL_NAME, device="cpu", input_size=size, threads=count)
        for size in sizes
        for count in threads
    }
    for model in models.values():
        model.load()
    taken: dict[tuple[int, int], list[float]] = {key: [] for key in models}
    for _ in range(runs):
        for key, model in models.items():
            begun = time.perf_counter()
            model.predict([frame])
            taken[key].append(time.perf_counter() - begun)
    return {key: 1000 * float(np.median(values)) for key, values in taken.items()}


if __name__ == "__main__":
    main()
