"""Turn what a backend offers into cases: every accepted value of every setting, and their edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..frozen import Frozen
from ..negotiation.behind import gaps_behind
from ..negotiation.matching import refused_settings
from ..negotiation.offers import Offer, Range, Scalar
from ..negotiation.reasons import offered
from ..recipe.steps import STEP_MODELS, Layers, Step, Train

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..plugins.values import BackendInfo

#: Numbers that stand for a range: its ends, as far as they have an effect, and some in between.
_WITHIN: dict[str, tuple[float, ...]] = {
    "sparsity": (0.05, 0.5, 0.95),
    "threshold": (0.02, 0.05, 0.2),
    "values": (2, 5, 16, 256),
    "bits": (1, 4, 8),
    "block_size": (16, 32, 128),
    "width": (0.25, 0.5, 0.9),
    "temperature": (1.0, 4.0, 20.0),
    "alpha": (0.0, 0.5, 1.0),
}
_PATTERNS = ("2:4", "1:3")
#: Settings that a step must give where nothing else says how much is to be done.
COMPANIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "quantize": ({},),
    "prune": ({}, {"sparsity": 0.5}),
    "cluster": ({}, {"values": 16}, {"bits": 4}),
    "distill": ({}, {"width": 0.5}),
}
#: URIs under which the suite gives a job its teacher and its student.
TEACHER, STUDENT = "suite:teacher", "suite:student"
ONE_EPOCH = Train(epochs=1, batch_size=16)
_OF_ONE_LAYER = "one"


class Case(Frozen):
    """One or two steps with the offer that covers the last; `label` is the case's id."""

    label: str
    offer: Offer
    steps: tuple[Step, ...]
    #: Whether the step is limited to one layer, which the network decides.
    one_layer: bool = False

    @property
    def title(self) -> str:
        """Name the offer for the coverage table."""
        return offer_title(self.offer)


def offer_title(offer: Offer) -> str:
    """Return an offer in words: the operation and what it accepts of each setting."""
    words = [f"{name} {offered(entry)}" for name, entry in offer.accepts.items() if entry != ()]
    return f"{offer.op}: {'; '.join(words) or 'nothing to set'}"


def offered_cases(info: BackendInfo) -> list[Case]:
    """Return a case for each accepted value of each setting, the others at a legal one."""
    found: dict[str, Case] = {}
    for number, offer in enumerate(info.offers):
        cases = list(_cases(offer))
        if not cases:
            raise ValueError(f"no step fits the offer {offer_title(offer)!r}: its values exclude")
        for case in cases:
            key = case.label if case.label not in found else f"{case.label}-offer{number + 1}"
            if case.label in found and found[case.label].steps == case.steps:
                continue
            found[key] = case.model_copy(update={"label": key})
    return list(found.values())


def first_cases(info: BackendInfo) -> list[Case]:
    """Return one case an offer, the first."""
    cases = offered_cases(info)
    firsts = [next((c for c in cases if c.offer == offer), None) for offer in info.offers]
    return [case for case in firsts if case is not None]


def chained_cases(info: BackendInfo) -> list[Case]:
    """Return every chain of two that `after` allows: an offer behind the first of each operation.

    Where that first one brings about a refusal (`Refusal.behind`), the next case without comes in
    its place. Clustering that keeps zeros comes behind pruning as well.
    """
    firsts, every = first_cases(info), offered_cases(info)
    lasts = firsts + [
        case
        for case in every
        if getattr(case.steps[0], "keep_sparsity", False) and case not in firsts
    ]
    by_op: dict[str, list[Case]] = {}
    for case in [*firsts, *every]:
        by_op.setdefault(case.offer.op, []).append(case)
    chains = [
        next((chain for before in befores if (chain := _chain(before, last, info))), None)
        for op, befores in sorted(by_op.items())
        for last in lasts
        if op in last.offer.after
    ]
    return [chain for chain in chains if chain is not None]


def _chain(before: Case, last: Case, info: BackendInfo) -> Case | None:
    """Return two cases behind each other; None where the first brings about a refusal."""
    steps = (*before.steps, *last.steps)
    if gaps_behind(steps, len(before.steps), info.refusals, ""):
        return None
    return last.model_copy(update={"label": f"{before.label}+{last.label}", "steps": steps})


def label_of(steps: Sequence[Step]) -> str:
    """Return steps as the words that a reader of a test's name needs."""
    words = []
    for step in steps:
        demands = [f"{name}={_short(value)}" for name, value in step.demands().items()]
        words.append("-".join([step.op, *demands]))
    return "+".join(words)


def _short(value: object) -> str:
    return "yes" if isinstance(value, dict) else str(value).lower()


def _cases(offer: Offer) -> Iterator[Case]:
    choices = {name: _choices(name, entry) for name, entry in offer.accepts.items()}
    choices = {name: values for name, values in choices.items() if values}
    plain = {name: values[0] for name, values in choices.items()}
    # The first values too: of settings that exclude each other, `plain` gives one only.
    steps, impossible = [_fitting(offer, plain, list(choices))], []
    for name, values in choices.items():
        for value in values:
            step = _with(offer, {**plain, name: value}, name, choices)
            steps.append(step)
            impossible += [f"{name} {value!r}"] if step is None else []
    if impossible and any(steps):
        raise ValueError(
            f"no step can have {', '.join(impossible)}, which the offer {offer_title(offer)!r}"
            " names: leave it out, or offer what it goes with"
        )
    for step in steps:
        if step is not None:
            yield Case(label=label_of((step,)), offer=offer, steps=(step,))
    step = _fitting(offer, plain, list(choices))
    if offer.accepts.get("layers") != () and step is not None:
        label = f"{label_of((step,))}-layers={_OF_ONE_LAYER}"
        yield Case(label=label, offer=offer, steps=(step,), one_layer=True)


def _with(
    offer: Offer, settings: dict[str, Any], name: str, choices: dict[str, list[Any]]
) -> Step | None:
    """Make a step that gives `name` as it is in `settings`, with one other setting changed for it.

    So `threshold` finds the criterion that it goes with.
    """
    others = [other for other in choices if other != name]
    changed = ({**settings, other: value} for other in others for value in choices[other])
    attempts = (_fitting(offer, attempt, others) for attempt in (settings, *changed))
    return next((step for step in attempts if step is not None), None)


def _fitting(offer: Offer, settings: dict[str, Any], yielding: list[str]) -> Step | None:
    """Make a step of the settings; of those that exclude each other one of `yielding` gives way."""
    attempts = [settings, *({k: v for k, v in settings.items() if k != name} for name in yielding)]
    for attempt in attempts:
        for extra in COMPANIONS[offer.op]:
            step = made(offer.op, extra | attempt)
            if step is not None and not refused_settings(step, offer):
                return step
    return None


def made(op: str, settings: dict[str, Any]) -> Step | None:
    """Make a step of settings, `train` and `layers` given as True; None where they exclude."""
    given = {name: value for name, value in settings.items() if value is not None}
    if given.get("train") is True:
        given["train"] = ONE_EPOCH
    if given.get("layers") is True:
        given["layers"] = Layers()
    model = STEP_MODELS[op]  # type: ignore[index]  # the caller's word is an operation
    if op == "distill":
        given.setdefault("train", ONE_EPOCH)
    try:
        return model.model_validate(given)
    except ValidationError:
        return None


def _choices(name: str, entry: tuple[Scalar, ...] | Range) -> list[Any]:
    if name == "layers":
        return []
    if isinstance(entry, Range):
        return _numbers(name, entry)
    found: list[Any] = []
    for value in entry:
        named = (STUDENT if name == "student" else TEACHER,)
        found += _PATTERNS if value == "n:m" else named if value == "uri" else (value,)
    return found


def _numbers(name: str, entry: Range) -> list[Any]:
    inside = [
        number
        for number in _WITHIN.get(name, (1,))
        if (entry.minimum is None or number >= entry.minimum)
        and (entry.maximum is None or number <= entry.maximum)
    ]
    ends = [] if inside and name in _WITHIN else [entry.minimum, entry.maximum]
    if name in {"values", "bits", "block_size"}:
        ends = [entry.minimum, entry.maximum]
    numbers = sorted({n for n in (*inside, *ends) if n is not None})
    numbers.sort(key=lambda n: abs(n - _WITHIN.get(name, (1, 1))[1]))
    whole = name in {"values", "bits", "block_size"}
    return [int(n) if whole else n for n in numbers]
