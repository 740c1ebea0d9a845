"""What this backend is and offers; the entry point `boildown.backends: onnxruntime`.

Nothing here imports ONNX Runtime: each hook brings in its own module when it is called, so that
asking a backend what it can do stays cheap.
"""

from __future__ import annotations

from boildown import (
    Approximation,
    Artifact,
    BackendInfo,
    Cluster,
    Context,
    LayerState,
    Offer,
    Prune,
    Quantize,
    Range,
    Refusal,
    Runtime,
    StepOutcome,
    hookimpl,
)

_TRAINS = (
    "the inference package of ONNX Runtime cannot train; the backends torch, tflite and nni can"
)
_BEFORE_QUANTIZE = ("prune", "cluster")
_SHARE = Range(minimum=0, maximum=1)
_CRITERIA = ("magnitude", "l2", "random")

_STATIC = Offer(
    op="quantize",
    accepts={
        "weights": ("int8", "int7"),
        "activations": ("int8",),
        "granularity": (None, "tensor", "channel"),
        "symmetric": (None, True),
        "observer": (None, "minmax", "entropy", "percentile", "mse"),
    },
    needs=("samples",),
    after=_BEFORE_QUANTIZE,
    approximations=(
        Approximation(
            setting="weights",
            value="int8",
            how="weights use 7 of the 8 bits, so that products cannot saturate on CPUs without "
            "VNNI (`with: {onnxruntime: {reduce_range: false}}` uses all 8)",
            unless={"reduce_range": (False,), "weight_type": ("uint8",)},
        ),
        Approximation(
            setting="granularity",
            value="tensor",
            how="weights that a batch norm was folded into have one set of codes, but its factor "
            "of each channel in the scale",
        ),
    ),
)
_DYNAMIC = Offer(
    op="quantize",
    accepts={"weights": ("int8",), "activations": ("dynamic",), "granularity": (None, "tensor")},
    after=_BEFORE_QUANTIZE,
    operators=("Conv", "Gemm", "MatMul", "LSTM"),
)
_WEIGHTS_ONLY = Offer(
    op="quantize",
    accepts={
        "weights": ("int8", "int7", "int6", "int5", "int4", "int3", "int2"),
        "activations": ("float32",),
        "granularity": (None, "tensor", "channel"),
        "symmetric": (None, True, False),
        "observer": (None, "minmax", "mse"),
    },
    after=_BEFORE_QUANTIZE,
)
_BLOCKWISE = Offer(
    op="quantize",
    accepts={
        "weights": ("int8", "int4"),
        "activations": ("float32",),
        "granularity": ("block",),
        "block_size": (None, 16, 32, 64, 128, 256),
        "symmetric": (None, True, False),
    },
    after=_BEFORE_QUANTIZE,
    operators=("Gemm", "MatMul"),
)
_BINARY = Offer(
    op="quantize",
    accepts={
        "weights": ("int1",),
        "activations": ("float32",),
        "granularity": (None, "tensor", "channel"),
        "symmetric": (None, True),
    },
    after=_BEFORE_QUANTIZE,
)
_HALF_WEIGHTS = Offer(
    op="quantize",
    accepts={"weights": ("float16", "bfloat16"), "activations": ("float32",)},
    after=_BEFORE_QUANTIZE,
)
_HALF = Offer(
    op="quantize",
    accepts={"weights": ("float16",), "activations": ("float16",), "layers": ()},
    after=_BEFORE_QUANTIZE,
)
_PRUNE = tuple(
    Offer(op="prune", accepts=accepts, after=_BEFORE_QUANTIZE)
    for accepts in (
        {
            "sparsity": _SHARE,
            "structure": ("element", "filter"),
            "scope": ("local", "global"),
            "criterion": _CRITERIA,
        },
        {"structure": ("n:m",), "criterion": _CRITERIA},
        {"threshold": Range(minimum=0), "criterion": ("threshold",)},
    )
)
_CLUSTER = Offer(
    op="cluster",
    accepts={
        "values": Range(minimum=2, maximum=256),
        "init": (None, "kmeans", "linear", "density", "random"),
        "granularity": (None, "tensor", "channel"),
        "keep_sparsity": (False, True),
    },
    after=_BEFORE_QUANTIZE,
)
_REFUSALS = (
    *(Refusal(op=op, setting="train", reason=_TRAINS) for op in ("quantize", "prune", "cluster")),
    Refusal(op="distill", reason=_TRAINS),
    Refusal(
        op="prune",
        setting="structure",
        value="channel",
        reason="removing channels changes shapes all through the graph and costs accuracy that "
        f"only training brings back; {_TRAINS}",
    ),
    Refusal(
        op="quantize",
        setting="activations",
        value="int16",
        reason="ONNX Runtime has no 16-bit integer kernels on CPUs: the file would compute in "
        "float32, more slowly",
    ),
)


@hookimpl
def backend_info() -> BackendInfo:
    """Say what this backend is and offers."""
    return BackendInfo(
        toolkit="ONNX Runtime",
        distribution="onnxruntime",
        offers=(
            _DYNAMIC, _STATIC, _WEIGHTS_ONLY, _BLOCKWISE, _BINARY, _HALF_WEIGHTS, _HALF,
            *_PRUNE, _CLUSTER,
        ),
        refusals=_REFUSALS,
        needs=("onnxruntime",),
        heavy_modules=("onnxruntime",),
        citation="ONNX Runtime developers, https://onnxruntime.ai",
        settings_schema={
            "quantize": {
                "type": "object",
                "properties": {
                    "reduce_range": {
                        "type": "boolean",
                        "description": "Use 7 of 8 bits for the weights of static int8.",
                    },
                    "weight_type": {
                        "enum": ["int8", "uint8"],
                        "description": "How the weights of static int8 are stored. uint8 keeps all "
                        "8 bits and never saturates, but is slower on x86.",
                    },
                },
                "additionalProperties": False,
            }
        },
    )  # fmt: skip


@hookimpl
def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Store weights, and activations where asked, in fewer bits."""
    from .quantize import quantize

    return quantize(model, step, context)


@hookimpl
def prune(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Zero the least useful weights."""
    from .prune import prune

    return prune(model, step, context)


@hookimpl
def cluster(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Share a few distinct values between the weights of a layer."""
    from .cluster import cluster

    return cluster(model, step, context)


@hookimpl
def deploy(model: Artifact, context: Context) -> Artifact:
    """Write the ONNX file that ships."""
    from boildown import deploy_onnx

    return deploy_onnx(model, context)


@hookimpl
def to_onnx(deployable: Artifact) -> Artifact:
    """Return the deployable: it is ONNX already."""
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
