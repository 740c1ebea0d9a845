"""The training loop: one for tuning, quantization-aware training, distilling and the control.

An own loop and not Keras's `fit`: it reads boildown's batches, follows the recipe's learning rate
step by step and ends as the PyTorch backend's does, so that the same `train` means the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import (
    Course,
    DataError,
    DataManifest,
    Epoch,
    Fitted,
    ModelError,
    Patience,
    Train,
    batches,
    tell_nobody,
    training_parts,
)

from ..keras import tf_keras
from .feeding import Feed
from .objectives import CrossEntropy, Objective, Scores
from .optimizers import make_optimizer
from .passes import Passes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def fit(
    model: tf_keras.Model,
    data: DataManifest | None,
    settings: Train,
    *,
    seed: int,
    inputs: Sequence[str],
    objective: Objective | None = None,
    after_step: Callable[[], None] | None = None,
    callbacks: Sequence[tf_keras.callbacks.Callback] = (),
    settled_after: int = 0,
    progress: Callable[[int, int, str], None] = tell_nobody,
) -> Fitted:
    """Train `model` in place on the train split.

    The same seed and machine give the same weights bit for bit. With `settings.patience` a tenth
    of train is held out, training stops after so many epochs without a smaller loss on it, and
    the weights of the best epoch are put back. The test split is never read.

    Args:
        model: A functional model; images NHWC.
        data: Bound to the model, with a train split.
        settings: The recipe's `train`.
        seed: Of the order, the augmentation, dropout and the held-out part.
        inputs: Names of the model's inputs in the data, in the order of the model's own.
        objective: The loss; cross entropy with the labels by default.
        after_step: Traced once and run behind each optimizer step, such as to put masks back.
        callbacks: Keras's, told of the beginning, of each batch and of the end of each epoch.
        settled_after: Optimizer steps before whose end no epoch is kept or counts as without
            gain: the length of a pruning ramp, for weights of an earlier epoch are too dense.
        progress: Called with steps done, all steps and a text once a batch.

    Raises:
        DataError: Samples or needed labels are missing or do not fit the model.
        ModelError: The model has nothing to train.
        DivergedError: The loss or a weight is no finite number any more.
    """
    objective = objective or CrossEntropy()
    parts = training_parts(data, settings, seed)
    if objective.needs_labels and not parts.train.splits["train"].labelled:
        raise DataError(
            f"the train samples of {parts.train.uri} have no labels, and this training learns "
            "from labels; give labelled data, or distill with `alpha: 1`, which needs none"
        )
    if not model.trainable_variables:
        raise ModelError(f"{model.name} has no weight that can be trained; all are constants")
    tf_keras.utils.set_random_seed(seed)
    first = Feed(inputs, None).inputs(next(batches(parts.train, "train", settings.batch_size)))
    scores = Scores(model, first)
    objective.prepare(scores, first)
    optimizer = make_optimizer(model.trainable_variables, settings)
    model.compile(optimizer=optimizer)  # where TF Model Optimization's callbacks look for it
    course = Course(parts, settings, progress)
    passes = Passes(
        model=model,
        course=course,
        seed=seed,
        feed=Feed(inputs, scores.classes),
        scores=scores,
        objective=objective,
        optimizer=optimizer,
        after_step=after_step,
        callbacks=tuple(callbacks),
    )
    patience, weights = Patience(settings.patience, settled_after), None
    history: list[Epoch] = []
    passes.begin()
    while len(history) < settings.epochs and not patience.is_over:
        history.append(passes.epoch(len(history) + 1))
        if patience.improves(history[-1], course.step):
            weights = model.get_weights()
    if weights is not None:
        model.set_weights(weights)
    return course.ended(history, patience.best.number if patience.best else len(history))
