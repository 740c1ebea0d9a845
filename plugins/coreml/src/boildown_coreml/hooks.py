"""What this backend is and offers; the entry point `boildown.backends: coreml`.

Nothing here imports coremltools: each hook brings in its own module when it is called, so that
asking a backend what it can do stays cheap.
"""

from __future__ import annotations

import sys

from boildown import (
    Artifact,
    BackendInfo,
    Cluster,
    Context,
    Distill,
    LayerState,
    Prune,
    Quantize,
    Runtime,
    StepOutcome,
    Train,
    UnsupportedError,
    hookimpl,
)

from .formats import FORMATS, PORT_SETTINGS, SHIPPING_SETTINGS
from .offers import needs, offers, refusals
from .settings import SETTINGS


@hookimpl
def backend_info() -> BackendInfo:
    """Say what this backend is and offers."""
    return BackendInfo(
        toolkit="Core ML Tools",
        distribution="coremltools",
        offers=offers(),
        refusals=refusals(),
        formats=FORMATS,
        needs=needs(),
        heavy_modules=("coremltools", "onnx2coreml", "torch", "tensorflow"),
        targets_this_computer=sys.platform == "darwin",
        stand_in="translated program, ONNX Runtime",
        citation="Apple, Core ML Tools, github.com/apple/coremltools",
        settings_schema=SETTINGS,
        deploy_settings=tuple(SHIPPING_SETTINGS),
        port_settings=PORT_SETTINGS,
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
    """Share a few distinct values between the weights of a layer."""
    from .cluster import cluster

    return cluster(model, step, context)


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
    """Write the file that ships."""
    from .deploy import deploy

    return deploy(model, context)


@hookimpl
def to_onnx(deployable: Artifact, context: Context) -> Artifact:
    """Return the numbers of what ships as ONNX."""
    from .deploy import to_onnx

    return to_onnx(deployable, context)


@hookimpl
def open_runtime(deployable: Artifact, context: Context) -> Runtime:
    """Load the deployable in Core ML, which only macOS has."""
    # mypy takes a plain comparison for an answer.
    if not sys.platform.startswith("darwin"):
        raise UnsupportedError("running a Core ML model requires macOS")
    from .runtime import CoremlRuntime

    return CoremlRuntime(deployable, context)


@hookimpl
def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    """Decode the layers from the saved file."""
    from .layers import layers

    return layers(deployable, context)
