from __future__ import annotations

from pathlib import Path

import pytest
from boildown.comparison.schema import Comparison, Control, Latency, Ratio, Timing
from boildown.report.markdown import to_markdown, write_markdown
from boildown.report.table import plain
from markdown_it import MarkdownIt
from markdown_it.token import Token

GOLDEN = Path(__file__).parent / "golden" / "comparison.md"
HOSTILE = "models/naïve|modèle <script>alert(1)</script> `x` *y*.onnx"


def tokens(source: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(source)


def seen(source: str) -> str:
    """Return the text that a reader sees, without tags."""
    inline = [child for token in tokens(source) for child in token.children or []]
    return "\n".join(child.content for child in inline if child.type != "html_inline")


def tags(source: str) -> set[str]:
    inline = [child for token in tokens(source) for child in token.children or []]
    return {child.content for child in inline if child.type == "html_inline"}


def cells(source: str) -> list[int]:
    """Return the number of cells of every line of every table."""
    counts: list[int] = []
    for token in tokens(source):
        if token.type == "tr_open":
            counts.append(0)
        counts[-1:] = [counts[-1] + (token.type in {"th_open", "td_open"})] if counts else []
    return counts


def test_the_report_looks_as_it_was_approved(small: Comparison, tmp_path: Path) -> None:
    written = write_markdown(small, tmp_path)
    assert written.name == "comparison.md"
    assert written.read_text(encoding="utf-8") == GOLDEN.read_text(encoding="utf-8")


def test_text_of_users_is_shown_and_not_interpreted(comparison: Comparison) -> None:
    text = to_markdown(comparison)
    assert {HOSTILE, "[red]下書き[/red].onnx"} <= set(seen(text).replace("\n", "\n").splitlines())
    assert tags(text) <= {"<code>", "</code>", "<br>"}
    assert "<script>" not in text.split("## Provenance")[0]


def test_no_block_of_raw_html_arises(comparison: Comparison) -> None:
    assert "html_block" not in {token.type for token in tokens(to_markdown(comparison))}


def test_every_line_of_a_table_has_as_many_cells_as_its_heading(comparison: Comparison) -> None:
    text = to_markdown(comparison)
    results = text.split("## Not ok")[0]
    results, ranking = results.split("## Ranking")
    assert set(cells(results)) == {17}
    assert set(cells(ranking)) == {5}
    assert len(cells(results)) == 3 * 2 + 18


def test_every_row_stands_with_its_status_and_reason(comparison: Comparison) -> None:
    text = to_markdown(comparison)
    for number, row in enumerate(comparison.results, start=1):
        line = next(line for line in text.splitlines() if line.startswith(f"| {number} | "))
        assert f"| {row.status} |" in line
    assert "| out_of_memory |" in text
    assert "used more than 4.0 GB |" in text


def test_reasons_warnings_and_limits_are_sentences(comparison: Comparison) -> None:
    text = to_markdown(comparison)
    assert "- rows 6, 18 **timeout**: stopped after 600 s in step 1" in text
    assert "- row 5 **deflated_bytes**: is 530,409; the recipe asks for at most 500,000" in text
    assert "- row 5 **SLOWER**: 0.61 times the speed of float32 in ONNX Runtime." in text
    assert "**energy**: this computer has no readable energy counter" in text


def test_a_step_with_defaults_alone_says_so(small: Comparison) -> None:
    step = small.results[0].steps[0].model_copy(update={"settings": {"with": {}, "train": None}})
    row = small.results[0].model_copy(update={"steps": (step,)})
    text = to_markdown(small.model_copy(update={"results": (row,)}))
    assert "| quantize | defaults | as asked |" in text


def test_what_only_the_report_shows_is_missed_only_there(small: Comparison) -> None:
    quality = small.results[0].quality
    assert quality is not None
    equal = quality.model_copy(update={"sqnr_db": None, "reason": "the outputs are equal"})
    row = small.results[0].model_copy(update={"quality": equal})
    one = small.model_copy(update={"results": (row,)})
    assert "- row 1 **SQNR**: the outputs are equal" in to_markdown(one)
    assert "the outputs are equal" not in plain(one)


def test_steps_show_settings_and_approximations(comparison: Comparison) -> None:
    text = seen(to_markdown(comparison))
    assert "weights int8, activations int8, layers (exclude a|b type:Conv)" in text
    assert "observer 'mse' became 'minmax'" in text
    assert "as asked" in text


def test_a_float_twin_is_shown_once_for_all_its_rows(comparison: Comparison) -> None:
    assert to_markdown(comparison).count("| rows 1, 3, 5 |") == 1


def test_method_names_machine_data_and_preprocessing(comparison: Comparison) -> None:
    method = to_markdown(comparison).split("## Method")[1]
    assert "Intel(R) Xeon(R) Platinum 8375C (avx2, avx512_vnni), 2 cores, Linux 6.1" in method
    assert "30,000 train, 256 calibration, 10,000 test samples" in method
    assert "n = 10,000 test samples" in method
    assert "resize 32, interpolation bilinear, pad 0, channels rgb, range 0.0 1.0" in method


def test_provenance_holds_seed_key_versions_log_and_recipes(comparison: Comparison) -> None:
    text = to_markdown(comparison).split("## Provenance")[1]
    assert f"| 1 | 7 | onnxruntime 1.32.0 | <code>{'ab' * 32}</code>" in text
    assert "<code>logs/1.txt</code>" in text
    assert '"name": "int8-static"' in text


def test_all_details_of_a_full_row_are_shown(small: Comparison) -> None:
    ratio = Ratio(median=1.31, q1=1.3, q3=1.4, n=9, interval=(1.29, 1.33))
    timing = Timing(latency_ms=Latency(p50=7.77, p90=9.0), versus_same_runtime_float=ratio)
    row = small.results[0]
    assert row.speed is not None
    assert row.quality is not None
    speed = row.speed.model_copy(update={"wall": timing, "onnx": timing})
    full = row.model_copy(update={"speed": speed, "control": Control(quality=row.quality)})
    text = to_markdown(small.model_copy(update={"results": (full,)}))
    assert "same training, uncompressed" in text
    assert "7.77" in text
    assert "1.31" in text


@pytest.mark.parametrize("section", ["Quality", "What was done", "Provenance", "Warnings"])
def test_a_section_without_content_is_left_out(comparison: Comparison, section: str) -> None:
    nothing = tuple(row for row in comparison.results if row.deployable is None)
    bare = comparison.model_copy(update={"models": (), "results": nothing, "recipes": ()})
    assert f"\n## {section}\n" in to_markdown(comparison)
    assert f"\n## {section}\n" not in to_markdown(bare)


def test_rows_with_gaps_everywhere_are_still_reported(comparison: Comparison) -> None:
    row = comparison.results[0]
    twin = row.float_twin
    assert twin is not None
    bare = row.model_copy(
        update={
            "quality": None, "speed": None, "memory": None, "energy": None, "parity": None,
            "audit": None, "cost": None, "provenance": None,
            "float_twin": twin.model_copy(update={"quality": None, "speed": None}),
        }
    )  # fmt: skip
    text = to_markdown(comparison.model_copy(update={"results": (bare,), "models": ()}))
    assert "could not be read" in text
    assert "models/1/model.onnx" in text


def test_models_without_images_or_macs_are_described(comparison: Comparison) -> None:
    model = comparison.models[0].model_copy(update={"macs": None, "preprocessing": None})
    text = to_markdown(comparison.model_copy(update={"models": (model,)}))
    assert "preprocessing: none" in text
