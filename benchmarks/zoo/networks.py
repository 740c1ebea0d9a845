"""Torchvision's own classes, adapted to ten classes of 3x32x32 images with as little as possible.

At 32x32 the published strides would shrink every map to a single pixel, so each stem keeps its
kernel and width rule but moves by one pixel; ResNet50's blocks are narrowed so that the three
files stay small enough to ship. Dropout is removed: it has no place in a file for inference.
"""

import torch
from torch import nn

# A torchvision wheel built for CUDA registers fake kernels for two operators that only its CUDA
# library defines; beside a CPU build of torch the import needs these schemas to exist.
_OPERATORS = torch.library.Library("torchvision", "FRAGMENT")
try:
    for _name in ("nms", "qnms"):
        _OPERATORS.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
except RuntimeError:  # a matching wheel has defined them already
    pass

from torchvision.models import MobileNetV2, SqueezeNet  # noqa: E402
from torchvision.models.resnet import Bottleneck, ResNet  # noqa: E402

CLASSES = 10
RESNET_WIDTH = 0.375


class NarrowResNet(ResNet):
    """ResNet whose blocks have `RESNET_WIDTH` of the published channels."""

    def _make_layer(  # noqa: PLR0913 - torchvision's signature
        self,
        block: type[Bottleneck],
        planes: int,
        blocks: int,
        stride: int = 1,
        dilate: bool = False,  # noqa: FBT001, FBT002
    ) -> nn.Sequential:
        return super()._make_layer(block, int(planes * RESNET_WIDTH), blocks, stride, dilate)


def mobilenet_v2() -> nn.Module:
    """Build MobileNetV2 at half width with a stem of stride 1."""
    net = MobileNetV2(num_classes=CLASSES, width_mult=0.5, dropout=0.0)
    net.features[0][0].stride = (1, 1)
    net.classifier[0] = nn.Identity()
    return net


def resnet50() -> nn.Module:
    """Build ResNet50, blocks [3, 4, 6, 3], narrowed, with a stem of stride 1."""
    net = NarrowResNet(Bottleneck, [3, 4, 6, 3], num_classes=CLASSES)
    net.conv1.stride = (1, 1)
    net.fc = nn.Linear(int(512 * RESNET_WIDTH) * Bottleneck.expansion, CLASSES)
    return net


def squeezenet1_1() -> nn.Module:
    """Build SqueezeNet 1.1 at full width with a stem of stride 1; it has no batch norm."""
    net = SqueezeNet("1_1", num_classes=CLASSES, dropout=0.0)
    net.features[0].stride = (1, 1)
    net.classifier[0] = nn.Identity()
    return net


BUILDERS = {"mobilenet_v2": mobilenet_v2, "resnet50": resnet50, "squeezenet1_1": squeezenet1_1}
