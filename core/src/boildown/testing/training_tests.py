"""Training: whatever an offer that trains may be given, tried on the control of such steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..recipe.steps import Train
from . import reading
from .carrying import fail_with
from .matrix import ONE_EPOCH

if TYPE_CHECKING:
    from ..plugins.values import BackendInfo
    from .bench import Bench

#: Every word that `train` knows: an offer that trains accepts them all.
TRAININGS = {
    "plain": ONE_EPOCH,
    "optimizer=adam": ONE_EPOCH.model_copy(update={"optimizer": "adam"}),
    "optimizer=sgd": ONE_EPOCH.model_copy(update={"optimizer": "sgd"}),
    "schedule=constant": ONE_EPOCH.model_copy(update={"schedule": "constant"}),
    "schedule=linear": ONE_EPOCH.model_copy(update={"schedule": "linear"}),
    "augment": ONE_EPOCH.model_copy(update={"augment": ("flip", "shift")}),
    "patience": Train(epochs=2, batch_size=16, patience=1),
}


class TrainingTests:
    """Tests of the hook `train`, which every backend with a step that trains must have."""

    def test_the_control_trains_and_compresses_nothing(
        self, training: Train, bench: Bench, info: BackendInfo
    ) -> None:
        """The same network comes back: other weights, all of them in as many bits as before."""
        if not _trains(info):
            pytest.skip("no offer of this backend trains")
        subject = bench.subject("plain")
        twin, control = bench.outcome(subject), bench.outcome(subject, training=training)
        fail_with(reading.failure(twin), reading.failure(control))
        if control.input_changed:
            fail_with("train() has changed the model that it was given")
        old, new = reading.states(twin), reading.states(control)
        if all(new[name].values_digest == state.values_digest for name, state in old.items()):
            fail_with("train() has not changed any weight")
        fail_with(
            *(
                f"layer {name!r} has shape {new[name].shape} in {new[name].bits:g} bits after"
                f" training; before it had {state.shape} in {state.bits:g}"
                for name, state in old.items()
                if (state.shape, state.bits) != (new[name].shape, new[name].bits)
            ),
            *reading.wrong_layers(control),
            *reading.wrong_outputs(reading.outputs(control), control),
        )

    def test_the_control_gives_the_same_numbers_for_the_same_seed(
        self, bench: Bench, info: BackendInfo
    ) -> None:
        """Two trainings with one seed give the same weights, bit for bit."""
        if not _trains(info):
            pytest.skip("no offer of this backend trains")
        pair = [
            bench.outcome(bench.subject("plain"), training=ONE_EPOCH, again=number)
            for number in (0, 1)
        ]
        fail_with(*map(reading.failure, pair))
        if reading.states(pair[0]) != reading.states(pair[1]):
            fail_with("the second training with the same seed made other weights")


def _trains(info: BackendInfo) -> bool:
    accepted = (offer.accepts.get("train", ()) for offer in info.offers)
    return any(isinstance(entry, tuple) and True in entry for entry in accepted) or any(
        offer.op == "distill" for offer in info.offers
    )
