"""NNI's pruners by the recipe's words: which class, with which configuration and arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boildown import UnsupportedError

from .ranking import GlobalLevelPruner
from .settings import PRUNERS, SCHEDULES
from .toolkit import dependency, pruning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boildown import Prune
    from torch import fx

    from .evaluating import Training

_OF_FILTERS = {
    "magnitude": "L1Norm",
    "l2": "L2Norm",
    "fpgm": "FPGM",
    "taylor": "Taylor",
    "slim": "Slim",
    "movement": "Movement",
}
#: Classes that judge single weights.
_OF_ELEMENTS = ("Level", "Movement")
#: Classes that cannot judge without training.
TRAINED = ("Slim", "Movement")
#: Zhuang Liu and others scale the sum of all factors by 1e-4 to 1e-5; NNI takes their mean.
_REGULAR_SCALE = 1e-3
_SCHEDULED = {"linear": "Linear", "cubic": "AGP"}
#: Masks are made anew about so many times.
_TIMES = 20


def class_of(step: Prune, settings: Mapping[str, Any]) -> str:
    """Return the pruner's name without `Pruner`.

    Raises UnsupportedError where the class that `settings` name does not go with the step.
    """
    elements = step.structure == "element"
    learnt = step.criterion == "movement"
    meant = "Level" if elements and not learnt else _OF_FILTERS[step.criterion]
    name: str = settings.get("pruner", meant)
    if (name not in _OF_ELEMENTS) if elements else (name == "Level"):
        kind = "whole filters" if elements else "single weights"
        raise UnsupportedError(f"{name}Pruner judges {kind}; structure is {step.structure!r}")
    if name in TRAINED and step.train is None:
        raise UnsupportedError(f"{name}Pruner learns while training; give `train`")
    if name == "Movement" and step.schedule != "cubic":
        raise UnsupportedError("MovementPruner has a cubic schedule of its own; give that one")
    if name == "Movement" and step.scope == "global":
        raise UnsupportedError("MovementPruner ranks within layers; give scope `local`")
    return name


def configuration(module: fx.GraphModule, names: list[str], step: Prune) -> list[dict[str, Any]]:
    """Return NNI's list of configurations, one entry a layer.

    Channels that go together are one group; shapes must stand in the graph for it.
    """
    entry: dict[str, Any] = {"sparse_ratio": step.sparsity}
    if step.threshold is not None:
        entry = {"sparse_threshold": step.threshold}
    if step.structure == "channel":
        every = [{"op_names": names, **entry}]
        found: list[dict[str, Any]] = dependency.auto_set_denpendency_group_ids(module, every)
        for one in found:
            if "internal_metric_block" in one:  # NNI heeds blocks within groups of layers only
                one.setdefault("dependency_group_id", one["op_names"][0])
        return found
    entry["target_names"] = ["weight"]  # the recipe's words are about weights, not biases
    return [{"op_names": [name], **entry, **_grain(module, name, step)} for name in names]


def _grain(module: fx.GraphModule, name: str, step: Prune) -> dict[str, Any]:
    if step.structure == "filter":
        return {}
    return {"granularity": [1] * module.get_parameter(f"{name}.weight").dim()}


@dataclass(frozen=True, slots=True)
class Length:
    """How many steps of the optimizer something takes."""

    #: Of the whole training, or of what is shown without training.
    steps: int
    #: At its end all that is asked for is pruned.
    ramp: int


def arguments_of(
    name: str, step: Prune, length: Length, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments of the pruner and of its schedule: those `given`, or what suits.

    Raises UnsupportedError for an argument that the classes do not take, or that asks for more
    steps than there are.
    """
    schedule = schedule_of(name, step)
    taken = (*PRUNERS[name], *(SCHEDULES if schedule else ()))
    if odd := [argument for argument in given if argument not in taken]:
        who = f"{name}Pruner" + (f" in {schedule}Pruner" if schedule else "")
        raise UnsupportedError(
            f"{who} takes no {', '.join(odd)}; it takes {', '.join(taken) or 'no arguments'}"
        )
    interval = given.get("interval_steps", length.ramp // given.get("total_times", _TIMES) or 1)
    meant = {
        "training_steps": interval if schedule else length.ramp,
        "regular_scale": _REGULAR_SCALE if name == "Slim" else 1.0,
        "warmup_step": 0,
        "cooldown_begin_step": length.ramp,
        "interval_steps": interval,
        "total_times": length.ramp // interval or 1,
    }
    arguments = {argument: given.get(argument, meant[argument]) for argument in taken}
    _refuse_too_long(arguments, length)
    return arguments


def schedule_of(name: str, step: Prune) -> str | None:
    """Return `Linear` or `AGP`, whose pruner lets the sparsity of another grow, or None."""
    return None if name == "Movement" else _SCHEDULED.get(step.schedule)


def settled_after(arguments: Mapping[str, Any]) -> int:
    """Return the step from which on all that is asked for is pruned."""
    return max(_ends(arguments).values())


def make_pruner(
    name: str,
    module: fx.GraphModule,
    entries: list[dict[str, Any]],
    *,
    training: Training | None,
    step: Prune,
    arguments: Mapping[str, Any],
) -> Any:
    """Wrap `module` by NNI's pruner, within one for its schedule where it has one."""
    evaluator = () if training is None else (training.evaluator,)
    own = {key: value for key, value in arguments.items() if key not in SCHEDULES}
    within = step.scope == "local"
    make = getattr(pruning, f"{name}Pruner") if within else GlobalLevelPruner
    pruner = make(module, entries, *evaluator, **own)
    schedule = schedule_of(name, step)
    if schedule is None:
        return pruner
    times = {key: arguments[key] for key in SCHEDULES}
    return getattr(pruning, f"{schedule}Pruner")(pruner, **times)


def _ends(arguments: Mapping[str, Any]) -> dict[str, int]:
    """Return at which step each of these is at its end, by words."""
    return {
        "cooldown_begin_step": arguments.get("cooldown_begin_step", 0),
        "training_steps": arguments.get("training_steps", 0),
        "interval_steps × total_times": arguments.get("interval_steps", 0)
        * arguments.get("total_times", 0),
    }


def _refuse_too_long(arguments: Mapping[str, Any], length: Length) -> None:
    """Refuse what NNI would fail over by an assertion, or never come to."""
    for what, steps in _ends(arguments).items():
        if steps > length.steps:
            raise UnsupportedError(f"{what} is {steps}, and there are {length.steps} steps")
    if arguments.get("warmup_step", -1) >= arguments.get("cooldown_begin_step", 0):
        raise UnsupportedError("warmup_step must be below cooldown_begin_step")
    if arguments.get("training_steps", 0) > arguments.get("interval_steps", length.steps):
        raise UnsupportedError("training_steps must not be above interval_steps")
