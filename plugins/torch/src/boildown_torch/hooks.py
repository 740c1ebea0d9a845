"""What this backend is and offers; the entry point `boildown.backends: torch`.

Nothing here imports PyTorch: each hook brings in its own module when it is called, so that asking
a backend what it can do stays cheap.
"""

from __future__ import annotations

from boildown import (
    Artifact,
    BackendInfo,
    Context,
    LayerState,
    Quantize,
    Runtime,
    StepOutcome,
    Train,
    hookimpl,
)

from .formats import FORMAT_ALONE, FORMAT_SCHEMA, FORMATS, RUNTIMES, carry
from .offers import OFFERS, REFUSALS


@hookimpl
def backend_info() -> BackendInfo:
    """Say what this backend is and offers."""
    return BackendInfo(
        toolkit="PyTorch",
        distribution="torch",
        offers=OFFERS,
        refusals=REFUSALS,
        formats=FORMATS,
        runtimes=RUNTIMES,
        device_formats=("pte",),
        deploy_settings=("format",),
        needs=("torch", "torchao", "onnxruntime", "onnxscript"),
        heavy_modules=("torch", "torchao", "onnxruntime"),
        citation="Ansel et al., PyTorch 2, ASPLOS 2024",
        settings_schema={
            "quantize": {
                "type": "object",
                "properties": {
                    "format": FORMAT_SCHEMA,
                    "reduce_range": {
                        "type": "boolean",
                        "description": "Use 7 of 8 bits for the weights of static int8.",
                    },
                },
                "additionalProperties": False,
            },
            "prune": FORMAT_ALONE,
            "cluster": FORMAT_ALONE,
            "distill": FORMAT_ALONE,
        },
    )


@hookimpl
def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Store weights, and activations where asked, in fewer bits."""
    from .quantize import quantize

    return carry(quantize, model, step, context)


@hookimpl
def train(model: Artifact, settings: Train, context: Context) -> Artifact:
    """Train without compressing: the control of every step that trains."""
    from .control import train

    return train(model, settings, context)


@hookimpl
def deploy(model: Artifact, context: Context) -> Artifact:
    """Write the file that ships."""
    from .deploy import deploy

    return deploy(model, context)


@hookimpl
def to_onnx(deployable: Artifact) -> Artifact:
    """Return the numbers of what ships as ONNX."""
    from .deploy import to_onnx

    return to_onnx(deployable)


@hookimpl
def open_runtime(deployable: Artifact, context: Context) -> Runtime:
    """Load the deployable in ONNX Runtime, ExecuTorch or PyTorch."""
    if deployable.format == "pte":
        from .runtime_pte import PteRuntime

        return PteRuntime(deployable, context)
    if deployable.format == "pt2":
        from .runtime_pt2 import Pt2Runtime

        return Pt2Runtime(deployable, context)
    from .runtime import open_runtime

    return open_runtime(deployable, context)


@hookimpl
def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    """Decode the layers from the saved file."""
    from .layers import layers

    return layers(deployable, context)
