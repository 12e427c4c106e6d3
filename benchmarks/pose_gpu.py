"""Frames per second of the default pose model on a GPU, beside the ceiling that its network alone has there.

    python benchmarks/pose_gpu.py [--device cuda] [--sizes 384 640] [--batches 1 2 4 ... 256] [--seconds 3] [--autotune]

For each input size and batch: the network alone, with its recorded graph, on pictures that already lie on the device
(the ceiling); `predict` on decoded 640x480 pictures; and the same with JPEG decoding before it, in as many threads as
there are cores and one batch ahead. All take turns; rates are medians of the turns, ratios are to the ceiling, turn by
turn. `--device cpu` runs the same on a CPU, to see that the script works: those figures mean nothing.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import numpy as np
import torch

from footage import demo_frames
from spotter.core.contracts import Image
from spotter.core.errors import ModelError
from spotter.pose.models.devices import choose_device
from spotter.pose.models.movenet_network import load_network
from spotter.pose.models.movenet_torch import MoveNetTorch
from spotter.pose.models.torch_lanes import lanes_of
from spotter.pose.models.weights import WEIGHTS_FILE, WEIGHTS_FOLDER
from spotter.pose.preprocess import place
from turns import ratio, take_turns

ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cuda", "mps", "cpu"], default="cuda")
    parser.add_argument("--sizes", type=int, nargs="+", default=[384, 640], help="long side of the input, px")
    parser.add_argument("--batches", type=int, nargs="+", default=[2**power for power in range(9)])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement, over all turns")
    parser.add_argument("--autotune", action="store_true", help="let cuDNN try its algorithms for each shape")
    options = parser.parse_args()
    name = require(options.device)
    torch.backends.cudnn.benchmark = options.autotune
    print(f"{name}, torch {torch.__version__}, CUDA {torch.version.cuda}, {os.cpu_count()} CPU cores")
    images = list(itertools.islice(demo_frames(4), 32))
    pictures = [cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1] for image in images]
    cores = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(cores) as pool:
        for size in options.sizes:
            print(f"\ninput {size} px, frames/s; ratio to the network alone (quartiles)")
            print(f"{'batch':>5} {'network':>9} {'predict':>9} {'with JPEG':>9}   predict, with JPEG")
            for batch in options.batches:
                try:
                    measure(options.device, size, batch, images, pictures, pool, options.seconds)
                except torch.OutOfMemoryError as error:
                    print(f"{batch:>5} out of memory: {str(error).splitlines()[0]}")
                    break


def require(device: str) -> str:
    """The name of the device. Ends the script in one line where there is none."""
    if device == "cpu":
        return "CPU (figures mean nothing)"
    try:
        choose_device(device, torch=True)  # type: ignore[arg-type]
    except ModelError as error:
        raise SystemExit(f"no GPU to measure: {error}") from None
    return torch.cuda.get_device_name() if device == "cuda" else "MPS"


def measure(
    device: str,
    size: int,
    batch: int,
    images: Sequence[Image],
    pictures: Sequence[Image],
    pool: ThreadPoolExecutor,
    seconds: float,
) -> None:
    # Two batches at a time, so that one can be uploaded while the other is computed.
    some = [images[i % len(images)] for i in range(2 * batch)]
    model = MoveNetTorch(device=device, input_size=size, max_batch=batch, threads=1)
    model.load()
    work = {
        "network": (2 * batch, bare(device, size, batch, images[0])),
        "predict": (2 * batch, lambda: model.predict(some)),
        "JPEG": (2 * batch, decoded_ahead(model, pictures, 2 * batch, pool)),
    }
    taken = take_turns(work, ROUNDS, seconds / ROUNDS)
    rates = "".join(f" {1000 / taken[key].wall_ms:9.0f}" for key in work)
    shares = []
    for key in ("predict", "JPEG"):
        middle, low, high = ratio(taken["network"].wall, taken[key].wall)
        shares.append(f"{middle:.2f} ({low:.2f} to {high:.2f})")
    print(f"{batch:>5}{rates}   {', '.join(shares)}", flush=True)


def bare(device: str, size: int, batch: int, image: Image) -> Callable[[], object]:
    """The network twice on a batch that lies on the device, and the wait for it."""
    lanes = lanes_of(torch.device(device))
    network = load_network(WEIGHTS_FOLDER / WEIGHTS_FILE)
    if device == "cuda":
        network = network.half()
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    with torch.inference_mode(), lanes.computing():
        resident = torch.zeros((batch, *place(image, size).canvas, 3), dtype=torch.uint8, device=device)
        run = lanes.record(lambda: network(resident).center)

    def work() -> None:
        with torch.inference_mode(), lanes.computing():
            run()
            run()
        lanes.drain()

    return work


def decoded_ahead(
    model: MoveNetTorch, pictures: Sequence[Image], count: int, pool: ThreadPoolExecutor
) -> Callable[[], object]:
    """`predict` on pictures that were decoded while the pictures before them were computed."""

    def decode(picture: Image) -> Image:
        return np.asarray(cv2.imdecode(picture, cv2.IMREAD_COLOR), np.uint8)

    def batches() -> Iterator[list[Future[Image]]]:
        taken = itertools.cycle(pictures)
        while True:
            yield [pool.submit(decode, each) for each in itertools.islice(taken, count)]

    coming = batches()
    ready = [next(coming)]

    def work() -> None:
        ready.append(next(coming))
        model.predict([each.result() for each in ready.pop(0)])

    return work


if __name__ == "__main__":
    main()
