"""When a batch does not fit into memory: recognising it, and how large the next ones may be. Pure.

Frameworks share no exception for it, and none of them is imported here.
"""

from __future__ import annotations

_SIGNS = (
    # CUDA, torch on MPS: "CUDA out of memory. Tried to allocate", "CUDA error: out of memory".
    "out of memory",
    # torch on a CPU: "DefaultCPUAllocator: can't allocate memory: you tried to allocate".
    "can't allocate memory",
    # ONNX Runtime's arena: "Failed to allocate memory for requested buffer of size"; OpenCV: "Failed to allocate".
    "failed to allocate",
    # ONNX Runtime on a CPU passes the C++ exception on.
    "bad_alloc",
    "bad allocation",
    # OpenCV's code -4.
    "insufficient memory",
    # cuBLAS and cuDNN: CUBLAS_STATUS_ALLOC_FAILED.
    "_alloc_failed",
    # TensorRT.
    "outofmemory",
)

_HOLD_S = 30.0
"""[D] The limit stays where it is so long after the last failure, and after each step up."""

_STEP = 4
"""[D] It grows by a quarter of itself at a time: from half of the most back to it in two minutes."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of a model, of numpy or of OpenCV says that memory did not suffice."""
    if isinstance(error, MemoryError) or any(base.__name__ == "OutOfMemoryError" for base in type(error).__mro__):
        return True
    text = str(error).lower()
    return any(sign in text for sign in _SIGNS)


class BatchLimit:
    """Frames per batch: at most `most`, halved when they do not fit, growing back slowly.

    Attributes:
        size: the limit now, at least 1.
    """

    def __init__(self, most: int) -> None:
        self.size = most
        self._most = most
        self._grow_at = 0.0

    def failed(self, frames: int, now: float) -> None:
        """A batch of so many frames did not fit. `now` is a clock in seconds that never goes back."""
        self.size = max(1, min(self.size, frames // 2))
        self._grow_at = now + _HOLD_S

    def fitted(self, now: float) -> None:
        """A batch did fit."""
        if self.size < self._most and now >= self._grow_at:
            self.size = min(self._most, self.size + max(1, self.size // _STEP))
            self._grow_at = now + _HOLD_S
