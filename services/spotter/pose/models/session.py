"""ONNX Runtime sessions: which execution provider a device means, and one clear line for whatever does not work."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.errors import ModelError
from spotter.pose.models.devices import cores
from spotter.pose.models.graph_file import check_reads

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
"""ONNX Runtime's provider by the name of a device in the settings."""

_PACKAGES = {
    "cuda": "pip install onnxruntime-gpu",
    "tensorrt": "pip install onnxruntime-gpu, and install TensorRT",
    "openvino": "pip install onnxruntime-openvino",
}
"""What brings a provider; each takes the place of the package onnxruntime."""

MOST_BYTES = 2 * 1024**3
"""A model file larger than this is refused: the largest pose model of the families known here has 0.4 GB."""

_MOST_REASON = 300
_NOISE = tuple(
    re.compile(pattern)
    for pattern in (
        r"\[ONNXRuntimeError\] : \d+ : \w+ : ",
        r"Load model from \S+ failed: ?",
        r"\S*/onnxruntime_src/\S+ .*?\)( const)? (?=[A-Z])",
        r"Non-zero status code returned while ",
    )
)

MOST_NUMBERS = 2**26
"""A graph that states outputs of more numbers than this for one image is refused; pose models have under a million."""


def open_session(
    graph: Path,
    threads: int,
    device: str = "cpu",
    weights: Mapping[str, npt.NDArray[np.generic]] | None = None,
    *,
    companions: Collection[str] = (),
) -> Any:
    """A session of ONNX Runtime.

    Args:
        graph: an ONNX file.
        threads: threads within the network; 0 takes every core that this process may use.
        device: a key of `PROVIDERS`. There is no silent fall-back to the CPU.
        weights: to use in place of the external data that the graph names.
        companions: the only other files that the graph may read, by name, beside it; check them first.

    Raises:
        ModelError: ONNX Runtime or the provider is missing, or the file is not a graph that it can run.
    """
    runtime = _import()
    provider = PROVIDERS[device]
    if provider not in runtime.get_available_providers():
        raise ModelError(
            f"device '{device}' cannot be used: this ONNX Runtime {runtime.__version__} has no {provider}",
            mend=f"{_PACKAGES.get(device, 'Reinstall onnxruntime')}, or use --device cpu",
        )
    _check_file(graph)
    check_reads(graph, companions)
    try:
        options = _options(runtime, threads)
        if weights is not None:
            values = [runtime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
            options.add_external_initializers(list(weights), values)
        session = runtime.InferenceSession(str(graph), options, providers=[(provider, _of_provider(device, threads))])
    except Exception as error:
        # ONNX Runtime's own exception types are many and undocumented; each means that this graph cannot run here.
        raise ModelError(
            f"ONNX Runtime {runtime.__version__} cannot load '{graph}': {reason_of(error)}",
            mend="Check that it is a whole ONNX file, or update with: pip install --upgrade onnxruntime",
        ) from None
    if provider not in session.get_providers():
        raise ModelError(
            f"device '{device}' cannot be used: {provider} did not start and ONNX Runtime fell back to "
            f"{', '.join(session.get_providers())}",
            mend="Check its driver and libraries, or use --device cpu",
        )
    _check_outputs(graph, session)
    return session


def reason_of(error: Exception) -> str:
    """What an error of ONNX Runtime says, in one line without its codes, source files and functions."""
    line = str(error).strip().partition("\n")[0]
    for pattern in _NOISE:
        line = pattern.sub("", line)
    # Names in the graph are whoever's who made it: nothing of them may steer a terminal.
    line = "".join(letter if letter.isprintable() else "?" for letter in line.strip(" .")) or type(error).__name__
    return line if len(line) <= _MOST_REASON else f"{line[:_MOST_REASON]} ..."


def available(device: str) -> bool:
    """Whether the installed ONNX Runtime was built with the provider of a device."""
    return PROVIDERS[device] in _import().get_available_providers()


def first_input(session: Any) -> tuple[str, Sequence[int | str | None], str]:
    """Name, shape (a name or None where it is free) and type of the graph's only input.

    Raises:
        ModelError: there is not exactly one.
    """
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(repr(one.name) for one in inputs) or "none"
        raise ModelError(f"a pose model has one input, this file has {len(inputs)}: {names}", mend="Give another file")
    return inputs[0].name, inputs[0].shape, inputs[0].type


def _import() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(
            f"ONNX Runtime cannot be imported: {error}", mend="Reinstall with: pip install spotter-safety"
        ) from None
    return onnxruntime


def _options(runtime: Any, threads: int) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads or cores()
    options.inter_op_num_threads = 1
    # Waiting threads sleep: spinning ones starve the decoder and the other services on a busy machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def _check_outputs(graph: Path, session: Any) -> None:
    for output in session.get_outputs():
        # Sequences and maps have no shape; dimensions that are free have a name.
        known = [side for side in output.shape or () if isinstance(side, int)]
        if math.prod(known) > MOST_NUMBERS:
            raise ModelError(
                f"model file '{graph}' gives out {output.name!r} of shape {list(output.shape)}, which is too large",
                mend="Give the ONNX file of a pose model",
            )


def _of_provider(device: str, threads: int) -> dict[str, str]:
    """OpenVINO has threads of its own."""
    return {"num_of_threads": str(threads or cores())} if device == "openvino" else {}


def _check_file(graph: Path) -> None:
    try:
        size = graph.stat().st_size
        with graph.open("rb") as file:
            start = file.read(1)
    except OSError as error:
        raise ModelError(f"model file '{graph}' cannot be read: {error.strerror}", mend="Check the path") from None
    if size > MOST_BYTES:
        raise ModelError(
            f"model file '{graph}' has {size / 1024**3:.1f} GB, more than the {MOST_BYTES / 1024**3:.0f} GB allowed",
            mend="Give the ONNX file of a pose model",
        )
    # An ONNX file is a protobuf message; its first field is the IR version (tag 0x08).
    if start != b"\x08":
        raise ModelError(f"'{graph}' is not an ONNX file", mend="Export the model to ONNX and give that file")
