"""Following people: ours against ByteTrack, OC-SORT (package `trackers`) and norfair on the same skeleton streams.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install "trackers>=2.6" norfair
    python benchmarks/tracking.py --peer-python /tmp/peers/bin/python

Crowds are simulated (see `crowds.py`), so that identities are exact. All get the same boxes, scores and keypoints, and
2 s for a lost person.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from crowds import Crowd, watch
from spotter.core.parameters import TrackerParameters
from spotter.ergonomics.tracking import Tracker

CROWDS = {
    "5 people, 15 fps": Crowd(5),
    "10 people, 15 fps": Crowd(10),
    "20 people, 15 fps": Crowd(20),
    "10 people, 5 fps": Crowd(10, fps=5),
    "10 people, 30 fps": Crowd(10, fps=30),
    "10 people, low camera": Crowd(10, camera_m=1.8, pitch_deg=4),
    "10 people, 20 % missed": Crowd(10, miss=0.2),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", required=True, help="Python of an environment with `trackers` and `norfair`.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", help="streams whose name holds this text")
    options = parser.parse_args()
    arrays: dict[str, object] = {}
    names = []
    for name, crowd in CROWDS.items():
        for seed in range(options.seeds):
            if options.only and options.only not in name:
                continue
            names.append(f"{name}#{seed}")
            arrays |= {f"{names[-1]}/{key}": value for key, value in stream(crowd, seed).items()}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "streams.npz"
        np.savez(file, names=np.array(names), **arrays)  # type: ignore[arg-type]
        command = [options.peer_python, "-W", "ignore", str(Path(__file__).with_name("tracking_peer.py")), str(file)]
        peer = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    print_table(json.loads(peer.stdout))


def stream(crowd: Crowd, seed: int) -> dict[str, object]:
    """The frames of a crowd as flat arrays, with the ids that Spotter gives."""
    seen = list(watch(crowd, seed))
    tracker = Tracker(TrackerParameters())
    ids, spent = [], 0.0
    for one in seen:
        begun = time.perf_counter()
        people = tracker.update(one.frame)
        spent += time.perf_counter() - begun
        row = np.full(len(one.frame), -1)
        for person in people or ():
            row[person.index] = int(person.track_id[1:])
        ids.append(row)
    return {
        "fps": crowd.fps,
        "counts": np.array([len(one.frame) for one in seen]),
        "boxes": np.concatenate([one.frame.boxes for one in seen]),
        "scores": np.concatenate([one.frame.scores for one in seen]),
        "keypoints": np.concatenate([one.frame.keypoints for one in seen]),
        "people_counts": np.array([len(one.people) for one in seen]),
        "people": np.concatenate([one.people for one in seen]),
        "people_boxes": np.concatenate([one.boxes for one in seen]),
        "spotter_ids": np.concatenate(ids),
        "spotter_s": spent,
    }


def print_table(report: dict[str, dict[str, dict[str, float]]]) -> None:
    rows: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    for name, trackers in report.items():
        for tracker, scores in trackers.items():
            rows[name.split("#")[0], tracker].append(scores)
            rows["all", tracker].append(scores)
    columns = ("HOTA", "AssA", "IDF1", "IDSW", "Frag", "skeletons_per_s")
    print(f"{'crowd':24} {'tracker':10}" + "".join(f"{column:>10}" for column in columns[:5]) + "  skeletons/s")
    for (name, tracker), scores in sorted(rows.items()):
        means = [float(np.mean([one[column] for one in scores])) for column in columns]
        shown = "".join(f"{100 * value:10.1f}" for value in means[:3]) + "".join(f"{v:10.1f}" for v in means[3:5])
        print(f"{name:24} {tracker:10}{shown}{means[5]:13.0f}")


if __name__ == "__main__":
    main()
