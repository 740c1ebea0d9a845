"""A whole backend in numpy that does what it says: the control of the conformance suite."""

from __future__ import annotations

import numpy as np
import onnx
from boildown import (
    Artifact,
    BackendInfo,
    Cluster,
    Context,
    Distill,
    LayerState,
    Offer,
    Prune,
    Quantize,
    Range,
    Runtime,
    Step,
    StepOutcome,
    Train,
    hookimpl,
    onnx_layer_states,
    select_layers,
    source_layers,
)
from onnx import TensorProto, helper, numpy_helper

from .masks import kept
from .narrow import remove_channels

_TRAINS = (None, True)
_SHARE = Range(minimum=0, maximum=1)
OFFERS = (
    Offer(op="quantize", accepts={"weights": ("float16",)}, after=("prune", "cluster", "distill")),
    Offer(
        op="prune",
        accepts={"sparsity": _SHARE, "scope": ("local", "global"), "train": _TRAINS},
        after=("distill",),
    ),
    Offer(op="prune", accepts={"structure": ("n:m",)}, after=("distill",)),
    Offer(
        op="prune",
        accepts={"sparsity": _SHARE, "structure": ("channel",), "train": (True,)},
        needs=("train", "labels"),
        after=(),
        operators=("Conv",),
    ),
    Offer(
        op="cluster",
        accepts={
            "values": Range(minimum=2, maximum=256),
            "granularity": (None, "tensor"),
            "keep_sparsity": (False, True),
        },
        after=("prune",),
    ),
    Offer(
        op="distill",
        accepts={
            "teacher": ("original", "uri"),
            "student": ("uri",),
            "width": Range(minimum=0.25, maximum=0.9),
            "temperature": Range(minimum=0.5),
            "alpha": Range(minimum=0, maximum=1),
            "layers": (),
            "train": (True,),
        },
        needs=("train", "labels"),
        after=(),
    ),
)


class Honest:
    """Hooks of a backend; a liar overrides one of them."""

    offers = OFFERS

    @hookimpl
    def backend_info(self) -> BackendInfo:
        return BackendInfo(toolkit="numpy", distribution="numpy", offers=self.offers)

    @hookimpl
    def quantize(self, model: Artifact, step: Quantize, context: Context) -> StepOutcome:
        proto = onnx.load(model.path)
        for tensor in _chosen(proto, step, context):
            half, name = numpy_helper.to_array(tensor).astype(np.float16), tensor.name
            tensor.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
            cast = helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT)
            proto.graph.node.insert(0, cast)
        return StepOutcome(artifact=_written(proto, context))

    @hookimpl
    def prune(self, model: Artifact, step: Prune, context: Context) -> StepOutcome:
        from .learning import learn

        proto = onnx.load(model.path)
        if step.structure == "channel":
            names = {layer.name for layer in _selected(step, context)}
            remove_channels(proto, names, step.sparsity or 0.0)
        else:
            chosen = _chosen(proto, step, context)
            values = [numpy_helper.to_array(tensor) for tensor in chosen]
            axes = {layer.weight: layer.axis for layer in source_layers(context.original.path)}
            masks = kept(step, values, [axes[tensor.name] for tensor in chosen])
            for tensor, mask in zip(chosen, masks, strict=True):
                _replace(tensor, numpy_helper.to_array(tensor) * mask)
        epochs = learn(proto, step.train, context) if step.train else 0
        return StepOutcome(artifact=_written(proto, context), epochs=epochs)

    @hookimpl
    def cluster(self, model: Artifact, step: Cluster, context: Context) -> StepOutcome:
        proto = onnx.load(model.path)
        for tensor in _chosen(proto, step, context):
            old = numpy_helper.to_array(tensor)
            ends = np.linspace(0, 1, step.count - step.keep_sparsity)
            codebook = np.quantile(old, ends).astype(np.float32)
            new = codebook[np.abs(old[..., None] - codebook).argmin(-1)]
            _replace(tensor, np.where(old == 0, 0, new) if step.keep_sparsity else new)
        return StepOutcome(artifact=_written(proto, context))

    @hookimpl
    def distill(self, model: Artifact, step: Distill, context: Context) -> StepOutcome:
        from .learning import Teacher, learn

        teacher = context.models[step.teacher] if step.teacher != "original" else context.original
        if step.student is not None:
            proto = onnx.load(context.models[step.student].path)
        else:
            proto = onnx.load(model.path)
            names = {layer.name for layer in source_layers(context.original.path)}
            remove_channels(proto, names, 1 - (step.width or 0.5))
        lesson = Teacher(teacher.path, step.temperature, step.alpha)
        epochs = learn(proto, step.train or Train(), context, lesson)
        return StepOutcome(artifact=_written(proto, context), epochs=epochs)

    @hookimpl
    def train(self, model: Artifact, settings: Train, context: Context) -> Artifact:
        from .learning import learn

        proto = onnx.load(model.path)
        learn(proto, settings, context)
        return _written(proto, context)

    @hookimpl
    def deploy(self, model: Artifact, context: Context) -> Artifact:
        return _written(onnx.load(model.path), context)

    @hookimpl
    def to_onnx(self, deployable: Artifact) -> Artifact:
        return deployable

    @hookimpl
    def layers(self, deployable: Artifact, context: Context) -> list[LayerState]:
        return onnx_layer_states(deployable.path, source_layers(context.original.path))

    @hookimpl
    def open_runtime(self, deployable: Artifact, context: Context) -> Runtime:
        from .learning import OnnxSession

        return OnnxSession(deployable.path, context.threads)


def _selected(step: Step, context: Context) -> list:
    layers = source_layers(context.original.path)
    return select_layers(layers, step.layers.include, step.layers.exclude)


def _chosen(proto: onnx.ModelProto, step: Step, context: Context) -> list[TensorProto]:
    weights = {layer.weight for layer in _selected(step, context)}
    return [tensor for tensor in proto.graph.initializer if tensor.name in weights]


def _replace(tensor: TensorProto, values: np.ndarray) -> None:
    tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float32), tensor.name))


def _written(proto: onnx.ModelProto, context: Context) -> Artifact:
    path = context.workdir / "model.onnx"
    onnx.save(proto, path)
    return Artifact(path=path)
