"""Every network of the suite: its float twin is the same, compressing it works or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import reading
from .carrying import fail_with, refused_or_worked

if TYPE_CHECKING:
    from .bench import Bench
    from .matrix import Case

#: One sample and several: a batch may be anything that the source takes.
_BATCHES = (1, 5)


class NetworkTests:
    """Tests of the float twin and of one case an offer on each network."""

    def test_the_float_twin_equals_its_source(self, network: str, bench: Bench) -> None:
        """Its ONNX form gives the source's outputs to 1e-4, in batches of one and five."""
        outcome = bench.outcome(bench.subject(network))
        if outcome.input_changed:
            fail_with("deploy() has changed the model that it was given")
        refused_or_worked(outcome)
        for count in _BATCHES:
            if outcome.result.onnx is not None:
                found = reading.outputs(outcome, count)
                fail_with(*reading.unlike_the_source(found, outcome, count))
        fail_with(*reading.wrong_layers(outcome))

    def test_the_runtime_equals_the_source(self, network: str, bench: Bench) -> None:
        """The float twin gives the source's outputs in the backend's own runtime as well."""
        outcome = bench.outcome(bench.subject(network))
        refused_or_worked(outcome)
        for count in _BATCHES:
            inputs = reading.inputs_of(outcome, count)
            found, answer = bench.in_its_runtime(outcome, inputs)
            if answer.unsupported:
                pytest.skip(answer.reason)  # no native runtime on this computer
            fail_with(answer.reason)
            fail_with(*reading.unlike_the_source(found, outcome, count))

    def test_every_network_is_compressed_or_refused(
        self, first: Case, network: str, bench: Bench
    ) -> None:
        """A network that an offer cannot do is refused by the name of a node or operator."""
        outcome = bench.outcome(bench.subject(network), first.steps)
        refused_or_worked(outcome)
        if outcome.result.onnx is not None:
            fail_with(*reading.wrong_outputs(reading.outputs(outcome), outcome))

    def test_an_odd_operator_is_carried_over_or_refused(self, odd: str, bench: Bench) -> None:
        """A rare operator is UnsupportedError naming it, or computes what it should."""
        outcome = bench.outcome(bench.subject(odd))
        result = outcome.result
        if result.status == "unsupported":
            if odd not in result.reason and "odd" not in result.reason:
                fail_with(f"refused without naming {odd}: {result.reason}")
            return
        fail_with(reading.failure(outcome))
        if result.onnx is not None:
            fail_with(*reading.unlike_the_source(reading.outputs(outcome), outcome))
