"""What this backend is; the entry point `boildown.backends: coreml`.

Nothing here imports coremltools: each hook brings in its own module when it is called, so that
asking a backend what it can do stays cheap.
"""

from __future__ import annotations

from boildown import Artifact, BackendInfo, Context, LayerState, Runtime, hookimpl

from .formats import FORMATS


@hookimpl
def backend_info() -> BackendInfo:
    """Say what this backend is; it offers no step yet, only the float twin."""
    return BackendInfo(
        toolkit="Core ML Tools",
        distribution="coremltools",
        offers=(),
        formats=FORMATS,
        needs=("coremltools", "onnx2coreml", "scikit-learn"),
        heavy_modules=("coremltools", "onnx2coreml", "torch", "tensorflow"),
        targets_this_computer=False,
        citation="Apple, Core ML Tools, github.com/apple/coremltools",
    )


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
    from .runtime import open_runtime

    return open_runtime(deployable, context)


@hookimpl
def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    """Decode the layers from the saved file."""
    from .layers import layers

    return layers(deployable, context)
