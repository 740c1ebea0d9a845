"""Remove a share of the channels of an imported network, from all layers that share them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from boildown import UnsupportedError
from torch import Tensor

from ..importer import layer_modules
from ..quiet import quietly
from .choosing import choose
from .trial import Trial

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from onnx import ModelProto
    from torch import fx

    from .coupling import Coupled

    Judged = tuple[Coupled, Tensor]
    #: Chooses the channels of these groups that go.
    Cut = Callable[[Sequence[Judged]], dict[str, list[int]]]

#: Scores the channels of a group of torch-pruning; None where it has nothing to go by.
Criterion = Callable[[Any], Tensor | None]
#: So many reasons are told.
_TOLD = 8


@dataclass(slots=True)
class Removed:
    """What was removed; layers are named by their ONNX nodes."""

    #: Layer that has lost output channels -> how many it had and how many it has.
    channels: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: Layer that was to lose some and has lost none -> why.
    skipped: dict[str, str] = field(default_factory=dict)
    #: Layers whose channels are the network's outputs, and therefore stay.
    ends: set[str] = field(default_factory=set)


def remove_channels(
    module: fx.GraphModule,
    source: ModelProto,
    *,
    ratio: float,
    criterion: Criterion,
    scope: Literal["local", "global"] = "local",
    round_to: int = 1,
    nodes: Collection[str] | None = None,
    initial: Mapping[str, int] | None = None,
) -> Removed:
    """Remove the share `ratio` of the channels of `module`, which was imported from `source`.

    Channels go from all layers that torch-pruning's dependency graph couples; those that the
    network puts out stay. The module is changed in place: its parameters are new objects, it is
    in evaluation mode, and `write_back(source, module)` gives the narrower graph. Where channels
    cannot go without changing what the others compute (heads of attention behind a reshape with
    constant lengths, halves of a split), they stay, and `Removed.skipped` says so.

    Args:
        module: From `import_onnx`.
        source: The graph that it was imported from.
        ratio: Share of the channels that go, above 0 and below 1.
        criterion: Scores the channels of a group of torch-pruning, such as
            `torch_pruning.importance.MagnitudeImportance()`; the smallest go first.
        scope: Whether each group of channels loses its share, or all of them together.
        round_to: Keep a multiple of so many channels, which may remove fewer.
        nodes: ONNX nodes that may lose output channels; None: all. Channels that others share
            stay.
        initial: ONNX node -> channels that `ratio` is counted from; the others: those they have.

    Raises:
        UnsupportedError: torch-pruning cannot follow the network, or no layer can lose any
            channel, however large `ratio` is; layers are named with the reason. The module is
            as it was.
    """
    with quietly():
        work = _Work(module, source, None if nodes is None else set(nodes))
        begun = {} if initial is None else {path: initial[name] for path, name in work.names.items()
                                            if name in initial}  # fmt: skip
        cut = partial(_cuts, ratio=ratio, round_to=round_to, initial=begun)
        judged = work.judged(criterion)
        work.keep_what_stands(judged, partial(cut, scope="local"), partial(cut, scope=scope))
        return work.removed


def _cuts(
    judged: Sequence[Judged],
    **settings: Any,  # noqa: ANN401 - those of `choose`, by name
) -> dict[str, list[int]]:
    groups, scores = [group for group, _ in judged], [score for _, score in judged]
    chosen = choose(groups, scores, **settings)
    return {group.root: places for group, places in zip(groups, chosen, strict=True) if places}


def _scored(group: Coupled, criterion: Criterion) -> tuple[Tensor | None, str]:
    try:
        score = criterion(group.group)
    except (IndexError, RuntimeError) as error:
        return None, f"is coupled in a way that torch-pruning cannot follow ({error})"
    if score is None:
        return None, "has nothing that this criterion could judge it by"
    return score, ""


class _Work:
    """One removal, and what is found out on the way."""

    def __init__(self, module: fx.GraphModule, source: ModelProto, nodes: set[str] | None) -> None:
        self._module, self._trial, self._nodes = module, Trial(module, source), nodes
        self.names = layer_modules(module)
        self.removed = Removed()

    def judged(self, criterion: Criterion) -> list[Judged]:
        """Return the groups that may lose channels, with the scores of these."""
        found = []
        for group in self._trial.groups():
            reason = self._must_stay(group)
            score = None
            if not reason and not group.ends:
                score, reason = _scored(group, criterion)
            if score is not None:
                found.append((group, score))
            elif group.ends:
                self.removed.ends.update(self.names[layer] for layer in group.layers)
            else:
                self._skip(group, reason)
        return found

    def keep_what_stands(self, judged: list[Judged], alone: Cut, together: Cut) -> None:
        """Remove what can be removed; `alone` is how single groups are tried."""
        sizes = {layer: self._size(layer) for group, _ in judged for layer in group.layers}
        standing = judged
        if self._problem(together(judged)):
            standing = self._standing(judged, alone)
            problem = self._problem(together(standing))
            if problem:
                raise UnsupportedError(f"no channels can be removed from this network: {problem}")
        if not standing:
            raise UnsupportedError(self._nothing())
        for group, _ in standing:
            self._note(group, sizes)

    def _standing(self, judged: list[Judged], cut: Cut) -> list[Judged]:
        """Return the groups that can lose channels; halve those that cannot, to find out which."""
        problem = self._problem(cut(judged))
        if not problem:
            self._trial.put_back()
            return judged
        if len(judged) == 1:
            self._skip(judged[0][0], problem)
            return []
        half = len(judged) // 2
        return self._standing(judged[:half], cut) + self._standing(judged[half:], cut)

    def _problem(self, cuts: dict[str, list[int]]) -> str:
        return self._trial.problem(cuts) if cuts else ""

    def _must_stay(self, group: Coupled) -> str:
        """Say which layer shares these channels and may not lose any; empty: none."""
        others = [self.names[layer] for layer in group.layers if not self._may(layer)]
        return f"shares its channels with {others[0]!r}, which keeps them" if others else ""

    def _may(self, layer: str) -> bool:
        return self._nodes is None or self.names[layer] in self._nodes

    def _skip(self, group: Coupled, reason: str) -> None:
        asked = [self.names[layer] for layer in group.layers if self._may(layer)]
        self.removed.skipped |= dict.fromkeys(asked, reason)

    def _note(self, group: Coupled, sizes: dict[str, int]) -> None:
        for layer in group.layers:
            name, now = self.names[layer], self._size(layer)
            if now < sizes[layer]:
                self.removed.channels[name] = (sizes[layer], now)
            elif group.places == 1 and self._may(layer):
                self.removed.skipped[name] = "has one channel in each of its groups"

    def _size(self, layer: str) -> int:
        module = self._module.get_submodule(layer)
        return int(getattr(module, "out_channels", getattr(module, "out_features", 0)))

    def _nothing(self) -> str:
        reasons = [f"{name!r} {reason}" for name, reason in self.removed.skipped.items()]
        reasons += [f"{name!r} puts out the results" for name in sorted(self.removed.ends)]
        told = "; ".join(reasons[:_TOLD]) or "no layer has channels that others take in"
        more = f"; and {len(reasons) - _TOLD} more" if len(reasons) > _TOLD else ""
        return f"no channels can be removed from this network: {told}{more}"
