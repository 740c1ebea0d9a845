from __future__ import annotations

import pytest
from boildown.negotiation.plan import BackendPlan, Plan, PlanCell, RecipePlan
from boildown.report.plan import plain_plan
from pydantic import ValidationError
from rich.cells import cell_len

YES = PlanCell(verdict="yes")
NO = PlanCell(verdict="no", notes=("structure 2:4 [bold] is not offered\nby <any>",))
NEAR = PlanCell(verdict="approximately", notes=("per tensor", "symmetric"))


@pytest.fixture
def plan() -> Plan:
    backends = (
        BackendPlan(backend="onnxruntime", toolkit="ONNX Runtime 1.32.0", cells=(NO, YES)),
        BackendPlan(backend="torch", cells=(NO, NEAR), obstacles=("torch is not installed",)),
    )
    recipe = RecipePlan(
        recipe="prune-[red]", steps=("prune 2:4", "quantize int8"), backends=backends
    )
    return Plan(
        platform="linux x86_64", recipes=(recipe,), models=("zoo:a", "b.onnx"), jobs=4, time="6 min"
    )


def test_the_matrix_shows_every_step_on_every_backend(plan: Plan) -> None:
    lines = [line.split() for line in plain_plan(plan).splitlines()]
    assert ["1", "prune", "2:4", "no", "[1]", "no", "[1]"] in lines
    assert ["2", "quantize", "int8", "yes", "approximately", "[2]", "[3]"] in lines
    assert ["on", "this", "computer", "yes", "no", "[4]"] in lines


def test_every_note_is_a_sentence_said_once(plan: Plan) -> None:
    text = plain_plan(plan)
    assert text.count("[1] structure 2:4 [bold] is not offered by <any>") == 1
    assert "[4] torch is not installed" in text


def test_jobs_models_time_and_platform_are_told(plan: Plan) -> None:
    assert "4 jobs on zoo:a, b.onnx, 6 min; platform linux x86_64" in plain_plan(plan)


def test_a_plan_without_obstacles_models_or_time_is_shorter(plan: Plan) -> None:
    recipe = plan.recipes[0].model_copy(update={"backends": plan.recipes[0].backends[:1]})
    short = Plan(platform="linux", recipes=(recipe,), jobs=1)
    text = plain_plan(short)
    assert "on this computer" not in text
    assert text.endswith("1 job; platform linux\n")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_of_the_plan_is_wider_than_the_terminal(plan: Plan, width: int) -> None:
    assert max(map(cell_len, plain_plan(plan, width=width).splitlines())) <= width


def test_markup_of_users_is_shown_and_not_interpreted(plan: Plan) -> None:
    text = plain_plan(plan)
    assert text.startswith("prune-[red]\n")
    assert "\x1b" not in text


def test_a_backend_must_have_a_cell_for_every_step() -> None:
    with pytest.raises(ValidationError, match="torch has 1 cells for 2 steps"):
        RecipePlan(
            recipe="r", steps=("a", "b"), backends=(BackendPlan(backend="torch", cells=(YES,)),)
        )
