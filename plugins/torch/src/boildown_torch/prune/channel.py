"""Remove channels for good, at once or in rounds between which the network trains.

`linear` and `cubic` remove in rounds, one before each of the first half of the epochs, since a
layer cannot lose channels within an epoch. In these epochs the learning rate stays at its height;
the other epochs follow the recipe's schedule, as all do with `one-shot`. Optimizers start anew
behind each round, as their parameters are new. One or two epochs have one round only.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from boildown import (
    StepOutcome,
    Warned,
    read_graph,
    refuse_fixed_batch,
    selected_layers,
    source_layers,
    sparsity_at,
    unchanged,
    write_graph,
)

from ..channels import Removed, remove_channels
from ..importer import import_onnx, write_back
from ..offers.prune import LAYERS
from ..training import fit_in_job
from ..training.repeatable import repeatable
from ..zeros import keep_zeros
from .criteria import criterion_of
from .gradients import accumulate_gradients

if TYPE_CHECKING:
    from boildown import Artifact, Context, Layer, Prune, Train
    from onnx import ModelProto
    from torch import fx

#: A share that is missed by less is rounding to whole channels.
_NEAR = 0.02
_NAMES = 12


def remove(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Remove the share of the channels that `step` says from the selected layers.

    Raises UnsupportedError where nothing can be removed, with the reasons, or the network cannot
    be imported, or trained because of a fixed batch; DataError where training or `taylor` finds
    no labelled train samples.
    """
    chosen = selected_layers(step, context)
    layers = [layer for layer in chosen if layer.op in LAYERS]
    if not layers:
        return unchanged(model, context, f"none of the selected layers is a {', '.join(LAYERS)}")
    graph = read_graph(model)
    if step.train is not None:
        refuse_fixed_batch(graph)
    work = _Removal(import_onnx(graph), graph, layers, step, context)
    rounds = _rounds(step)
    for number, settings in enumerate(rounds, 1):
        work.remove(number, len(rounds))
        if settings is not None:
            work.train(settings)
    artifact = write_graph(write_back(graph, work.module), context, "narrower")
    return StepOutcome(
        artifact=artifact,
        epochs=work.epochs,
        warnings=_skipped(work.removed, layers),
        approximations=_rounding(work.removed, step, context),
    )


class _Removal:
    """A network that gets narrower, round by round."""

    def __init__(
        self,
        module: fx.GraphModule,
        graph: ModelProto,
        layers: list[Layer],
        step: Prune,
        context: Context,
    ) -> None:
        self.module, self.removed, self.epochs = module, Removed(), 0
        self._graph, self._step, self._context = graph, step, context
        self._nodes = {layer.node for layer in layers}
        tensors = source_layers(graph)
        self._initial = {layer.node: layer.shape[layer.axis] for layer in tensors}

    def remove(self, number: int, rounds: int) -> None:
        """Bring the network to the sparsity that holds from this round on."""
        step, context = self._step, self._context
        if step.criterion == "taylor":
            accumulate_gradients(self.module, self._graph, context)
        with repeatable(context.seed, context.threads):
            removed = remove_channels(
                self.module,
                self._graph,
                ratio=sparsity_at(
                    number, final=step.sparsity or 0.0, schedule=step.schedule, steps=rounds
                ),
                criterion=criterion_of(step.criterion),
                scope=step.scope,
                round_to=context.settings.get("round_to", 1),
                nodes=self._nodes,
                initial=self._initial,
            )
        for name, (before, after) in removed.channels.items():
            first, _ = self.removed.channels.get(name, (before, after))
            self.removed.channels[name] = (first, after)
        self.removed.skipped, self.removed.ends = removed.skipped, removed.ends

    def train(self, settings: Train) -> None:
        """Train what is left."""
        done = self.epochs
        total = self._step.train.epochs if self._step.train else 0

        def progress(now: int, steps: int, text: str) -> None:
            each = steps / settings.epochs
            self._context.progress(round(done * each) + now, round(total * each), text)

        fitted = fit_in_job(
            self.module,
            self._graph,
            settings,
            self._context,
            after_step=keep_zeros(self.module),
            progress=progress,
            epochs_before=done,
        )
        self.epochs += fitted.epochs


def _rounds(step: Prune) -> list[Train | None]:
    """Return how to train behind each round of removal."""
    settings = step.train
    if settings is None or step.schedule == "one-shot":
        return [settings]
    first = (settings.epochs + 1) // 2
    # With its patience each holds out what the last one does.
    one = settings.model_copy(update={"epochs": 1, "schedule": "constant"})
    rest = settings.epochs - (first - 1)
    return [*[one] * (first - 1), settings.model_copy(update={"epochs": rest})]


def _skipped(removed: Removed, layers: list[Layer]) -> tuple[Warned, ...]:
    """Tell which layers were to lose channels and have not."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for layer in layers:
        if layer.node in removed.channels or layer.node in removed.ends:
            continue
        reason = removed.skipped.get(layer.node, "has no channels that torch-pruning could follow")
        reasons[reason].append(layer.name)
    if not removed.channels:
        return (Warned(code="NOTE", text="this share is less than one channel of every layer"),)
    if not reasons:
        return ()
    told = [f"{_listed(names)} {reason}" for reason, names in reasons.items()]
    return (Warned(code="PARTIAL", text=f"some layers keep all channels: {'; '.join(told)}"),)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(repr(name) for name in names[:_NAMES]) + more


def _rounding(removed: Removed, step: Prune, context: Context) -> tuple[str, ...]:
    """Tell where rounding to a multiple has left more channels than were asked for."""
    multiple = context.settings.get("round_to", 1)
    before = sum(first for first, _ in removed.channels.values())
    share = 1 - sum(after for _, after in removed.channels.values()) / max(before, 1)
    if multiple == 1 or share > (step.sparsity or 0.0) - _NEAR:
        return ()
    told = (
        f"what stays is a multiple of {multiple} channels, so {share:.1%} of the channels of the"
        f" narrower layers went instead of {step.sparsity:.1%}"
    )
    return (told,)
