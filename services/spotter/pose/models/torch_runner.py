"""Runs batches of pictures through a torch function on one device, and brings back its result in one download each.

Batch by batch, the pictures are drawn into host memory that is kept, uploaded, and computed on; while one batch is
computed the next is drawn and uploaded. Where the device has fixed shapes, a batch is padded to the next of a few sizes
and its work is recorded once (`torch_lanes`); the least recently used recording goes when there are too many.

Out of memory is not handled here but passed on (`torch.OutOfMemoryError`), and leaves the runner as it was.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spotter.core.contracts import FloatArray
from spotter.pose.models.torch_lanes import Lanes, Work

Forward = Callable[[Tensor, int], Tensor]
"""From (N, rows, columns, 3) uint8 and a variant to (N, ...) float32, on the device: the shape of the result depends on
that of the input alone, and nothing waits for the device."""

MOST_PROGRAMS = 32
"""Input shapes kept ready: nine batch sizes (1 to 256) of two or three picture shapes, and some for crowds."""

_SLOTS = 2
"""Batches under way at once: one is computed while the next is drawn and uploaded."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One batch: its shape (pictures, rows, columns), and what draws it into (pictures, rows, columns, 3) uint8."""

    shape: tuple[int, int, int]
    draw: Callable[[npt.NDArray[np.uint8]], object]


class TorchRunner:
    """See the module. One thread uses it at a time.

    Args:
        forward: what to run.
        lanes: where.
        max_batch: most pictures of a batch; a job must not have more.
        most_programs: input shapes kept ready.

    Attributes:
        max_batch: as given, or less if the device's memory did not suffice while warming up.
        unrecorded: how many input shapes run launch by launch, because recording failed (logged the first time).
    """

    def __init__(self, forward: Forward, lanes: Lanes, *, max_batch: int, most_programs: int = MOST_PROGRAMS) -> None:
        self.max_batch = max_batch
        self.unrecorded = 0
        self._forward = forward
        self._lanes = lanes
        self._most_programs = most_programs
        self._slots = [_Slot(lanes) for _ in range(_SLOTS)]
        self._programs: OrderedDict[tuple[int, int, int, int], _Program] = OrderedDict()

    @property
    def programs(self) -> int:
        """Input shapes that are ready now."""
        return len(self._programs)

    @torch.inference_mode()
    def warm(self, variant: int, canvases: Sequence[tuple[int, int]]) -> None:
        """Make ready for pictures of these (rows, columns), for every batch size where shapes are fixed, else for one.

        Raises:
            torch.OutOfMemoryError: the memory of the device does not suffice for a single picture.
        """
        sizes = batch_sizes(self.max_batch) if self._lanes.fixed_shapes else [1]
        for size in sizes:
            try:
                for rows, columns in canvases:
                    self.run(variant, [Job((size, rows, columns), lambda batch: batch.fill(0))])
            except torch.OutOfMemoryError:
                if size == 1:
                    raise
                self.max_batch = sizes[sizes.index(size) - 1]
                return

    @torch.inference_mode()
    def run(self, variant: int, jobs: Iterable[Job]) -> list[FloatArray]:
        """The result of each job, (pictures, ...) float32, in order."""
        results: list[FloatArray] = []
        under_way: deque[_Slot] = deque()
        for number, job in enumerate(jobs):
            if len(under_way) == _SLOTS:
                results.append(under_way.popleft().result())
            slot = self._slots[number % _SLOTS]
            slot.start(job, self._program(variant, job.shape))
            under_way.append(slot)
        results.extend(slot.result() for slot in under_way)
        return results

    def _program(self, variant: int, shape: tuple[int, int, int]) -> _Program:
        count, rows, columns = shape
        size = padded_size(count, self.max_batch) if self._lanes.fixed_shapes else count
        key = variant, size, rows, columns
        program = self._programs.get(key)
        if program is None:
            while len(self._programs) >= self._most_programs:
                self._lanes.drain()  # a graph must not go while it runs
                self._programs.popitem(last=False)
            program = self._programs[key] = self._make(variant, (size, rows, columns))
        self._programs.move_to_end(key)
        return program

    def _make(self, variant: int, shape: tuple[int, int, int]) -> _Program:
        lanes = self._lanes
        with lanes.computing():
            images = torch.zeros((*shape, 3), dtype=torch.uint8, device=lanes.device)

            def work() -> Tensor:
                return self._forward(images, variant)

            try:
                return _Program(images, lanes.record(work), lanes)
            except torch.OutOfMemoryError:
                raise
            except RuntimeError as error:
                if not self.unrecorded:
                    _log.warning(
                        "no recorded graphs, kernels are launched one by one: %s", str(error).partition("\n")[0]
                    )
                self.unrecorded += 1
                return _Program(images, work, lanes)


class _Program:
    """What is computed for one input shape, with the memory of its input."""

    def __init__(self, images: Tensor, work: Work, lanes: Lanes) -> None:
        self._input = images
        self._work = work
        self._lanes = lanes

    def __call__(self, uploaded: Tensor) -> Tensor:
        """The result for the pictures given; it holds until the next program runs. Called while `computing`."""
        count = len(uploaded)
        self._lanes.transfer(uploaded, self._input[:count])
        return self._work()[:count]


class _Slot:
    """Memory of one batch under way: pictures on the host and on the device, and the result on the host.

    It grows to the largest batch seen and is then kept.
    """

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._host = torch.empty(0, dtype=torch.uint8)
        self._device = torch.empty(0, dtype=torch.uint8)
        self._fetched = torch.empty(0)
        self._shape: tuple[int, ...] = (0,)
        self._done: Any = None

    def start(self, job: Job, program: _Program) -> None:
        lanes, size = self._lanes, 3 * prod(job.shape)
        self._hold(size)
        host = self._host[:size].view(*job.shape, 3)
        job.draw(host.numpy())
        with lanes.uploading():
            device = self._device[:size].view(*job.shape, 3)
            lanes.transfer(host, device)
            uploaded = lanes.mark()
        with lanes.computing():
            lanes.follow(uploaded)
            output = program(device)
            self._shape = tuple(output.shape)
            if self._fetched.numel() < output.numel():
                self._fetched = lanes.host_memory(output.numel(), output.dtype)
            lanes.transfer(output, self._fetched[: output.numel()].view(self._shape))
            self._done = lanes.mark()

    def result(self) -> FloatArray:
        """Wait for it. (pictures, ...) float32, the caller's own."""
        self._lanes.wait(self._done)
        result: FloatArray = self._fetched[: prod(self._shape)].view(self._shape).numpy().copy()
        return result

    def _hold(self, size: int) -> None:
        if self._host.numel() >= size:
            return
        self._host = self._lanes.host_memory(size, torch.uint8)
        # New memory may be some that work under way still uses, as the allocator knows only the order of one stream.
        self._lanes.drain()
        with self._lanes.uploading():
            self._device = torch.empty(size, dtype=torch.uint8, device=self._lanes.device)


def batch_sizes(most: int) -> list[int]:
    """1, 2, 4, 8 and so on, and `most` itself."""
    return [*(2**power for power in range((most - 1).bit_length())), most]


def padded_size(count: int, most: int) -> int:
    """The smallest of `batch_sizes` that holds `count`."""
    return next(size for size in batch_sizes(most) if size >= count)
