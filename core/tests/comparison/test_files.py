from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boildown.comparison.files import folder_of, read, write
from boildown.comparison.schema import Comparison
from boildown.errors import UsageError

Edit = Callable[[dict[str, Any]], object]


def edited(golden: Path, folder: Path, edit: Edit) -> Path:
    plain = json.loads(golden.read_text(encoding="utf-8"))
    edit(plain)
    file = folder / "comparison.json"
    file.write_text(json.dumps(plain), encoding="utf-8")
    return file


def with_settings(comparison: Comparison, settings: dict[str, Any]) -> Comparison:
    row = comparison.results[0]
    step = row.steps[0].model_copy(update={"settings": settings})
    return comparison.model_copy(update={"results": (row.model_copy(update={"steps": (step,)}),)})


def test_what_is_written_is_read_back_equal(comparison: Comparison, tmp_path: Path) -> None:
    assert read(write(comparison, tmp_path)) == comparison


def test_a_folder_is_read_through_the_file_in_it(comparison: Comparison, tmp_path: Path) -> None:
    write(comparison, tmp_path / "new" / "run")
    assert read(tmp_path / "new" / "run") == comparison


def test_the_same_comparison_gives_the_same_bytes(comparison: Comparison, tmp_path: Path) -> None:
    first = write(comparison, tmp_path / "a").read_bytes()
    again = write(read(tmp_path / "a"), tmp_path / "b").read_bytes()
    assert first == again


def test_a_stored_file_of_schema_1_is_written_again_byte_for_byte(
    golden: Path, comparison: Comparison, tmp_path: Path
) -> None:
    assert write(comparison, tmp_path).read_bytes() == golden.read_bytes()


def test_text_is_stored_as_utf_8_and_fields_keep_their_order(
    comparison: Comparison, tmp_path: Path
) -> None:
    text = write(comparison, tmp_path).read_text(encoding="utf-8")
    assert "naïve" in text
    first, *others = json.loads(text)
    assert first == "schema"
    assert others == ["machine", "other_machines", "runs", "data", "models", "recipes", "results"]


def test_floats_are_stored_exactly(comparison: Comparison, tmp_path: Path) -> None:
    exact = with_settings(comparison, {"value": 0.1 + 0.2})
    assert read(write(exact, tmp_path)).results[0].steps[0].settings["value"] == 0.1 + 0.2


def test_nothing_but_the_file_is_left_in_the_folder(comparison: Comparison, tmp_path: Path) -> None:
    write(comparison, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["comparison.json"]


def test_every_figure_that_is_not_finite_is_named_and_nothing_is_written(
    comparison: Comparison, tmp_path: Path
) -> None:
    broken = with_settings(comparison, {"a": math.nan, "b": [1.0, -math.inf]})
    with pytest.raises(UsageError) as caught:
        write(broken, tmp_path)
    assert "results[0].steps[0].settings.a is nan" in str(caught.value)
    assert "results[0].steps[0].settings.b[1] is -inf" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_an_infinite_field_of_the_schema_is_refused_too(
    comparison: Comparison, tmp_path: Path
) -> None:
    quality = comparison.results[0].quality
    assert quality is not None
    infinite = quality.model_copy(update={"sqnr_db": math.inf})
    row = comparison.results[0].model_copy(update={"quality": infinite})
    with pytest.raises(UsageError, match=r"results\[0\]\.quality\.sqnr_db is inf"):
        write(comparison.model_copy(update={"results": (row,)}), tmp_path)


def test_text_that_is_no_unicode_is_refused(comparison: Comparison, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Unicode text"):
        write(with_settings(comparison, {"name": "\udcff"}), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_keeps_the_old_file(comparison: Comparison, tmp_path: Path) -> None:
    before = write(comparison, tmp_path).read_bytes()
    with pytest.raises(UsageError):
        write(with_settings(comparison, {"a": math.nan}), tmp_path)
    assert (tmp_path / "comparison.json").read_bytes() == before


def test_a_missing_file_is_an_error_that_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Name the folder that `boildown compare` wrote"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", "cannot be read as UTF-8"),
        (b"{", "is not valid JSON"),
        (b'{"schema": NaN}', "NaN is not a JSON number"),
        (b"[" * 100_000, "is not valid JSON"),
        (b"[1, 2]", "is not a comparison of boildown"),
        (b'{"recipe": 1}', "is not a comparison of boildown"),
        (b'{"schema": "1"}', "is not a comparison of boildown"),
        (b'{"schema": true}', "is not a comparison of boildown"),
        (b'{"schema": 0}', "is not a comparison of boildown"),
        (b'{"schema": 2}', "written by a newer boildown"),
        (b'{"schema": 1}', "machine: Field required"),
    ],
)
def test_a_foreign_file_is_an_error_that_says_why(
    tmp_path: Path, content: bytes, message: str
) -> None:
    file = tmp_path / "comparison.json"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        read(file)


def test_a_name_that_the_system_does_not_take_is_an_error() -> None:
    for look in (read, folder_of):
        with pytest.raises(UsageError, match=r"cannot be read.*File name too long"):
            look(Path("x" * 300))


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "comparison.json").mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path)


def test_an_unknown_field_is_named(golden: Path, tmp_path: Path) -> None:
    file = edited(golden, tmp_path, lambda plain: plain["machine"].update(gpu="none"))
    with pytest.raises(UsageError, match=r"machine\.gpu: Extra inputs"):
        read(file)


def test_a_figure_of_the_wrong_type_is_not_converted(golden: Path, tmp_path: Path) -> None:
    file = edited(golden, tmp_path, lambda plain: plain["machine"].update(cores="2"))
    with pytest.raises(UsageError, match=r"machine\.cores"):
        read(file)


def test_many_problems_are_shown_in_part_and_counted(golden: Path, tmp_path: Path) -> None:
    extra = {f"x{number}": 1 for number in range(12)}
    file = edited(golden, tmp_path, lambda plain: plain.update(extra))
    with pytest.raises(UsageError, match="and 2 more"):
        read(file)


def test_a_file_without_later_fields_still_reads(golden: Path, tmp_path: Path) -> None:
    file = edited(golden, tmp_path, lambda plain: plain["results"][0]["deployable"].pop("reason"))
    assert read(file).results[0].status == "ok"


def test_a_file_from_before_there_were_histograms_still_reads(golden: Path, tmp_path: Path) -> None:
    def forget(plain: dict[str, Any]) -> None:
        for layer in plain["results"][0]["audit"]["layers"]:
            del layer["histogram"]

    audit = read(edited(golden, tmp_path, forget)).results[0].audit
    assert audit is not None
    assert audit.layers[0].histogram is None


def test_a_list_of_whole_numbers_takes_one_line_whatever_texts_hold(
    comparison: Comparison, tmp_path: Path
) -> None:
    tricky = with_settings(comparison, {"a": [1, -2, 30], "b": [1.5, 2], "c": "[\n 1,\n 2\n]"})
    file = write(tricky, tmp_path)
    assert '"a": [1, -2, 30],' in file.read_text(encoding="utf-8")
    assert read(file).results[0].steps[0].settings["c"] == "[\n 1,\n 2\n]"
