"""Record what the default pose model sees in the demo clips into `services/spotter/demo/skeletons.npz`.

    python scripts/record_demo_skeletons.py [--out FILE]

The virtual cameras of `spotter.simulate` play it. Run this again when the clips or the default model change. One thread
of ONNX Runtime on a CPU, default input size; the footage is synthetic and ours.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from spotter.core.contracts import Image
from spotter.core.settings import PoseSettings
from spotter.pose.factory import model_of
from spotter.pose.models import Detections
from spotter.simulate.recordings import CLIPS, FILE

DEMO = Path(__file__).resolve().parent.parent / "services" / "spotter" / "demo"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEMO / FILE)
    options = parser.parse_args()
    model = model_of(PoseSettings(device="cpu", threads=1))
    model.load()
    arrays: dict[str, np.ndarray] = {"model": np.array(model.name)}
    for name in CLIPS:
        images, fps = read(DEMO / f"{name}.mp4")
        people = [model.predict([image])[0] for image in images]
        height, width = images[0].shape[:2]
        arrays[f"{name}_picture"] = np.array([fps, width, height], np.float64)
        arrays.update({f"{name}_{part}": array for part, array in only_person(name, people).items()})
    np.savez_compressed(options.out, **arrays)
    print(f"{options.out}: {options.out.stat().st_size} bytes")


def read(path: Path) -> tuple[list[Image], float]:
    """All pictures of a clip, and its frames per second."""
    capture = cv2.VideoCapture(str(path))
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    images: list[Image] = []
    while (grabbed := capture.read())[0]:
        images.append(np.asarray(grabbed[1], np.uint8))
    capture.release()
    if not images:
        raise SystemExit(f"'{path}' cannot be read")
    return images, fps


def only_person(name: str, people: list[Detections]) -> dict[str, np.ndarray]:
    """The one person of each frame, stacked. A frame with another number of people means that the clip has changed.

    The model must be calibrated.
    """
    for index, found in enumerate(people):
        if len(found) != 1:
            raise SystemExit(f"frame {index} of '{name}' shows {len(found)} people, not 1")
    return {
        "boxes": np.concatenate([found.boxes for found in people]),
        "scores": np.concatenate([found.scores for found in people]),
        "keypoints": np.concatenate([found.keypoints for found in people]),
        "confidences": np.concatenate([found.confidences for found in people]),
        "deviations": np.concatenate([found.deviations for found in people]),
    }


if __name__ == "__main__":
    main()
