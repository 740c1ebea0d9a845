"""The pages of the study: what `benchmarks/` makes of records, without running anything."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boildown import compare

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MODEL = "zoo:resnet50"
RATIO = {"median": 1.5, "q1": 1.4, "q3": 1.6, "n": 16, "interval": [1.4, 1.6]}
RUN = {
    "command": "python study.py", "commit": "0123456789ab", "date": "2026-01-01", "cpu": "a CPU",
    "instruction_sets": ["avx2"], "threads": 1, "load_average": 1.5, "cores": 2, "versions": {},
}  # fmt: skip
Study = Callable[[str], Any]


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Study:
    """Return a function that gives a benchmark as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


def row(method: str, seed: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a row of a grid's record, as `zoo_grid.py` writes it."""
    return {
        "model": MODEL, "recipe": method, "seed": seed, "run": 0, "status": "ok", "warnings": [],
        "bytes": 10, "size_ratio": 2.0, "deflated_ratio": 2.0, "top1": 0.9, "n": 10_000,
        "top1_difference": 0.001, "top1_difference_interval": [-0.002, 0.004],
        "speedup_same_runtime": RATIO, "speedup_onnxruntime_float32": RATIO,
        "control_difference": None, "parity_top1": None, **changes,
    }  # fmt: skip


@pytest.fixture
def grid(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that gives a grid of a few methods with a record of these rows."""
    zoo_grid, tables = study("zoo_grid"), study("seeds_tables")

    def made(*rows: dict[str, Any], **settings: Any) -> Any:
        out = tmp_path / "zoo-torch"
        out.with_suffix(".json").write_text(json.dumps({"runs": [RUN], "rows": rows}))
        monkeypatch.setattr(tables, "record_of", lambda _: out)
        monkeypatch.setattr(tables, "MODELS", (MODEL,))
        given = {"once": {"plain": []}, "trained": {"tuned": []}, "targets": lambda _: None}
        return zoo_grid.Grid("torch", "A grid", (), **given | settings)

    return made


def test_a_method_with_some_of_its_seeds_is_not_done(
    study: Study, grid: Callable[..., Any]
) -> None:
    accuracy = study("seeds_tables").accuracy
    some = grid(row("plain"), row("tuned"))
    assert accuracy((some,), 100, 1).missing == ()
    assert accuracy((some,), 100, 3).missing == ("torch on all: tuned (seed 1, 2)",)
    none = grid(row("plain"))
    assert accuracy((none,), 100, 3).missing == ("torch on all: tuned",)


def test_what_is_left_out_on_purpose_is_named_on_every_page(
    study: Study, grid: Callable[..., Any], tmp_path: Path
) -> None:
    given = grid(row("plain"), row("tuned"), left_out={MODEL: ("other", "tuned")})
    part = study("seeds_tables").accuracy((given,), 100, 1)
    assert part.left_out == ("torch on all: other",)
    pages = study("seeds_page")
    pages.write_pages(tmp_path / "seeds", "All", (part,))
    record = {"title": "A grid", "runs": [RUN], "rows": [row("plain")], "train_images": 100}
    study("zoo_page").save(tmp_path / "one", record, given, 1)
    for name in ("seeds.md", "seeds.html", "one.md"):
        assert "Left out on purpose" in (tmp_path / name).read_text()
    assert "- resnet50: other, tuned\n" in (tmp_path / "one.md").read_text()


def test_the_page_of_a_grid_too_says_what_has_not_run(
    study: Study, grid: Callable[..., Any], tmp_path: Path
) -> None:
    given = grid()
    rows = [row("plain", model=model, seed=0) for model in study("zoo_figures").MODELS]
    record = {"title": "A grid", "runs": [RUN], "rows": rows, "train_images": 100}
    for seeds, words in ((3, "\nNot run yet:\n\n- all: tuned\n"), (0, "")):
        study("zoo_page").save(tmp_path / "one", record, given, seeds)
        page = (tmp_path / "one.md").read_text()
        assert ("Not run yet" in page) == bool(words)
        assert words in page


def test_what_is_left_out_runs_where_everything_is_asked_for(
    study: Study, grid: Callable[..., Any]
) -> None:
    given = grid(left_out={MODEL: ("tuned",)})
    missing = study("zoo_missing").missing
    asked = (given, [], [MODEL], ["plain", "tuned"], 2)
    assert missing(*asked) == [(MODEL, "plain", (0,))]
    assert missing(*asked, everything=True) == [(MODEL, "plain", (0,)), (MODEL, "tuned", (0, 1))]


def test_speeds_of_which_nobody_knows_how_busy_the_computer_was_are_named(study: Study) -> None:
    unwatched = study("effects").unwatched
    timed = {"speedup_onnxruntime_float32": SAME}
    rows = [row("new", others_busy=0.0, **timed), row("old", run=1, **timed)]
    record = {"runs": [RUN, RUN], "rows": rows}
    assert unwatched({"nni": record}).startswith("Speeds of nni (run 1) were taken before")
    assert unwatched({"nni": record | {"rows": rows[:1]}}) == ""
    untimed = row("any", speedup_onnxruntime_float32=None)
    assert unwatched({"coreml": record | {"rows": [untimed]}}) == ""


SAME = {**RATIO, "median": 1.0, "interval": [0.98, 1.02]}
LESS = {**RATIO, "median": 0.97, "interval": [0.95, 0.98]}
NOISE = {**RATIO, "median": 0.99, "interval": [0.98, 0.995]}


@pytest.mark.parametrize(
    ("ratio", "stored", "sizes", "found"),
    [
        (RATIO, ["SLOWER: …", "STORAGE_ONLY: …"], (2.0, 2.0), []),
        (SAME, [], (2.0, None), ["STORAGE_ONLY"]),
        (SAME, ["STORAGE_ONLY: …"], (1.0, 2.0), ["DEFLATED_ONLY"]),
        (LESS, ["NOTE: …"], (1.0, 1.0), ["NOTE", "SLOWER"]),
        (NOISE, ["SLOWER: …"], (1.0, 1.0), []),
        (SAME, ["STORAGE_ONLY: …"], (None, 2.0), ["STORAGE_ONLY"]),
        (SAME, [], (None, 2.0), []),
    ],
)
def test_notes_follow_todays_rules_and_not_those_of_the_run(
    study: Study, ratio: dict[str, Any], stored: list[str], sizes: tuple[Any, Any], found: list[str]
) -> None:
    ratios = {"speedup_same_runtime": ratio, "speedup_onnxruntime_float32": None}
    twin = {"size_ratio_to_twin": sizes[0], "deflated_ratio_to_twin": sizes[1]}
    assert study("effects").codes(row("any", warnings=stored, **ratios, **twin)) == found


def test_runs_that_may_lack_a_code_are_named(study: Study) -> None:
    lacking = study("effects").lacking
    rows = [
        row("plain", speedup_same_runtime=SAME),
        row("told", run=1, speedup_same_runtime=SAME, warnings=["STORAGE_ONLY: …"]),
    ]
    record = {"runs": [RUN, RUN], "rows": rows}
    assert lacking({"": record}).startswith(
        "Notes of run 0 may lack STORAGE_ONLY or DEFLATED_ONLY: "
    )
    several = lacking({"torch": record, "nni": record})
    assert several.startswith("Notes of torch (run 0) and nni (run 0) may lack")
    assert lacking({"": record | {"rows": rows[:1]}}).startswith("Notes of all runs may lack")
    known = {"size_ratio_to_twin": 2.0, "speedup_same_runtime": SAME}
    assert lacking({"": record | {"rows": [row("plain", **known), rows[1]]}}) == ""
    assert lacking({"": record | {"rows": [row("faster")]}}) == ""


PHOTO = row("int8", backend="torch", n=20, agreement=0.9, sqnr_db=14.2, top1=0.85)


def test_words_name_only_columns_that_are_there_and_are_no_markdown(
    study: Study, grid: Callable[..., Any], tmp_path: Path
) -> None:
    tables = study("seeds_tables")
    (tmp_path / "seeds-photos.json").write_text(json.dumps({"rows": [PHOTO]}))
    photos = tables.photos(tmp_path)
    assert "float network: 17 of 20" in photos.words
    (table,) = photos.tables
    shown = dict(zip(table.columns, table.rows[0], strict=True))
    assert shown["right"] == "17 of 20"
    assert shown["agreement"] == "0.90 (n 20)"
    assert "*" not in photos.words + tables.accuracy((grid(),), 100, 3).words


@pytest.mark.parametrize("name", ["five", "int8_static"])
def test_a_page_of_one_recipe_says_what_its_figures_are(study: Study, name: str) -> None:
    rows = [row("int8", bits_per_weight=8.0)]
    record = {"provenance": RUN, "minutes": 1.0, "cpu_minutes": 1.0, "jobs": 2, "rows": rows}
    text = study(name).page(record | {"targets": {}})
    assert "32 x 32" in text
    assert "bytes of the float32 ONNX input / bytes of the deployable" in text
    assert "n = 10,000 test images" in text
    assert "CPU time of float32 ONNX Runtime / this row's" in text


def test_a_page_says_how_busy_the_computer_was(study: Study) -> None:
    made_by = study("provenance").made_by
    assert "1 thread, load 1.5 of 2 cores, batch 1" in made_by(RUN)
    assert "load" not in made_by({key: RUN[key] for key in RUN if key != "load_average"})


def test_a_speed_that_is_not_sure_says_why_on_every_page(
    study: Study, grid: Callable[..., Any], tmp_path: Path
) -> None:
    unsure = row("plain", speed_reason="did not\nsettle", bits_per_weight=8.0)
    note = "speed: did not settle"
    (table,) = study("seeds_tables").accuracy((grid(unsure),), 100, 3).tables
    assert table.rows[0][-1] == note
    record = {"title": "A grid", "runs": [RUN], "rows": [unsure], "train_images": 100}
    study("zoo_page").save(tmp_path / "one", record, grid(unsure), 1)
    assert note in (tmp_path / "one.md").read_text()
    assert note in study("zoo_figures").table([unsure])
    busy = row("plain", others_busy=1.25)
    (table,) = study("seeds_tables").accuracy((grid(busy),), 100, 3).tables
    assert table.rows[0][-1] == "others kept 1.2 cores busy"
    (tmp_path / "seeds-photos.json").write_text(json.dumps({"rows": [{**PHOTO, **unsure}]}))
    (photos,) = study("seeds_tables").photos(tmp_path).tables
    assert photos.rows[0][-1] == note


@pytest.mark.usefixtures("cache")
def test_a_row_keeps_its_twins_size_and_why_its_speed_is_not_sure(
    study: Study, model_path: Path, data: str, tmp_path: Path
) -> None:
    results = compare(
        "int8-weights",
        models=str(model_path),
        backends="onnxruntime",
        data=data,
        out=tmp_path / "out",
        timing_seconds=0.02,
    )
    (measured,), (source,) = results.rows, results.comparison.models
    assert measured.speed is not None
    assert measured.float_twin is not None
    sizes = (measured.float_twin.deployable.bytes, measured.deployable.bytes)
    kept = study("zoo_figures").figures(measured, source)
    assert kept["speed_reason"] == measured.speed.reason
    assert kept["size_ratio_to_twin"] == sizes[0] / sizes[1]
    full = study("full_size").row_of(
        measured, "any", results, tmp_path, study("onnxruntime_full_size").FULL_SIZE
    )
    assert full["speed_reason"] == kept["speed_reason"]
    assert full["deflated_same_format"] == kept["deflated_ratio_to_twin"]


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (0.00126, "+0.0013"),
        (-0.0013, "-0.0013"),
        (-0.00003, "-0.00003"),
        (0.00004, "+0.00004"),
        (0.0, "0.0000"),
        (-0.0, "0.0000"),
        (-1e-18, "0.0000"),
    ],
)
def test_a_small_change_shows_on_which_side_of_zero_it_is(
    study: Study, change: float, shown: str
) -> None:
    assert study("cells").signed(change) == shown


def test_axes_have_round_numbers(study: Study) -> None:
    ticks = study("ticks")
    assert ticks.log_ticks(0.9, 24) == [1, 2, 5, 10, 20]
    assert ticks.log_ticks(2.1, 4.8) == [3, 4]
    assert ticks.log_ticks(1e-4, 1e4) == [10.0**power for power in range(-4, 5)]
    assert ticks.plain_ticks(-0.03, 0.93) == [0, 0.2, 0.4, 0.6, 0.8]


def test_a_lone_point_is_a_ring_that_others_do_not_hide(study: Study) -> None:
    methods = {"a": 0.9, "b": 0.8, "c": 0.9}
    found = [
        {"model": MODEL, "method": name, "top1": top1, "size_ratio": 4.0}
        for name, top1 in methods.items()
    ]
    drawn = study("bits_chart").chart(found, {"line": {8: "a", 4: "b"}, "lone": {8: "c"}})
    # In both panels and the legend.
    assert drawn.count('r="6" fill="none"') == 3
    assert drawn.count('r="3"') == 4
