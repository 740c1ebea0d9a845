"""What this backend is and offers; the entry point `boildown.backends: tflite`.

Nothing here imports TensorFlow: each hook brings in its own module when it is called, so that
asking a backend what it can do stays cheap.
"""

from __future__ import annotations

from boildown import (
    Artifact,
    BackendInfo,
    Cluster,
    Context,
    Distill,
    LayerState,
    Ports,
    Prune,
    Quantize,
    Runtime,
    StepOutcome,
    Train,
    hookimpl,
    on_arm,
)

from .offers import OFFERS, REFUSALS
from .settings import SETTINGS


@hookimpl
def backend_info() -> BackendInfo:
    """Say what this backend is and offers."""
    return BackendInfo(
        toolkit="TensorFlow Lite",
        distribution="tensorflow",
        offers=OFFERS,
        refusals=REFUSALS,
        formats=("tflite",),
        runtimes={"tflite": "LiteRT"},
        targets_this_computer=on_arm(),
        needs=("tensorflow", "tf-keras", "tensorflow-model-optimization", "ai-edge-litert"),
        heavy_modules=(
            "tensorflow",
            "tf_keras",
            "keras",
            "tensorflow_model_optimization",
            "ai_edge_litert",
            "ai_edge_quantizer",
            "tf2onnx",
        ),
        citation="Abadi et al., TensorFlow, OSDI 2016",
        settings_schema=SETTINGS,
    )


@hookimpl
def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Store weights, and activations where asked, in fewer bits."""
    from .quantize import quantize

    return quantize(model, step, context)


@hookimpl
def prune(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Zero the least weights."""
    from .prune import prune

    return prune(model, step, context)


@hookimpl
def cluster(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Share a few distinct values between the weights of a layer, trained where asked."""
    from .cluster import cluster

    return cluster(model, step, context)


@hookimpl
def distill(model: Artifact, step: Distill, context: Context) -> StepOutcome:
    """Train a student to imitate a teacher."""
    from .distill import distill

    return distill(model, step, context)


@hookimpl
def train(model: Artifact, settings: Train, context: Context) -> Artifact:
    """Train without compressing: the control of every step that trains."""
    from .control import train

    return train(model, settings, context)


@hookimpl
def deploy(model: Artifact, context: Context) -> Artifact:
    """Write the `.tflite` file that ships."""
    from .deploy import deploy

    return deploy(model, context)


@hookimpl
def to_onnx(deployable: Artifact, context: Context) -> Artifact:
    """Return the numbers of what ships as ONNX."""
    from .deploy import to_onnx

    return to_onnx(deployable, context)


@hookimpl
def open_runtime(deployable: Artifact, context: Context) -> Runtime:
    """Load the file in LiteRT."""
    from .runtime import LiteRuntime

    return LiteRuntime(deployable, context)


@hookimpl
def ports(deployable: Artifact, context: Context) -> Ports:
    """Read names, types, shapes and scales of inputs and outputs through LiteRT."""
    from .runtime import LiteRuntime

    return LiteRuntime(deployable, context).ports()


@hookimpl
def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    """Decode the layers from the saved file."""
    from .layers import layers

    return layers(deployable, context)
