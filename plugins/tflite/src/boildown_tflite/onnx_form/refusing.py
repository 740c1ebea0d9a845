"""Which files compute something that ONNX's operators do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import UnsupportedError

from ..weights import weight_sites

if TYPE_CHECKING:
    from ..flatbuffer import File


def refuse_other_computations(file: File) -> None:
    """Raise UnsupportedError, naming an operator, where ONNX would be another computation."""
    if file.subgraphs > 1:
        raise UnsupportedError(
            f"the .tflite file has {file.subgraphs} subgraphs (control flow), which are not"
            f" translated to ONNX"
        )
    for site in weight_sites(file):
        if site.data.type == "FLOAT32" and site.direct.type.startswith("INT"):
            raise UnsupportedError(
                f"{site.operator.code} ({site.weight.name}) rounds its activations anew for each"
                f" sample (dynamic range); ONNX's operators round in another way, so the numbers"
                f" would be others. The file is evaluated in LiteRT"
            )
    for tensor in file.tensors:
        if tensor.type == "INT16" and tensor.quantization is not None:
            raise UnsupportedError(
                f"the activations are int16 ({tensor.name}), for which ONNX has no rounding before"
                f" opset 21 and tf2onnx no translation. The file is evaluated in LiteRT"
            )
