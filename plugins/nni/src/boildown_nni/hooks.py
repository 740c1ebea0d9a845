"""What this backend is and offers; the entry point `boildown.backends: nni`.

Nothing here imports NNI or PyTorch: each hook brings in its own module when it is called.
"""

from __future__ import annotations

from boildown import (
    Artifact,
    BackendInfo,
    Context,
    Distill,
    LayerState,
    Prune,
    Quantize,
    Runtime,
    StepOutcome,
    Train,
    hookimpl,
)

from .offers import OFFERS, REFUSALS
from .settings import SETTINGS


@hookimpl
def backend_info() -> BackendInfo:
    """Say what this backend is and offers."""
    return BackendInfo(
        toolkit="Microsoft NNI",
        distribution="nni",
        offers=OFFERS,
        refusals=REFUSALS,
        formats=("onnx",),
        runtimes={"onnx": "ONNX Runtime"},
        needs=("nni", "torch", "boildown-torch", "onnxruntime"),
        heavy_modules=("nni", "torch", "tensorflow", "onnxruntime"),
        maintained=False,
        citation="Microsoft, Neural Network Intelligence, version 3.0, 2023",
        settings_schema=SETTINGS,
    )


@hookimpl
def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Store weights, and activations where asked, in fewer bits with NNI's quantizers."""
    from .quantize import quantize

    return quantize(model, step, context)


@hookimpl
def prune(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Zero or remove the least useful weights with NNI's pruners."""
    from .prune import prune

    return prune(model, step, context)


@hookimpl
def distill(model: Artifact, step: Distill, context: Context) -> StepOutcome:
    """Train a student, named or narrower than the network, to imitate a teacher."""
    from .distill import distill

    return distill(model, step, context)


@hookimpl
def train(model: Artifact, settings: Train, context: Context) -> Artifact:
    """Train without compressing: the control of every step that trains."""
    from .control import train

    return train(model, settings, context)


@hookimpl
def deploy(model: Artifact, context: Context) -> Artifact:
    """Write the ONNX file that ships."""
    from .deploy import deploy

    return deploy(model, context)


@hookimpl
def to_onnx(deployable: Artifact) -> Artifact:
    """Return what ships, which is ONNX already."""
    return deployable


@hookimpl
def open_runtime(deployable: Artifact, context: Context) -> Runtime:
    """Load the deployable in ONNX Runtime."""
    from .runtime import open_runtime

    return open_runtime(deployable, context)


@hookimpl
def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    """Decode the layers from the saved file."""
    from .layers import layers

    return layers(deployable, context)
