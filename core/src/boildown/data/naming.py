"""Give the arrays of a dataset the names of a model's inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..nearest import did_you_mean
from .manifest import DataManifest, Split
from .samples import header_of

#: Axes of a model's input with the batch first; a name or None stands for any length.
Shape = Sequence[int | str | None]


def with_model_names(
    manifest: DataManifest, split: Split, inputs: Mapping[str, Shape], outputs: Sequence[str]
) -> Split:
    """Return a split without mistakes of naming with the model's names for all that it holds."""
    images = manifest.kind == "images"
    named = {next(iter(inputs)): ""} if images else _only_named(split.inputs, [*inputs])
    truths = _only_named(split.truths, outputs)
    return split.model_copy(update={"inputs": named, "truths": truths})


def naming_mistakes(
    manifest: DataManifest, inputs: Mapping[str, Shape], outputs: Sequence[str] | None
) -> list[str]:
    """Say what is not for this model; `outputs` None: it is a classifier, which takes labels."""
    wrong = []
    for split in manifest.splits.values():
        wrong += _truth_mistakes(split, outputs)
        given = list(split.inputs) or ["*"]
        if given == ["*"] and len(inputs) == 1:
            continue
        for name in given:
            if name not in inputs:
                what = "one unnamed input" if name == "*" else f"an input {name!r}"
                wrong.append(
                    f"{manifest.uri} has samples for {what}, but the inputs of the model are "
                    f"{', '.join(map(repr, inputs))}{did_you_mean(name, inputs)}"
                )
        left = [name for name in inputs if name not in given]
        if left and "*" not in given:
            wrong.append(f"{manifest.uri} has no samples for the input {', '.join(left)}")
    return wrong


def _only_named(given: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return the keys with the name of the model's only port in place of `*`."""
    return {names[0] if name == "*" else name: key for name, key in given.items()}


def _truth_mistakes(split: Split, outputs: Sequence[str] | None) -> list[str]:
    if outputs is None:
        return [
            f"{key!r} in {split.path} is {header.dtype} of shape {header.shape}; the labels of a "
            "classifier are integers of shape (N,), counted from 0 (of one-hot rows take "
            ".argmax(1)); of a model that is none its model.yaml says the `task`"
            for key in split.truths.values()
            for header in (header_of(split, key),)
        ]
    if "*" in split.truths:
        if len(outputs) == 1:
            return []
        named = ", ".join(f"test_y.{name}" for name in outputs)
        key = split.truths["*"]
        return [f"{key!r} in {split.path} does not say of which output it is; call it {named}"]
    return [
        f"{key!r} in {split.path} is the truth of an output {name!r}, but the outputs of the "
        f"model are {', '.join(map(repr, outputs))}{did_you_mean(name, outputs)}"
        for name, key in split.truths.items()
        if name not in outputs
    ]
