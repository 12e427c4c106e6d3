"""Errors that say that memory did not suffice, as the libraries raise them, and the limit that follows from them."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from spotter.core.errors import ModelError
from spotter.pose.out_of_memory import BatchLimit, is_out_of_memory


class OutOfMemoryError(RuntimeError):
    """Has the name of torch's own."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (OutOfMemoryError("whatever it says"), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 79.1 GiB"), True),
        (RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be reported asynchronously"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9.0 GB, max allowed: 9.1 GB)"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory: you"), True),
        (RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : std::bad_alloc"), True),
        (
            ModelError(
                "model file 'm.onnx' cannot run on an input of (4, 3, 640, 640): [ONNXRuntimeError] : 1 : FAIL : "
                "bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 67108864",
                mend="Export it again",
            ),
            True,
        ),
        (RuntimeError("black picture"), False),
        (ValueError("an image is (0, 0, 3) uint8, expected (H, W, 3) uint8 with pixels"), False),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (RuntimeError("CUDA error: misaligned address"), False),
        (KeyError("memory"), False),
    ],
)
def test_what_counts_as_out_of_memory(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_numpy_says_it() -> None:
    with pytest.raises(MemoryError) as caught:
        np.empty((2**50, 8), np.float64)
    assert is_out_of_memory(caught.value)


def test_opencv_says_it() -> None:
    with pytest.raises(cv2.error) as caught:
        cv2.resize(np.zeros((2, 2, 3), np.float64), (2**30, 2**24))
    assert is_out_of_memory(caught.value)


ONNX_RUNTIME = """
import resource
import numpy as np
from spotter.pose.models.movenet_onnx import MoveNetOnnx
from spotter.pose.out_of_memory import is_out_of_memory
model = MoveNetOnnx(input_size=128, threads=1)
model.load()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 60_000_000, used + 60_000_000))
large = MoveNetOnnx(input_size=1280, threads=1)
large._session = model._session
try:
    large.predict([np.zeros((1280, 1280, 3), np.uint8)])
except Exception as error:
    print(is_out_of_memory(error), type(error).__name__)
model.predict([np.zeros((96, 128, 3), np.uint8)])
print("the smaller one still fits")
"""


def test_onnx_runtime_says_it_and_goes_on() -> None:
    done = subprocess.run([sys.executable, "-c", ONNX_RUNTIME], capture_output=True, text=True, timeout=60, check=True)
    first, second = done.stdout.splitlines()
    assert first.startswith("True ")
    assert second == "the smaller one still fits"


def test_the_limit_halves_and_grows_back_slowly() -> None:
    limit = BatchLimit(64)
    limit.failed(64, 0.0)
    assert limit.size == 32
    limit.failed(32, 1.0)
    assert limit.size == 16
    for second in range(2, 31):
        limit.fitted(float(second))
    assert limit.size == 16, "it stays for a while"
    sizes = []
    for second in range(31, 400):
        limit.fitted(float(second))
        sizes.append(limit.size)
    assert sorted(set(sizes)) == [20, 25, 31, 38, 47, 58, 64]
    assert sizes[29] == 20, "a step at a time"
    assert sizes[-1] == 64, "never more than at first"


def test_the_limit_follows_what_failed_and_never_goes_below_one() -> None:
    limit = BatchLimit(64)
    limit.failed(10, 0.0)
    assert limit.size == 5
    for _ in range(5):
        limit.failed(1, 0.0)
    assert limit.size == 1
    limit.fitted(30.0)
    assert limit.size == 2
