"""MoveNet MultiPose Lightning as a torch module: one stage, all people of a picture at once, six maps at stride 4.

The network is CenterNet on MobileNetV2 (width 1.5, batch norms already folded) with a feature pyramid; released by
Google under Apache-2.0 as a TF.js graph, whose numbers this module reproduces. Three facts carry over from TensorFlow:
"SAME" padding at stride 2 adds a row below and a column to the right only; upsampling uses half-pixel centres; the
input scale is 2/255 as half precision stores it. Needs torch; the default install runs the exported graph instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from spotter.pose.models.movenet_maps import INPUT_SCALE, MAP_CHANNELS


class HeadMaps(NamedTuple):
    """The six outputs, each (N, channels, H / 4, W / 4), in cells of 4 px and (y, x) order.

    Attributes:
        center: (1) probability that a person's centre is in the cell.
        box_scale: (2) height and width of the box.
        box_offset: (2) centre of the box relative to the cell.
        keypoint_heat: (17) probability that a keypoint of anyone is in the cell.
        keypoint_regress: (34) coarse keypoints relative to the centre's cell, y and x in turn.
        keypoint_offset: (34) fine offset within the keypoint's own cell, y and x in turn.
    """

    center: Tensor
    box_scale: Tensor
    box_offset: Tensor
    keypoint_heat: Tensor
    keypoint_regress: Tensor
    keypoint_offset: Tensor


class _Convolution(nn.Module):
    """Convolution with TensorFlow's SAME padding and an optional ReLU6."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, *, relu: bool = True
    ):
        super().__init__()
        self.stride = stride
        padding = kernel // 2 if stride == 1 else 0
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups)
        self.activation = nn.ReLU6() if relu else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 2:
            x = F.pad(x, (0, 1, 0, 1))
        out: Tensor = self.activation(self.convolution(x))
        return out


class _InvertedResidual(nn.Module):
    """MobileNetV2's block: expand, filter each channel, project; added to its input where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int):
        super().__init__()
        wide = inputs * expansion
        self.expand = _Convolution(inputs, wide) if expansion != 1 else nn.Identity()
        self.depthwise = _Convolution(wide, wide, 3, stride, wide)
        self.project = _Convolution(wide, outputs, relu=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + out if self.residual else out


class Backbone(nn.Module):
    """MobileNetV2 at width 1.5; returns the features at strides 4, 8, 16 and 32 (40, 48, 96 and 1280 channels)."""

    _TAPS = (2, 5, 9)
    # inputs, outputs, stride, expansion
    _BLOCKS = (
        *((48, 24, 1, 1), (24, 40, 2, 6), (40, 40, 1, 6), (40, 48, 2, 6), (48, 48, 1, 6), (48, 48, 1, 6)),
        *((48, 96, 2, 6), (96, 96, 1, 6), (96, 96, 1, 6), (96, 96, 1, 6), (96, 144, 1, 6), (144, 144, 1, 6)),
        *((144, 144, 1, 6), (144, 240, 2, 6), (240, 240, 1, 6), (240, 240, 1, 6), (240, 480, 1, 6)),
    )

    def __init__(self) -> None:
        super().__init__()
        self.stem = _Convolution(3, 48, 3, 2)
        self.blocks = nn.ModuleList(_InvertedResidual(*block) for block in self._BLOCKS)
        self.last = _Convolution(480, 1280)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x = self.stem(x)
        taps: list[Tensor] = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self._TAPS:
                taps.append(x)
        return taps[0], taps[1], taps[2], self.last(x)


class _SeparableConvolution(nn.Module):
    """3x3 per channel, then 1x1 across channels, then ReLU."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
        self.pointwise = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.pointwise(self.depthwise(x)))


class FeaturePyramid(nn.Module):
    """Carries coarse features up to stride 4, where all heads read (24 channels)."""

    def __init__(self) -> None:
        super().__init__()
        self.lateral32 = nn.Conv2d(1280, 64, 1)
        self.lateral16 = nn.Conv2d(96, 64, 1)
        self.lateral8 = nn.Conv2d(48, 32, 1)
        self.lateral4 = nn.Conv2d(40, 24, 1)
        self.merge16 = _SeparableConvolution(64, 32)
        self.merge8 = _SeparableConvolution(32, 24)
        self.merge4 = _SeparableConvolution(24, 24)

    def forward(self, x4: Tensor, x8: Tensor, x16: Tensor, x32: Tensor) -> Tensor:
        x = self.merge16(_upsample(self.lateral32(x32)) + self.lateral16(x16))
        x = self.merge8(_upsample(x) + self.lateral8(x8))
        out: Tensor = self.merge4(_upsample(x) + self.lateral4(x4))
        return out


class _Head(nn.Module):
    def __init__(self, outputs: int):
        super().__init__()
        self.features = _SeparableConvolution(24, 96)
        self.output = nn.Conv2d(96, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.output(self.features(x))
        return out


class MoveNetMultiPose(nn.Module):
    """The whole network. Height and width must be multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.feature_pyramid = FeaturePyramid()
        self.heads = nn.ModuleDict({name: _Head(channels) for name, channels in MAP_CHANNELS.items()})

    def forward(self, images: Tensor) -> HeadMaps:
        """Map images (N, H, W, 3), RGB 0..255, uint8 or float, to the six head maps."""
        maps = self.logits(self.backbone(self.normalised(images)))
        return maps._replace(center=maps.center.sigmoid(), keypoint_heat=maps.keypoint_heat.sigmoid())

    def normalised(self, images: Tensor) -> Tensor:
        """Images (N, H, W, 3) as the backbone takes them, (N, 3, H, W) in -1..1.

        In single precision even when the weights are half, because halves near 1 are coarse.
        """
        weights = self.backbone.stem.convolution.weight
        return (images.to(torch.float32) * INPUT_SCALE - 1.0).permute(0, 3, 1, 2).to(weights.dtype)

    def logits(self, features: tuple[Tensor, Tensor, Tensor, Tensor]) -> HeadMaps:
        """The head maps of the backbone's features, with `center` and `keypoint_heat` before their sigmoid."""
        x = self.feature_pyramid(*features)
        return HeadMaps(**{name: head(x) for name, head in self.heads.items()})


def load_network(weights: Path) -> MoveNetMultiPose:
    """Build the network with the weights of a safetensors file, in single precision, ready for inference."""
    from safetensors.torch import load_file

    network = MoveNetMultiPose()
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(weights).items()})
    return network.eval().requires_grad_(False)


def _upsample(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
