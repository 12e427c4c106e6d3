"""Runs peers' trackers on skeleton streams and scores everybody. Run by `tracking.py` in an environment that has them.

Reads an .npz of streams (see `tracking.py`), writes JSON: by stream and tracker HOTA, IDF1, id switches, fragmentations
and seconds. Scores come from the evaluation of the package `trackers`, so that nobody marks their own work.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import supervision
from norfair import Detection
from norfair import Tracker as Norfair
from trackers import ByteTrackTracker, OCSORTTracker
from trackers.eval.clear import compute_clear_metrics
from trackers.eval.hota import compute_hota_metrics
from trackers.eval.identity import compute_identity_metrics

GAP_S = 2.0
"""Everybody may keep a lost person for this long, as the product does."""


def main(source: str) -> None:
    streams = np.load(source)
    report: dict[str, dict[str, dict[str, float]]] = {}
    for name in streams["names"]:
        stream = {key.split("/", 1)[1]: streams[key] for key in streams.files if key.startswith(f"{name}/")}
        report[str(name)] = {
            tracker: score(stream, *run(stream)) for tracker, run in RUNS.items() if f"{tracker}_ids" not in stream
        }
        report[str(name)]["spotter"] = score(stream, split(stream, stream["spotter_ids"]), float(stream["spotter_s"]))
    print(json.dumps(report))


def split(stream: dict[str, np.ndarray], ids: np.ndarray) -> list[np.ndarray]:
    return np.split(ids, np.cumsum(stream["counts"])[:-1])


def bytetrack(stream: dict[str, np.ndarray]) -> tuple[list[np.ndarray], float]:
    fps = float(stream["fps"])
    return _by_boxes(
        stream,
        # Thresholds on the scale of pose scores, as the product's: 0.2 begins a track.
        ByteTrackTracker(
            lost_track_buffer=round(GAP_S * 30), frame_rate=fps, track_activation_threshold=0.2,
            high_conf_det_threshold=0.2, minimum_consecutive_frames=1,
        ),
    )  # fmt: skip


def ocsort(stream: dict[str, np.ndarray]) -> tuple[list[np.ndarray], float]:
    fps = float(stream["fps"])
    return _by_boxes(
        stream,
        OCSORTTracker(
            lost_track_buffer=round(GAP_S * 30), frame_rate=fps, high_conf_det_threshold=0.2,
            minimum_consecutive_frames=1,
        ),
    )  # fmt: skip


def _by_boxes(stream: dict[str, np.ndarray], tracker: object) -> tuple[list[np.ndarray], float]:
    found, spent = [], 0.0
    for boxes, scores in zip(split(stream, stream["boxes"]), split(stream, stream["scores"]), strict=True):
        rows = np.arange(len(boxes))
        detections = supervision.Detections(
            xyxy=boxes, confidence=scores, class_id=np.zeros(len(boxes), int), data={"row": rows}
        )
        begun = time.perf_counter()
        out = tracker.update(detections)  # type: ignore[attr-defined]
        spent += time.perf_counter() - begun
        ids = np.full(len(boxes), -1)
        if len(out):
            ids[np.asarray(out.data["row"], int)] = out.tracker_id
        found.append(ids)
    return found, spent


def norfair(stream: dict[str, np.ndarray]) -> tuple[list[np.ndarray], float]:
    """By keypoints: mean distance in heights of the person, as its own pose demo does."""
    fps = float(stream["fps"])

    def distance(detection: Detection, tracked: object) -> float:
        estimate = tracked.estimate  # type: ignore[attr-defined]
        return float(np.linalg.norm(detection.points - estimate, axis=1).mean() / detection.data[1])

    tracker = Norfair(
        distance_function=distance, distance_threshold=0.4, hit_counter_max=round(GAP_S * fps), initialization_delay=0
    )
    found, spent = [], 0.0
    for points, boxes, scores in zip(
        *(split(stream, stream[key]) for key in ("keypoints", "boxes", "scores")), strict=True
    ):
        tall = np.maximum(boxes[:, 3] - boxes[:, 1], 1)
        detections = [
            Detection(points[i], scores=np.full(17, scores[i]), data=(i, tall[i]))
            for i in range(len(points))
            if scores[i] >= 0.2
        ]
        begun = time.perf_counter()
        active = tracker.update(detections)
        spent += time.perf_counter() - begun
        ids = np.full(len(points), -1)
        for one in active:
            last = one.last_detection
            if any(last is detection for detection in detections):
                ids[last.data[0]] = one.id
        found.append(ids)
    return found, spent


def score(stream: dict[str, np.ndarray], ids: list[np.ndarray], seconds: float) -> dict[str, float]:
    truth_ids = np.split(stream["people"], np.cumsum(stream["people_counts"])[:-1])
    truth_boxes = np.split(stream["people_boxes"], np.cumsum(stream["people_counts"])[:-1])
    truth, given, alike = [], [], []
    for people, boxes, found, all_ids in zip(truth_ids, truth_boxes, split(stream, stream["boxes"]), ids, strict=True):
        kept = all_ids >= 0
        truth.append(people)
        given.append(all_ids[kept])
        alike.append(overlap(boxes, found[kept]))
    number = {one: index for index, one in enumerate(np.unique(np.concatenate(given)))}
    given = [np.array([number[one] for one in row], int) for row in given]
    hota, clear = compute_hota_metrics(truth, given, alike), compute_clear_metrics(truth, given, alike)
    identity = compute_identity_metrics(truth, given, alike)
    return {
        "HOTA": float(np.mean(hota["HOTA"])),
        "AssA": float(np.mean(hota["AssA"])),
        "IDF1": float(identity["IDF1"]),
        "IDSW": float(clear["IDSW"]),
        "Frag": float(clear["Frag"]),
        "skeletons_per_s": len(stream["boxes"]) / seconds,
    }


def overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), -1)
    areas = [np.prod(each[:, 2:] - each[:, :2], -1) for each in (a, b)]
    return shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9)


RUNS = {"bytetrack": bytetrack, "ocsort": ocsort, "norfair": norfair}

if __name__ == "__main__":
    main(sys.argv[1])
