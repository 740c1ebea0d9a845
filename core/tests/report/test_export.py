from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import Artifact, Port, Preprocessing
from boildown.comparison.facts import OF_SOURCE, Facts, shipped_sha256
from boildown.comparison.files import read, write
from boildown.comparison.schema import Comparison, Quality
from boildown.errors import UsageError
from boildown.report.export import export


def facts(**changes: object) -> Facts:
    made = Facts(
        inputs=(Port(name="input", dtype="float32", shape=("batch", 3, 32, 32), layout="nchw"),),
        outputs=(Port(name="logits", dtype="float32", shape=("batch", 10)),),
        labels=("bag", "naïve\nshoe"),
        licence="MIT",
        preprocessing=Preprocessing(resize=32, mean=(0.5,), std=(0.25,)),
    )
    return made.model_copy(update=changes)


def golden(path: Path, *, inputs: int = 5, outputs: int = 5) -> None:
    arrays: dict[str, Any] = {
        "input.input": np.zeros((inputs, 3, 2, 2)),
        "output.logits": np.ones((outputs, 10)),
    }
    np.savez(path, **arrays)


def stored(run: Path, comparison: Comparison, model: Path) -> None:
    """Make `model` what the first row points to."""
    row = comparison.results[0]
    assert row.deployable is not None
    file = row.deployable.model_copy(
        update={
            "path": model.relative_to(run).as_posix(),
            "sha256": shipped_sha256(Artifact(path=model)),
        }
    )
    first = row.model_copy(update={"deployable": file})
    write(comparison.model_copy(update={"results": (first, *comparison.results[1:])}), run)


@pytest.fixture
def run(comparison: Comparison, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    model = folder / "models" / "1" / "model.onnx"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"weights")
    golden(model.parent / "golden.npz")
    (model.parent / "facts.json").write_text(facts().model_dump_json())
    stored(folder, comparison, model)
    return folder


def test_an_export_holds_model_labels_card_and_golden_samples(run: Path, tmp_path: Path) -> None:
    made = export(run, "1", tmp_path / "new" / "out")
    names = sorted(path.name for path in made.iterdir())
    assert names == ["card.json", "golden.npz", "labels.txt", "model.onnx"]
    assert (made / "model.onnx").read_bytes() == b"weights"
    assert (made / "labels.txt").read_text(encoding="utf-8") == "bag\nnaïve shoe\n"
    assert set(np.load(made / "golden.npz").files) == {"input.input", "output.logits"}


def test_the_card_tells_how_to_feed_the_model(run: Path, tmp_path: Path) -> None:
    made = export(run, "zoo:mobilenet_v2/int8-static/onnxruntime", tmp_path / "out")
    card = json.loads((made / "card.json").read_text(encoding="utf-8"))
    assert card["sha256"] == hashlib.sha256((made / card["path"]).read_bytes()).hexdigest()
    assert card["inputs"][0]["shape"] == ["batch", 3, 32, 32]
    assert card["preprocessing"]["std"] == [0.25]
    assert (card["labels"], card["licence"]) == ("labels.txt", "MIT")
    assert card["golden"]["samples"] == 5


@pytest.mark.parametrize("note", ["", OF_SOURCE])
def test_the_card_says_whose_inputs_and_outputs_it_has(
    run: Path, tmp_path: Path, note: str
) -> None:
    (run / "models/1/facts.json").write_text(facts(ports_note=note).model_dump_json())
    card = json.loads((export(run, "1", tmp_path / "out") / "card.json").read_text())
    assert card["ports_note"] == note


def test_the_card_holds_the_figures_and_their_origin(run: Path, tmp_path: Path) -> None:
    card = json.loads((export(run, "1", tmp_path / "out") / "card.json").read_text())
    figures = card["figures"]
    assert figures["quality"]["metrics"][0]["difference"] == -0.0012
    assert figures["size"]["path"] == "model.onnx"
    assert figures["baseline"]["size"]["bytes"] == 2_340_000
    assert figures["audit"]["layers"] == []
    assert card["provenance"]["versions"] == {"onnxruntime": "1.32.0"}
    assert card["source_sha256"] == "c" * 64


def test_a_folder_is_exported_whole(run: Path, comparison: Comparison, tmp_path: Path) -> None:
    package = run / "models" / "1" / "model.mlpackage"
    (package / "Data").mkdir(parents=True)
    (package / "Data" / "weights.bin").write_bytes(b"1")
    stored(run, comparison, package)
    made = export(run, "1", tmp_path / "out")
    assert (made / "model.mlpackage" / "Data" / "weights.bin").read_bytes() == b"1"


def test_unknown_labels_leave_no_file(run: Path, tmp_path: Path) -> None:
    (run / "models/1/facts.json").write_text(facts(labels=()).model_dump_json())
    made = export(run, "1", tmp_path / "out")
    assert not (made / "labels.txt").exists()
    assert json.loads((made / "card.json").read_text())["labels"] is None


def test_the_run_may_be_named_by_its_file(run: Path, tmp_path: Path) -> None:
    assert (export(run / "comparison.json", "1", tmp_path / "out") / "card.json").is_file()


def test_a_model_without_record_is_exported_without_baseline(run: Path, tmp_path: Path) -> None:
    write(read(run).model_copy(update={"models": ()}), run)
    card = json.loads((export(run, "1", tmp_path / "out") / "card.json").read_text())
    assert card["source_sha256"] is card["figures"]["baseline"] is None


def test_an_empty_destination_is_filled(run: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert (export(run, "1", tmp_path / "out") / "card.json").is_file()


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_taken_destination_is_left_alone(run: Path, tmp_path: Path, kind: str) -> None:
    taken = tmp_path / "out"
    mine = taken / "mine" if kind == "folder" else taken
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(UsageError, match="already exists and is not an empty folder"):
        export(run, "1", taken)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("name", ["file/out", "x" * 300])
def test_a_destination_that_cannot_be_written_is_an_error(
    run: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        export(run, "1", tmp_path / name)


def test_a_changed_model_is_not_exported(run: Path, tmp_path: Path) -> None:
    (run / "models/1/model.onnx").write_bytes(b"weightz")
    with pytest.raises(UsageError, match="is not the model that was measured"):
        export(run, "1", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("number", "error"), [(errno.EIO, UsageError), (errno.ENOSPC, OSError)])
def test_a_failed_copy_leaves_nothing_behind_and_a_full_disk_stays_one(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(error, match=os.strerror(number)):
        export(run, "1", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_row_without_model_says_why(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Row 12 has no model to export: it is out_of_memory"):
        export(run, "12", tmp_path / "out")


@pytest.mark.parametrize("name", ["model.onnx", "facts.json", "golden.npz"])
def test_a_missing_file_is_named(run: Path, tmp_path: Path, name: str) -> None:
    (run / "models/1" / name).unlink()
    with pytest.raises(UsageError, match=f"{name}.* is missing"):
        export(run, "1", tmp_path / "out")


@pytest.mark.parametrize("name", ["facts.json", "golden.npz"])
def test_what_cannot_be_read_is_an_error(run: Path, tmp_path: Path, name: str) -> None:
    (run / "models/1" / name).unlink()
    (run / "models/1" / name).mkdir()
    with pytest.raises(UsageError, match=f"{name}.*Is a directory"):
        export(run, "1", tmp_path / "out")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        *((path, "outside") for path in ("../secret", "/etc/hostname", "models/../../secret")),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_path_that_no_run_writes_is_refused(
    run: Path, tmp_path: Path, path: str, why: str
) -> None:
    (tmp_path / "secret").write_text("secret")
    comparison = read(run)
    row = comparison.results[0]
    assert row.deployable is not None
    file = row.deployable.model_copy(update={"path": path})
    moved = row.model_copy(update={"deployable": file})
    write(comparison.model_copy(update={"results": (moved,)}), run)
    with pytest.raises(UsageError, match=why):
        export(run, "1", tmp_path / "out")


def test_a_link_out_of_the_run_is_refused(
    run: Path, comparison: Comparison, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret")
    package = run / "models" / "1" / "model.mlpackage"
    package.mkdir()
    (package / "inner").symlink_to(tmp_path / "secret")
    stored(run, comparison, package)
    with pytest.raises(UsageError, match="outside the run's folder"):
        export(run, "1", tmp_path / "out")


@pytest.mark.parametrize("measured", ["not at all", "without outputs"])
def test_a_model_that_was_not_measured_is_exported_with_the_reason(
    run: Path, tmp_path: Path, measured: str
) -> None:
    (run / "models/1/golden.npz").unlink()
    nothing = Quality(task="x", measured_on="", metrics=(), reason="the run has no data")
    row = read(run).results[0]
    changes = {"quality": nothing if measured == "without outputs" else None}
    write(read(run).model_copy(update={"results": (row.model_copy(update=changes),)}), run)
    made = export(run, "1", tmp_path / "out")
    card = json.loads((made / "card.json").read_text())
    assert card["golden"] is None
    assert card["golden_reason"] in {"the run has no data", "the run did not measure this model"}
    assert not (made / "golden.npz").exists()


@pytest.mark.parametrize("content", [b"{", b'{"inputs": [], "outputs": [], "more": 1}', b"\xff"])
def test_broken_facts_are_an_error(run: Path, tmp_path: Path, content: bytes) -> None:
    (run / "models/1/facts.json").write_bytes(content)
    with pytest.raises(UsageError, match=r"facts\.json is broken"):
        export(run, "1", tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"noise", b"PK\x03\x04noise"])
def test_golden_bytes_that_are_no_arrays_are_an_error(
    run: Path, tmp_path: Path, content: bytes
) -> None:
    (run / "models/1/golden.npz").write_bytes(content)
    with pytest.raises(UsageError, match="is not a file of arrays"):
        export(run, "1", tmp_path / "out")


def test_pickled_golden_arrays_are_refused(run: Path, tmp_path: Path) -> None:
    objects = np.array([{}], dtype=object)
    arrays: dict[str, Any] = {"input.x": objects, "output.y": objects}
    np.savez(run / "models/1/golden.npz", **arrays)
    with pytest.raises(UsageError, match="is not a file of arrays"):
        export(run, "1", tmp_path / "out")


def test_a_single_golden_array_is_refused(run: Path, tmp_path: Path) -> None:
    with (run / "models/1/golden.npz").open("wb") as stream:
        np.save(stream, np.zeros(5))
    with pytest.raises(UsageError, match="is not a file of arrays"):
        export(run, "1", tmp_path / "out")


@pytest.mark.parametrize(("inputs", "outputs"), [(5, 4), (0, 5)])
def test_golden_sides_of_different_length_are_refused(
    run: Path, tmp_path: Path, inputs: int, outputs: int
) -> None:
    golden(run / "models/1/golden.npz", inputs=inputs, outputs=outputs)
    with pytest.raises(UsageError, match="the same number of inputs and outputs"):
        export(run, "1", tmp_path / "out")


@pytest.mark.parametrize("names", [("input.x",), ("output.y",), ("input.x", "output.y")])
def test_golden_files_without_one_side_or_batch_are_refused(
    run: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    arrays: dict[str, Any] = dict.fromkeys(names, np.float32(0))
    np.savez(run / "models/1/golden.npz", **arrays)
    with pytest.raises(UsageError, match="the same number of inputs and outputs"):
        export(run, "1", tmp_path / "out")
