"""YOLO-pose from a `.pt` file, through the optional extra `spotter-safety[ultralytics]` (AGPL-3.0) and nothing else.

A `.pt` file is a pickle: loading it runs whatever its maker put in, so the library lets none through without a hash or
a word of consent. Only the network is ultralytics'; pictures, decoding and suppression are those of the ONNX files.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.errors import ModelError
from spotter.pose.models.yolo import STEP, YoloOnnx

_QUIET = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"}
"""ultralytics otherwise looks for updates, sends statistics and installs packages by itself."""


_DEVICES = {"cpu": "cpu", "torch-cpu": "cpu", "cuda": "cuda", "mps": "mps"}
"""torch's name by the name in the settings."""


class YoloPt(YoloOnnx):
    """`PoseModel` on torch. Arguments as of `YoloOnnx`; device: a key of `_DEVICES`."""

    _network: Any = None

    def load(self) -> None:
        if self.device not in _DEVICES:
            raise ModelError(
                f"device '{self.device}' cannot be used: a .pt file runs on torch",
                mend=f"Use one of: {', '.join(_DEVICES)}, or export it to ONNX",
            )
        torch, ultralytics = import_ultralytics()
        where = self.device = _DEVICES[self.device]
        if where == "cpu":
            torch.set_num_threads(self._threads or len(os.sched_getaffinity(0)))
        try:
            loaded = ultralytics.YOLO(str(self._file), task="pose")
            loaded.fuse()
            self._network = loaded.model.eval().to(where)
            self._network.requires_grad_(False)
            metadata = _metadata(self._network)
        except Exception as error:
            # Anything may come out of a pickle; each means that this file is no model of that library's.
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelError(
                f"ultralytics {ultralytics.__version__} cannot load '{self._file}': {reason[0][:200]}",
                mend="Check that it is a YOLO-pose model of that version, or export it to ONNX",
            ) from None
        side = max(self.input_size, 4 * STEP)
        self._recognise(self._run(np.zeros((1, 3, side, side), np.float32)), side, side, metadata)

    def _run(self, batch: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
        import torch

        with torch.inference_mode():
            given = self._network(torch.from_numpy(batch).to(next(self._network.parameters()).device))
        output = given[0] if isinstance(given, tuple | list) else given
        numbers: npt.NDArray[np.floating[Any]] = output.float().cpu().numpy()
        return numbers


def import_ultralytics() -> tuple[Any, Any]:
    """torch and ultralytics.

    Raises:
        ModelError: they are not installed.
    """
    if importlib.util.find_spec("ultralytics") is None:
        raise ModelError(
            "a .pt file needs the package ultralytics (AGPL-3.0), which is not installed",
            mend='Export the model to ONNX instead, or install it with: pip install "spotter-safety[ultralytics]"',
        )
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("YOLO_CONFIG_DIR", tempfile.gettempdir())
    import torch
    import ultralytics

    return torch, ultralytics


def _metadata(network: Any) -> Mapping[str, str]:
    """What an export of this network says of itself."""
    return {"names": str(dict(network.names)), "kpt_shape": str(list(network.model[-1].kpt_shape))}
