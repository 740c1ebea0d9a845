"""What is offered works, alone and behind every step that it may follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..recipe.steps import Prune
from . import reading
from .carrying import fail_with, missing, offered_layers, outcome_of, steps_of, worked
from .effects import lost_zeros
from .refused import gaps_of

if TYPE_CHECKING:
    from ..plugins.values import BackendInfo
    from ..recipe.steps import Step
    from .bench import Bench
    from .matrix import Case


class OfferTests:
    """Tests of each offered case; every case is one job, run once for all of them."""

    def test_an_offer_works(self, case: Case, bench: Bench, info: BackendInfo) -> None:
        """A job of one step ends well, with a deployable and finite outputs."""
        outcome = outcome_of(case, bench)
        fail_with(reading.failure(outcome))
        deployable = outcome.result.deployable
        if deployable is not None and deployable.format not in info.formats:
            fail_with(f"writes {deployable.format}; its formats are {info.formats}")
        if outcome.result.onnx is not None:
            fail_with(*reading.wrong_outputs(reading.outputs(outcome), outcome))

    def test_an_offer_is_no_gap(self, case: Case, info: BackendInfo) -> None:
        """The negotiation lets through what is offered."""
        fail_with(*map(str, gaps_of(case.steps, info)))

    def test_an_offer_leaves_its_input_alone(self, case: Case, bench: Bench) -> None:
        """The source is the same file, to the last bit, as before the job."""
        if outcome_of(case, bench).input_changed:
            fail_with("the job has changed the model that it was given")

    def test_an_offer_has_its_effect(self, case: Case, bench: Bench) -> None:
        """Bits, zeros, distinct values and bytes are those asked for, in the layers asked for."""
        fail_with(*missing(case, worked(case, bench), bench))

    def test_an_offer_reports_the_layers_of_the_source(self, case: Case, bench: Bench) -> None:
        """`layers()` names the source's layers, and says what the ONNX form says."""
        fail_with(*reading.wrong_layers(worked(case, bench)))

    def test_an_offer_gives_the_same_numbers_for_the_same_seed(
        self, case: Case, bench: Bench
    ) -> None:
        """Two jobs with one seed give the same weights and the same outputs, bit for bit."""
        first = worked(case, bench)
        second = bench.outcome(first.subject, steps_of(case, first.subject), again=1)
        fail_with(reading.failure(second))
        if reading.states(first) != reading.states(second):
            fail_with("the second job with the same seed made other layers")
        for name, values in reading.outputs(first).items():
            if not np.array_equal(values, reading.outputs(second)[name]):
                fail_with(f"the second job gives another output {name!r}")

    def test_an_offer_prints_nothing(self, case: Case, bench: Bench) -> None:
        """Standard output stays empty; what a toolkit has to say belongs to `logging`."""
        printed = outcome_of(case, bench).printed
        if printed:
            fail_with(f"printed to standard output: {printed[:200]!r}")

    def test_an_offer_survives_json(self, case: Case, bench: Bench) -> None:
        """The result is the same after JSON, which it crosses on its way to the host."""
        fail_with(outcome_of(case, bench).lost_in_json)

    def test_an_offer_that_trains_says_how_long(self, case: Case, bench: Bench) -> None:
        """A step that trains reports the passes over the data that it made; no other has any."""
        step, report = case.steps[-1], worked(case, bench).result.steps[-1]
        if step.train is None and report.cost.epochs:
            fail_with(f"reports {report.cost.epochs} epochs; the step does not train")
        if step.train is not None and report.cost.epochs != step.train.epochs:
            fail_with(f"reports {report.cost.epochs} epochs; {step.train.epochs} were asked for")

    def test_a_chain_works(self, chain: Case, bench: Bench) -> None:
        """The second step has its effect behind the first, whose zeros stay."""
        outcome = outcome_of(chain, bench)
        fail_with(reading.failure(outcome))
        fail_with(*missing(chain, outcome, bench))
        first, last = steps_of(chain, outcome.subject)
        if isinstance(first, Prune) and _keeps_zeros(first, last):
            layers = offered_layers(chain, outcome.subject)
            fail_with(*lost_zeros(first, layers, reading.states(outcome)))


def _keeps_zeros(first: Prune, last: Step) -> bool:
    """Tell whether zeros of a step must still be there behind the next one."""
    if first.structure == "channel" or getattr(last, "weights", "") == "int1":
        return False  # nothing is zeroed, or two values have no zero among them
    return last.op == "quantize" or bool(getattr(last, "keep_sparsity", False))
