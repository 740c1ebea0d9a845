"""Networks of the field as exporters write them, at small resolutions, with random weights."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import onnx
import torch
from boildown_torch.sources.vision import torchvision_models
from torch import Tensor, nn

zoo = torchvision_models()


class Recurrent(nn.Module):
    """Linear, two bidirectional LSTM layers, a GRU, linear."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.after = nn.Linear(8, 16), nn.Linear(10, 5)
        self.lstm = nn.LSTM(16, 12, 2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(24, 10, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        x, _ = self.lstm(self.before(x))
        x, _ = self.gru(x)
        return self.after(x[:, -1])


class Encoder(nn.Module):
    """A transformer encoder of two layers."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, dropout=0.0)
        self.before, self.after = nn.Linear(8, 32), nn.Linear(32, 5)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.encoder(self.before(x)).mean(1))


SIDE, SERIES = 64, (7, 8)
OF_SERIES: dict[str, Callable[[], nn.Module]] = {"lstm": Recurrent, "transformer": Encoder}
OF_IMAGES: dict[str, Callable[..., nn.Module]] = {
    "mobilenet_v2": zoo.mobilenet_v2,
    "mobilenet_v3": zoo.mobilenet_v3_small,
    "resnet50": zoo.resnet50,
    "squeezenet1_1": zoo.squeezenet1_1,
    "efficientnet_b0": zoo.efficientnet_b0,
    "densenet121": zoo.densenet121,
    "shufflenet_v2": zoo.shufflenet_v2_x1_0,
    "regnet": zoo.regnet_y_400mf,
    "convnext_tiny": zoo.convnext_tiny,
    "vit_b_16": zoo.vit_b_16,
}
NETWORKS = (*OF_SERIES, *OF_IMAGES)


def network(name: str, side: int = SIDE) -> tuple[nn.Module, Tensor]:
    """Return a network in evaluation mode and a batch of 2; no weight keeps a trivial value."""
    torch.manual_seed(0)
    shape = (3, side, side) if name in OF_IMAGES else SERIES
    with warnings.catch_warnings(action="ignore"):
        if name in OF_SERIES:
            module = OF_SERIES[name]().eval()
        elif name == "vit_b_16":
            module = OF_IMAGES[name](image_size=side).eval()
        else:
            module = OF_IMAGES[name]().eval()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, 0, 0.1)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, 0, 0.1)
        elif isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, 0, part.in_features**-0.5)
    return module, torch.randn(2, *shape)


def exported(module: nn.Module, example: Tensor, path: Path, *, dynamo: bool) -> onnx.ModelProto:
    """Export with an open batch, by either exporter of torch."""
    with warnings.catch_warnings(action="ignore"):
        if dynamo:
            batch = ({0: torch.export.Dim("batch")},)
            torch.onnx.export(
                module, (example,), path, dynamo=True, dynamic_shapes=batch,
                input_names=["input"], external_data=False, verbose=False,
            )  # fmt: skip
        else:
            torch.onnx.export(
                module, (example,), path, dynamo=False, opset_version=17,
                input_names=["input"], dynamic_axes={"input": {0: "batch"}},
            )  # fmt: skip
    return onnx.load(path)
