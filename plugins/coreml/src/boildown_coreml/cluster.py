"""Weight sharing (palettization): indices into a table of values for each layer.

The values are boildown's own, so that every backend clusters alike, unless the recipe asks for
coremltools' (`mode`, `cluster_dim`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boildown import Prune, UnsupportedError, Warned, selected_layers

from .chain import index_bits
from .formats import FORMATS, setting
from .network import store_tables
from .package import Method, compress, open_package
from .tables import as_they_are, clustered
from .toolkit import cto

if TYPE_CHECKING:
    from boildown import Artifact, Cluster, Context, StepOutcome

_OWN = ("mode", "group_size", "cluster_dim", "per_channel_scale")


def cluster(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Leave at most `step.count` distinct values in each selected layer, or channel of one.

    Raises UnsupportedError as `open_package` does, and where the settings exclude each other.
    """
    said = context.settings
    if step.train is not None:
        return _learned(model, step, context)
    layers = selected_layers(step, context)
    if setting(context, "format", FORMATS) == "mlmodel":
        if given := [name for name in _OWN if name in said]:
            raise UnsupportedError(f"{', '.join(given)}: an mlmodel has one plain table a layer")
        table = clustered(step, context.seed)
        return store_tables(model, layers, context, table, _bits_of_network(step))
    package = open_package(model, context)
    if model.format == "mlpackage" and said.keys() & {"cluster_dim", "per_channel_scale"}:
        raise UnsupportedError(
            "coremltools has no vectors and no scales of channels for weights that are compressed"
            " already; make `cluster` the first step"
        )
    config = _config(step, context)
    method = Method(cto.palettize_weights, lambda _: config, _why(context))
    outcome = compress(package, layers, method, context, "cluster")
    return outcome.model_copy(update={"warnings": (*outcome.warnings, *_more_values(context))})


def _learned(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Store the values that training leaves, as they are."""
    from .training.clustering import learn_values

    trained = learn_values(model, step, context)
    if setting(context, "format", FORMATS) == "mlmodel":
        if "group_size" in context.settings:
            raise UnsupportedError("group_size: an mlmodel has one plain table a layer")
        bits = _bits_of_network(step)
        outcome = store_tables(trained.artifact, trained.layers, context, as_they_are(bits), bits)
    else:
        group = 1 if step.granularity == "channel" else context.settings.get("group_size")
        config = _palette(group, mode="custom", lut_function=as_they_are(index_bits(step.count)))
        method = Method(cto.palettize_weights, lambda _: config, _why(context))
        package = open_package(trained.artifact, context)
        outcome = compress(package, trained.layers, method, context, "cluster")
    warnings = (*trained.warnings, *outcome.warnings)
    return outcome.model_copy(update={"warnings": warnings, "epochs": trained.epochs})


def _bits_of_network(step: Cluster) -> int:
    """Return the bits of an index in a neural network, which knows every number of them."""
    return (step.count - 1).bit_length()


def _config(step: Cluster, context: Context) -> Any:
    said = context.settings
    width, group = said.get("cluster_dim", 1), said.get("group_size")
    mode = said.get("mode", "kmeans" if width > 1 else "custom")
    if mode != "custom" and (step.init is not None or step.count not in {2, 4, 8, 16, 64, 256}):
        raise UnsupportedError(
            "coremltools' own palettes have 2, 4, 8, 16, 64 or 256 values and no `init`"
        )
    pruned = any(isinstance(earlier, Prune) for earlier in context.steps[: context.index])
    if mode != "custom" and step.keep_sparsity and not pruned:
        raise UnsupportedError(
            "keep_sparsity: coremltools' own palettes keep the zeros of `prune` steps only; leave"
            " `mode` and `cluster_dim` out"
        )
    if width > 1 and mode != "kmeans":
        raise UnsupportedError(f"vectors of {width} weights need mode kmeans")
    if step.granularity == "channel":
        if group not in {None, 1}:
            raise UnsupportedError(
                f"granularity channel means a table a channel, group_size {group} one for so many"
            )
        group = 1
    found = (
        {"mode": "custom", "lut_function": clustered(step, context.seed)}
        if mode == "custom"
        else {"mode": mode, "nbits": index_bits(step.count), "cluster_dim": width}
    )
    return _palette(group, **found, enable_per_channel_scale=said.get("per_channel_scale", False))


def _palette(group: int | None, **settings: Any) -> Any:
    """Return coremltools' settings; None: one table for all channels."""
    if group is not None:
        settings |= {"group_size": group}
    granularity = "per_tensor" if group is None else "per_grouped_channel"
    return cto.OpPalettizerConfig(granularity=granularity, weight_threshold=0, **settings)


def _why(context: Context) -> str:
    width, group = context.settings.get("cluster_dim"), context.settings.get("group_size")
    needs = [f"{number}" for number in (width, group) if number]
    if needs:
        return f"their output channels are no multiple of {' and of '.join(needs)}"
    return "coremltools leaves constants of fewer than 10 numbers"


def _more_values(context: Context) -> tuple[Warned, ...]:
    """Say where weights take on more values than the table has entries."""
    reasons = {
        "per_channel_scale": "scales multiply the values of the table",
        "cluster_dim": "an entry of the table is a vector of several values",
    }
    found = [text for name, text in reasons.items() if context.settings.get(name)]
    if not found:
        return ()
    text = f"{'; '.join(found)}: weights take on more values than were asked for"
    return (Warned(code="NOTE", text=text),)
