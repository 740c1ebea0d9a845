"""Steps that train: what PyTorch computes at their end is what the saved file computes."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from boildown import (
    Cluster,
    Distill,
    OnnxRuntime,
    Prune,
    Quantize,
    Step,
    Train,
    UnsupportedError,
)
from boildown.job.protocol import JobResult
from boildown.testing.graphs import GRAPHS, STUDENTS
from boildown_coreml.hooks import backend_info
from boildown_coreml.offers import training as offered
from boildown_coreml.training import clustering, pruning, quantizing
from boildown_coreml.translator import read_program

from .jobs import form, normalised, run, samples, states

TRAIN = Train(epochs=2, batch_size=8)
URI = "file:student"


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Keep the modules that are trained, as they are when training ends."""
    kept: list[Any] = []
    for part in (clustering, pruning, quantizing):

        def fit(module: Any, *given: Any, plain: Any = part.fit_in_job, **more: Any) -> Any:
            kept.append(module)
            fitted = plain(module, *given, **more)
            for name, rounding in module.named_modules():
                if hasattr(rounding, "disable_observer") and "weight" not in name:
                    rounding.disable_observer()
            return fitted

        monkeypatch.setattr(part, "fit_in_job", fit)
    return kept


def distance(module: Any, source: Path, path: Path) -> float:
    """Return how far an ONNX file is from a module, as a share of what that gives."""
    given = samples(source)
    with torch.no_grad():
        wanted = module.eval()(*map(torch.from_numpy, given.values())).numpy()
    found = next(iter(OnnxRuntime(path, 1).run(given).values()))
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


STEPS: dict[str, tuple[Step, float]] = {
    "int8": (Quantize(train=TRAIN), 1e-5),
    "int4-tensor": (Quantize(weights="int4", granularity="tensor", train=TRAIN), 1e-5),
    # A sum of another order may fall on the other side of a border between two codes.
    "int8-static": (Quantize(activations="int8", train=TRAIN), 0.01),
    "cluster": (Cluster(bits=2, train=TRAIN), 1e-5),
    "cluster-channel": (Cluster(bits=1, granularity="channel", train=TRAIN), 1e-5),
    "prune": (Prune(sparsity=0.5, schedule="cubic", train=TRAIN), 1e-5),
    "prune-filter": (Prune(sparsity=0.5, structure="filter", train=TRAIN), 1e-5),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("graph", ["batch_norm", "residual", "attention"])
def test_the_file_computes_what_was_trained_and_not_what_was_there_before(
    graph: str, name: str, tmp_path: Path, trained: list[Any]
) -> None:
    source, (step, most) = normalised(GRAPHS[graph](), tmp_path), STEPS[name]
    result = run(source, step)
    assert distance(trained[0], source, form(result)) < most
    assert distance(trained[0], source, source) > 0.05
    assert result.steps[0].cost.epochs == TRAIN.epochs
    assert not result.steps[0].warnings


def test_only_what_layers_read_is_rounded_in_the_file_as_it_was_while_training(
    tmp_path: Path, trained: list[Any]
) -> None:
    source = normalised(GRAPHS["residual"](), tmp_path)
    result = run(source, Quantize(activations="int8", train=TRAIN))
    assert result.deployable is not None
    operators = list(read_program(result.deployable.path).operations)
    readers = [op.outputs[0].child_ops for op in operators if op.op_type == "dequantize"]
    assert {op.op_type for ops in readers for op in ops} == {"conv", "linear"}
    module = trained[0]
    targets = [str(node.target) for node in module.graph.nodes if node.op == "call_module"]
    roundings = [target for target in targets if hasattr(module.get_submodule(target), "quant_min")]
    assert len(readers) == len(roundings)


def test_a_layer_that_is_not_selected_keeps_its_bits(tmp_path: Path) -> None:
    source = normalised(GRAPHS["residual"](), tmp_path)
    step = Quantize.model_validate({"layers": {"include": ["left"]}, "train": TRAIN})
    found = states(run(source, step))
    assert {name for name, state in found.items() if state.bits == 8} == {"left"}


def test_trained_zeros_take_no_room_and_the_next_step_keeps_them(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    prune = Prune(sparsity=0.75, train=TRAIN)
    alone, behind = states(run(source, prune)), states(run(source, prune, Quantize()))
    for name, state in alone.items():
        assert state.payload_bytes < 0.4 * 4 * np.prod(state.shape)
        assert behind[name].sparsity >= state.sparsity - 0.01
        assert behind[name].bits == 8


def test_n_of_m_lie_along_the_input_channels(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    found = onnx.load(form(run(source, Prune(structure="2:4", train=TRAIN))))
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in found.graph.initializer}
    wide = next(tensors[node.input[1]] for node in found.graph.node if node.name == "wide")
    rows = np.moveaxis(wide, 1, -1).reshape(-1, 4)
    assert ((rows == 0).sum(1) == 2).all()


@pytest.mark.parametrize("step", [Quantize(), Cluster(bits=4), Prune(sparsity=0.5)])
def test_a_narrower_student_can_be_compressed_further(step: Step, tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    found = states(run(source, Distill(width=0.5, train=TRAIN), step))
    assert found["deep"].shape == (16, 8, 3, 3)
    assert found["deep"].bits < 32 or found["deep"].sparsity > 0.4


def test_a_student_learns_what_its_teacher_says(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    (tmp_path / "student").mkdir()
    small = normalised(STUDENTS["plain"](), tmp_path / "student")
    train = Train(epochs=6, batch_size=8, learning_rate=3e-3)
    result = run(source, Distill(student=URI, alpha=1, train=train), models={URI: small})
    given = samples(source)
    wanted, before, after = (
        next(iter(OnnxRuntime(path, 1).run(given).values()))
        for path in (source, small, form(result))
    )
    assert np.square(after - wanted).mean() < 0.5 * np.square(before - wanted).mean()


def test_a_palette_that_is_trained_ships_as_a_network_too(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result: JobResult = run(source, Cluster(bits=3, train=TRAIN), settings={"format": "mlmodel"})
    assert all(state.distinct_values <= 8 for state in states(result).values())
    assert all(state.bits == 3 for state in states(result).values())


@pytest.mark.parametrize(
    ("step", "said", "reason"),
    [
        (Quantize(activations="int8"), {"activation_mode": "linear"}, "training decides"),
        (Cluster(bits=2), {"cluster_dim": 2}, "not while training"),
    ],
)
def test_settings_that_training_has_not_are_refused(
    step: Step, said: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    with pytest.raises(UnsupportedError, match=reason):
        run(source, step.model_copy(update={"train": TRAIN}), settings=said)


def test_layers_that_share_a_weight_are_not_trained_apart(tmp_path: Path) -> None:
    model = GRAPHS["residual"]()
    left, right = (next(n for n in model.graph.node if n.name == x) for x in ("left", "right"))
    right.input[1] = left.input[1]
    source = normalised(model, tmp_path)
    with pytest.raises(UnsupportedError, match="weights of left serve several"):
        run(source, Cluster(bits=2, train=TRAIN))


def test_without_boildown_torch_training_is_a_gap_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def nothing(name: str) -> None:
        raise PackageNotFoundError(name)

    assert any(offer.op == "distill" for offer in backend_info().offers)
    monkeypatch.setattr(offered, "distribution", nothing)
    assert not any(
        offer.op == "distill" or "train" in offer.accepts for offer in backend_info().offers
    )
    source = normalised(GRAPHS["plain"](), tmp_path)
    for step in (Distill(width=0.5), Prune(sparsity=0.5, train=TRAIN)):
        with pytest.raises(UnsupportedError, match=r"boildown-coreml\[train\]"):
            run(source, step)


@pytest.mark.parametrize(("chain", "whole"), [((), False), ((Cluster(bits=4),), True)])
def test_weights_are_trained_with_as_many_scales_as_the_file_has(
    *, chain: tuple[Step, ...], whole: bool, trained: list[Any], tmp_path: Path
) -> None:
    """Values that are shared later need one scale a layer."""
    source = normalised(GRAPHS["plain"](), tmp_path)
    run(source, Quantize(train=Train(epochs=1, batch_size=8)), *chain)
    scales = [
        part.scale.numel()
        for name, part in trained[0].named_modules()
        if name.endswith("weight_fake_quant")
    ]
    assert scales
    assert all(number == 1 for number in scales) is whole
