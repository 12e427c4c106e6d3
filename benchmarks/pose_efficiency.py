"""What pictures cost around the network: JPEG bytes to people, against the bare session of the same file.

    python benchmarks/pose_efficiency.py [--yolo FILE.onnx] [--sizes 384 640] [--images FOLDER] [--threads 1 2]

Ours is decoding the JPEG at the size needed, scaling, network, and decoding of people. The bare session gets the same
network inputs ready made, in one run for the whole batch and in one run a frame; the better of the two is what counts.
All take turns; efficiency is bare time / our time, turn by turn, by elapsed time and by processor time. Without
`--images` the pictures are frames of the demo clips, 640x480, JPEG quality 85.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from footage import demo_frames
from spotter.core import clock
from spotter.core.contracts import Frame
from spotter.pose.letterbox import fit
from spotter.pose.models import PoseModel, create_model
from spotter.pose.models.movenet_maps import MODEL_NAME
from spotter.pose.models.session import open_session
from spotter.pose.models.weights import GRAPH_FILE, WEIGHTS_FILE, WEIGHTS_FOLDER
from spotter.pose.pictures import read_picture
from spotter.pose.preprocess import Batcher, place
from turns import ratio, take_turns

BATCHES = (1, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--yolo", type=Path, help="a YOLO-pose ONNX file with free sizes")
    parser.add_argument("--images", type=Path, help="folder of JPEG files, in place of the demo clips")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--sizes", type=int, nargs="*", default=[384, 640], help="inputs of the YOLO file, px")
    options = parser.parse_args()
    # The network has the threads; the decoder has the one that calls it.
    cv2.setNumThreads(1)
    frames = load_frames(options.images, max(BATCHES))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("ms a frame; efficiency by elapsed time (quartiles), by processor time")
    print(f"{'':20} {'thr.':>4} {'batch':>5} {'bare':>7} {'no JPEG':>7} {'ours':>7}  efficiency")
    for threads, batch in itertools.product(options.threads, BATCHES):
        report("MoveNet 384", *movenet(frames[:batch], threads), frames[:batch], threads, options.rounds)
        for size in options.sizes if options.yolo else ():
            made = yolo(options.yolo, frames[:batch], threads, size)
            report(f"{options.yolo.stem} {size}", *made, frames[:batch], threads, options.rounds)


def report(
    name: str,
    model: PoseModel,
    together: Callable[[], object],
    one_by_one: Callable[[], object],
    frames: Sequence[Frame],
    threads: int,
    rounds: int,
) -> None:
    images = [read_picture(frame, model.input_size).image for frame in frames]
    work = {
        "together": together,
        "ours": lambda: model.predict([read_picture(frame, model.input_size).image for frame in frames]),
        "one by one": one_by_one,
        "no JPEG": lambda: model.predict(images),
    }
    taken = take_turns({key: (len(frames), each) for key, each in work.items()}, rounds)
    ours, bare = taken["ours"], min((taken["together"], taken["one by one"]), key=lambda each: each.processor_ms)
    middle, low, high = ratio(bare.wall, ours.wall)
    processor, _, _ = ratio(bare.processor, ours.processor)
    columns = "".join(f" {each.wall_ms:7.1f}" for each in (bare, taken["no JPEG"], ours))
    print(
        f"{name:20} {threads:>4} {len(frames):>5}{columns}  {middle:.3f} ({low:.3f} to {high:.3f}), {processor:.3f}",
        flush=True,
    )


Made = tuple[PoseModel, Callable[[], object], Callable[[], object]]
"""The model, and the bare session on all frames in one run and on one a run."""


def movenet(frames: Sequence[Frame], threads: int) -> Made:
    model = create_model(MODEL_NAME, device="cpu", threads=threads)
    model.load()
    images = [read_picture(frame, model.input_size).image for frame in frames]
    inputs = Batcher().fill(images, [place(image, model.input_size) for image in images])
    session = open_session(WEIGHTS_FOLDER / GRAPH_FILE, threads, companions=(WEIGHTS_FILE,))
    return model, *bare(session, inputs)


def yolo(file: Path, frames: Sequence[Frame], threads: int, size: int) -> Made:
    model = create_model(file.stem, device="cpu", threads=threads, input_size=size, file=file)
    model.load()
    inputs = []
    for frame in frames:
        image = read_picture(frame, size).image
        box = fit(image, size, 32)
        canvas = np.empty((box.canvas_height, box.canvas_width, 3), np.uint8)
        box.draw(image, canvas)
        inputs.append(canvas[..., ::-1].transpose(2, 0, 1) / np.float32(255))
    return model, *bare(open_session(file, threads), np.stack(inputs).astype(np.float32))


def bare(session: Any, inputs: Any) -> tuple[Callable[[], object], Callable[[], object]]:
    name = session.get_inputs()[0].name
    return (
        lambda: session.run(None, {name: inputs}),
        lambda: [session.run(None, {name: each[None]}) for each in inputs],
    )


def load_frames(folder: Path | None, count: int) -> list[Frame]:
    """Frames of one size with JPEG bytes."""
    if folder is None:
        images = itertools.islice(demo_frames(20), count)
        pictures = [cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes() for image in images]
    else:
        pictures = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
    shapes = [cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR).shape for each in pictures]
    usual = max(shapes, key=shapes.count)
    same = [each for each, shape in zip(pictures, shapes, strict=True) if shape == usual]
    if len(same) < count:
        raise SystemExit(f"'{folder}' has {len(same)} pictures of one size: {count} are needed")
    height, width = usual[:2]
    return [
        Frame(
            camera_id="bench",
            epoch=0,
            sequence=number,
            captured_at=clock.now(),
            published_at=clock.now(),
            width=width,
            height=height,
            picture=picture,
        )
        for number, picture in enumerate(same[:count])
    ]


if __name__ == "__main__":
    main()
