"""NNI's evaluator around boildown's training, so that its compressors train as every backend does.

NNI hangs its work on the loss and on the steps of an optimizer. The loss is handed to it behind
each forward pass; the optimizer is one that does nothing, stepped behind the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from boildown_torch.training import CrossEntropy, Objective
from torch import Tensor, nn

from .toolkit import TorchEvaluator, nni

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from boildown import Fitted


class Judged(NamedTuple):
    """What NNI takes for a batch: its loss, and what was run."""

    loss: Tensor
    inputs: tuple[Tensor, ...]


#: Gives the loss of a batch with what NNI adds to it.
Patch = Callable[[Judged, nn.Module], Tensor]
#: Trains the first, calling the second behind each batch, towards the third.
Run = Callable[[nn.Module, Callable[[], None], Objective], "Fitted | None"]
#: Shows a network what it is to be judged, or calibrated, by.
Evaluate = Callable[[nn.Module], float]


class _Idle(torch.optim.Optimizer):
    """Does nothing; NNI puts what it does into its steps."""

    def __init__(self, params: Iterable[nn.Parameter]) -> None:
        super().__init__(params, {})

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Leave everything as it is."""


class Shown(nn.Module):
    """A wrapped network with the parameters of its own alone.

    NNI trains its scores and factors with optimizers of its own.
    """

    def __init__(self, module: nn.Module) -> None:
        """Show `module`, whose parameters that NNI has added end in `_score` or `_factor`."""
        super().__init__()
        self.module = module

    def named_parameters(
        self,
        prefix: str = "",
        recurse: bool = True,  # noqa: FBT001, FBT002 - torch's own
        remove_duplicate: bool = True,  # noqa: FBT001, FBT002
    ) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield what the recipe trains."""
        for name, parameter in super().named_parameters(prefix, recurse, remove_duplicate):
            if not name.endswith(("_mvp_score", "_slim_factor")):
                yield name, parameter

    def forward(self, *inputs: Tensor) -> Any:
        """Run the network."""
        return self.module(*inputs)


class _Patched:
    """An objective whose loss NNI may add to."""

    def __init__(self, inner: Objective, patch: Patch, model: nn.Module) -> None:
        self._inner, self._patch, self._model = inner, patch, model

    @property
    def needs_labels(self) -> bool:
        return self._inner.needs_labels

    def attached(
        self, module: nn.Module, inputs: tuple[Tensor, ...]
    ) -> AbstractContextManager[Iterable[nn.Parameter]]:
        return self._inner.attached(module, inputs)

    def __call__(self, output: Tensor, inputs: tuple[Tensor, ...], labels: Tensor | None) -> Tensor:
        return self._patch(Judged(self._inner(output, inputs, labels), inputs), self._model)


class Training:
    """What NNI runs as its training function; it runs once, as long as the recipe says."""

    def __init__(
        self,
        module: nn.Module,
        run: Run,
        evaluate: Evaluate | None = None,
        inner: Objective | None = None,
    ) -> None:
        """Train `module` by `run`, whatever number of steps NNI asks for; then `evaluate` it.

        NNI adds to the loss of `inner`, which is cross entropy where it is left out.
        """
        self._run, self._inner, self.fitted = run, inner or CrossEntropy(), None
        self.evaluator = TorchEvaluator(
            self._train,
            nni.trace(_Idle)(module.parameters()),
            _loss,
            evaluating_func=evaluate,
        )

    fitted: Fitted | None

    @property
    def epochs(self) -> int:
        """How many epochs it has trained."""
        return 0 if self.fitted is None else self.fitted.epochs

    def _train(
        self,
        model: nn.Module,
        optimizers: torch.optim.Optimizer,
        training_step: Patch,
        *_: Any,
    ) -> None:
        def behind_each_batch() -> None:
            with torch.enable_grad():
                optimizers.step()

        objective = _Patched(self._inner, training_step, model)
        self.fitted = self._run(Shown(model), behind_each_batch, objective)


def _loss(batch: Judged, model: nn.Module) -> Tensor:  # noqa: ARG001 - NNI's signature
    """Return the loss, for NNI to add to."""
    return batch.loss
