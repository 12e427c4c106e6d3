"""The torch runner: results, order, memory that is kept, recordings that are bounded, out of memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thread_lanes import ThreadLanes
from torch import Tensor

from spotter.pose.models.torch_lanes import HostLanes, Work
from spotter.pose.models.torch_runner import Job, TorchRunner, batch_sizes, padded_size

CPU = torch.device("cpu")


class CountedLanes(HostLanes):
    """Counts what is recorded, and notes the memory that transfers use."""

    def __init__(self) -> None:
        super().__init__(CPU, fixed_shapes=True)
        self.recordings = 0

    def record(self, work: Work) -> Work:
        self.recordings += 1
        return super().record(work)


def means(images: Tensor, variant: int) -> Tensor:
    """Mean of each picture's channels, and the variant."""
    found = images.float().mean((1, 2))
    return torch.cat([found, torch.full((len(images), 1), float(variant))], 1)


def job(
    values: list[int],
    rows: int = 4,
    columns: int = 6,
    draw: Callable[[npt.NDArray[np.uint8]], object] | None = None,
) -> Job:
    """Pictures of one value each."""

    def fill(batch: npt.NDArray[np.uint8]) -> None:
        batch[:] = np.array(values, np.uint8)[:, None, None, None]

    return Job((len(values), rows, columns), draw or fill)


@pytest.mark.parametrize(
    ("most", "sizes"),
    [
        (1, [1]),
        (2, [1, 2]),
        (4, [1, 2, 4]),
        (6, [1, 2, 4, 6]),
        (8, [1, 2, 4, 8]),
        (256, [1, 2, 4, 8, 16, 32, 64, 128, 256]),
    ],
)
def test_batch_sizes_are_powers_of_two_up_to_the_limit(most: int, sizes: list[int]) -> None:
    assert batch_sizes(most) == sizes
    for count in range(1, most + 1):
        size = padded_size(count, most)
        assert size in sizes
        assert all(smaller < count for smaller in sizes if smaller < size)


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadLanes]:
    lanes = ThreadLanes(seed=7)
    yield lanes
    lanes.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 255), min_size=1, max_size=4), st.sampled_from([(4, 6), (8, 6)])),
        max_size=7,
    ),
    st.sampled_from([3, 50]),
)
def test_each_picture_gets_its_own_result_while_lanes_run_side_by_side(
    threads: ThreadLanes, batches: list[tuple[list[int], tuple[int, int]]], variant: int
) -> None:
    runner = TorchRunner(means, threads, max_batch=4, most_programs=3)
    results = runner.run(variant, [job(values, *shape) for values, shape in batches])
    assert len(results) == len(batches)
    for (values, _), result in zip(batches, results, strict=True):
        expected = np.array([[value, value, value, variant] for value in values], np.float32)
        np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_a_batch_is_padded_to_the_next_size_and_only_its_own_results_come_back() -> None:
    seen: list[int] = []

    def forward(images: Tensor, variant: int) -> Tensor:
        seen.append(len(images))
        return means(images, variant)

    runner = TorchRunner(forward, HostLanes(CPU, fixed_shapes=True), max_batch=8)
    (result,) = runner.run(0, [job([1, 2, 3])])
    assert seen == [4]
    assert result[:, 0].tolist() == [1, 2, 3]
    (result,) = runner.run(0, [job([9])])
    assert result[:, 0].tolist() == [9]
    runner = TorchRunner(forward, HostLanes(CPU), max_batch=8)
    runner.run(0, [job([1, 2, 3])])
    assert seen[2:] == [3], "a CPU has no use for padding"


def test_host_memory_is_kept_and_results_are_the_callers_own() -> None:
    places: list[int] = []
    runner = TorchRunner(means, HostLanes(CPU, fixed_shapes=True), max_batch=4)
    runner.run(0, [job([0, 0, 0, 0]), job([0, 0, 0, 0])])

    def jobs(value: int) -> Iterator[Job]:
        for count in (1, 4, 2, 3):

            def draw(batch: npt.NDArray[np.uint8], value: int = value) -> None:
                places.append(batch.ctypes.data)
                batch[:] = value

            yield job([value] * count, draw=draw)

    first = runner.run(0, jobs(5))
    runner.run(0, jobs(6))
    assert len(places) == 8
    assert len(set(places)) == 2
    assert [result[0, 0] for result in first] == [5, 5, 5, 5]


def test_the_least_recently_used_recording_goes() -> None:
    lanes = CountedLanes()
    runner = TorchRunner(means, lanes, max_batch=4, most_programs=3)
    for rows in (4, 8, 12):
        runner.run(0, [job([1], rows)])
    assert (runner.programs, lanes.recordings) == (3, 3)
    runner.run(0, [job([1], 4)])
    runner.run(0, [job([1], 16)])
    assert (runner.programs, lanes.recordings) == (3, 4)
    runner.run(0, [job([1], 4), job([1], 12)])
    assert lanes.recordings == 4, "these were used last"
    runner.run(0, [job([1], 8)])
    assert (runner.programs, lanes.recordings) == (3, 5)


def test_warming_up_prepares_every_size_and_shape() -> None:
    lanes = CountedLanes()
    runner = TorchRunner(means, lanes, max_batch=8)
    runner.warm(0, [(4, 6), (8, 6)])
    assert (runner.programs, lanes.recordings) == (8, 8)
    runner.run(0, [job([1, 2, 3, 4, 5], 8), job([1], 4)])
    assert lanes.recordings == 8


class NoRecordings(HostLanes):
    """Every recording fails, as where an operation of the network is not allowed in a graph."""

    def record(self, work: Work) -> Work:
        work()
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nSearch for more")


def test_what_cannot_be_recorded_runs_all_the_same_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    runner = TorchRunner(means, NoRecordings(CPU, fixed_shapes=True), max_batch=4)
    runner.warm(0, [(4, 6), (8, 6)])
    assert runner.unrecorded == 2 * len(batch_sizes(4))
    (result,) = runner.run(0, [job([7, 8, 9])])
    assert result[:, 0].tolist() == [7, 8, 9]
    (message,) = caplog.messages
    assert message.endswith("CUDA error: operation not permitted when stream is capturing")


class Full:
    """A device on which more than `room` pictures do not fit."""

    def __init__(self, room: int) -> None:
        self.room = room

    def __call__(self, images: Tensor, variant: int) -> Tensor:
        if len(images) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return means(images, variant)


def test_out_of_memory_is_passed_on_as_it_is_and_the_next_batch_runs() -> None:
    forward = Full(2)
    runner = TorchRunner(forward, HostLanes(CPU, fixed_shapes=True), max_batch=4)
    with pytest.raises(torch.OutOfMemoryError, match=r"2\.00 GiB"):
        runner.run(0, [job([1]), job([1, 2, 3, 4]), job([2])])
    (result,) = runner.run(0, [job([7, 8])])
    assert result[:, 0].tolist() == [7, 8]
    forward.room = 4
    (result,) = runner.run(0, [job([7, 8, 9])])
    assert result[:, 0].tolist() == [7, 8, 9]


@pytest.mark.parametrize(("room", "limit"), [(1, 1), (2, 2), (5, 4), (8, 8)])
def test_warming_up_lowers_the_limit_to_what_fits(room: int, limit: int) -> None:
    runner = TorchRunner(Full(room), HostLanes(CPU, fixed_shapes=True), max_batch=8)
    runner.warm(0, [(4, 6)])
    assert runner.max_batch == limit


def test_a_device_without_room_for_one_picture_is_an_error() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        TorchRunner(Full(0), HostLanes(CPU, fixed_shapes=True), max_batch=8).warm(0, [(4, 6)])


def test_a_picture_that_cannot_be_drawn_leaves_the_runner_usable(threads: ThreadLanes) -> None:
    def broken(batch: npt.NDArray[np.uint8]) -> None:
        raise ValueError("no picture")

    runner = TorchRunner(means, threads, max_batch=4)
    with pytest.raises(ValueError, match="no picture"):
        runner.run(0, [job([1]), job([2], draw=broken)])
    (result,) = runner.run(0, [job([3])])
    assert result[:, 0].tolist() == [3]
