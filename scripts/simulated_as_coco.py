"""Write frames of simulated clips as a COCO keypoint set: images, and `person_keypoints.json` beside their folder.

    python scripts/simulated_as_coco.py CLIPS OUT [--every 5] [--only NAME ...]

CLIPS holds `<motion>.json` with exact keypoints and the video of each camera, as the simulator writes them. The names
of the images keep the frames of one motion together (`spotter models calibrate` never lets such frames judge
themselves).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2

from spotter.core.contracts import KEYPOINT_NAMES


def frames(clips: Path, every: int, only: set[str]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """(name, picture, truth of the camera) of every n-th frame of each camera of each motion."""
    for path in sorted(clips.glob("*.json")):
        if only and path.stem not in only:
            continue
        truth = json.loads(path.read_text(encoding="utf-8"))
        for number, camera in enumerate(truth["cameras"]):
            video = cv2.VideoCapture(str(clips / camera["file"]))
            for index, frame in enumerate(truth["frames"]):
                read, picture = video.read()
                if not read:
                    break
                if index % every == 0:
                    yield f"{path.stem}-{number * 10_000 + index:06d}", picture, frame["cams"][number]
            video.release()


def person(number: int, image: int, seen: dict[str, Any]) -> dict[str, Any]:
    """The worker as COCO has people; the area is that of the rendered body, as COCO's is that of the outline."""
    left, top, right, bottom = seen["bbox_full"]
    triples = [[x, y, v] if v else [0, 0, 0] for (x, y), v in zip(seen["kp2d"], seen["vis"], strict=True)]
    return {
        "id": number,
        "image_id": image,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [left, top, right - left, bottom - top],
        "area": float(seen["mask_px"]),
        "num_keypoints": sum(v > 0 for v in seen["vis"]),
        "keypoints": [value for triple in triples for value in triple],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--every", type=int, default=5, help="take every n-th frame (15 a second)")
    parser.add_argument("--only", nargs="*", default=[], help="only these motions")
    options = parser.parse_args()
    pictures = options.out / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    images, people = [], []
    for number, (name, picture, seen) in enumerate(frames(options.clips, options.every, set(options.only)), 1):
        cv2.imwrite(str(pictures / f"{name}.png"), picture)
        images.append({"id": number, "file_name": f"{name}.png", "width": picture.shape[1], "height": picture.shape[0]})
        people.append(person(number, number, seen))
    category = {"id": 1, "name": "person", "keypoints": list(KEYPOINT_NAMES)}
    data = {"images": images, "annotations": people, "categories": [category]}
    (options.out / "person_keypoints.json").write_text(json.dumps(data), encoding="utf-8")
    print(f"{options.out}: {len(images)} images")


if __name__ == "__main__":
    main()
