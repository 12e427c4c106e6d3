"""The figures of `spotter models list`: COCO AP on labelled images, and processor time of one 640x480 picture.

    pip install pycocotools
    python benchmarks/pose_cards.py COCO_FOLDER MODEL[@SIZE][=FILE] ... [--runs 30]

For example movenet-multipose@384 yolo11n-pose@640=yolo11n-pose.onnx.

COCO_FOLDER holds `person_keypoints.json` and `images/`. Time is `predict` (scaling, network, decoding) on one thread of
the CPU, in processor time, so that a busy machine disturbs it little; the median of the runs, models taking turns.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from spotter.core.contracts import Image
from spotter.pose.evaluation.readers import read_labels
from spotter.pose.evaluation.run import predict_all, read_image
from spotter.pose.evaluation.score import MAX_PEOPLE, score
from spotter.pose.models import PoseModel, create_model

LOW_SCORE = 0.01
"""AP looks at the whole curve."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="person_keypoints.json and images/")
    parser.add_argument("models", nargs="+", metavar="MODEL[@SIZE][=FILE]")
    parser.add_argument("--runs", type=int, default=30)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    labels = read_labels(options.folder / "person_keypoints.json", options.folder / "images")
    models = {text.partition("=")[0]: open_model(text) for text in options.models}
    frame = np.asarray(cv2.resize(read_image(labels.images[0]), (640, 480)), np.uint8)
    times = milliseconds(models, frame, options.runs)
    print(f"{len(labels.images)} images, {labels.people} labelled people")
    columns = " ".join(f"{name:>5}" for name in ("AP50", "AP75", "AP_M", "AP_L"))
    print(f"{'model':<28} {'AP':>5} {'95 % interval':>14} {columns} {'ms, 1 core':>11}")
    for name, model in models.items():
        total, _ = score(labels, predict_all(model, labels))
        low, high = total.interval or (float("nan"), float("nan"))
        figures = " ".join(f"{value or 0:5.1f}" for value in (total.ap50, total.ap75, total.medium, total.large))
        print(f"{name:<28} {total.ap:5.1f} {f'{low:.1f} to {high:.1f}':>14} {figures} {times[name]:11.1f}")


def open_model(text: str) -> PoseModel:
    name, _, file = text.partition("=")
    name, _, size = name.partition("@")
    model = create_model(
        name,
        device="cpu",
        input_size=int(size or 384),
        threads=1,
        min_score=LOW_SCORE,
        max_people=MAX_PEOPLE,
        file=Path(file) if file else None,
    )
    model.load()
    return model


def milliseconds(models: dict[str, PoseModel], frame: Image, runs: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(runs):
        for name, model in models.items():
            begun = time.process_time()
            model.predict([frame])
            taken[name].append(time.process_time() - begun)
    return {name: 1000 * float(np.median(values)) for name, values in taken.items()}


if __name__ == "__main__":
    main()
