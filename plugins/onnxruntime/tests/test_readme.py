"""The README says what the code does: every offer, reason, setting, file and code block."""

from __future__ import annotations

import contextlib
import io
import re
import tomllib
from pathlib import Path

import pytest
from boildown import Offer, Range, Refusal, load_recipe
from boildown.shipping import packing
from boildown_onnxruntime import hooks

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text(encoding="utf-8")
SOURCE = HERE / "src" / "boildown_onnxruntime"
INFO = hooks.backend_info()
#: Words of the table for values that are no words.
SPOKEN = {"True": "true", "False": "false"}


def section(title: str) -> str:
    """Return a section of the README, on one line but for tables and code."""
    return README.partition(f"## {title}")[2].partition("\n## ")[0]


TABLE = section("What it offers").partition('"All" are')[0]


def rows_of(table: str) -> list[str]:
    return [line for line in table.splitlines() if line.startswith("| ")][1:]


def values_of(offer: Offer) -> list[str]:
    """Return every accepted value as the table writes it; an open one needs no word."""
    return [
        SPOKEN.get(str(value), str(value))
        for setting, values in offer.accepts.items()
        if not isinstance(values, Range) and setting != "keep_sparsity"
        for value in values
        if value is not None
    ]


def describes(row: str, offer: Offer) -> bool:
    named = all(f"`{setting}`" in row for setting in offer.accepts)
    said = all(
        re.search(rf"(?<![\w:]){re.escape(word)}(?![\w:])", row) for word in values_of(offer)
    )
    return row.startswith(f"| {offer.op}") and named and said


@pytest.mark.parametrize("number", range(len(INFO.offers)))
def test_a_row_of_the_table_names_every_value_of_an_offer(number: int) -> None:
    assert any(describes(row, INFO.offers[number]) for row in rows_of(TABLE))


def test_a_value_that_is_missing_would_be_noticed() -> None:
    without = rows_of(TABLE.replace("`bfloat16`", ""))
    assert not all(any(describes(row, offer) for row in without) for offer in INFO.offers)


def test_the_table_promises_no_value_that_no_offer_has() -> None:
    words = set(re.findall(r"`(\w+)`", TABLE))
    known = {value for offer in INFO.offers for value in values_of(offer)}
    settings = {setting for offer in INFO.offers for setting in offer.accepts}
    assert words - known - settings == {"bits"}  # which `values` stands for


@pytest.mark.parametrize("offer", [o for o in INFO.offers if o.operators], ids=str)
def test_the_table_names_the_operators_of_an_offer(offer: Offer) -> None:
    row = next(row for row in rows_of(TABLE) if describes(row, offer))
    assert row.split("|")[3].strip() == ", ".join(offer.operators or ())


@pytest.mark.parametrize("refusal", INFO.refusals, ids=lambda refusal: refusal.op)
def test_a_refusal_is_told_with_its_reason(refusal: Refusal) -> None:
    refused = " ".join(section("What is refused").split())
    word = refusal.value or refusal.setting or refusal.op
    assert re.search(rf"`[^`]*\b{word}\b[^`]*`", refused)
    assert refusal.reason.partition(";")[0] in refused


@pytest.mark.parametrize("text", [near.how for o in INFO.offers for near in o.approximations])
def test_an_approximation_is_told_in_its_own_words(text: str) -> None:
    told = " ".join(section("What is approximated").split())
    assert text.partition(" (`with:")[0] in told


def test_every_setting_of_this_backend_is_explained() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", README.partition("`with: {onnx")[2], re.MULTILINE)
    keys = [*INFO.settings_schema["quantize"]["properties"]]
    assert explained[: len(keys)] == keys


def test_the_step_that_it_shows_is_one(tmp_path: Path) -> None:
    block = re.findall(r"^ {2}```yaml\n(.*?)^ {2}```", README, re.DOTALL | re.MULTILINE)[0]
    (tmp_path / "r.yaml").write_text(f"recipe: 1\nname: readme\nsteps:\n{block}", encoding="utf-8")
    asked = load_recipe(tmp_path / "r.yaml").steps[0].with_["onnxruntime"]
    assert asked.keys() <= INFO.settings_schema["quantize"]["properties"].keys()


def test_every_form_of_storage_is_there() -> None:
    forms = [*(getattr(packing, name) for name in ("lookup", "rows", "sparse_lookup"))]
    sizes = [form(bits, 17).ByteSize() for form in forms for bits in range(1, 9)]
    sizes.append(packing.sparse(17).ByteSize())
    assert 450 < min(sizes) < max(sizes) <= 1500  # as the README says in KB
    named = re.findall(r"^\| `(\w+)` \|", section("How it is stored"), re.MULTILINE)
    assert named == ["lookup", "rows", "sparse", "sparse_lookup"]


def test_every_file_has_its_place_in_the_tour_and_no_other_is_named() -> None:
    tour = section("This plugin as an example")
    named = set(re.findall(r"`(\w+\.py)`", tour)) - {"convert.py"}  # of other backends
    assert named == {path.name for path in SOURCE.glob("*.py")}
    tests = re.findall(r"`tests/(\w+\.py)`", tour)
    assert len(tests) == 3
    assert all((HERE / "tests" / name).exists() for name in tests)


def test_every_file_that_works_around_a_fault_is_there() -> None:
    named = re.findall(r"`(\w+\.py)`", section("Faults of ONNX Runtime"))
    assert all((SOURCE / name).exists() for name in named)


def test_what_it_quotes_stands_in_the_code() -> None:
    block = re.findall(r"^ {3}```python\n(.*?)^ {3}```", README, re.DOTALL | re.MULTILINE)[0]
    assert re.sub(r"^ {3}", "", block, flags=re.MULTILINE) in (SOURCE / "hooks.py").read_text()


def test_the_entry_point_is_that_of_the_distribution() -> None:
    block = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)[0]
    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    assert tomllib.loads(block)["project"]["entry-points"] == project["entry-points"]


def test_its_program_runs() -> None:
    program = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)[0]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "README.md", "exec"), {})  # noqa: S102 - our own document
    assert printed.getvalue() == "ONNX Runtime ['cluster', 'prune', 'quantize']\n"
