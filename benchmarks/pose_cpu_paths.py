"""The ways to run the default pose model's network on a CPU, against ONNX Runtime as Spotter uses it.

    python benchmarks/pose_cpu_paths.py [--rounds 12] [--threads 1 2] [--batches 1 4] [--compile-s 180] [--skip bf16]

The network alone, at 384x288, for one frame and for four at once; all take turns. `wall` and `processor` are medians
in ms a frame; the ratio is to ONNX Runtime with the same batch and threads, turn by turn (above 1: slower). Variants
of ONNX Runtime show what its settings do: threads that spin while they wait, no arena (memory from malloc each time),
the arena growing by what is asked for. OpenVINO's provider takes part where it is installed (onnxruntime-openvino).
`torch.compile` gets `--compile-s` seconds in a process of its own first, which fills its cache.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch

from footage import demo_frames
from spotter.pose.models.movenet_network import MoveNetMultiPose, load_network
from spotter.pose.models.weights import GRAPH_FILE, WEIGHTS_FILE, WEIGHTS_FOLDER
from spotter.pose.preprocess import Batcher, place
from turns import ratio, take_turns

SIZE = 384
REFERENCE = "ONNX Runtime"

_COMPILE = """
import sys; sys.path.insert(0, {here!r})
from pose_cpu_paths import compiled, load, frames
import torch
torch.set_num_threads({threads})
compiled(load(), frames({batch}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12, help="timed turns of each")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--compile-s", type=float, default=180, help="longest time for torch.compile, each batch")
    parser.add_argument("--skip", nargs="*", default=[], help="paths to leave out, by the beginning of their name")
    options = parser.parse_args()
    print(f"torch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}, {os.cpu_count()} cores, {load_text()}")
    for threads in options.threads:
        torch.set_num_threads(threads)
        for batch in options.batches:
            contestants = paths(batch, threads, options.compile_s, options.skip)
            taken = take_turns({name: (batch, work) for name, work in contestants.items()}, options.rounds)
            print(f"\n{threads} thread(s), batch {batch}, {load_text()}")
            print(f"{'':34} {'wall':>7} {'processor':>9}   to {REFERENCE}: wall (quartiles), processor")
            for name, times in taken.items():
                middle, low, high = ratio(times.wall, taken[REFERENCE].wall)
                processor, _, _ = ratio(times.processor, taken[REFERENCE].processor)
                print(
                    f"{name:34} {times.wall_ms:7.1f} {times.processor_ms:9.1f}   "
                    f"{middle:5.2f} ({low:.2f} to {high:.2f}), {processor:.2f}"
                )


def paths(batch: int, threads: int, compile_s: float, skip: list[str]) -> dict[str, Callable[[], object]]:
    """What there is to run, by name."""
    images = frames(batch)
    made: dict[str, Callable[[], Callable[[], object]]] = {
        REFERENCE: lambda: session(images, threads),
        "ONNX Runtime, spinning": lambda: session(images, threads, spinning="1"),
        "ONNX Runtime, no arena": lambda: session(images, threads, arena=False),
        "ONNX Runtime, arena as requested": lambda: session(images, threads, extend="kSameAsRequested"),
        "torch eager": lambda: eager(load(channels_last=False), images),
        "torch channels-last": lambda: eager(load(), images),
        "torch bf16, channels-last": lambda: eager(load().bfloat16(), images),
        "torch.compile": lambda: in_cache(batch, threads, compile_s) and compiled(load(), images),
    }
    if batch > 1:
        made["ONNX Runtime, one run a frame"] = lambda: session(images, threads, together=False)
    if "OpenVINOExecutionProvider" in onnxruntime.get_available_providers():
        made["OpenVINO provider"] = lambda: openvino(images, threads)
    found: dict[str, Callable[[], object]] = {}
    for name, make in made.items():
        if any(name.startswith(each) for each in skip) and name != REFERENCE:
            continue
        try:
            found[name] = make()
        except Exception as error:
            print(f"{name} is left out: {type(error).__name__}: {str(error).strip().splitlines()[-1]}")
    return found


def frames(batch: int) -> npt.NDArray[np.uint8]:
    """(batch, 288, 384, 3) of the demo clips."""
    images = list(itertools.islice(demo_frames(20), batch))
    return Batcher().fill(images, [place(image, SIZE) for image in images]).copy()


def session(
    images: npt.NDArray[np.uint8],
    threads: int,
    *,
    spinning: str = "0",
    arena: bool = True,
    extend: str = "kNextPowerOfTwo",
    together: bool = True,
) -> Callable[[], object]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = arena
    options.add_session_config_entry("session.intra_op.allow_spinning", spinning)
    providers = [("CPUExecutionProvider", {"arena_extend_strategy": extend})]
    made = onnxruntime.InferenceSession(str(WEIGHTS_FOLDER / GRAPH_FILE), options, providers=providers)
    if together:
        return lambda: made.run(None, {"images": images})
    return lambda: [made.run(None, {"images": image[None]}) for image in images]


def openvino(images: npt.NDArray[np.uint8], threads: int) -> Callable[[], object]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    provider = ("OpenVINOExecutionProvider", {"device_type": "CPU", "num_of_threads": str(threads)})
    made = onnxruntime.InferenceSession(str(WEIGHTS_FOLDER / GRAPH_FILE), options, providers=[provider])
    if "OpenVINOExecutionProvider" not in made.get_providers():
        raise RuntimeError("the provider did not start")
    return lambda: made.run(None, {"images": images})


def load(*, channels_last: bool = True) -> MoveNetMultiPose:
    network = load_network(WEIGHTS_FOLDER / WEIGHTS_FILE)
    if channels_last:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def eager(network: Any, images: npt.NDArray[np.uint8]) -> Callable[[], object]:
    pictures = torch.from_numpy(images)

    def work() -> object:
        with torch.inference_mode():
            return network(pictures)

    return work


def in_cache(batch: int, threads: int, compile_s: float) -> bool:
    """Compile in a process that can be stopped; its result lies in the cache of torch.

    Raises:
        RuntimeError: no compiler, or not in time.
    """
    code = _COMPILE.format(here=str(Path(__file__).resolve().parent), threads=threads, batch=batch)
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=compile_s)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not compiled within {compile_s:.0f} s") from None
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return True


def compiled(network: Any, images: npt.NDArray[np.uint8]) -> Callable[[], object]:
    work = eager(torch.compile(network, dynamic=False), images)
    work()
    return work


def load_text() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
