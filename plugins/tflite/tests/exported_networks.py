"""Networks of the field as both exporters of torch write them; run as a command, apart.

    python exported_networks.py FOLDER SIZE NAME [NAME …]

writes FOLDER/NAME-script.onnx and FOLDER/NAME-dynamo.onnx, weights seeded and random. torch and
TensorFlow must not share a process: each brings its own copies of the same libraries.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

NAMES = (
    "mobilenet_v2", "mobilenet_v3_small", "resnet50", "squeezenet1_1", "efficientnet_b0",
    "densenet121", "shufflenet_v2_x1_0", "regnet_y_400mf", "convnext_tiny", "vit_b_16",
)  # fmt: skip


def export(folder: Path, size: int, names: list[str]) -> None:
    """Export each network twice: BN folded at opset 20 (dynamo), BN kept at opset 17 (script)."""
    import torch
    from boildown_torch.sources.vision import torchvision_models
    from torch import nn

    torch.set_num_threads(1)
    for name in names:
        torch.manual_seed(0)
        more = {"image_size": size} if name.startswith("vit") else {}
        with warnings.catch_warnings(action="ignore"):
            module = getattr(torchvision_models(), name)(**more).eval()
            for part in module.modules():
                if isinstance(part, nn.BatchNorm2d):
                    nn.init.normal_(part.running_mean, 0, 0.1)
                    nn.init.uniform_(part.running_var, 0.5, 1.5)
                    nn.init.uniform_(part.weight, 0.5, 1.5)
                    nn.init.normal_(part.bias, 0, 0.1)
                elif isinstance(part, nn.Linear):
                    nn.init.normal_(part.weight, 0, part.in_features**-0.5)
            example = torch.randn(2, 3, size, size)
            torch.onnx.export(
                module, (example,), folder / f"{name}-dynamo.onnx", dynamo=True, opset_version=20,
                dynamic_shapes=({0: torch.export.Dim("batch")},), input_names=["input"],
                external_data=False, verbose=False,
            )  # fmt: skip
            torch.onnx.export(
                module, (example,), folder / f"{name}-script.onnx", dynamo=False, opset_version=17,
                training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
                dynamic_axes={"input": {0: "batch"}}, input_names=["input"],
            )  # fmt: skip


if __name__ == "__main__":
    export(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
