"""Torchvision's own classes, adapted to ten classes of 3x32x32 images with as little as possible.

At 32x32 the published strides would shrink every map to a single pixel, so each stem keeps its
kernel but moves by one pixel; ResNet50's blocks are narrowed so that the three
files stay small enough to ship. Dropout is removed: it has no place in a file for inference.
"""

from collections.abc import Callable

import torch
from torch import nn

try:
    import torchvision
except RuntimeError:
    # A torchvision built for CUDA, beside a CPU build of torch, misses two operators that only its
    # CUDA library defines; with their signatures declared the import succeeds.
    _OPERATORS = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for _name in ("nms", "qnms"):
        _signature = f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        _OPERATORS.define(_signature)  # type: ignore[no-untyped-call]
    import torchvision

CLASSES = 10
BOTTLENECK = torchvision.models.resnet.Bottleneck
RESNET_WIDTH = 0.375


class NarrowResNet(torchvision.models.ResNet):  # type: ignore[misc] # torchvision has no types
    """ResNet whose blocks have `RESNET_WIDTH` of the published channels."""

    def _make_layer(
        self,
        block: type[nn.Module],
        planes: int,
        blocks: int,
        stride: int = 1,
        dilate: bool = False,  # noqa: FBT001, FBT002
    ) -> nn.Sequential:
        layers: nn.Sequential = super()._make_layer(
            block, int(planes * RESNET_WIDTH), blocks, stride, dilate
        )
        return layers


def mobilenet_v2() -> torchvision.models.MobileNetV2:
    """Build MobileNetV2 at half width with a stem of stride 1."""
    net = torchvision.models.MobileNetV2(num_classes=CLASSES, width_mult=0.5, dropout=0.0)
    net.features[0][0].stride = (1, 1)
    net.classifier[0] = nn.Identity()
    return net


def resnet50() -> NarrowResNet:
    """Build ResNet50, blocks [3, 4, 6, 3], narrowed, with a stem of stride 1."""
    net = NarrowResNet(BOTTLENECK, [3, 4, 6, 3], num_classes=CLASSES)
    net.conv1.stride = (1, 1)
    net.fc = nn.Linear(int(512 * RESNET_WIDTH) * BOTTLENECK.expansion, CLASSES)
    return net


def squeezenet1_1() -> torchvision.models.SqueezeNet:
    """Build SqueezeNet 1.1 at full width with a stem of stride 1; it has no batch norm.

    The published last ReLU, on the logits, goes: in training without batch norm it left two of
    the ten classes at zero for every image, where no gradient could reach them again.
    """
    net = torchvision.models.SqueezeNet("1_1", num_classes=CLASSES, dropout=0.0)
    net.features[0].stride = (1, 1)
    net.classifier[0] = nn.Identity()
    net.classifier[2] = nn.Identity()
    return net


BUILDERS: dict[str, Callable[[], nn.Module]] = {
    "mobilenet_v2": mobilenet_v2,
    "resnet50": resnet50,
    "squeezenet1_1": squeezenet1_1,
}
