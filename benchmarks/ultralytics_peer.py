"""The `ultralytics` side of the comparisons: a process of another environment that takes orders, one JSON line each.

Started by `pose_agreement.py` and `pose_peers.py` with the Python that has ultralytics; never imported by Spotter.
ultralytics is AGPL-3.0. Orders and answers are documented at the functions; numbers go through .npz files.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import torch
import torchvision
from ultralytics import YOLO
from ultralytics.nn.tasks import PoseModel

_WANTED_PEOPLE = 0.01
"""Share of the anchors of a random network that get a score above 0.25."""


def main() -> None:
    if not hasattr(torch.ops.torchvision, "nms"):
        torchvision.ops.nms = _suppress
    torch.set_num_threads(int(os.environ.get("PEER_THREADS", "0")) or os.cpu_count() or 1)
    orders: dict[str, Any] = {
        "version": version,
        "build": build,
        "predict": predict,
        "spotter": predict_in_spotter,
        "open": open_stream,
        "round": run_round,
    }
    answers = os.fdopen(os.dup(1), "w")
    with redirect_stdout(sys.stderr):
        os.dup2(2, 1)
        for line in sys.stdin:
            order = json.loads(line)
            answers.write(json.dumps({"answer": orders[order.pop("do")](**order)}) + "\n")
            answers.flush()


def _suppress(boxes: torch.Tensor, scores: torch.Tensor, most: float) -> torch.Tensor:
    """torchvision's `nms`, with its stable order, where its compiled part is missing."""
    order = scores.sort(stable=True, descending=True).indices
    kept = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        sides = torch.minimum(boxes[best, 2:], boxes[rest, 2:]) - torch.maximum(boxes[best, :2], boxes[rest, :2])
        shared = sides.clamp(0).prod(1)
        area, areas = (boxes[best, 2:] - boxes[best, :2]).prod(), (boxes[rest, 2:] - boxes[rest, :2]).prod(1)
        order = rest[shared / (area + areas - shared) <= most]
    return torch.stack(kept) if kept else order


class _Nms(torch.autograd.Function):
    """Suppression that exports as ONNX's own operator, as torchvision's does; its compiled part may be missing here."""

    @staticmethod
    def forward(_: Any, boxes: torch.Tensor, scores: torch.Tensor, most: float) -> torch.Tensor:
        return _suppress(boxes, scores, most)

    @staticmethod
    def symbolic(g: Any, boxes: Any, scores: Any, most: float) -> Any:
        constant = partial(g.op, "Constant")
        axes = [constant(value_t=torch.tensor(value)) for value in ([0], [0, 1], [2**31 - 1], [most], [2], [1])]
        inputs = g.op("Unsqueeze", boxes, axes[0]), g.op("Unsqueeze", scores, axes[1])
        chosen = g.op("NonMaxSuppression", *inputs, axes[2], axes[3])
        return g.op("Squeeze", g.op("Gather", chosen, axes[4], axis_i=1), axes[5])


def version() -> str:
    import ultralytics

    return f"ultralytics {ultralytics.__version__}, torch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}"


def build(
    architecture: str, classes: list[str], folder: str, images: list[str], exports: dict[str, dict[str, Any]]
) -> dict[str, str]:
    """Random weights for an architecture file of the library, exported in several ways: file by name of the export.

    Random networks find either nobody or everybody. The norms' statistics are taken from real images, and the last
    layers are scaled, so that boxes, keypoints and scores differ from place to place.
    """
    torch.manual_seed(0)
    place = Path(folder)
    model = YOLO(architecture, task="pose")
    model.model = network = PoseModel(architecture, nc=len(classes), verbose=False)
    network.names, network.task, network.args = dict(enumerate(classes)), "pose", model.overrides
    batch = torch.stack([_tensor(image, 320) for image in images])
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum, module.track_running_stats = None, True
            module.reset_running_stats()
    network.train()
    with torch.no_grad():
        network(batch)
        network.eval()
        for branch in (network.model[-1].one2many, getattr(network.model[-1], "one2one", None)):
            if branch and branch["box_head"] is not None:
                _spread(network, branch, batch)
    checkpoint = place / f"{Path(architecture).stem}-{len(classes)}.pt"
    model.save(checkpoint)
    files = {"checkpoint": str(checkpoint)}
    for name, arguments in exports.items():
        options = dict(arguments)
        half_input = options.pop("half_input", False)
        with _replaced(torchvision.ops, "nms", _Nms.apply):
            exported = Path(YOLO(checkpoint).export(format="onnx", verbose=False, **options))
        target = place / f"{checkpoint.stem}-{name}.onnx"
        if half_input:
            _with_half_input(exported, target)
        else:
            exported.rename(target)
        files[name] = str(target)
    return files


def _spread(network: Any, branch: dict[str, Any], batch: torch.Tensor) -> None:
    """Scale the last layers of one branch of the head by what they give out on `batch`."""
    head = network.model[-1]
    taken: list[list[torch.Tensor]] = []
    hook = head.register_forward_pre_hook(lambda _, inputs: taken.append(list(inputs[0])))
    network(batch)
    hook.remove()
    features = taken[-1]
    for level, feature in enumerate(features):
        boxes, scores, points = (branch[name][level] for name in ("box_head", "cls_head", "pose_head"))
        given = scores(feature)
        _scale(scores[-1], given, 1.5)
        threshold = scores(feature).amax(1).flatten().quantile(1 - _WANTED_PEOPLE)
        scores[-1].bias.add_(float(np.log(1 / 3)) - float(threshold))
        _scale(boxes[-1], boxes(feature), 1.0)
        if head.reg_max == 1:
            # Distances to the four sides, in cells: mostly positive.
            boxes[-1].bias.add_(3.0 - boxes(feature).mean((0, 2, 3)))
        if "kpts_head" in branch:
            feature, points = points(feature), branch["kpts_head"][level : level + 1]
        _scale(points[-1], points(feature) if isinstance(points, torch.nn.Sequential) else points[0](feature), 1.0)


def _scale(layer: Any, given: torch.Tensor, spread: float) -> None:
    factor = spread / max(float(given.std()), 1e-6)
    layer.weight.mul_(factor)
    layer.bias.mul_(factor)


def _tensor(path: str, side: int) -> torch.Tensor:
    image = cv2.resize(cv2.imread(path), (side, side))[..., ::-1]
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1), np.float32) / 255)


def _with_half_input(source: Path, target: Path) -> None:
    """Input and output in half precision too, as an export on a GPU has them."""
    import onnx
    from onnxruntime.transformers import float16

    onnx.save(float16.convert_float_to_float16(onnx.load(str(source)), keep_io_types=False), str(target))


def predict(
    model: str, out: str, images: list[str], imgsz: Any, conf: float, iou: float, **more: Any
) -> dict[str, float]:
    """The library's own `predict`, one image at a time; boxes, scores and keypoints by image number into `out`."""
    network = YOLO(model, task="pose")
    found: dict[str, np.ndarray] = {}
    for number, image in enumerate(images):
        (result,) = network.predict(
            image, imgsz=imgsz, conf=conf, iou=iou, max_det=300, device="cpu", verbose=False, **more
        )
        found[f"{number}/boxes"] = result.boxes.xyxy.numpy()
        found[f"{number}/scores"] = result.boxes.conf.numpy()
        found[f"{number}/keypoints"] = result.keypoints.xy.numpy()
        found[f"{number}/confidences"] = result.keypoints.conf.numpy()
    np.savez(out, **found)
    return {"people": float(sum(len(value) for key, value in found.items() if key.endswith("scores")))}


def predict_in_spotter(model: str, out: str, images: list[str], imgsz: int, conf: float) -> dict[str, float]:
    """The same from Spotter, which is on the path of this environment, for files that only ultralytics can load."""
    from spotter.pose.models import create_model

    network = create_model("yolo-peer", file=Path(model), input_size=imgsz, min_score=conf, max_people=300)
    network.load()
    found = {}
    for number, image in enumerate(images):
        (people,) = network.predict([cv2.imread(image)])
        for name in ("boxes", "scores", "keypoints", "confidences"):
            found[f"{number}/{name}"] = getattr(people, name)
    np.savez(out, **found)
    return {"people": float(sum(len(value) for key, value in found.items() if key.endswith("scores")))}


_stream: dict[str, Any] = {}


def open_stream(model: str, images: list[str], imgsz: int, threads: int, spinning: bool) -> int:
    """Make ready for rounds: the model on `threads` threads, the images decoded."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if spinning else "0")
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    # ultralytics opens its session without options, so that it takes every core: here it gets these.
    usual = onnxruntime.InferenceSession
    with _replaced(onnxruntime, "InferenceSession", lambda file, _=None, **more: usual(file, options, **more)):
        network = YOLO(model, task="pose")
        pictures = [cv2.imread(image) for image in images]
        network.predict(pictures[0], imgsz=imgsz, device="cpu", verbose=False)
    _stream.update(network=network, pictures=pictures, imgsz=imgsz)
    return len(pictures)


@contextmanager
def _replaced(place: Any, name: str, other: Any) -> Iterator[None]:
    usual = getattr(place, name)
    setattr(place, name, other)
    try:
        yield
    finally:
        setattr(place, name, usual)


def run_round() -> dict[str, float]:
    """Every picture once in streaming mode: seconds of the clock and of the processor, and people found."""
    people = 0
    begun, worked = time.perf_counter(), time.process_time()
    for picture in _stream["pictures"]:
        for result in _stream["network"].predict(
            picture, imgsz=_stream["imgsz"], conf=0.25, iou=0.7, max_det=50, device="cpu", verbose=False, stream=True
        ):
            people += len(result.boxes.conf.numpy()) and len(result.keypoints.data.numpy())
    return {"seconds": time.perf_counter() - begun, "processor": time.process_time() - worked, "people": people}


if __name__ == "__main__":
    main()
