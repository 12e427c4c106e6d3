"""Spotter's pose models beside other programs that run the same networks: same pictures, same threads, taking turns.

    python benchmarks/pose_peers.py --images FOLDER --yolo yolo11n-pose.onnx --ultralytics ENV/bin/python
    python benchmarks/pose_peers.py --images FOLDER --yolo yolo11n-pose.onnx --rtmlib
    python benchmarks/pose_peers.py --images FOLDER --tfjs NODE_MODULES --graph movenet-multipose.json

Each prints the peer's time over Spotter's by the clock and in processor time (above 1: Spotter takes less), the median
of `--rounds` rounds over `--pictures` pictures, and how closely the people agree.
- ultralytics: `predict(stream=True)` on decoded pictures at 640 px, in an environment of its own (AGPL-3.0).
- rtmlib: its RTMO class. The weights of RTMO were not obtainable, so the YOLO file gets RTMO's inputs and outputs
  around it: what is compared is everything but the network.
- tfjs: the released MoveNet MultiPose graph on TensorFlow.js' WebAssembly backend in node, one thread. It gets prepared
  pictures; Spotter's time includes preparing them. NODE_MODULES holds @tensorflow/tfjs-core, -converter, -backend-wasm
  and -backend-cpu.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from peers import Peer
from pose_agreement import read, with_metadata
from spotter.core.contracts import Image
from spotter.pose.models import Detections, PoseModel, create_model
from spotter.pose.models.movenet_decode import KEYPOINT_MIN_SCORE
from spotter.pose.preprocess import Batcher, place

RELEASED_MIN_SCORE = 0.3
"""The released graph always gives six people; those below this are left out."""

Round = Callable[[], dict[str, Any]]
"""Every picture once; `seconds` of the clock, `processor` seconds, and what was found."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True, help="folder of .jpg pictures")
    parser.add_argument("--yolo", type=Path, help="YOLO-pose ONNX file with free sizes")
    parser.add_argument("--ultralytics", type=Path, metavar="PYTHON", help="of an environment with ultralytics")
    parser.add_argument("--rtmlib", action="store_true", help="rtmlib is installed here")
    parser.add_argument("--tfjs", type=Path, metavar="NODE_MODULES")
    parser.add_argument("--graph", type=Path, help="model.json of MoveNet MultiPose (TF.js graph model)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    paths = sorted(options.images.glob("*.jpg"))[: options.pictures]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if options.ultralytics is not None:
            for threads in options.threads:
                against_ultralytics(options, folder, paths, threads)
        if options.rtmlib:
            for threads in options.threads:
                against_rtmlib(options, folder, paths, threads)
        if options.tfjs is not None:
            for size in (256, 384):
                against_tfjs(options, folder, paths, size)


def against_ultralytics(options: argparse.Namespace, folder: Path, paths: Sequence[Path], threads: int) -> None:
    file = with_metadata(options.yolo, folder / options.yolo.name)
    names = [str(path) for path in paths]
    with Peer(options.ultralytics) as peer:
        print(f"{peer.ask('version')}; {file.name} at 640 px, {len(paths)} pictures, {threads} threads")
        # Spinning is what ultralytics has: it opens its session with the defaults of ONNX Runtime.
        peer.ask("open", model=str(file), images=names, imgsz=640, threads=threads, spinning=True)
        model = create_model("yolo", device="cpu", file=file, input_size=640, threads=threads)
        take_turns(ours(model, [read(path) for path in paths], threads), lambda: peer.ask("round"), options.rounds)


def against_rtmlib(options: argparse.Namespace, folder: Path, paths: Sequence[Path], threads: int) -> None:
    import onnxruntime
    import rtmlib

    file = rtmo_shaped(options.yolo, folder / "rtmo-shaped.onnx")
    images = [read(path) for path in paths]
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    usual = onnxruntime.InferenceSession
    # rtmlib opens its session with the defaults, so that it takes every core: here it gets the threads.
    onnxruntime.InferenceSession = lambda path_or_bytes, **more: usual(path_or_bytes, settings, **more)
    peer = rtmlib.RTMO(str(file), model_input_size=(640, 640), score_thr=0.3)
    onnxruntime.InferenceSession = usual
    print(f"rtmlib {version_of('rtmlib')}, RTMO-shaped {options.yolo.name}, {len(images)} pictures, {threads} threads")
    model = create_model("rtmo", device="cpu", file=file, input_size=640, threads=threads, min_score=0.3)
    mine = ours(model, images, threads)
    found = take_turns(mine, lambda: timed(lambda image: peer(image), images), options.rounds)
    far = [nearest(people, points) for people, (points, _) in zip(*found, strict=True) if len(people)]
    print(f"  keypoints of rtmlib's people and the nearest of Spotter's: {max(far):.4f} px apart at most")


def against_tfjs(options: argparse.Namespace, folder: Path, paths: Sequence[Path], size: int) -> None:
    # One shape for all, since the other side gets them in one format: as of a camera.
    images = [np.asarray(cv2.resize(read(path), (640, 480)), np.uint8) for path in paths]
    placements = [place(image, size) for image in images]
    batch = Batcher().fill(images, placements)
    prepared = [folder / f"{size}-{number}.bin" for number in range(len(images))]
    for path, picture in zip(prepared, batch, strict=True):
        path.write_bytes(picture.tobytes())
    with Peer(Path("node"), "tfjs_peer.js", NODE_PATH=str(options.tfjs)) as peer:
        shape = {"rows": batch.shape[1], "columns": batch.shape[2]}
        files = [str(path) for path in prepared]
        print(peer.ask("open", graph=str(options.graph), backend="wasm", pictures=files, **shape), end="; ")
        print(f"{shape['columns']}x{shape['rows']} px, {len(images)} pictures, 1 thread")
        model = create_model("movenet-multipose", device="cpu", input_size=size, threads=1)
        found = take_turns(ours(model, images, 1), lambda: peer.ask("round"), options.rounds)
    far = [
        released(people, np.array(output, np.float32).reshape(6, 56), image)
        for people, output, image in zip(*found, images, strict=True)
    ]
    seen = [each for each in far if each is not None]
    print(f"  {len(seen)} pictures with people; {max(seen, default=0.0):.4f} px between keypoints of both at most")


def ours(model: PoseModel, images: Sequence[Image], threads: int) -> Round:
    cv2.setNumThreads(threads)
    model.load()
    return lambda: timed(lambda image: model.predict([image])[0], images)


def timed(work: Callable[[Image], Any], images: Sequence[Image]) -> dict[str, Any]:
    begun, worked = time.perf_counter(), time.process_time()
    found = [work(image) for image in images]
    return {"seconds": time.perf_counter() - begun, "processor": time.process_time() - worked, "people": found}


def take_turns(mine: Round, theirs: Round, rounds: int) -> tuple[Any, Any]:
    """Print the ratios; what both found in the last round."""
    ratios: dict[str, list[float]] = {"seconds": [], "processor": []}
    for _ in range(rounds):
        first, second = mine(), theirs()
        for name, values in ratios.items():
            values.append(second[name] / first[name])
    for name, label in (("seconds", "clock"), ("processor", "processor time")):
        values = ratios[name]
        print(f"  {label:<15} {statistics.median(values):.2f} times Spotter's ({min(values):.2f} to {max(values):.2f})")
    return first["people"], second["people"]


def released(people: Detections, output: np.ndarray, image: Image) -> float | None:
    """Px between the keypoints of the released graph's best person and ours, those that count; None without one."""
    height, width = image.shape[:2]
    best = output[output[:, 55].argmax()]
    if not len(people) or best[55] < RELEASED_MIN_SCORE:
        return None
    # The released graph normalises by its input, which has no border for a picture of 4:3.
    points = best[:51].reshape(17, 3)
    theirs = points[:, 1::-1] * np.array([width, height], np.float32)
    sure = (people.confidences > KEYPOINT_MIN_SCORE) & (points[:, 2] > KEYPOINT_MIN_SCORE)
    distances = np.where(sure, np.abs(people.keypoints - theirs).max(-1), 0).max(1)
    return float(distances.min())


def nearest(people: Detections, points: np.ndarray) -> float:
    distances = np.abs(people.keypoints[None] - points[:, None]).max((2, 3))
    return float(distances.min(axis=1).max())


def rtmo_shaped(file: Path, target: Path) -> Path:
    """A YOLO-pose graph with RTMO's input (BGR, 0..255) and outputs (`dets`, `keypoints`, after suppression)."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(file))
    graph = model.graph
    raw, given = graph.output[0].name, graph.input[0].name

    def constant(name: str, value: Any) -> str:
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), f"rtmo_{name}"))
        return f"rtmo_{name}"

    def node(kind: str, inputs: Sequence[str], output: str, **more: Any) -> Any:
        return helper.make_node(kind, list(inputs), [output], **more)

    for each in graph.node:
        each.input[:] = ["rtmo_rgb" if name == given else name for name in each.input]
    before = [
        node("Gather", [given, constant("turned", np.array([2, 1, 0]))], "rtmo_turned_picture", axis=1),
        node("Div", ["rtmo_turned_picture", constant("most", np.float32(255))], "rtmo_rgb"),
    ]
    half = np.eye(4, dtype=np.float32)
    half[2:, :2], half[2:, 2:], half[:2, 2:] = -0.5 * np.eye(2), 0.5 * np.eye(2), np.eye(2)
    after = [
        node("Transpose", [raw], "rtmo_rows", perm=[0, 2, 1]),
        node("Split", ["rtmo_rows", constant("parts", np.array([4, 1, 51]))], "rtmo_cxcywh", axis=2),
        node("MatMul", ["rtmo_cxcywh", constant("corners", half)], "rtmo_boxes"),
        node("Transpose", ["rtmo_scores"], "rtmo_scores_first", perm=[0, 2, 1]),
        node(
            "NonMaxSuppression",
            [
                "rtmo_boxes",
                "rtmo_scores_first",
                constant("people", np.array([100])),
                constant("iou", np.float32([0.65])),
                constant("least", np.float32([0.05])),
            ],
            "rtmo_chosen",
        ),
        node("Gather", ["rtmo_chosen", constant("anchor", np.array(2))], "rtmo_anchors", axis=1),
        node("Concat", ["rtmo_boxes", "rtmo_scores"], "rtmo_all", axis=2),
        node("Gather", ["rtmo_all", "rtmo_anchors"], "dets", axis=1),
        node("Gather", ["rtmo_points", "rtmo_anchors"], "rtmo_flat", axis=1),
        node("Reshape", ["rtmo_flat", constant("joints", np.array([1, -1, 17, 3]))], "keypoints"),
    ]
    after[1].output.extend(["rtmo_scores", "rtmo_points"])
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.output[:]
    for name, shape in (("dets", (1, "n", 5)), ("keypoints", (1, "n", 17, 3))):
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    onnx.save(model, str(target))
    return target


def version_of(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "from a folder"


if __name__ == "__main__":
    main()
