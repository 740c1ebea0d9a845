from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from boildown.comparison.audited import WeightHistogram
from boildown.comparison.schema import Comparison, Metric, Provenance, Quality, Row
from boildown.report.markdown import to_markdown
from boildown.report.page.layers import LETTERS, packed
from boildown.report.page.logs import NOT_READ, TAIL_BYTES, tails
from boildown.report.page.page import to_page, write_page
from boildown.report.page.points import plots_of
from boildown.report.text import clean
from boildown.report.view import groups, views

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
#: What HTML loads of itself; a page that is one file has none.
LOADING = {"src", "srcset", "poster", "data", "background", "action", "formaction"}


class Page(HTMLParser):
    """The elements of a page, its texts, and what stands in its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag if tag in {"script", "style"} else ""
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts[-1] += data
        elif not self._open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def page_of(comparison: Comparison, logs: dict[int, str] | None = None) -> Page:
    return Page(to_page(comparison, logs or {}))


def evil(comparison: Comparison) -> Comparison:
    """Return the comparison with every text that comes from outside turned into an attack."""
    first = comparison.results[0]
    audit = first.audit
    assert audit is not None
    layers = tuple(layer.model_copy(update={"layer": EVIL}) for layer in audit.layers)
    row = first.model_copy(
        update={
            "recipe": EVIL,
            "backend": EVIL,
            "reason": EVIL,
            "warnings": (first.warnings[0].model_copy(update={"text": EVIL}),),
            "steps": (
                first.steps[0].model_copy(
                    update={"settings": {"a": EVIL}, "approximations": (EVIL,)}
                ),
            ),
            "audit": audit.model_copy(update={"layers": layers, "source": EVIL}),
            "provenance": Provenance(versions={EVIL: EVIL}, seed=0, key=EVIL, log=EVIL),
        }
    )
    return comparison.model_copy(
        update={"results": (row,), "recipes": ({"recipe": 1, "name": EVIL},)}
    )


def test_the_page_is_written_beside_the_others(small: Comparison, tmp_path: Path) -> None:
    written = write_page(small, tmp_path)
    assert written == tmp_path / "comparison.html"
    assert written.read_text(encoding="utf-8") == to_page(small, {})


def test_text_from_outside_makes_no_element_and_ends_no_script(small: Comparison) -> None:
    page, plain = page_of(evil(small), {1: EVIL}), page_of(small)
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags}
    assert len(page.scripts) == len(plain.scripts)
    handlers = [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert handlers == []
    assert page.words.count("<script>alert(1)</script>") >= 8


def test_recipes_stand_under_their_names(small: Comparison) -> None:
    assert "Recipes as they ran int8-static {" in page_of(small).words


def test_the_attack_would_be_seen_if_it_worked() -> None:
    assert ("img", {"src": "x", "onerror": "alert(2)"}) in Page(EVIL.split('"', maxsplit=1)[0]).tags


def test_nothing_is_loaded_and_only_the_named_scripts_may_run(comparison: Comparison) -> None:
    page = page_of(comparison)
    loads = [(tag, name) for tag, attrs in page.tags for name in LOADING & set(attrs)]
    assert loads == []
    assert [a["href"] for tag, a in page.tags if tag == "link"] == ["data:,"]
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv")) or ""
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy
    kinds = [attrs.get("type") for tag, attrs in page.tags if tag == "script"]
    ours = [text for text, kind in zip(page.scripts, kinds, strict=True) if kind is None]
    digests = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in ours}
    assert digests == set(re.findall(r"'sha256-([^']+)'", policy))
    assert len(ours) == 4


def test_every_row_stands_with_status_reason_and_standing(comparison: Comparison) -> None:
    page = page_of(comparison)
    rows = [a for tag, a in page.tags if tag == "tbody" and "data-number" in a]
    assert [(a["data-recipe"], a["data-status"]) for a in rows] == [
        (row.recipe, row.status) for row in comparison.results
    ]
    for view in views(comparison):
        assert clean(view.standing.words) in page.words
    assert "used more than 4.0 GB" in page.words


def test_what_was_done_to_a_row_and_how_it_was_measured_is_there(small: Comparison) -> None:
    words = page_of(small).words
    for text in (
        "observer 'mse' became 'minmax'",
        "weights int8, activations int8",
        "3 of 53 layers kept 32 bits",
        "0.9151 to 0.9251",
        "this computer has no readable energy counter",
        "entropy of the values, bits/weight 5.90",
        "native vs ONNX form, largest difference 0.0002",
        "onnxruntime 1.32.0",
        "ab" * 32,
        "logs/1.txt",
        "bytes of the float32 ONNX input / bytes of this file",
        "Each measurement runs in a fresh process",
        "30,000 train, 256 calibration, 10,000 test samples",
    ):
        assert text in words, text


def test_a_comparison_of_nothing_has_a_page(comparison: Comparison) -> None:
    empty = comparison.model_copy(update={"models": (), "results": (), "recipes": ()})
    page = page_of(empty)
    assert "No results." in page.words
    assert "plot-size" not in [attrs.get("id") for _, attrs in page.tags]


def test_rows_with_gaps_everywhere_have_a_page(small: Comparison) -> None:
    bare = Row(model="m", recipe="r", backend="b", status="ok")
    page = page_of(small.model_copy(update={"results": (bare, *small.results)}))
    assert "not ranked: the model could not be read" in page.words


def test_plots_hold_rows_twins_and_fronts_of_their_model(small: Comparison) -> None:
    (group,) = groups(small)
    plots = plots_of(group)
    assert plots is not None
    assert [row["number"] for row in plots["rows"]] == [1, 2]
    assert plots["rows"][0]["size"] == pytest.approx(2_170_000 / 530_400, rel=1e-5)
    assert plots["rows"][0]["spread"] == pytest.approx([0.0021, 0.0018])
    twins = [(twin["backend"], twin["numbers"]) for twin in plots["twins"]]
    assert twins == [("onnxruntime", [1]), ("tflite", [2])]
    assert plots["fronts"]["size"] == [[1.0, 0.0], [pytest.approx(4.0912, rel=1e-4), -0.0012]]


def test_a_front_of_errors_turns_downwards(small: Comparison) -> None:
    row = small.results[0]
    assert row.quality is not None
    error = row.quality.metrics[0].model_copy(update={"name": "rmse", "higher_is_better": False})
    worse = row.quality.model_copy(update={"metrics": (error,)})
    rows = (row.model_copy(update={"quality": worse}),)
    plots = plots_of(groups(small.model_copy(update={"results": rows}))[0])
    assert plots is not None
    assert (plots["metric"], plots["upwards"]) == ("rmse", False)
    assert plots["fronts"]["size"] == [[pytest.approx(4.0912, rel=1e-4), -0.0012]]


def test_a_model_without_a_difference_has_no_plots(comparison: Comparison) -> None:
    without = comparison.model_copy(update={"results": comparison.results[6:8]})
    assert [plots_of(group) for group in groups(without)] == [None, None, None]


def test_headings_name_the_metric_where_nothing_can_be_plotted(comparison: Comparison) -> None:
    without = comparison.model_copy(update={"results": comparison.results[8:9]})
    labels = {attrs.get("data-label") for _, attrs in page_of(without).tags}
    assert {"top-1", "top-1 difference"} <= labels


def test_headings_of_models_with_different_metrics_name_none(comparison: Comparison) -> None:
    model = comparison.models[2]
    assert model.baseline.quality is not None
    error = model.baseline.quality.metrics[0].model_copy(update={"name": "rmse"})
    quality = model.baseline.quality.model_copy(update={"metrics": (error,)})
    baseline = model.baseline.model_copy(update={"quality": quality})
    other = model.model_copy(update={"baseline": baseline})
    mixed = comparison.model_copy(update={"models": (*comparison.models[:2], other)})
    labels = {attrs.get("data-label") for _, attrs in page_of(mixed).tags}
    assert {"quality", "quality difference"} <= labels


def test_where_nothing_could_be_judged_no_report_says_on_what(small: Comparison) -> None:
    row, model = small.results[0], small.models[0]
    none = Metric(name="top1", value=None, n=0, reason="the images have no labels")
    blank = Quality(task="classification", measured_on="ONNX Runtime", metrics=(none,))
    baseline = model.baseline.model_copy(update={"quality": blank})
    without = small.model_copy(
        update={
            "results": (row.model_copy(update={"quality": blank, "float_twin": None}),),
            "models": (model.model_copy(update={"baseline": baseline}),),
        }
    )
    for told in (page_of(without).words, to_markdown(without)):
        assert "measured on" not in told
        assert "the images have no labels" in told


def unpacked(text: str) -> dict[str, Any]:
    return dict(json.loads(zlib.decompress(base64.b64decode(text))))


def test_layers_with_histograms_and_logs_are_packed_by_number(small: Comparison) -> None:
    row = small.results[0]
    assert row.audit is not None
    lies = WeightHistogram(bin_width=0.25, first=-2, before=(1, 0, 200), after=(75, 150, 150))
    layer = row.audit.layers[0].model_copy(update={"histogram": lies})
    audit = row.audit.model_copy(update={"layers": (layer,)})
    one = small.model_copy(update={"results": (row.model_copy(update={"audit": audit}),)})
    found = unpacked(packed(views(one), {1: "ready"}))
    assert found["rows"]["1"]["log"] == "ready"
    (name, op, shape, *facts, drawn), texts = found["rows"]["1"]["layers"][0], found["texts"]
    assert [texts[i] for i in (name, op, shape)] == ["/features/0|1/Conv", "Conv", "32×3×3×3"]
    assert facts == [1, 8, 0, 201]
    width, first, before, most_before, after, most_after = drawn
    assert (width, first, most_before, most_after) == (0.25, -2, 200, 150)
    heights = [[LETTERS.index(letter) / 63 for letter in texts[bars]] for bars in (before, after)]
    assert heights[0] == pytest.approx([0.005, 0, 1], abs=1 / 63)
    assert heights[1] == pytest.approx([0.5, 1, 1], abs=1 / 63)
    assert heights[0][0] > 0


def test_the_end_of_a_log_is_kept_on_whole_lines_without_control_characters(
    small: Comparison, tmp_path: Path
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/1.txt").write_text("x" * 9000 + "\nlast \x1b[31mwords\x1b[0m\r\n")
    (tmp_path / "logs/2.txt").write_text("".join(f"line {i}\n" for i in range(2000)))
    found = tails(small, tmp_path)
    assert found[1] == "last words"
    assert found[2].endswith("line 1999")
    assert len(found[2]) <= TAIL_BYTES
    assert all(re.fullmatch(r"line \d+", line) for line in found[2].splitlines())
    (tmp_path / "logs/2.txt").write_text(f"first\n{'x' * 2 * TAIL_BYTES} the end\n\n")
    assert re.fullmatch(r"…x+ the end", tails(small, tmp_path)[2])


@pytest.mark.parametrize("name", ["../secret.txt", "{folder}/secret.txt", "run/link"])
def test_a_log_outside_of_the_run_is_not_read_and_that_is_said(
    small: Comparison, tmp_path: Path, name: str
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    run = tmp_path / "run"
    (run / "run").mkdir(parents=True)
    (run / "run/link").symlink_to(tmp_path / "secret.txt")
    row = small.results[0]
    assert row.provenance is not None
    source = row.provenance.model_copy(update={"log": name.format(folder=tmp_path)})
    rows = (row.model_copy(update={"provenance": source}),)
    assert tails(small.model_copy(update={"results": rows}), run) == {1: NOT_READ}


def test_what_the_page_is_made_with_is_loaded_only_for_it() -> None:
    look = "import sys, boildown.api; print({'plotly', 'jinja2', 'markupsafe'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
