"""Finding a recipe by what a user names."""

from __future__ import annotations

from pathlib import Path

import pytest
from boildown.errors import RecipeError
from boildown.recipe.load import load_recipe

TEXT = "recipe: 1\nname: mine\nsteps:\n  - quantize: {weights: float16}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(TEXT)
    return tmp_path


def refusal(source: str | Path) -> str:
    with pytest.raises(RecipeError) as refused:
        load_recipe(source)
    return str(refused.value)


def test_a_bare_word_is_a_ready_recipe() -> None:
    assert load_recipe("int8-static").name == "int8-static"


@pytest.mark.parametrize("source", ["mine.yaml", "./mine.yaml", Path("mine.yaml")])
def test_a_path_is_a_file(folder: Path, source: str | Path) -> None:
    assert load_recipe(source).name == "mine"
    assert load_recipe(str(folder / "mine.yaml")).name == "mine"


def test_a_bare_word_stays_a_ready_recipe_beside_a_file_of_that_name(folder: Path) -> None:
    (folder / "int8-static").write_text(TEXT)
    assert load_recipe("int8-static").name == "int8-static"
    assert load_recipe("./int8-static").name == "mine"
    assert load_recipe(Path("int8-static")).name == "mine"


def test_yml_is_a_suffix_of_files_too(folder: Path) -> None:
    (folder / "int8-static.yml").write_text(TEXT)
    assert load_recipe("int8-static.yml").name == "mine"


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("int8-statc", "did you mean 'int8-static'?"),
        ("mine", "did you mean 'mine.yaml'?"),
        ("zzz", "no ready recipe 'zzz'; there are binarize, deep-compression"),
        ("", "no ready recipe ''; there are binarize"),
        ("mnie.yaml", "did you mean 'mine.yaml'?"),
        ("./float16.yaml", "did you mean 'float16'?"),
        ("./int8-static", "'int8-static'; the ready recipe int8-static is named without a folder"),
        ("zzz/zzz.yaml", "no recipe file 'zzz/zzz.yaml'"),
        (".", "no ready recipe '.'"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_an_unknown_recipe_is_told_the_nearest(source: str, hint: str) -> None:
    assert hint in refusal(source)


def test_a_file_without_a_suffix_is_told_how_to_be_named(folder: Path) -> None:
    (folder / "qqqq").write_text(TEXT)
    assert "write './qqqq'" in refusal("qqqq")


def test_a_folder_is_not_read(folder: Path) -> None:
    assert "is a folder" in refusal(folder)


@pytest.mark.parametrize("source", ["a\0b.yaml", "/dev/null/x.yaml", "x" * 5000 + ".yaml"])
def test_a_path_that_cannot_be_read_is_told_why(source: str) -> None:
    assert refusal(source).startswith("cannot read the recipe file")


@pytest.mark.parametrize("source", ["a\0b", "x" * 5000])
def test_a_word_that_cannot_be_a_path_is_an_unknown_recipe(source: str) -> None:
    assert refusal(source).startswith("no ready recipe")


def test_a_hint_is_left_out_where_the_working_folder_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert "no ready recipe 'zzz'" in refusal("zzz")


def test_an_endless_file_is_not_read_to_its_end() -> None:
    assert "larger than 256 KiB" in refusal("/dev/zero")


def test_faults_name_the_file_as_the_user_did(folder: Path) -> None:
    (folder / "bad.yaml").write_text("recipe: 1\n")
    assert refusal("./bad.yaml").startswith("./bad.yaml:1:1: ")
