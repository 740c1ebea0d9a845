"""The training loop: one for tuning, quantization-aware training, distilling and the control."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import torch
from boildown import (
    Course,
    DataError,
    DataManifest,
    Epoch,
    Fitted,
    ModelError,
    Train,
    batches,
    tell_nobody,
    training_parts,
)
from torch import nn

from .feeding import Feed, laid_out
from .keeping import Keeper
from .mode import Mode, SetTraining, set_training
from .objectives import CrossEntropy, Objective
from .optimizers import make_optimizer
from .passes import Passes, StepHook
from .repeatable import repeatable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def fit(
    module: nn.Module,
    data: DataManifest | None,
    settings: Train,
    *,
    seed: int,
    threads: int,
    inputs: Sequence[str] | None = None,
    objective: Objective | None = None,
    after_backward: StepHook | None = None,
    after_step: StepHook | None = None,
    settled_after: int = 0,
    clip: float | None = None,
    mode: SetTraining = set_training,
    layout: torch.memory_format = torch.channels_last,
    epochs_before: int = 0,
    progress: Callable[[int, int, str], None] = tell_nobody,
) -> Fitted:
    """Train `module` in place on the train split, and leave it in evaluation mode.

    The same seed, threads and machine give the same weights bit for bit. Batches are read as they
    are needed, so memory does not grow with the data. With `settings.patience` a tenth of train
    is held out, training stops after so many epochs without a smaller loss on it, and the
    weights of the best epoch are put back; without it all of train trains and the last weights
    stay. The test split is never read.

    Args:
        module: Called with one tensor for each input. Parameters that require no gradient stay.
        data: Bound to the model, with a train split.
        settings: The recipe's `train`.
        seed: Of the order, the augmentation, dropout and the held-out part.
        threads: CPU threads of torch while training.
        inputs: Names of the model's inputs in the order of the module's arguments; None for the
            one input of the data.
        objective: The loss; cross entropy with the labels by default.
        after_backward: Called when gradients stand in `.grad`, such as to score weights by them.
        after_step: Called without gradients behind the optimizer, such as to put masks back.
        settled_after: Optimizer steps before whose end no epoch is kept or counts as without
            gain: the length of a pruning ramp, for weights of an earlier epoch are too dense.
        clip: Scale gradients down to this norm (L2, of all together): Pascanu and others, 2013,
            for recurrent nets and straight-through estimators. None: never, as it changes what
            a learning rate means.
        mode: How to switch between training and evaluation, for exported modules, whose own
            `train()` and `eval()` raise.
        layout: Memory layout of images and weights while training, with the same shapes. Channels
            last is faster; a module that calls `view` on maps needs torch.contiguous_format.
        epochs_before: Epochs of the same training in earlier calls, so that this one shuffles and
            augments otherwise.
        progress: Called with steps done, all steps and a text once a batch.

    Raises:
        DataError: Samples or needed labels are missing or do not fit the module.
        ModelError: The module has nothing to train.
        DivergedError: The loss or a weight is no finite number any more.
    """
    objective = objective or CrossEntropy()
    parts = training_parts(data, settings, seed)
    if objective.needs_labels and not parts.train.splits["train"].labelled:
        raise DataError(
            f"the train samples of {parts.train.uri} have no labels, and this training learns "
            "from labels; give labelled data, or distill with `alpha: 1`, which needs none"
        )
    feed = Feed(inputs, layout)
    with repeatable(seed, threads), laid_out(module, layout), ExitStack() as attached:
        first = next(batches(parts.train, "train", settings.batch_size))
        modes = Mode(module, mode)
        modes.switch(training=False)
        with torch.no_grad():
            extra = attached.enter_context(objective.attached(module, feed.inputs(first)))
        trained = [*_trainable(module), *extra]
        course = Course(parts, settings, progress)
        passes = Passes(
            module=module,
            course=course,
            seed=seed,
            epochs_before=epochs_before,
            feed=feed,
            objective=objective,
            optimizer=make_optimizer(trained, settings),
            trained=trained,
            after_backward=after_backward,
            after_step=after_step,
            clip=clip,
            mode=modes,
        )
        keeper = Keeper(module, settings.patience, settled_after)
        history = _train(passes, keeper, settings.epochs)
        kept = keeper.put_back(len(history))
        modes.switch(training=False)
    return course.ended(history, kept)


def _train(passes: Passes, keeper: Keeper, epochs: int) -> tuple[Epoch, ...]:
    history: list[Epoch] = []
    for number in range(1, epochs + 1):
        history.append(passes.epoch(number))
        if keeper.stops(history[-1], passes.course.step):
            break
    return tuple(history)


def _trainable(module: nn.Module) -> list[nn.Parameter]:
    found = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not found:
        raise ModelError(
            f"{type(module).__name__} has no weight that can be trained; all are constants"
        )
    return found
