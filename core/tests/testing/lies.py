"""The honest backend with one lie each; `LIES` names the test that must catch it."""

from __future__ import annotations

import os
import signal
import threading
from typing import NamedTuple

import numpy as np
import onnx
from boildown import (
    Artifact,
    Context,
    Distill,
    LayerState,
    Offer,
    Prune,
    Quantize,
    StepOutcome,
    Train,
    UnsupportedError,
    Warned,
    hookimpl,
)
from onnx import numpy_helper

from .honest import Honest

honest = Honest()


class EditsItsInput(Honest):
    """Writes the model that it was given, and leaves something of its own in it."""

    @hookimpl
    def deploy(self, model: Artifact, context: Context) -> Artifact:
        proto = onnx.load(model.path)
        proto.producer_name = "somebody else"
        onnx.save(proto, model.path)
        return super().deploy(model=model, context=context)


class ClaimsWhatItLacks(Honest):
    """Offers int4 and refuses it when asked."""

    offers = (Offer(op="quantize", accepts={"weights": ("float16", "int4")}, after=()),)

    @hookimpl
    def quantize(self, model: Artifact, step: Quantize, context: Context) -> StepOutcome:
        if step.weights == "int4":
            raise UnsupportedError("weights: int4 is not there yet")
        return super().quantize(model=model, step=step, context=context)


class ChangesNothing(Honest):
    """Returns a copy of its input as the result of a step."""

    @hookimpl
    def quantize(self, model: Artifact, step: Quantize, context: Context) -> StepOutcome:
        path = context.workdir / "same.onnx"
        path.write_bytes(model.path.read_bytes())
        return StepOutcome(artifact=Artifact(path=path))


class TellsOtherLayers(Honest):
    """Reports more zeros than there are in the file."""

    @hookimpl
    def layers(self, deployable: Artifact, context: Context) -> list[LayerState]:
        states = super().layers(deployable=deployable, context=context)
        return [state.model_copy(update={"sparsity": 0.9}) for state in states]


class Prints(Honest):
    """Writes to standard output what could be taken for an answer of the protocol."""

    @hookimpl
    def quantize(self, model: Artifact, step: Quantize, context: Context) -> StepOutcome:
        print('{"result": {"status": "ok"}}', flush=True)
        return super().quantize(model=model, step=step, context=context)


class Dies(Honest):
    """Ends its own process."""

    @hookimpl
    def quantize(self, model: Artifact, step: Quantize, context: Context) -> StepOutcome:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().quantize(model=model, step=step, context=context)


class Hangs(Honest):
    """Waits for what never comes."""

    @hookimpl
    def quantize(self, model: Artifact, step: Quantize, context: Context) -> StepOutcome:
        threading.Event().wait()
        return super().quantize(model=model, step=step, context=context)


class ZeroesAnywhere(Honest):
    """Has as many zeros as 2:4 wants, but not where."""

    @hookimpl
    def prune(self, model: Artifact, step: Prune, context: Context) -> StepOutcome:
        if step.pattern is not None:
            n, m = step.pattern
            step = Prune(sparsity=1 - n / m, layers=step.layers)
        return super().prune(model=model, step=step, context=context)


class KeepsItsChannels(Honest):
    """Zeroes where channels were to be removed."""

    @hookimpl
    def prune(self, model: Artifact, step: Prune, context: Context) -> StepOutcome:
        if step.structure == "channel":
            step = step.model_copy(update={"structure": "element"})
        return super().prune(model=model, step=step, context=context)


class TrainsNobody(Honest):
    """Says that it has trained."""

    @hookimpl
    def train(self, model: Artifact, settings: Train, context: Context) -> Artifact:
        return self.deploy(model=model, context=context)


class TeachesNobody(Honest):
    """Ships the student as it came."""

    @hookimpl
    def distill(self, model: Artifact, step: Distill, context: Context) -> StepOutcome:
        if step.student is None:
            return super().distill(model=model, step=step, context=context)
        given = Artifact(path=context.models[step.student].path)
        return StepOutcome(artifact=self.deploy(model=given, context=context), epochs=1)


class Boasts(Honest):
    """Reports a pass over the data that it has never made."""

    @hookimpl
    def quantize(self, model: Artifact, step: Quantize, context: Context) -> StepOutcome:
        outcome = super().quantize(model=model, step=step, context=context)
        return outcome.model_copy(update={"epochs": 1})


class ReachesFurther(Honest):
    """Quantizes every layer, whichever were asked for."""

    @hookimpl
    def quantize(self, model: Artifact, step: Quantize, context: Context) -> StepOutcome:
        return super().quantize(model=model, step=Quantize(weights="float16"), context=context)


class ReachesFurtherAndSaysPartly(ReachesFurther):
    """Covers it with a warning that it has done less."""

    @hookimpl
    def quantize(self, model: Artifact, step: Quantize, context: Context) -> StepOutcome:
        outcome = super().quantize(model=model, step=step, context=context)
        said = Warned(code="PARTIAL", text="not everything is done")
        return outcome.model_copy(update={"warnings": (said,)})


class Rolls(Honest):
    """Draws from a generator that nobody has seeded."""

    @hookimpl
    def quantize(self, model: Artifact, step: Quantize, context: Context) -> StepOutcome:
        outcome = super().quantize(model=model, step=step, context=context)
        proto = onnx.load(outcome.artifact.path)
        tensor = next(x for x in proto.graph.initializer if x.name.endswith(".half"))
        values = numpy_helper.to_array(tensor) * np.float16(np.random.default_rng().random())
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
        onnx.save(proto, outcome.artifact.path)
        return outcome


class LeaksItsNeeds(Honest):
    """Keeps to itself that it cannot do without samples."""

    @hookimpl
    def quantize(self, model: Artifact, step: Quantize, context: Context) -> StepOutcome:
        if context.data is None:
            raise UnsupportedError("quantize: there are no samples")
        return super().quantize(model=model, step=step, context=context)


class Lie(NamedTuple):
    """A backend with the test that catches it and what that test says of it."""

    plugin: Honest
    test: str
    says: str


HALF = "quantize-weights=float16"
LIES = {
    "edits": Lie(EditsItsInput(), "test_the_float_twin_equals_its_source[plain]", "has changed"),
    "claims": Lie(ClaimsWhatItLacks(), "test_an_offer_works[quantize-weights=int4]", "int4 is not"),
    "changes-nothing": Lie(
        ChangesNothing(), f"test_an_offer_has_its_effect[{HALF}]", "nothing has changed"
    ),
    "tells": Lie(
        TellsOtherLayers(),
        f"test_an_offer_reports_the_layers_of_the_source[{HALF}]",
        "decodes a sparsity of 0.9000",
    ),
    "prints": Lie(Prints(), f"test_an_offer_prints_nothing[{HALF}]", "printed to standard output"),
    "dies": Lie(Dies(), f"test_an_offer_works[{HALF}]", "killed its process with SIGKILL"),
    "hangs": Lie(Hangs(), f"test_an_offer_works[{HALF}]", "gave no answer within 5 s"),
    "anywhere": Lie(
        ZeroesAnywhere(), "test_an_offer_has_its_effect[prune-structure=2:4]", "2:4 leaves 2"
    ),
    "keeps": Lie(
        KeepsItsChannels(),
        "test_an_offer_has_its_effect[prune-train=yes-sparsity=0.5-structure=channel]",
        "no layer has lost",
    ),
    "trains": Lie(
        TrainsNobody(),
        "test_the_control_trains_and_compresses_nothing[plain]",
        "has not changed any weight",
    ),
    "teaches": Lie(
        TeachesNobody(),
        "test_an_offer_has_its_effect[distill-train=yes-student=suite:student-alpha=0.5]",
        "the student has the weights that it had before",
    ),
    "boasts": Lie(Boasts(), f"test_an_offer_that_trains_says_how_long[{HALF}]", "does not train"),
    "reaches": Lie(
        ReachesFurther(),
        f"test_an_offer_has_its_effect[{HALF}-layers=one]",
        "although the step is limited to another",
    ),
    "reaches-partly": Lie(
        ReachesFurtherAndSaysPartly(),
        f"test_an_offer_has_its_effect[{HALF}-layers=one]",
        "although the step is limited to another",
    ),
    "rolls": Lie(
        Rolls(),
        f"test_an_offer_gives_the_same_numbers_for_the_same_seed[{HALF}]",
        "made other layers",
    ),
    "needs": Lie(LeaksItsNeeds(), f"test_an_offer_works[{HALF}]", "there are no samples"),
}
