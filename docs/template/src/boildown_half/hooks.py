import boildown
import numpy as np
import onnx
from boildown import hookimpl
from onnx import TensorProto, helper, numpy_helper


@hookimpl
def backend_info():
    offer = boildown.Offer(op="quantize", accepts={"weights": ("float16",)}, after=())
    return boildown.BackendInfo(toolkit="numpy", distribution="numpy", offers=(offer,))


@hookimpl
def quantize(model, step, context):
    layers = boildown.source_layers(context.network.path)
    chosen = boildown.select_layers(layers, step.layers.include, step.layers.exclude)
    weights = {layer.weight for layer in chosen}
    proto = onnx.load(model.path)
    for tensor in [tensor for tensor in proto.graph.initializer if tensor.name in weights]:
        name, half = tensor.name, stored(numpy_helper.to_array(tensor), step)
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
        cast = helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT)
        proto.graph.node.insert(0, cast)
    onnx.save(proto, context.workdir / "half.onnx")
    return boildown.StepOutcome(artifact=boildown.Artifact(path=context.workdir / "half.onnx"))


def stored(values, step):
    return values.astype(np.float16)


@hookimpl
def deploy(model, context):
    onnx.save(onnx.load(model.path), context.workdir / "model.onnx")
    return boildown.Artifact(path=context.workdir / "model.onnx")


@hookimpl
def to_onnx(deployable):
    return deployable


@hookimpl
def layers(deployable, context):
    return boildown.onnx_layer_states(deployable.path, boildown.source_layers(context.network.path))
