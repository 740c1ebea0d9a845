"""What this backend is and offers; the entry point `boildown.backends: torch`.

Nothing here imports PyTorch: each hook brings in its own module when it is called, so that asking
a backend what it can do stays cheap.
"""

from __future__ import annotations

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
    hookimpl,
    on_arm,
)

from .formats import FORMATS, RUNTIMES, carry
from .offers import OFFERS, REFUSALS
from .settings import SETTINGS


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
        device_formats=() if on_arm() else ("pte",),
        code_formats=("pt2",),  # torch.export.load unpickles what the archive says
        deploy_settings=("format",),
        needs=("torch", "torchao", "torch-pruning", "onnxruntime", "onnxscript"),
        heavy_modules=("torch", "torchao", "torch_pruning", "onnxruntime"),
        citation="Ansel et al., PyTorch 2, ASPLOS 2024",
        settings_schema=SETTINGS,
    )


@hookimpl
def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Store weights, and activations where asked, in fewer bits."""
    from .quantize import quantize

    return carry(quantize, model, step, context)


@hookimpl
def prune(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Zero or remove the least useful weights."""
    from .prune.step import prune

    return carry(prune, model, step, context)


@hookimpl
def cluster(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Share a few distinct values between the weights of a layer, trained where asked."""
    from .cluster import cluster

    return carry(cluster, model, step, context)


@hookimpl
def distill(model: Artifact, step: Distill, context: Context) -> StepOutcome:
    """Train a student, named or narrower than the network, to imitate a teacher."""
    from .distill import distill

    return carry(distill, model, step, context)


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
