"""What `boildown plan` finds before anything runs, as plain data: every step on every backend."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ..frozen import Frozen

Verdict = Literal["yes", "approximately", "no"]


class PlanCell(Frozen):
    """Whether one backend carries out one step; `notes` say how near, or why not."""

    verdict: Verdict
    notes: tuple[str, ...] = ()


class BackendPlan(Frozen):
    """One backend on one recipe: a cell a step, and what else stands in its way."""

    backend: str
    #: Toolkit with its installed version, as in `ONNX Runtime 1.32.0`.
    toolkit: str = ""
    cells: tuple[PlanCell, ...]
    #: Why the whole backend cannot run here (toolkit not installed, other platform); empty: it can.
    obstacles: tuple[str, ...] = ()


class RecipePlan(Frozen):
    """One recipe: its steps in words, as in `quantize int8`, against every asked backend."""

    recipe: str
    steps: tuple[str, ...]
    backends: tuple[BackendPlan, ...]

    @model_validator(mode="after")
    def _every_step_has_its_cell(self) -> Self:
        for backend in self.backends:
            if len(backend.cells) != len(self.steps):
                raise ValueError(
                    f"{backend.backend} has {len(backend.cells)} cells for {len(self.steps)} steps"
                )
        return self


class Plan(Frozen):
    """The whole matrix, with the number of jobs that would run and a rough time for them."""

    platform: str
    recipes: tuple[RecipePlan, ...]
    models: tuple[str, ...] = ()
    jobs: int = Field(ge=0)
    time: str = ""
