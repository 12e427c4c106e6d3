"""Where torch's work on a device runs: memory that uploads start from, lanes for uploads and for computing, recordings.

`HostLanes` does everything at once and in order: for the CPU, for MPS, and for the tests. `CudaLanes` uploads on one
stream while it computes on another, and records what is computed as a CUDA graph, which is then replayed with one
launch. What runs on them is the same code (`torch_runner`).

Nobody here could run `CudaLanes`, nor MPS: no machine with a GPU was at hand. It follows torch's notes on CUDA
semantics (graphs: warm-up on a side stream, fixed inputs, no wait for the device and no shape that depends on values
while recording). That what is recorded keeps to this is tested with fake CUDA tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import torch
from torch import Tensor

Work = Callable[[], Tensor]
"""Computes from tensors that stay where they are; a recording gives its result in the same memory each time."""

_WARM_UP_RUNS = 3
"""Runs before a recording, which let libraries allocate and choose their kernels (torch's notes on CUDA graphs)."""


class Lanes(Protocol):
    """How a runner orders its work on one device.

    Attributes:
        device: where tensors live.
        fixed_shapes: a new batch size costs so much that batches are padded to a few sizes, prepared beforehand.
    """

    device: torch.device
    fixed_shapes: bool

    def host_memory(self, size: int, kind: torch.dtype) -> Tensor:
        """Memory of the CPU that transfers may use without waiting, (size,)."""

    def transfer(self, source: Tensor, target: Tensor) -> None:
        """Copy between host and device, in the present lane; the caller goes on before it is done where it can."""

    def uploading(self) -> AbstractContextManager[Any]:
        """Work begun inside belongs to the uploads."""

    def computing(self) -> AbstractContextManager[Any]:
        """Work begun inside belongs to the computing."""

    def mark(self) -> Any:
        """The point that the work of the present lane has reached."""

    def follow(self, mark: Any) -> None:
        """The present lane goes on once `mark` has been reached; the caller does not wait."""

    def wait(self, mark: Any) -> None:
        """Return once `mark` has been reached."""

    def drain(self) -> None:
        """Return once all work is done."""

    def record(self, work: Work) -> Work:
        """Something that does the same as `work`, as fast as it can be had. Called while `computing`.

        Raises:
            RuntimeError: it cannot be recorded; `work` itself still runs.
            torch.OutOfMemoryError: the memory of the device does not suffice.
        """


class HostLanes:
    """`Lanes` that do each thing when it is asked for."""

    def __init__(self, device: torch.device, *, fixed_shapes: bool = False) -> None:
        self.device = device
        self.fixed_shapes = fixed_shapes

    def host_memory(self, size: int, kind: torch.dtype) -> Tensor:
        return torch.empty(size, dtype=kind)

    def transfer(self, source: Tensor, target: Tensor) -> None:
        target.copy_(source)

    def uploading(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def computing(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def mark(self) -> Any:
        return None

    def follow(self, mark: Any) -> None:
        """Everything before is done already."""

    def wait(self, mark: Any) -> None:
        """Everything before is done already."""

    def drain(self) -> None:
        if self.device.type == "mps":
            torch.mps.synchronize()

    def record(self, work: Work) -> Work:
        return work


class CudaLanes:
    """`Lanes` of one CUDA device. One thread uses them at a time."""

    fixed_shapes = True

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._uploads = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._computing = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        # Graphs never run at the same time and each result is fetched before the next one starts, so they share memory.
        self._pool = torch.cuda.graph_pool_handle()

    def host_memory(self, size: int, kind: torch.dtype) -> Tensor:
        return torch.empty(size, dtype=kind, pin_memory=True)

    def transfer(self, source: Tensor, target: Tensor) -> None:
        target.copy_(source, non_blocking=True)

    def uploading(self) -> AbstractContextManager[Any]:
        return torch.cuda.stream(self._uploads)

    def computing(self) -> AbstractContextManager[Any]:
        return torch.cuda.stream(self._computing)

    def mark(self) -> Any:
        # A blocking event lets the waiting thread sleep: a spinning one would take a core from the decoders.
        event = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self.device))
        return event

    def follow(self, mark: Any) -> None:
        torch.cuda.current_stream(self.device).wait_event(mark)

    def wait(self, mark: Any) -> None:
        mark.synchronize()

    def drain(self) -> None:
        torch.cuda.synchronize(self.device)

    def record(self, work: Work) -> Work:
        for _ in range(_WARM_UP_RUNS):
            work()
        self.drain()
        graph = torch.cuda.CUDAGraph()
        # Other threads of the process may go on using CUDA: only this one must keep to the rules of recording.
        with torch.cuda.graph(graph, pool=self._pool, stream=self._computing, capture_error_mode="thread_local"):
            output = work()

        def replay() -> Tensor:
            graph.replay()
            return output

        return replay


def lanes_of(device: torch.device) -> Lanes:
    """The lanes that suit a device. MPS compiles its kernels for each shape, so it gets few shapes too."""
    if device.type == "cuda":
        return CudaLanes(device)
    return HostLanes(device, fixed_shapes=device.type == "mps")
