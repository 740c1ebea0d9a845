"""Quantization-aware training with TF Model Optimization, alone or joined to earlier steps.

Jacob and others, "Quantization and training of neural networks for efficient
integer-arithmetic-only inference", 2018. Behind a pruning or clustering step the collaborative
schemes keep its zeros and shared values: PQAT, CQAT and PCQAT.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from boildown import Cluster, Prune, Quantize, StepOutcome, Warned, batches, read_graph

from .convert import to_tflite
from .fitting import fit_in_job
from .importer import import_onnx
from .keras import tf_keras
from .quantization import (
    ClusterPreserveScheme,
    PlainScheme,
    PrunePreserveScheme,
    is_quantized,
    quantize_annotate_layer,
    quantize_apply,
    quantize_scope,
)
from .quantize import saved
from .quiet import quietly
from .ranges import begin_at
from .training import keep_zeros
from .training.feeding import Feed

if TYPE_CHECKING:
    from boildown import Artifact, Context, Train
    from onnx import ModelProto

    from .importer import Imported

_L = tf_keras.layers
#: A batch norm behind one of these is folded into it, and rounded with it.
_FOLDS = (_L.Conv2D, _L.DepthwiseConv2D, _L.Dense)
#: Batches whose ranges the training begins with.
_OBSERVED = 8


def quantize(model: Artifact, settings: Train, context: Context) -> StepOutcome:
    """Train with rounded weights and activations, and write the int8 file.

    Raises UnsupportedError where the network cannot be imported or converted or its batch is
    fixed, DataError where there are no labelled train samples.
    """
    graph = read_graph(model)
    # Without a batch norm between convolution and activation TF Model Optimization rounds no
    # weights of the convolution while training.
    imported = import_onnx(graph, batch_norms_after=True)
    marked, floating = annotated(imported.model)
    with quietly(), quantize_scope():
        aware = quantize_apply(marked, _scheme(context))
    begin_at(aware, imported.model, _seen(graph, settings, context))
    fitted = fit_in_job(aware, graph, settings, context, after_step=keep_zeros(aware))
    io = context.settings.get("io", "float32")
    converted = to_tflite(aware, graph, imported.layers, "aware", io=io)
    outcome = saved(converted, context, fitted.epochs)
    told = (*_told(floating, imported), *_short(imported, context))
    return outcome.model_copy(update={"warnings": (*outcome.warnings, *told)})


def annotated(model: tf_keras.Model) -> tuple[tf_keras.Model, list[str]]:
    """Return the model with every layer marked that can be rounded, and the names of the others."""
    uses = Counter(
        id(tensor) for layer in model.layers for node in layer.inbound_nodes
        for tensor in _inputs(node)
    )  # fmt: skip
    left = []

    def mark(layer: tf_keras.layers.Layer) -> tf_keras.layers.Layer:
        if isinstance(layer, _L.InputLayer):
            return layer
        if is_quantized(layer) or _is_folded(layer, uses):
            return quantize_annotate_layer(layer)
        left.append(layer.name)
        return layer

    return tf_keras.models.clone_model(model, clone_function=mark), left


def _is_folded(layer: tf_keras.layers.Layer, uses: Counter[int]) -> bool:
    if not isinstance(layer, _L.BatchNormalization):
        return False
    before = layer.input._keras_history.layer  # noqa: SLF001 - Keras has no other way to ask
    return isinstance(before, _FOLDS) and uses[id(before.output)] == 1


def _inputs(node: Any) -> list[Any]:
    found: list[Any] = node.keras_inputs
    return found


def _scheme(context: Context) -> Any:
    """Return the scheme that keeps what the earlier steps have done."""
    earlier = context.steps[: context.index]
    pruned = any(isinstance(step, Prune) for step in earlier)
    if any(isinstance(step, Cluster) for step in earlier):
        return ClusterPreserveScheme(preserve_sparsity=pruned)
    return PrunePreserveScheme() if pruned else PlainScheme()


def _seen(graph: ModelProto, settings: Train, context: Context) -> list[list[Any]]:
    assert context.data is not None  # noqa: S101 - the offers need samples
    feed = Feed([item.name for item in graph.graph.input], None)
    reading = batches(context.data, "train", settings.batch_size, seed=context.seed)
    return [feed.inputs(batch) for _, batch in zip(range(_OBSERVED), reading, strict=False)]


def _told(floating: list[str], imported: Imported) -> tuple[Warned, ...]:
    nodes = [imported.layers[name] for name in floating if name in imported.layers]
    if not nodes:
        return ()
    named = ", ".join(map(repr, nodes[:6])) + (f" and {len(nodes) - 6} more" if nodes[6:] else "")
    text = (
        f"TF Model Optimization cannot train {len(nodes)} nodes with rounded numbers; these compute"
        f" in float32: {named}"
    )
    return (Warned(code="NOTE", text=text),)


def _short(imported: Imported, context: Context) -> tuple[Warned, ...]:
    """Name the layers of which TF Model Optimization does less than was asked.

    Its schemes round depthwise kernels and those of matrix products with one scale each, and keep
    no shared values of depthwise kernels.
    """
    step, earlier = context.steps[context.index], context.steps[: context.index]
    layers = {node: imported.model.get_layer(name) for name, node in imported.layers.items()}
    depthwise = [node for node, layer in layers.items() if isinstance(layer, _L.DepthwiseConv2D)]
    products = [node for node, layer in layers.items() if isinstance(layer, _L.Dense)]
    found = []
    if isinstance(step, Quantize) and step.granularity == "channel" and (depthwise or products):
        found.append(("one scale for all channels of", [*depthwise, *products]))
    if any(isinstance(before, Cluster) for before in earlier) and depthwise:
        found.append(("no shared values any more in", depthwise))
    return tuple(
        Warned(
            code="PARTIAL",
            text=f"quantization-aware training leaves {what} {', '.join(map(repr, named))}",
        )
        for what, named in found
    )
