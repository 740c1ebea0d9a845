"""The order of parts by damage, where their SQNR is no number."""

from __future__ import annotations

from pathlib import Path

from boildown.comparison.schema import Comparison, Metric, Quality, Row
from boildown.model.layers import Layer
from boildown.recipe.recipe import Recipe
from boildown.report.metric import primary
from boildown.report.sensitivity import Sensitivity, write_sensitivity


def judged(
    row: Row, sqnr_db: float | None, *, identical: bool | None, top1: float, non_finite: int = 0
) -> Row:
    metric = Metric(
        name="top1", value=0.9 + top1, n=100, interval=None, difference=top1,
        difference_interval=(top1 - 0.01, top1 + 0.01),
    )  # fmt: skip
    quality = Quality(
        task="classification", measured_on="ONNX Runtime", metrics=(metric,),
        agreement=1 + top1, sqnr_db=sqnr_db, identical=identical, non_finite=non_finite,
    )  # fmt: skip
    return row.model_copy(update={"quality": quality})


def test_a_part_that_leaves_no_numbers_is_the_worst_and_one_that_changes_none_the_best(
    comparison: Comparison, tmp_path: Path
) -> None:
    row = next(row for row in comparison.results if row.status == "ok")
    rows = {
        "none": judged(row, None, identical=True, top1=0.0),
        "little": judged(row, 30.0, identical=False, top1=0.0),
        "unknown": row.model_copy(update={"quality": None, "status": "failed"}),
        "ruin": judged(row, None, identical=False, top1=-0.8, non_finite=1),
        "cannot be told": judged(row, None, identical=False, top1=0.0),
        "much": judged(row, 3.0, identical=False, top1=-0.2),
    }
    layers = {
        name: [Layer(name=name, node=name, op="Conv", weight=name, shape=(4, 4), axis=0)]
        for name in rows
    }
    recipe = Recipe.model_validate(
        {"name": "int4", "steps": [{"op": "quantize", "layers": {"exclude": ["cannot*"]}}]}
    )
    found = Sensitivity(rows, layers, tmp_path, recipe=recipe, model=comparison.models[0])
    assert [part.block for part in found.parts] == [
        "ruin", "much", "little", "none", "unknown", "cannot be told",
    ]  # fmt: skip
    assert found.exclude() == ("ruin", "much")
    assert found.exclude(1) == ("ruin",)
    assert found.as_setting(1) == 'layers: {exclude: ["cannot*", "ruin"]}'
    assert "ruin" in write_sensitivity(found, "int4", "m.onnx", "torch").read_text()


def test_all_parts_show_the_metric_of_the_float_input(
    comparison: Comparison, tmp_path: Path
) -> None:
    model = comparison.models[0]
    first = primary(model.baseline.quality)
    assert first is not None
    row = next(row for row in comparison.results if row.status == "ok")
    failed = first.model_copy(update={"value": None, "difference": None, "reason": "it failed"})
    other = first.model_copy(update={"name": "another", "difference": -0.5})
    quality = judged(row, 10.0, identical=False, top1=0.0).quality
    assert quality is not None
    row = row.model_copy(
        update={"quality": quality.model_copy(update={"metrics": (failed, other)})}
    )
    layer = Layer(name="a", node="a", op="Conv", weight="a", shape=(4, 4), axis=0)
    recipe = Recipe.model_validate({"name": "int4", "steps": [{"op": "quantize"}]})
    found = Sensitivity({"a": row}, {"a": [layer]}, tmp_path, recipe=recipe, model=model)
    assert found.parts[0].metric == failed
    assert not found.parts[0].harms
