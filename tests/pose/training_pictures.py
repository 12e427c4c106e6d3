"""A small labelled set on which the released weights do badly: people of the golden scenes, turned by a quarter."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

GOLDEN = Path(__file__).parent.parent / "golden" / "pose_movenet_multipose.npz"
SCENES = ("dock", "crowd")
SURE = 0.1
SIDE = 128
PEOPLE = 6


def write_turned(folder: Path, count: int = PEOPLE) -> tuple[Path, Path]:
    """`count` images of 128 x 128 px, each around one of six people who stood, and their labels as a COCO file.

    The labels are what the released graph found in the whole, upright picture.
    """
    images = folder / "images"
    images.mkdir(parents=True)
    entries, annotations = [], []
    for number, (picture, person) in enumerate((people() * -(-count // PEOPLE))[:count]):
        name = f"{number}.png"
        cv2.imwrite(str(images / name), cv2.rotate(picture, cv2.ROTATE_90_CLOCKWISE))
        entries.append({"id": number, "file_name": name, "width": SIDE, "height": SIDE})
        annotations.append({"id": number + 1, "image_id": number, **turned(person)})
    file = folder / "labels.json"
    file.write_text(json.dumps({"images": entries, "annotations": annotations}))
    return images, file


def people() -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut-outs (128, 128, 3), and in each the person as (19, 3): keypoints and corners of the box as y, x, score."""
    found = []
    with np.load(GOLDEN) as stored:
        for scene in SCENES:
            whole = cv2.imdecode(stored[f"{scene}_input"], cv2.IMREAD_COLOR)
            assert whole is not None
            size = np.array(whole.shape[:2])
            for row in stored[f"{scene}_people"]:
                if row[55] < SURE:
                    continue
                low, high = row[51:53] * size, row[53:55] * size
                first = np.clip(((low + high) / 2 - SIDE / 2).round().astype(int), 0, size - SIDE)
                points = row[:51].reshape(17, 3).copy()
                points[:, :2] = points[:, :2] * size - first
                corners = np.stack([[*(low - first), 1], [*(high - first), 1]])
                cut = whole[first[0] : first[0] + SIDE, first[1] : first[1] + SIDE]
                found.append((cut, np.concatenate([points, corners])))
    assert len(found) == PEOPLE
    return found


def turned(person: np.ndarray) -> dict[str, object]:
    """The annotation of a person after a quarter turn clockwise: (y, x) goes to (x, 128 - y)."""
    xy = np.stack([SIDE - person[:, 0], person[:, 1]], axis=1)
    seen = np.where(person[:17, 2] > 0.2, 2, 0)
    low, high = xy[17:].min(axis=0), xy[17:].max(axis=0)
    box = [*low.tolist(), *(high - low).tolist()]
    keypoints = np.concatenate([xy[:17], seen[:, None]], axis=1).ravel().tolist()
    return {"bbox": box, "area": 0.53 * box[2] * box[3], "keypoints": keypoints, "num_keypoints": int((seen > 0).sum())}
