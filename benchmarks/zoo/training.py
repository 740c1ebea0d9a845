"""The training loop: AdamW under OneCycle, gradients clipped, the last epoch's weights kept."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .images import LabelledImages, augmented_batch, plain_batch

LOGGER = logging.getLogger(__name__)
TEST_BATCH = 250


@dataclass(frozen=True, slots=True)
class Plan:
    """How one network is trained."""

    epochs: int
    learning_rate: float
    weight_decay: float = 0.05
    batch_size: int = 128
    largest_gradient: float = 5.0


PLANS = {
    "mobilenet_v2": Plan(epochs=5, learning_rate=3e-3, batch_size=64),
    "resnet50": Plan(epochs=6, learning_rate=3e-3),
    "squeezenet1_1": Plan(epochs=8, learning_rate=1e-3, weight_decay=0.01, batch_size=64),
}


def train(
    net: nn.Module,
    data: LabelledImages,
    plan: Plan,
    *,
    seed: int,
    after_epoch: Callable[[int], None],
) -> None:
    """Train `net` in place; no figure of any test image has a part in it."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.from_numpy(data.labels.astype("int64"))
    steps = len(labels) // plan.batch_size  # the incomplete last batch is dropped
    optimizer = torch.optim.AdamW(
        net.parameters(), plan.learning_rate, weight_decay=plan.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, plan.learning_rate, total_steps=steps * plan.epochs, pct_start=0.25
    )
    for epoch in range(plan.epochs):
        net.train()
        started, total = time.perf_counter(), 0.0
        order = torch.randperm(len(labels), generator=generator)
        for batch in order[: steps * plan.batch_size].split(plan.batch_size):  # type: ignore[no-untyped-call]
            inputs = augmented_batch(data.images[batch.numpy()], generator)
            loss = nn.functional.cross_entropy(net(inputs), labels[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), plan.largest_gradient)
            optimizer.step()
            schedule.step()
            total += loss.item()
        seconds = time.perf_counter() - started
        LOGGER.info("epoch %d: mean loss %.4f, %.0f s", epoch + 1, total / steps, seconds)
        after_epoch(epoch + 1)


@torch.no_grad()
def logits(net: nn.Module, data: LabelledImages) -> Tensor:
    """Return the logits of every image, in order, in evaluation mode."""
    net.eval()
    starts = range(0, len(data.images), TEST_BATCH)
    return torch.cat([net(plain_batch(data.images[i : i + TEST_BATCH])) for i in starts])
