"""Constants of MoveNet MultiPose that the network, its export and its decoding share. Needs nothing but Python."""

from __future__ import annotations

MODEL_NAME = "movenet-multipose"
MODEL_VERSION = "1"

PARAMETERS = 4_723_346
"""Numbers in the weights: backbone 4,603,624, feature pyramid 95,296, heads 24,426."""

STRIDE = 4
"""Input pixels per cell of the head maps."""

INPUT_SCALE = 0.007843017578125
"""2/255 as the released graph stores it, in half precision; the input is x * INPUT_SCALE - 1."""

HALF = "__half"
"""The graph's half-precision weights are named as the network's parameters with this at the end."""

MAP_CHANNELS = {
    "center": 1,
    "box_scale": 2,
    "box_offset": 2,
    "keypoint_heat": 17,
    "keypoint_regress": 34,
    "keypoint_offset": 34,
}
"""Name and channels of each head map, in the order of the network's outputs."""
