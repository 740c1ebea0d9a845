"""Small ML Programs, saved as they are written and computed through their translation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from boildown_coreml.toolkit import ct, mil_types, silently
from boildown_coreml.translator import translate

with silently():
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813 - its usual name

IOS15, IOS16, IOS17, IOS18 = ct.target.iOS15, ct.target.iOS16, ct.target.iOS17, ct.target.iOS18


def save(path: Path, build: Any, *inputs: np.ndarray, target: Any = IOS17) -> Path:
    """Save the program that `build(x0, x1, …)` makes, without any pass that would change it."""
    with silently():
        specs = []
        for array in inputs:
            kind = {"float32": "fp32", "float16": "fp16", "int32": "int32"}[str(array.dtype)]
            specs.append(mb.TensorSpec(shape=array.shape, dtype=getattr(mil_types, kind)))
        names = [f"x{place}" for place in range(len(inputs))]
        scope: dict[str, Any] = {"build": build}
        exec(f"def body({', '.join(names)}): return build({', '.join(names)})", scope)  # noqa: S102 - the builder reads names
        program = mb.program(input_specs=specs, opset_version=target)(scope["body"])
        model = ct.convert(
            program,
            convert_to="mlprogram",
            minimum_deployment_target=target,
            compute_precision=ct.precision.FLOAT32,
            pass_pipeline=ct.PassPipeline.EMPTY,
            skip_model_load=True,
        )
        package = path / "program.mlpackage"
        model.save(str(package))
    return package


def run(model: onnx.ModelProto, *inputs: np.ndarray) -> list[np.ndarray]:
    """Run a model in ONNX Runtime, with the optimizations that the host uses too."""
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [item.name for item in session.get_inputs()]
    return list(session.run(None, dict(zip(names, inputs, strict=True))))


def computed(path: Path, build: Any, *inputs: np.ndarray, target: Any = IOS17) -> list[np.ndarray]:
    """Return what the translation of a saved program computes."""
    return run(translate(save(path, build, *inputs, target=target)), *inputs)
