"""Write into a saved file that it takes an image, and names the classes of its scores."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
from boildown import UnsupportedError, read_graph

from ..toolkit import ct, silently
from .saying import IMAGE, Said, asked_of, lines

with silently():
    from coremltools.converters.mil.backend.mil.load import _add_classify_op as add_classes
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813 - its usual name
    from coremltools.converters.mil.mil.passes.graph_pass import AbstractGraphPass
    from coremltools.models.utils import _apply_graph_pass as with_pass

if TYPE_CHECKING:
    from boildown import Artifact, Context, Preprocessing

_SPACES = {"rgb": "RGB", "bgr": "BGR", "gray": "GRAYSCALE"}


def describe(deployable: Artifact, context: Context) -> Artifact:
    """Let the file say what the recipe asks for, in place; nothing by default.

    What is done to pixels goes into the file: into an ML Program as operators, into a neural
    network as its preprocessing. Scores stay what they are. Raises UnsupportedError where the model
    has no images or labels, or Core ML no exact form for them.
    """
    said = asked_of(context, read_graph(context.network))
    if said == Said():
        return deployable
    with silently():
        model = ct.models.MLModel(str(deployable.path), skip_model_load=True)
        write = _into_network if deployable.format == "mlmodel" else _into_program
        model = write(model, said)
        for key, text in said.metadata().items():
            model.user_defined_metadata[key] = text
        if deployable.path.is_dir():
            # Its weights are read while it is saved.
            kept = deployable.path.with_suffix(".described.mlpackage")
            model.save(str(kept))
            shutil.rmtree(deployable.path)
            kept.rename(deployable.path)
        else:
            model.save(str(deployable.path))
    return deployable


class _Described(AbstractGraphPass):  # type: ignore[misc]  # has no types
    """Puts what is done to pixels in front of a program, and labels behind it."""

    def __init__(self, said: Said) -> None:
        super().__init__()
        self._said = said

    def apply(self, prog: Any) -> None:
        block = prog.functions["main"]
        if self._said.image is not None:
            factor, offset = (part.reshape(1, -1, 1, 1) for part in lines(self._said.image))
            pixels = next(iter(block.inputs.values()))
            first = block.operations[0]
            with block:
                scaled = mb.mul(x=pixels, y=factor, name="pixels_scaled", before_op=first)
                moved = mb.add(x=scaled, y=offset, name="pixels_moved", before_op=first)
            block.replace_uses_of_var_after_op(
                anchor_op=moved.op, old_var=pixels, new_var=moved, no_check_var_types=True
            )
        if self._said.labels:
            scores = block.outputs[0].name
            add_classes(prog, ct.ClassifierConfig(list(self._said.labels), "classLabel", scores))


def _into_program(model: Any, said: Said) -> Any:
    version = model.get_spec().specificationVersion
    made = with_pass(model, _Described(said), spec_version=version, skip_model_load=True)
    spec = made.get_spec()
    if said.image is not None:
        _as_image(spec.description.input[0], said.image)
    if said.labels:
        label, scores = _as_classes(spec.description)
        label.name, scores.name = "classLabel", "classLabel_probs"
        spec.description.predictedProbabilitiesName = scores.name
    return ct.models.MLModel(spec, weights_dir=made.weights_dir, skip_model_load=True)


def _into_network(model: Any, said: Said) -> Any:
    spec = model.get_spec()
    network = spec.neuralNetwork
    if said.image is not None:
        factor, offset = lines(said.image)
        if np.ptp(factor) > 0:
            raise UnsupportedError(
                f"{IMAGE}: the preprocessing of a neural network has one factor for all channels,"
                f" and `std` differs: {', '.join(f'{n:g}' for n in said.image.std)}; ship an"
                " mlpackage"
            )
        _as_image(spec.description.input[0], said.image)
        network.imageInputShapeMapping = 1  # RANK4_IMAGE_MAPPING: (1, channels, height, width)
        scaler = network.preprocessing.add(featureName=spec.description.input[0].name).scaler
        scaler.channelScale = float(factor[0])
        # Core ML names channels by colour, whatever their order.
        names = {
            "gray": ("gray",),
            "rgb": ("red", "green", "blue"),
            "bgr": ("blue", "green", "red"),
        }
        for name, number in zip(names[said.image.channels], offset, strict=True):
            setattr(scaler, f"{name}Bias", float(number))
    if said.labels:
        kept = type(network).FromString(network.SerializeToString())
        classes = spec.neuralNetworkClassifier
        classes.MergeFromString(kept.SerializeToString())
        scores = spec.description.output[0].name
        classes.stringClassLabels.vector.extend(said.labels)
        classes.labelProbabilityLayerName = scores
        label, _ = _as_classes(spec.description)
        label.name = "classLabel"
        spec.description.predictedProbabilitiesName = scores
    return ct.models.MLModel(spec, skip_model_load=True)


def _as_image(port: Any, image: Preprocessing) -> None:
    height, width = list(port.type.multiArrayType.shape)[-2:]
    kind = port.type.imageType
    kind.height, kind.width = height, width
    kind.colorSpace = kind.ColorSpace.Value(_SPACES[image.channels])


def _as_classes(description: Any) -> tuple[Any, Any]:
    """Make the first output scores by label, with the best label behind it; return both."""
    scores = description.output[0]
    scores.type.dictionaryType.stringKeyType.SetInParent()
    label = description.output.add()
    label.type.stringType.SetInParent()
    description.predictedFeatureName = "classLabel"
    return label, scores
