"""What CUDA graphs may not hold, looked for in what MoveNet computes: with fake CUDA tensors, as there is no GPU here.

A fake tensor has a device, a type and a shape, and no data. Operations on it check their devices and work out the shape
of their result, and those whose result's shape or whose flow depends on data fail. A dispatch mode sees every
operation, so that none that brings data to the CPU, or takes it from there, goes unnoticed. A build of torch without
CUDA refuses some more, such as plain indexing; `unbind` and `unsqueeze` do the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from spotter.pose.models.movenet_decode_torch import list_candidates
from spotter.pose.models.movenet_network import MoveNetMultiPose

CUDA = torch.device("cuda", 0)


class OnlyOnDevice(TorchDispatchMode):
    """Refuses an operation with a tensor that is not on the GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.operations.add(str(func))
        for each in tree_leaves((args, kwargs, result)):
            if isinstance(each, Tensor) and each.device != CUDA:
                raise AssertionError(f"{func} has a tensor on {each.device}")
        return result


@pytest.fixture(scope="module")
def network() -> MoveNetMultiPose:
    made = MoveNetMultiPose().half().requires_grad_(False)
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def run_faked(work: Callable[[Tensor], Tensor], shape: tuple[int, ...]) -> tuple[Tensor, set[str]]:
    with FakeTensorMode():
        images = torch.empty(shape, dtype=torch.uint8, device=CUDA)
        with OnlyOnDevice() as mode:
            return work(images), mode.operations


def on_device(network: MoveNetMultiPose) -> Callable[[Tensor], Any]:
    """The network with weights on the GPU, channels-last."""

    def forward(images: Tensor) -> Any:
        weights = {
            name: torch.empty_strided(each.shape, each.stride(), dtype=each.dtype, device=CUDA)
            for name, each in network.named_parameters()
        }
        return torch.func.functional_call(network, weights, (images,))

    return forward


@pytest.mark.parametrize("count", [32, 100])
@pytest.mark.parametrize("shape", [(1, 224, 384, 3), (8, 288, 384, 3), (256, 640, 640, 3)])
def test_network_and_decoding_can_be_recorded(
    network: MoveNetMultiPose, shape: tuple[int, int, int, int], count: int
) -> None:
    forward = on_device(network)
    listed, operations = run_faked(lambda images: list_candidates(forward(images), count), shape)
    assert listed.shape == (shape[0], count, 56)
    assert (listed.dtype, listed.device) == (torch.float32, CUDA)
    assert "aten.convolution.default" in operations
    assert "aten.topk.default" in operations
    # Nothing of random or unset memory, nothing that is looked up by a mask.
    assert not {name for name in operations if "rand" in name or "nonzero" in name or "masked_select" in name}


def test_the_maps_are_in_half_precision(network: MoveNetMultiPose) -> None:
    forward = on_device(network)
    maps, _ = run_faked(forward, (2, 64, 96, 3))
    assert {each.dtype for each in maps} == {torch.float16}


FORBIDDEN: dict[str, Callable[[Tensor], Any]] = {
    "download": lambda images: images.cpu(),
    "shape from data": lambda images: torch.nonzero(images),
    "mask": lambda images: torch.masked_select(images, images > 3),
    "number from data": lambda images: images.max().item(),
    "flow from data": lambda images: images if images.any() else None,
    "upload": lambda images: images + images.new_tensor([1, 2, 3]),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_this_check_sees_what_is_forbidden(what: str) -> None:
    with pytest.raises((AssertionError, RuntimeError)):
        run_faked(FORBIDDEN[what], (1, 32, 32, 3))
