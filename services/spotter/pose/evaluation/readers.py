"""Reads label files: COCO keypoints, CrowdPose, OCHuman, MPII and YOLO-pose, told apart by what is in them.

A file that fits none of them, or that names an image which is not there, is a `ModelError` that names the place.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spotter.core.contracts import KEYPOINT_NAMES, KEYPOINTS
from spotter.core.errors import ModelError
from spotter.pose.evaluation.labels import (
    BODY_SHARE_OF_BOX,
    LabelledImage,
    LabelledPerson,
    LabelledSet,
    map_keypoints,
    missing_from,
)

CROWDPOSE = (
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "head", "neck",
)  # fmt: skip
"""Order of CrowdPose (Li et al. 2019)."""

MPII = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax", "upper_neck",
    "head_top", "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
)  # fmt: skip
"""Order of MPII Human Pose (Andriluka et al. 2014)."""

_MPII_SCALE_PX = 200.0
"""MPII's `scale` is the person's height over this."""

_IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def read_labels(annotations: Path, images: Path) -> LabelledSet:
    """Labelled images.

    Args:
        annotations: a JSON file (COCO, CrowdPose, OCHuman, MPII), or a folder of YOLO-pose .txt files.
        images: folder of the images.

    Raises:
        ModelError: a file cannot be read, is of no known form, or an image is missing.
    """
    if not images.is_dir():
        raise ModelError(f"image folder '{images}' is not there", mend="Give the folder that holds the images")
    if annotations.is_dir():
        return _read_yolo(annotations, images)
    try:
        data = json.loads(annotations.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"cannot read labels '{annotations}': {error.strerror}", mend="Check the path") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError(f"labels '{annotations}' are not JSON: {error}", mend="Give a COCO keypoint file") from None
    try:
        found = _read_json(data, images)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ModelError(
            f"labels '{annotations}' cannot be read: {type(error).__name__}: {error}",
            mend="Give keypoint labels as COCO, CrowdPose, OCHuman, MPII or YOLO-pose",
        ) from None
    if found is None:
        raise ModelError(
            f"labels '{annotations}' are of no known form",
            mend="Give keypoint labels as COCO, CrowdPose, OCHuman, MPII or YOLO-pose",
        )
    return found


def _read_json(data: Any, images: Path) -> LabelledSet | None:
    if isinstance(data, list) and data and "joints" in data[0]:
        return _read_mpii(data, images)
    if not isinstance(data, dict) or "images" not in data:
        return None
    if "keypoint_names" in data:
        return _read_ochuman(data, images)
    if "annotations" not in data:
        return None
    numbers = {len(each.get("keypoints", ())) for each in data["annotations"]} - {0}
    if numbers == {3 * len(CROWDPOSE)}:
        return _read_coco(data, images, CROWDPOSE, "CrowdPose")
    if numbers <= {3 * KEYPOINTS}:
        return _read_coco(data, images, KEYPOINT_NAMES, "COCO")
    return None


def _read_coco(data: Mapping[str, Any], images: Path, names: Sequence[str], form: str) -> LabelledSet:
    people: dict[Any, list[LabelledPerson]] = defaultdict(list)
    for each in data["annotations"]:
        triples = np.array(each.get("keypoints") or [0] * 3 * len(names), np.float64).reshape(-1, 3)
        points, seen = map_keypoints(names, triples[:, :2], triples[:, 2].astype(np.int64))
        box = np.array(each["bbox"], np.float64)
        area = float(each.get("area") or BODY_SHARE_OF_BOX * box[2] * box[3])
        people[each["image_id"]].append(LabelledPerson(points, seen, box, area, bool(each.get("iscrowd"))))
    found = tuple(_image(images, each, people[each["id"]]) for each in data["images"])
    without = form != "COCO"
    notes = (f"no outlines: a person's area is taken as {BODY_SHARE_OF_BOX} of the box",) if without else ()
    return LabelledSet(form, found, missing_from(names), notes)


def _read_ochuman(data: Mapping[str, Any], images: Path) -> LabelledSet:
    names = [str(name).lower().replace(" ", "_") for name in data["keypoint_names"]]
    found = []
    for each in data["images"]:
        people = []
        for person in each["annotations"]:
            if not person.get("keypoints"):
                continue
            triples = np.array(person["keypoints"], np.float64).reshape(-1, 3)
            # 1 visible, 2 hidden by the person, 3 hidden by others.
            seen = np.choose(triples[:, 2].astype(np.int64).clip(0, 3), [0, 2, 1, 1])
            points, visibility = map_keypoints(names, triples[:, :2], seen)
            left, top, right, bottom = (float(side) for side in person["bbox"])
            box = np.array([left, top, right - left, bottom - top])
            people.append(LabelledPerson(points, visibility, box, BODY_SHARE_OF_BOX * float(box[2] * box[3])))
        found.append(_image(images, each, people))
    notes = (f"a person's area is taken as {BODY_SHARE_OF_BOX} of the box",)
    return LabelledSet("OCHuman", tuple(found), missing_from(names), notes)


def _read_mpii(data: Sequence[Mapping[str, Any]], images: Path) -> LabelledSet:
    people: dict[str, list[LabelledPerson]] = defaultdict(list)
    for each in data:
        joints = np.array(each["joints"], np.float64)
        seen = 2 * np.array(each["joints_vis"], np.int64).clip(0, 1)
        points, visibility = map_keypoints(MPII, joints, seen)
        side = float(each["scale"]) * _MPII_SCALE_PX
        x, y = (float(value) for value in each["center"])
        box = np.array([x - side / 2, y - side / 2, side, side])
        known = joints[seen > 0]
        if len(known):
            low, high = known.min(axis=0), known.max(axis=0)
            box = np.array([*low, *(high - low)])
        people[str(each["image"])].append(
            LabelledPerson(points, visibility, box, BODY_SHARE_OF_BOX * max(float(box[2] * box[3]), 1.0))
        )
    found = tuple(_image(images, {"file_name": name}, people[name]) for name in sorted(people))
    notes = (
        f"a person's area is taken as {BODY_SHARE_OF_BOX} of the box around the labelled joints",
        "people without labels count as false finds where MPII left them out",
    )
    return LabelledSet("MPII", found, missing_from(MPII), notes)


def _read_yolo(labels: Path, images: Path) -> LabelledSet:
    found = []
    for path in sorted(file for file in images.iterdir() if file.suffix.lower() in _IMAGES):
        width, height = _size(path)
        text = labels / f"{path.stem}.txt"
        lines = _lines(text) if text.is_file() else []
        people = [_yolo_person(line, width, height, f"{text}:{number}") for number, line in enumerate(lines, 1)]
        found.append(LabelledImage(path, width, height, tuple(people)))
    if not found:
        raise ModelError(f"no image in '{images}'", mend=f"Give a folder of {', '.join(_IMAGES)} files")
    notes = (f"no outlines: a person's area is taken as {BODY_SHARE_OF_BOX} of the box",)
    return LabelledSet("YOLO-pose", tuple(found), notes=notes)


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise ModelError(f"cannot read labels '{path}'", mend="It must be a text file of numbers") from None


def _yolo_person(line: str, width: int, height: int, where: str) -> LabelledPerson:
    """One line: class, centre x y, width, height, then x y [visibility] by keypoint, all in shares of the image."""
    try:
        numbers = np.array(line.split(), np.float64)
    except ValueError:
        raise ModelError(f"labels {where} hold something else than numbers", mend="Mend that line") from None
    rest = len(numbers) - 5
    if rest not in (2 * KEYPOINTS, 3 * KEYPOINTS):
        raise ModelError(
            f"labels {where} have {len(numbers)} numbers, not {5 + 3 * KEYPOINTS} (or {5 + 2 * KEYPOINTS})",
            mend=f"Write class, box and {KEYPOINTS} keypoints",
        )
    size = np.array([width, height])
    values = numbers[5:].reshape(KEYPOINTS, -1)
    seen = values[:, 2].astype(np.int64) if values.shape[1] == 3 else np.where(values.any(axis=1), 2, 0)
    extent = numbers[3:5] * size
    box = np.concatenate([numbers[1:3] * size - extent / 2, extent])
    return LabelledPerson(values[:, :2] * size, seen, box, BODY_SHARE_OF_BOX * float(extent[0] * extent[1]))


def _image(folder: Path, entry: Mapping[str, Any], people: Sequence[LabelledPerson]) -> LabelledImage:
    path = folder / Path(str(entry["file_name"])).name
    if not path.is_file():
        raise ModelError(
            f"image '{path.name}' is named in the labels and not in '{folder}'", mend="Check --images, or the labels"
        )
    if "width" in entry and "height" in entry:
        return LabelledImage(path, int(entry["width"]), int(entry["height"]), tuple(people))
    return LabelledImage(path, *_size(path), tuple(people))


def _size(path: Path) -> tuple[int, int]:
    image = cv2.imread(str(path))
    if image is None:
        raise ModelError(f"image '{path}' cannot be decoded", mend="Replace it or take it out of the folder")
    return image.shape[1], image.shape[0]
