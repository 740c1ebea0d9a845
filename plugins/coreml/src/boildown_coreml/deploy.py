"""Write the file that ships, and say its numbers in ONNX."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import onnx
from boildown import Artifact, UnsupportedError, read_graph, source_layers, write_graph

from .convert import convert, convert_network
from .describing import describe, said_of, take_numbers
from .formats import FORMATS, NUMBERS, PRECISIONS, TARGETS, refuse_unfit_settings, setting
from .names import LayerNames
from .neuralnetwork import translate_network
from .ports import align_ports
from .translator import read_description, translate

if TYPE_CHECKING:
    from boildown import Context


def deploy(model: Artifact, context: Context) -> Artifact:
    """Return `model`, or the float twin where it is ONNX, as `model.mlpackage` or `model.mlmodel`.

    Raises UnsupportedError where Core ML has no exact form of the network, or of the images and
    classes that the recipe wants it to name.
    """
    return describe(_written(model, context), context)


def _written(model: Artifact, context: Context) -> Artifact:
    form = setting(context, "format", FORMATS)
    refuse_unfit_settings(context)
    if model.format in FORMATS and model.format != context.settings.get("format", model.format):
        raise UnsupportedError(f"the steps made a .{model.format}, the recipe asks for a .{form}")
    form = model.format if model.format in FORMATS else form
    path = context.workdir / f"model.{form}"
    if model.format == "mlpackage":
        shutil.copytree(model.path, path, dirs_exist_ok=True)
        return Artifact(path=path, format=form)
    if model.format == "mlmodel":
        shutil.copyfile(model.path, path)
        return Artifact(path=path, format=form)
    source = read_graph(model)
    if form == "mlmodel":
        return convert_network(source, path)
    target = setting(context, "target", TARGETS)
    highest = target if "target" in context.settings else TARGETS[-1]
    precision = setting(context, "precision", PRECISIONS)
    return convert(source, path, target=target, highest=highest, precision=precision)[0]


def to_onnx(deployable: Artifact, context: Context) -> Artifact:
    """Return what the saved file computes as `form.onnx`, with the source's inputs and outputs.

    Its layers bear the source's names. The batch is open where the source's is, unless the network
    mixes samples; then it is the fixed one that Core ML takes. Raises UnsupportedError where
    operators cannot be said in ONNX, all of them named.
    """
    source = onnx.load(context.network.path)
    names = LayerNames(source_layers(source))
    if deployable.format == "mlmodel":
        form = translate_network(deployable.path, source)
    else:
        numbers = setting(context, "numbers", NUMBERS)
        form = translate(deployable.path, numbers, names)
    if (image := said_of(read_description(deployable.path)).image) is not None:
        take_numbers(form, image)
    align_ports(form, source)
    return write_graph(form, context, "form")
